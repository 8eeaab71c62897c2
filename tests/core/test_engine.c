/* SPDX-License-Identifier: MIT */
/* The engine without its thread: window, cancelling, closing, stopping, descriptors,
 * short memory. */
#define _GNU_SOURCE /* pipe, poll */
#include "bench.h"
#include "core/engine.h"
#include "core/mem.h"
#include "core/resolver_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define END                                                                            \
    {                                                                                  \
        NULL, NULL, NULL                                                               \
    }
#define A_ROUTE "ok; 10 mx.a.test 192.0.2.1"

static const script_line zone[] = {
    {"a.test", "MX", "10 mx.a.test"},     {"mx.a.test", "A", "192.0.2.1"},
    {"mx.a.test", "AAAA", "NODATA"},      {"b.test", "MX", "10 mx.a.test"},
    {"sick.test", "MX", "SERVFAIL"},      {"loop.test", "MX", "CNAME loop.test"},
    {"null.test", "MX", "0 ."},           {"silent.test", "MX", "SILENCE"},
    {"alias.test", "MX", "CNAME b.test"}, END};
#define ALIAS_ROUTE A_ROUTE "; >b.test"

static void
three_at_a_time(mx_resolver_config *config)
{
    config->concurrency = 3;
}

static void
two_at_a_time(mx_resolver_config *config)
{
    config->concurrency = 2;
}

static void
window_bounds_what_is_open(void **state)
{
    (void)state;
    open_world(NULL, 1);
    world.fake->window = 5;
    for (uint64_t i = 0; i < 100; i++) {
        char name[16] = "a00.test";
        name[1] = (char)('0' + i / 10);
        name[2] = (char)('0' + i % 10);
        assert_int_equal(submit(name, i, NULL), MX_OK);
    }
    turn();
    assert_sent(5);
    for (size_t i = 0; i < 100; i++) {
        answer(i, "0 .");
    }
    turn();
    assert_int_equal(world.fake->most_open, 5);
    for (size_t i = 0; i < 100; i++) {
        assert_string_equal(taken(NULL), "null_mx/null_mx");
    }
    close_world();
}

static void
cancelled_lookup_frees_its_query(void **state)
{
    mx_request *request;

    (void)state;
    open_world(NULL, 1);
    assert_int_equal(submit("a.test", 1, &request), MX_OK);
    turn();
    assert_int_equal(world.fake->open_count, 1);
    mx_request_cancel(world.engine, request);
    mx_request_cancel(world.engine, request);
    turn();
    assert_string_equal(taken(NULL), "cancelled/cancelled; incomplete");
    assert_int_equal(world.fake->open_count, 0);
    mx_request_cancel(world.engine, request);
    turn();
    assert_string_equal(taken(NULL), "");
    mx_request_release(request);
    close_world();
}

static void
cancelled_before_it_was_taken_in(void **state)
{
    mx_request *request;

    (void)state;
    open_world(NULL, 1);
    assert_int_equal(submit("a.test", 1, &request), MX_OK);
    mx_request_cancel(world.engine, request);
    turn();
    assert_string_equal(taken(NULL), "cancelled/cancelled; incomplete");
    assert_sent(0);
    mx_request_release(request);
    close_world();
}

static void
cancelling_one_leaves_the_other(void **state)
{
    mx_request *request;
    uint64_t token = 0;

    (void)state;
    open_world(NULL, 1);
    assert_int_equal(submit("a.test", 1, &request), MX_OK);
    assert_int_equal(submit("a.test", 2, NULL), MX_OK);
    turn();
    mx_request_cancel(world.engine, request);
    turn();
    assert_string_equal(taken(&token), "cancelled/cancelled; incomplete");
    assert_int_equal(token, 1);
    answer(0, "0 .");
    assert_string_equal(taken(&token), "null_mx/null_mx");
    assert_int_equal(token, 2);
    mx_request_release(request);
    close_world();
}

static void
closed_resolver_ends_its_lookups(void **state)
{
    (void)state;
    open_world(two_at_a_time, 1);
    for (uint64_t i = 0; i < 4; i++) {
        assert_int_equal(submit("a.test", i, NULL), MX_OK);
        if (i == 2) {
            turn();
        }
    }
    mx_engine_close_resolver(world.engine, world.resolver);
    mx_engine_close_resolver(world.engine, world.resolver);
    turn();
    for (int i = 0; i < 4; i++) {
        assert_string_equal(taken(NULL), "cancelled/cancelled; incomplete");
    }
    assert_int_equal(world.fake->freed, 1);
    assert_int_equal(submit("a.test", 1, NULL), MX_CLOSED);
    close_world();
}

