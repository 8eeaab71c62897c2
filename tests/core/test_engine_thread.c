/* SPDX-License-Identifier: MIT */
/* The engine's own thread: many submitters, cancelling, closing, stopping, fork. Run
 * under ThreadSanitizer too. */
#define _GNU_SOURCE
#include "core/engine.h"
#include "fake_transport.h"
#include "script.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { SUBMITTERS = 4, EACH = 1000 };

static const script_line zone[] = {
    {"a.test", "MX", "10 mx.a.test"},   {"mx.a.test", "A", "192.0.2.1"},
    {"mx.a.test", "AAAA", "NODATA"},    {"silent.test", "MX", "SILENCE"},
    {"down.test", "MX", "UNREACHABLE"}, {NULL, NULL, NULL}};

typedef struct bench {
    fake_transport *fake;
    mx_engine *engine;
    mx_resolver *resolver;
} bench;

static bench world;

static void
open_world_with(void (*change)(mx_resolver_config *config), struct pollfd *watched,
                size_t count)
{
    mx_engine_config config = {.transport = fake_transport_factory};
    mx_resolver_config options;
    int os_error;

    world.fake = fake_transport_new();
    world.fake->zone = zone;
    world.fake->watched = watched;
    world.fake->watched_count = count;
    config.clock = mx_clock_system();
    config.transport_context = world.fake;
    assert_int_equal(mx_engine_new(&config, &world.engine, &os_error), MX_OK);
    assert_int_equal(mx_engine_start(world.engine, &os_error), MX_OK);
    mx_resolver_config_init(&options);
    options.server_count = 1;
    assert_true(mx_server_from_text("192.0.2.53", 10, &options.servers[0]));
    if (change != NULL) {
        change(&options);
    }
    assert_int_equal(mx_resolver_new(&options, &world.resolver), MX_OK);
}

static void
open_world(void)
{
    open_world_with(NULL, NULL, 0);
}

static void
close_world(void)
{
    mx_engine_free(world.engine);
    mx_resolver_unref(world.resolver);
    fake_transport_delete(world.fake);
}

static mx_status
submit(const char *name, mx_completions *completions, uint64_t token,
       mx_request **request)
{
    mx_destination_rules rules = {0};
    mx_destination read;
    mx_submission submission = {.destination = &read, .token = token};

    mx_destination_read(name, strlen(name), &rules, &read);
    return mx_engine_submit(world.engine, world.resolver, &submission, completions,
                            request);
}

/* What one thread saw of its lookups. */
typedef struct submitter {
    pthread_t thread;
    unsigned verdicts[MX_VERDICT_COUNT];
    unsigned accepted, closed, failures;
} submitter;

static void *
submit_and_take(void *argument)
{
    submitter *self = argument;
    mx_completions *completions;
    int os_error;

    if (mx_completions_new(false, &completions, &os_error) != MX_OK) {
        self->failures++;
        return NULL;
    }
    for (uint64_t i = 0; i < EACH; i++) {
        mx_request *request = NULL;
        mx_status status =
            submit(i % 10 == 9 ? "silent.test" : "a.test", completions, i, &request);
        if (status == MX_CLOSED) {
            self->closed++;
            continue;
        }
        self->failures += status != MX_OK;
        self->accepted++;
        if (i % 10 == 9) {
            mx_request_cancel(world.engine, request);
        }
        mx_request_release(request);
    }
    for (unsigned i = 0; i < self->accepted; i++) {
        mx_completion completion;
        if (mx_completions_take(completions, &completion, 1, MX_NEVER) != 1 ||
            completion.status != MX_OK) {
            self->failures++;
            break;
        }
        self->verdicts[completion.route->verdict]++;
        mx_route_unref(completion.route);
    }
    mx_completions_unref(completions);
    return NULL;
}

static void
start(submitter submitters[SUBMITTERS])
{
    memset(submitters, 0, SUBMITTERS * sizeof(*submitters));
    for (int i = 0; i < SUBMITTERS; i++) {
        assert_int_equal(pthread_create(&submitters[i].thread, NULL, submit_and_take,
                                        &submitters[i]),
                         0);
    }
}

static void
each_submission_completes_once(void **state)
{
    submitter submitters[SUBMITTERS];

    (void)state;
    open_world();
    start(submitters);
    for (int i = 0; i < SUBMITTERS; i++) {
        pthread_join(submitters[i].thread, NULL);
        assert_int_equal(submitters[i].failures, 0);
        assert_int_equal(submitters[i].accepted, EACH);
        assert_int_equal(submitters[i].verdicts[MX_VERDICT_OK], EACH - EACH / 10);
        assert_int_equal(submitters[i].verdicts[MX_VERDICT_CANCELLED], EACH / 10);
    }
    close_world();
}

static void
closing_under_load_loses_nothing(void **state)
{
    submitter submitters[SUBMITTERS];

    (void)state;
    open_world();
    start(submitters);
    mx_engine_close_resolver(world.engine, world.resolver);
    for (int i = 0; i < SUBMITTERS; i++) {
        pthread_join(submitters[i].thread, NULL);
        assert_int_equal(submitters[i].failures, 0);
        assert_int_equal(submitters[i].accepted + submitters[i].closed, EACH);
    }
    close_world();
}

