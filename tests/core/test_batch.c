/* SPDX-License-Identifier: MIT */
/* Submissions that go to the engine together. Run under ThreadSanitizer too. */
#include "bench.h"
#include "core/batch.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SUBMITTERS = 4, BATCHES = 50, EACH = 40 };

static const script_line zone[] = {{"a.test", "MX", "10 mx.a.test"},
                                   {"mx.a.test", "A", "192.0.2.1"},
                                   {"mx.a.test", "AAAA", "NODATA"},
                                   {NULL, NULL, NULL}};

static mx_status
add(mx_batch *batch, const char *name, uint64_t token, mx_request **request)
{
    mx_destination_rules rules = {0};
    mx_destination read;
    mx_submission submission = {.destination = &read, .token = token};

    mx_destination_read(name, strlen(name), &rules, &read);
    return mx_batch_add(batch, &submission, request);
}

static void
begin(mx_batch *batch)
{
    mx_batch_init(batch, world.engine, world.resolver, world.completions);
}

static void
the_engine_sees_a_batch_once_it_is_sent(void **state)
{
    mx_batch batch;
    uint64_t token;

    (void)state;
    open_world(NULL, 1);
    begin(&batch);
    for (uint64_t i = 0; i < 200; i++) {
        char name[16];
        snprintf(name, sizeof(name), "d%u.test", (unsigned)i);
        assert_int_equal(add(&batch, name, i, NULL), MX_OK);
    }
    turn();
    assert_sent(0);
    mx_batch_send(&batch);
    mx_batch_send(&batch);
    turn();
    assert_sent(200);
    for (uint64_t i = 0; i < 200; i++) {
        answer(i, "0 .");
        assert_string_equal(taken(&token), "null_mx/null_mx");
        assert_int_equal(token, i);
    }
    close_world();
}

static void
what_needs_no_question_is_done_at_once(void **state)
{
    mx_batch batch;

    (void)state;
    open_world(NULL, 1);
    begin(&batch);
    assert_int_equal(add(&batch, "a.invalid", 1, NULL), MX_OK);
    assert_string_not_equal(taken(NULL), "");
    mx_batch_send(&batch);
    turn();
    assert_sent(0);
    close_world();
}

static void
a_batch_for_a_stopped_engine_is_cancelled(void **state)
{
    mx_batch batch;
    uint64_t token;

    (void)state;
    open_world(NULL, 1);
    begin(&batch);
    assert_int_equal(add(&batch, "a.test", 1, NULL), MX_OK);
    assert_int_equal(add(&batch, "b.test", 2, NULL), MX_OK);
    mx_engine_stop(world.engine);
    mx_batch_send(&batch);
    assert_string_equal(taken(&token), "cancelled/cancelled; incomplete");
    assert_int_equal(token, 1);
    assert_string_equal(taken(&token), "cancelled/cancelled; incomplete");
    assert_int_equal(token, 2);
    assert_int_equal(add(&batch, "c.test", 3, NULL), MX_CLOSED);
    assert_int_equal(stats_of_world().waiting, 0);
    close_world();
}

static void
a_batch_for_a_closed_resolver_is_cancelled(void **state)
{
    mx_batch batch;

    (void)state;
    open_world(NULL, 1);
    begin(&batch);
    assert_int_equal(add(&batch, "a.test", 1, NULL), MX_OK);
    mx_engine_close_resolver(world.engine, world.resolver);
    assert_int_equal(add(&batch, "b.test", 2, NULL), MX_CLOSED);
    mx_batch_send(&batch);
    turn();
    assert_string_equal(taken(NULL), "cancelled/cancelled; incomplete");
    assert_string_equal(taken(NULL), "");
    close_world();
}

/* Nobody has a handle: the queue is closed and the engine told so. */
static void
sweeping_ends_what_nobody_will_take(void **state)
{
    mx_completions *other;
    mx_batch batch;
    int os_error;

    (void)state;
    open_world(NULL, 1);
    assert_int_equal(mx_completions_new(false, &other, &os_error), MX_OK);
    mx_batch_init(&batch, world.engine, world.resolver, other);
    assert_int_equal(add(&batch, "a.test", 1, NULL), MX_OK);
    assert_int_equal(add(&batch, "b.test", 2, NULL), MX_OK);
    mx_batch_send(&batch);
    ask("b.test");
    assert_int_equal(stats_of_world().in_progress, 3);
    mx_completions_close(other);
    assert_int_equal(stats_of_world().in_progress, 3);
    mx_engine_sweep(world.engine);
    turn();
    assert_int_equal(stats_of_world().in_progress, 1);
    assert_int_equal(world.fake->open_count, 1);
    assert_int_equal(add(&batch, "c.test", 3, NULL), MX_CLOSED);
    mx_completions_unref(other);
    close_world();
}

static void *
submit_batches(void *argument)
{
    unsigned *failures = argument;
    mx_completions *completions;
    mx_completion done[EACH];
    mx_batch batch;
    int os_error;

    if (mx_completions_new(false, &completions, &os_error) != MX_OK) {
        *failures = 1;
        return NULL;
    }
    mx_batch_init(&batch, world.engine, world.resolver, completions);
    for (int i = 0; i < BATCHES; i++) {
        uint64_t sum = 0;
        for (uint64_t token = 0; token < EACH; token++) {
            *failures += add(&batch, "a.test", token, NULL) != MX_OK;
            sum += token;
        }
        mx_batch_send(&batch);
        for (size_t left = EACH; left > 0;) {
            size_t count = mx_completions_take(completions, done, EACH, MX_NEVER);
            for (size_t n = 0; n < count; n++) {
                *failures += done[n].route->verdict != MX_VERDICT_OK;
                sum -= done[n].token;
                mx_route_unref(done[n].route);
            }
            left -= count;
        }
        *failures += sum != 0;
    }
    mx_completions_unref(completions);
    return NULL;
}

/* Each batch waits for the one before, so the engine falls asleep time and again: a
 * wake-up that is left out by mistake would end this for good. */
static void
no_wake_up_is_lost(void **state)
{
    pthread_t threads[SUBMITTERS];
    unsigned failures[SUBMITTERS] = {0};
    int os_error;

    (void)state;
    open_world(NULL, 1);
    world.fake->zone = zone;
    assert_int_equal(mx_engine_start(world.engine, &os_error), MX_OK);
    for (int i = 0; i < SUBMITTERS; i++) {
        assert_int_equal(
            pthread_create(&threads[i], NULL, submit_batches, &failures[i]), 0);
    }
    for (int i = 0; i < SUBMITTERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(failures[i], 0);
    }
    mx_engine_stop(world.engine);
    assert_int_equal(stats_of_world().lookups, SUBMITTERS * BATCHES * EACH);
    close_world();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_engine_sees_a_batch_once_it_is_sent),
        cmocka_unit_test(what_needs_no_question_is_done_at_once),
        cmocka_unit_test(a_batch_for_a_stopped_engine_is_cancelled),
        cmocka_unit_test(a_batch_for_a_closed_resolver_is_cancelled),
        cmocka_unit_test(sweeping_ends_what_nobody_will_take),
        cmocka_unit_test(no_wake_up_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