static void
stopped_engine_ends_all_lookups(void **state)
{
    (void)state;
    open_world(NULL, 1);
    ask("a.test");
    assert_int_equal(submit("b.test", 1, NULL), MX_OK);
    mx_engine_stop(world.engine);
    assert_string_equal(taken(NULL), "cancelled/cancelled; incomplete");
    assert_string_equal(taken(NULL), "cancelled/cancelled; incomplete");
    assert_int_equal(submit("a.test", 1, NULL), MX_CLOSED);
    assert_int_equal(mx_engine_turn(world.engine, 0), MX_CLOSED);
    close_world();
}

/* What is answered before the cancel; nothing of it may matter. */
static void
cancelled_wherever_it_stands(void **state)
{
    static const char *const rows[][5] = {
        {NULL},
        {"CNAME c.test", NULL},
        {"10 mx.a.test", NULL},
        {"10 mx.a.test", "192.0.2.1", NULL},
        {"10 mx.a.test", "CNAME c.test", "NODATA", NULL},
        {"NODATA", NULL},
        {"SERVFAIL", NULL},
        {"TRUNCATED", NULL},
        {"UNREACHABLE", NULL},
    };
    mx_resolver_stats stats;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mx_request *request;
        mx_route *route;
        open_world(NULL, 1);
        assert_int_equal(submit("a.test", 1, &request), MX_OK);
        turn();
        for (size_t a = 0; rows[i][a] != NULL; a++) {
            answer(a, rows[i][a]);
        }
        mx_request_cancel(world.engine, request);
        turn();
        route = take(NULL);
        assert_non_null(route);
        assert_int_equal(route->verdict, MX_VERDICT_CANCELLED);
        assert_int_equal(route->target_count, 0);
        mx_route_unref(route);
        assert_int_equal(world.fake->open_count, 0);
        stats = stats_of_world();
        assert_int_equal(stats.lookups, 1);
        assert_int_equal(stats.in_progress + stats.waiting, 0);
        pass(60 * SEC);
        assert_string_equal(taken(NULL), "");
        mx_request_release(request);
        close_world();
    }
}

static void
cancelled_after_the_answer_but_before_the_turn(void **state)
{
    mx_request *request;

    (void)state;
    open_world(NULL, 1);
    assert_int_equal(submit("a.test", 1, &request), MX_OK);
    turn();
    fake_transport_reply(world.fake, 0, "0 .");
    mx_request_cancel(world.engine, request);
    turn();
    assert_string_equal(taken(NULL), "cancelled/cancelled; incomplete");
    assert_string_equal(taken(NULL), "");
    mx_request_release(request);
    close_world();
}

static void
freed_with_everything_open(void **state)
{
    mx_request *request, *cancelled;

    (void)state;
    open_world(three_at_a_time, 2);
    world.fake->window = 1;
    assert_int_equal(submit("a.test", 1, &request), MX_OK);   /* on the wire */
    assert_int_equal(submit("a.test", 2, &cancelled), MX_OK); /* joined */
    assert_int_equal(submit("b.test", 3, NULL), MX_OK);       /* waits for the window */
    assert_int_equal(submit("null.test", 4, NULL), MX_OK);    /* waits for admission */
    turn();
    pass(1600 * MSEC);
    fake_transport_reply(world.fake, 0, "10 mx.a.test");    /* not taken in */
    mx_request_cancel(world.engine, cancelled);             /* in the inbox */
    assert_int_equal(submit("sick.test", 5, NULL), MX_OK);  /* in the inbox */
    mx_engine_close_resolver(world.engine, world.resolver); /* in the inbox */
    mx_engine_free(world.engine);
    world.engine = NULL;
    for (int i = 0; i < 5; i++) {
        assert_string_equal(taken(NULL), "cancelled/cancelled; incomplete");
    }
    assert_string_equal(taken(NULL), "");
    assert_int_equal(world.fake->freed, 1);
    assert_int_equal(world.fake->open_count, 0);
    mx_request_release(request);
    mx_request_release(cancelled);
    close_world();
}

static void
stopped_engine_keeps_nothing(void **state)
{
    mx_request *request;

    (void)state;
    open_world(NULL, 1);
    assert_int_equal(submit("a.test", 1, &request), MX_OK);
    turn();
    mx_engine_stop(world.engine);
    mx_engine_stop(world.engine);
    mx_request_cancel(world.engine, request);
    mx_engine_close_resolver(world.engine, world.resolver);
    assert_string_equal(taken(NULL), "cancelled/cancelled; incomplete");
    mx_request_release(request);
    close_world(); /* a reference that the inbox still held would leak */
}

