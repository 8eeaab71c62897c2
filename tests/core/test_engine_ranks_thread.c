/* SPDX-License-Identifier: MIT */
/* Lookups that are paused to be ranked, with the engine's own thread and several
 * submitters. Run under ThreadSanitizer too. */
#define _GNU_SOURCE
#include "bench.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const script_line zone[] = {{"*", "MX", "1 b.test, 1 c.test"},
                                   {"b.test", "A", "192.0.2.1"},
                                   {"c.test", "A", "192.0.2.2"},
                                   {"*", "AAAA", "NODATA"},
                                   {NULL, NULL, NULL}};

static void
with_ranks(mx_resolver_config *config)
{
    config->rules.has_ranks = true;
    config->rules.shuffle = MX_SHUFFLE_NONE;
}

enum { SUBMITTERS = 3, EACH = 300 };

typedef struct submitter {
    pthread_t thread;
    mx_request *requests[EACH];
    unsigned accepted, finished, failures;
} submitter;

static void
submit_all(submitter *self, mx_completions *completions)
{
    mx_destination_rules rules = {0};
    mx_submission submission = {0};
    mx_destination read;

    mx_destination_read("a.test", 6, &rules, &read);
    submission.destination = &read;
    for (uint64_t i = 0; i < EACH; i++) {
        submission.token = i;
        if (mx_engine_submit(world.engine, world.resolver, &submission, completions,
                             &self->requests[i]) == MX_OK) {
            self->accepted++;
            if (i % 5 == 0) {
                mx_request_cancel(world.engine, self->requests[i]);
            }
        }
    }
}

/* Goes on with most; the others are cancelled before or after that, or given up. */
static void
treat_paused(submitter *self, uint64_t token)
{
    mx_request *request = self->requests[token];

    if (token % 7 == 0) {
        mx_request_cancel(world.engine, request);
    }
    if (token % 11 == 0) {
        mx_request_abandon(request);
        self->finished++;
        return;
    }
    self->failures += rank_and_resume(request) != MX_OK;
    if (token % 13 == 0) {
        mx_request_cancel(world.engine, request);
    }
}

static void *
submit_and_rank(void *argument)
{
    submitter *self = argument;
    mx_completions *completions;
    int os_error;

    if (mx_completions_new(false, &completions, &os_error) != MX_OK) {
        self->failures++;
        return NULL;
    }
    submit_all(self, completions);
    while (self->finished < self->accepted) {
        mx_completion completion;
        if (mx_completions_take(completions, &completion, 1, MX_NEVER) != 1) {
            self->failures++;
            break;
        }
        if (completion.status == MX_RANKS_WANTED) {
            treat_paused(self, completion.token);
            continue;
        }
        self->failures += completion.status != MX_OK;
        self->finished++;
        mx_route_unref(completion.route);
    }
    for (uint64_t i = 0; i < EACH; i++) {
        mx_request_release(self->requests[i]);
    }
    mx_completions_unref(completions);
    return NULL;
}

static void
open_world_with_thread(void)
{
    mx_engine_config config = {.clock = mx_clock_system(),
                               .transport = fake_transport_factory};
    int os_error;

    open_world(with_ranks, 1);
    mx_engine_free(world.engine);
    world.fake->zone = zone;
    config.transport_context = world.fake;
    assert_int_equal(mx_engine_new(&config, &world.engine, &os_error), MX_OK);
    assert_int_equal(mx_engine_start(world.engine, &os_error), MX_OK);
}

static void
interrupt_submitters(void (*interrupt)(void))
{
    static submitter submitters[SUBMITTERS];
    unsigned accepted = 0;

    memset(submitters, 0, sizeof(submitters));
    open_world_with_thread();
    for (int i = 0; i < SUBMITTERS; i++) {
        assert_int_equal(pthread_create(&submitters[i].thread, NULL, submit_and_rank,
                                        &submitters[i]),
                         0);
    }
    if (interrupt != NULL) {
        interrupt();
    }
    for (int i = 0; i < SUBMITTERS; i++) {
        pthread_join(submitters[i].thread, NULL);
        assert_int_equal(submitters[i].failures, 0);
        assert_int_equal(submitters[i].finished, submitters[i].accepted);
        accepted += submitters[i].accepted;
    }
    assert_true(interrupt != NULL || accepted == SUBMITTERS * EACH);
    assert_int_equal(stats_of_world().lookups, accepted);
    assert_int_equal(stats_of_world().in_progress, 0);
    assert_int_equal(stats_of_world().waiting, 0);
    close_world();
}

static void
close_resolver(void)
{
    mx_engine_close_resolver(world.engine, world.resolver);
}

static void
stop_engine(void)
{
    mx_engine_stop(world.engine);
}

static void
each_lookup_has_one_outcome(void **state)
{
    (void)state;
    interrupt_submitters(NULL);
    interrupt_submitters(close_resolver);
    interrupt_submitters(stop_engine);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_lookup_has_one_outcome),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