static void
stopping_under_load_loses_nothing(void **state)
{
    submitter submitters[SUBMITTERS];

    (void)state;
    open_world();
    start(submitters);
    mx_engine_stop(world.engine);
    for (int i = 0; i < SUBMITTERS; i++) {
        pthread_join(submitters[i].thread, NULL);
        assert_int_equal(submitters[i].failures, 0);
        assert_int_equal(submitters[i].accepted + submitters[i].closed, EACH);
    }
    close_world();
}

static void *
stop_and_look(void *argument)
{
    size_t *freed = argument;

    mx_engine_stop(world.engine);
    *freed = world.fake->freed;
    return NULL;
}

/* Whoever asked second must not go on, to free things, while the first still waits. */
static void
stopping_twice_at_once_waits_for_the_end(void **state)
{
    pthread_t threads[SUBMITTERS];
    size_t freed[SUBMITTERS] = {0};
    mx_completions *completions;
    int os_error;

    (void)state;
    open_world();
    assert_int_equal(mx_completions_new(false, &completions, &os_error), MX_OK);
    assert_int_equal(submit("silent.test", completions, 1, NULL), MX_OK);
    for (int i = 0; i < SUBMITTERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, stop_and_look, &freed[i]),
                         0);
    }
    for (int i = 0; i < SUBMITTERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(freed[i], world.fake->freed);
    }
    mx_completions_unref(completions);
    close_world();
}

static void
impatient(mx_resolver_config *config)
{
    config->timeout = 300 * MX_USEC_PER_MSEC;
    config->attempt_timeout = 50 * MX_USEC_PER_MSEC;
}

static mx_completions *awaited;

static void
start_waiting_for(const char *destination, struct pollfd *watched, size_t count)
{
    int os_error;

    open_world_with(impatient, watched, count);
    assert_int_equal(mx_completions_new(false, &awaited, &os_error), MX_OK);
    assert_int_equal(submit(destination, awaited, 1, NULL), MX_OK);
}

/* How often the engine waited until the lookup came to nothing. */
static size_t
finish_waiting(void)
{
    mx_completion completion;
    size_t waits;

    assert_int_equal(mx_completions_take(awaited, &completion, 1, MX_NEVER), 1);
    assert_int_equal(mx_verdict_deliverable(completion.route->verdict), MX_UNKNOWN);
    mx_route_unref(completion.route);
    mx_completions_unref(awaited);
    mx_engine_stop(world.engine);
    waits = world.fake->waits;
    close_world();
    return waits;
}

static void
engine_waits_while_nothing_happens(void **state)
{
    (void)state;
    /* One for each attempt, pause, deadline and wake-up. */
    start_waiting_for("silent.test", NULL, 0);
    assert_in_range(finish_waiting(), 2, 15);
    start_waiting_for("down.test", NULL, 0);
    assert_in_range(finish_waiting(), 2, 15);
}

/* poll() refuses more descriptors than the process may have open, at once. */
static void
engine_pauses_where_poll_fails(void **state)
{
    struct pollfd closed[8];
    struct rlimit before, low;
    size_t waits;

    (void)state;
    for (size_t i = 0; i < 8; i++) {
        closed[i] = (struct pollfd){.fd = -1};
    }
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    low = (struct rlimit){.rlim_cur = 4, .rlim_max = before.rlim_max};
    start_waiting_for("silent.test", closed, 8);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    waits = finish_waiting();
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_in_range(waits, 2, 60);
}

static void
child_of_a_fork_is_free_of_the_engine(void **state)
{
    mx_completions *completions;
    mx_completion completion;
    mx_request *request;
    int os_error, status;
    pid_t child;

    (void)state;
    open_world();
    assert_int_equal(mx_completions_new(false, &completions, &os_error), MX_OK);
    assert_int_equal(submit("silent.test", completions, 1, &request), MX_OK);
    mx_engine_fork_before(world.engine);
    child = fork();
    if (child == 0) {
        mx_engine_fork_after_child(world.engine);
        _exit(0);
    }
    mx_engine_fork_after_parent(world.engine);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);

    assert_int_equal(submit("a.test", completions, 2, NULL), MX_OK);
    assert_int_equal(mx_completions_take(completions, &completion, 1, MX_NEVER), 1);
    assert_int_equal(completion.token, 2);
    assert_int_equal(completion.route->verdict, MX_VERDICT_OK);
    mx_route_unref(completion.route);
    mx_request_cancel(world.engine, request);
    assert_int_equal(mx_completions_take(completions, &completion, 1, MX_NEVER), 1);
    assert_int_equal(completion.token, 1);
    mx_route_unref(completion.route);
    mx_request_release(request);
    mx_completions_unref(completions);
    close_world();
}

static atomic_int signals;

static void
count_signal(int number)
{
    (void)number;
    atomic_fetch_add(&signals, 1);
}

static void
signals_are_left_to_other_threads(void **state)
{
    sigset_t usr1, before;

    (void)state;
    signal(SIGUSR1, count_signal);
    open_world();
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &usr1, &before);
    kill(getpid(), SIGUSR1);
    close_world();
    assert_int_equal(atomic_load(&signals), 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    assert_int_equal(atomic_load(&signals), 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_submission_completes_once),
        cmocka_unit_test(closing_under_load_loses_nothing),
        cmocka_unit_test(stopping_under_load_loses_nothing),
        cmocka_unit_test(stopping_twice_at_once_waits_for_the_end),
        cmocka_unit_test(engine_waits_while_nothing_happens),
        cmocka_unit_test(engine_pauses_where_poll_fails),
        cmocka_unit_test(child_of_a_fork_is_free_of_the_engine),
        cmocka_unit_test(signals_are_left_to_other_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