static void
resolver_of_a_stopped_engine_is_closed(void **state)
{
    (void)state;
    open_world(NULL, 1);
    mx_engine_stop(world.engine);
    mx_engine_close_resolver(world.engine, world.resolver);
    mx_engine_close_resolver(world.engine, world.resolver);
    assert_int_equal(submit("a..b", 1, NULL), MX_CLOSED);
    close_world();
}

static void
transport_that_cannot_be_made_is_no_verdict(void **state)
{
    mx_completion completion;

    (void)state;
    open_world(NULL, 1);
    world.fake->refusal = MX_SYS;
    ask("null.test");
    assert_string_equal(taken(NULL), "no_servers/local_error; incomplete");
    world.fake->refusal = MX_NOMEM;
    ask("null.test");
    assert_int_equal(mx_completions_take(world.completions, &completion, 1, 0), 1);
    assert_int_equal(completion.status, MX_NOMEM);
    assert_null(completion.route);
    world.fake->refusal = MX_OK;
    world.fake->zone = zone;
    ask("null.test");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    assert_int_equal(stats_of_world().lookups, 3);
    assert_int_equal(stats_of_world().in_progress + stats_of_world().waiting, 0);
    close_world();
}

static void
without_a_name_server_there_is_no_verdict(void **state)
{
    (void)state;
    open_world(NULL, 1);
    mx_nameservers_init_file(&world.resolver->nameservers, "/nonexistent/\x01/resolv");
    world.resolver->nameservers.next_check = MX_NEVER;
    ask("a.test");
    assert_string_equal(taken(NULL), "no_servers/local_error; incomplete");
    assert_sent(0);
    assert_int_equal(stats_of_world().lookups, 1);
    assert_int_equal(stats_of_world().in_progress + stats_of_world().waiting, 0);
    close_world();
}

/* What a deadline frees must be used before the engine waits for the next event, or it
 * would lie idle until then. */
static void
nothing_is_left_undone_before_waiting(void **state)
{
    (void)state;
    open_world(three_at_a_time, 1);
    world.fake->window = 1;
    assert_int_equal(submit("a.test", 1, NULL), MX_OK);
    turn();
    world.now += 3 * SEC;
    assert_int_equal(submit("b.test", 2, NULL), MX_OK);
    turn();
    world.now += 2 * SEC;
    turn();
    assert_string_equal(taken(NULL), "timeout/timeout; incomplete");
    assert_asked(world.fake->send_count - 1, "b.test MX");
    assert_int_equal(world.fake->sent_before_wait, world.fake->send_count);
    close_world();
}

static void
closed_resolver_leaves_another_alone(void **state)
{
    mx_resolver *first;
    fake_transport *fake, *other = fake_transport_new();

    (void)state;
    open_world(NULL, 1);
    fake = world.fake;
    fake->next = other;
    first = world.resolver;
    ask("a.test");
    open_second_resolver();
    assert_int_equal(submit("null.test", 2, NULL), MX_OK);
    turn();
    assert_int_equal(fake->send_count, 1);
    assert_int_equal(other->send_count, 1);
    mx_engine_close_resolver(world.engine, first);
    turn();
    assert_string_equal(taken(NULL), "cancelled/cancelled; incomplete");
    assert_int_equal(fake->freed, 1);
    fake_transport_reply(other, 0, "0 .");
    turn();
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    mx_resolver_unref(first);
    close_world();
    assert_int_equal(other->freed, 1);
    fake_transport_delete(other);
}

enum { MANY = 200 };

/* More than the engine first has room for: each resolver gets its own back. */
static void
every_descriptor_is_waited_for(void **state)
{
    struct pollfd pipes[MANY], last;
    fake_transport *other = fake_transport_new();
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    for (size_t i = 0; i < MANY; i++) {
        pipes[i] = (struct pollfd){.fd = -1, .events = POLLIN};
    }
    last = (struct pollfd){.fd = ends[0], .events = POLLIN};
    open_world(NULL, 1);
    world.fake->next = other;
    world.fake->watched = pipes;
    world.fake->watched_count = MANY;
    other->watched = &last;
    other->watched_count = 1;
    ask("a.test");
    mx_resolver_unref(world.resolver);
    open_second_resolver();
    ask("b.test");
    assert_int_equal(write(ends[1], "x", 1), 1);
    turn();
    assert_int_equal(world.fake->processed_count, MANY);
    assert_int_equal(world.fake->ready_count, 0);
    assert_int_equal(other->processed_count, 1);
    assert_int_equal(other->ready_count, 1);
    close_world();
    fake_transport_delete(other);
    close(ends[0]);
    close(ends[1]);
}

static void
counters_are_balanced_in_every_ending(void **state)
{
    static const char *const names[] = {"a.test",     "b.test",    "sick.test",
                                        "null.test",  "loop.test", "a..b",
                                        "[192.0.2.1]"};
    mx_resolver_stats stats;
    unsigned taken_count = 0;

    (void)state;
    open_world(three_at_a_time, 1);
    world.fake->zone = zone;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(submit(names[i], i, NULL), MX_OK);
    }
    for (int i = 0; i < 20; i++) {
        pass(100 * MSEC);
    }
    while (*taken(NULL) != '\0') {
        taken_count++;
    }
    assert_int_equal(taken_count, sizeof(names) / sizeof(names[0]));
    stats = stats_of_world();
    assert_int_equal(stats.lookups, taken_count);
    assert_int_equal(stats.waiting, 0);
    assert_int_equal(stats.in_progress, 0);
    close_world();
}

/* Fails the k-th allocation of a whole lookup, or it and all after it, for every k: one
 * completion each, and never a verdict that the answers do not bear out. */
static void
one_sweep(const char *destination, const char *right, int onward)
{
    for (size_t nth = 1;; nth++) {
        mx_completion completion;
        size_t asked;

        open_world(NULL, 1);
        world.fake->zone = zone;
        if (onward) {
            turn(); /* a thread would have what it needs to run before it starts */
        }
        (void)mx_mem_fail(nth, onward);
        if (submit(destination, 1, NULL) == MX_OK) {
            for (int i = 0; i < 60; i++) {
                mx_status turned = mx_engine_turn(world.engine, 0);
                assert_true(turned == MX_OK || turned == MX_NOMEM);
                world.now += 100 * MSEC;
            }
            asked = mx_mem_fail(0, 0);
            assert_int_equal(mx_completions_take(world.completions, &completion, 1, 0),
                             1);
            assert_int_equal(stats_of_world().in_progress, 0);
            assert_int_equal(stats_of_world().waiting, 0);
            if (completion.status == MX_OK) {
                script_describe(completion.route, world.text);
                if (mx_verdict_deliverable(completion.route->verdict) != MX_UNKNOWN &&
                    completion.route->complete) {
                    assert_string_equal(world.text, right);
                }
                mx_route_unref(completion.route);
            }
            else {
                assert_int_equal(completion.status, MX_NOMEM);
            }
        }
        else {
            asked = mx_mem_fail(0, 0);
        }
        close_world();
        if (asked < nth) {
            return;
        }
    }
}

static void
short_memory_never_loses_or_lies(void **state)
{
    (void)state;
    for (int onward = 0; onward < 2; onward++) {
        one_sweep("a.test", A_ROUTE, onward);
        one_sweep("null.test", "null_mx/null_mx", onward);
        one_sweep("sick.test", "", onward);
        one_sweep("silent.test", "", onward);
        one_sweep("alias.test", ALIAS_ROUTE, onward);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(window_bounds_what_is_open),
        cmocka_unit_test(cancelled_lookup_frees_its_query),
        cmocka_unit_test(cancelled_before_it_was_taken_in),
        cmocka_unit_test(cancelling_one_leaves_the_other),
        cmocka_unit_test(closed_resolver_ends_its_lookups),
        cmocka_unit_test(stopped_engine_ends_all_lookups),
        cmocka_unit_test(cancelled_wherever_it_stands),
        cmocka_unit_test(cancelled_after_the_answer_but_before_the_turn),
        cmocka_unit_test(freed_with_everything_open),
        cmocka_unit_test(stopped_engine_keeps_nothing),
        cmocka_unit_test(resolver_of_a_stopped_engine_is_closed),
        cmocka_unit_test(transport_that_cannot_be_made_is_no_verdict),
        cmocka_unit_test(without_a_name_server_there_is_no_verdict),
        cmocka_unit_test(nothing_is_left_undone_before_waiting),
        cmocka_unit_test(closed_resolver_leaves_another_alone),
        cmocka_unit_test(every_descriptor_is_waited_for),
        cmocka_unit_test(counters_are_balanced_in_every_ending),
        cmocka_unit_test(short_memory_never_loses_or_lies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
