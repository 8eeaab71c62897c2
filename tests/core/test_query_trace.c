/* SPDX-License-Identifier: MIT */
/* The messages of a lookup as its trace shows them, through the engine. */
#include "bench.h"
#include "core/mem.h"
#include "core/query.h"
#include "trace_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define END                                                                            \
    {                                                                                  \
        NULL, NULL, NULL                                                               \
    }
#define NULL_MX "0 ."

static void
traced(mx_resolver_config *config)
{
    config->rules.trace = true;
}

static void
traced_for_ten_minutes(mx_resolver_config *config)
{
    config->rules.trace = true;
    config->timeout = 600 * SEC;
}

static void
without_the_rule_there_is_none(void **state)
{
    mx_route *route;

    (void)state;
    open_world(NULL, 1);
    ask("a.test");
    answer(0, NULL_MX);
    route = take(NULL);
    assert_null(route->trace);
    mx_route_unref(route);
    close_world();
}

static void
messages_and_answers_are_told_in_their_order(void **state)
{
    (void)state;
    open_world(traced, 1);
    ask("a.test");
    world.now += 12 * MSEC;
    answer(0, "10 mx.a.test");
    world.now += 3 * MSEC;
    answer(1, "192.0.2.1");
    world.now += 500; /* us */
    answer(2, "NODATA");
    assert_string_equal(
        taken_lines(),
        "0.0 query a.test MX to 192.0.2.53:1 udp\n"
        "12.0 reply a.test MX from 192.0.2.53:1 udp: NOERROR, 1 record, after 12.0 ms\n"
        "12.0 answer a.test MX: 1 record, TTL 300 s\n"
        "12.0 exchange 10 mx.a.test\n"
        "12.0 query mx.a.test A to 192.0.2.53:1 udp\n"
        "12.0 query mx.a.test AAAA to 192.0.2.53:1 udp\n"
        "15.0 reply mx.a.test A from 192.0.2.53:1 udp: NOERROR, 1 record, after 3.0 ms\n"
        "15.0 answer mx.a.test A: 1 record, TTL 300 s\n"
        "15.0 wait the slower address family, at most 1000.0 ms\n"
        "15.5 reply mx.a.test AAAA from 192.0.2.53:1 udp: NOERROR, no_data, after 3.5 "
        "ms\n"
        "15.5 answer mx.a.test AAAA: no_data, TTL 60 s\n"
        "15.5 verdict 10 mx.a.test: ok, 1 address\n"
        "15.5 verdict ok, 1 target\n");
    close_world();
}

static void
silence_leads_to_the_other_server_and_over_tcp(void **state)
{
    (void)state;
    open_world(traced, 2);
    ask("a.test");
    for (int i = 0; i < 4; i++) {
        pass(1500 * MSEC);
    }
    assert_string_equal(taken_lines(),
                        "0.0 query a.test MX to 192.0.2.53:1 udp\n"
                        "1500.0 silence a.test MX from 192.0.2.53:1 udp: nothing for "
                        "1500.0 ms\n"
                        "1500.0 query a.test MX to 192.0.2.53:2 udp\n"
                        "3000.0 silence a.test MX from 192.0.2.53:2 udp: nothing for "
                        "1500.0 ms\n"
                        "3000.0 query a.test MX to 192.0.2.53:1 udp\n"
                        "4500.0 silence a.test MX from 192.0.2.53:1 udp: nothing for "
                        "1500.0 ms\n"
                        "4500.0 query a.test MX to 192.0.2.53:2 tcp\n"
                        "6000.0 deadline what is still open is given up\n"
                        "6000.0 answer a.test MX: timeout\n"
                        "6000.0 verdict timeout\n");
    close_world();
}

static void
failure_leads_to_the_other_server(void **state)
{
    (void)state;
    open_world(traced, 2);
    ask("a.test");
    world.now += 5 * MSEC;
    answer(0, "SERVFAIL");
    world.now += 5 * MSEC;
    answer(1, NULL_MX);
    assert_string_equal(
        taken_lines(),
        "0.0 query a.test MX to 192.0.2.53:1 udp\n"
        "5.0 reply a.test MX from 192.0.2.53:1 udp: SERVFAIL, after 5.0 ms\n"
        "5.0 query a.test MX to 192.0.2.53:2 udp\n"
        "10.0 reply a.test MX from 192.0.2.53:2 udp: NOERROR, 1 record, after 5.0 ms\n"
        "10.0 answer a.test MX: 1 record, TTL 300 s\n"
        "10.0 verdict null_mx\n");
    close_world();
}

static void
truncation_leads_to_tcp(void **state)
{
    (void)state;
    open_world(traced, 1);
    ask("a.test");
    answer(0, "TRUNCATED");
    answer(1, NULL_MX);
    assert_string_equal(
        taken_lines(),
        "0.0 query a.test MX to 192.0.2.53:1 udp\n"
        "0.0 reply a.test MX from 192.0.2.53:1 udp: NOERROR, truncated, after 0.0 ms\n"
        "0.0 query a.test MX to 192.0.2.53:1 tcp\n"
        "0.0 reply a.test MX from 192.0.2.53:1 tcp: NOERROR, 1 record, after 0.0 ms\n"
        "0.0 answer a.test MX: 1 record, TTL 300 s\n"
        "0.0 verdict null_mx\n");
    close_world();
}

static void
trouble_with_edns_is_seen(void **state)
{
    (void)state;
    open_world(traced, 1);
    ask("a.test");
    answer(0, "BADVERS");
    answer(1, NULL_MX);
    assert_string_equal(
        taken_lines(),
        "0.0 query a.test MX to 192.0.2.53:1 udp\n"
        "0.0 reply a.test MX from 192.0.2.53:1 udp: BADVERS, after 0.0 "
        "ms\n"
        "0.0 query a.test MX to 192.0.2.53:1 udp without EDNS\n"
        "0.0 reply a.test MX from 192.0.2.53:1 udp: NOERROR, 1 record, after 0.0 ms\n"
        "0.0 answer a.test MX: 1 record, TTL 300 s\n"
        "0.0 verdict null_mx\n");
    close_world();
}

static void
what_could_not_be_sent_is_told(void **state)
{
    (void)state;
    open_world(traced, 2);
    ask("a.test");
    world.now += 2 * MSEC;
    answer(0, "UNREACHABLE");
    answer(1, "LOCAL");
    world.now += 50 * MSEC;
    turn();
    answer(2, NULL_MX);
    assert_string_equal(
        taken_lines(),
        "0.0 query a.test MX to 192.0.2.53:1 udp\n"
        "2.0 failure a.test MX to 192.0.2.53:1 udp: unreachable, after 2.0 ms\n"
        "2.0 query a.test MX to 192.0.2.53:2 udp\n"
        "2.0 failure a.test MX to 192.0.2.53:2 udp: local_error, after 0.0 ms\n"
        "52.0 query a.test MX to 192.0.2.53:2 udp\n"
        "52.0 reply a.test MX from 192.0.2.53:2 udp: NOERROR, 1 record, after 0.0 ms\n"
        "52.0 answer a.test MX: 1 record, TTL 300 s\n"
        "52.0 verdict null_mx\n");
    close_world();
}

static void
joined_question_shows_the_messages_of_the_other(void **state)
{
    (void)state;
    open_world(traced, 1);
    ask("a.test");
    world.now += 100 * MSEC;
    ask("a.test");
    world.now += 20 * MSEC;
    answer(0, NULL_MX);
    assert_string_equal(taken_lines(),
                        "0.0 query a.test MX to 192.0.2.53:1 udp\n"
                        "120.0 reply a.test MX from 192.0.2.53:1 udp: NOERROR, 1 "
                        "record, after 120.0 ms\n"
                        "120.0 answer a.test MX: 1 record, TTL 300 s\n"
                        "120.0 verdict null_mx\n");
    assert_string_equal(taken_lines(),
                        "-100.0 query a.test MX to 192.0.2.53:1 udp\n"
                        "0.0 join a.test MX: under way for another lookup\n"
                        "20.0 reply a.test MX from 192.0.2.53:1 udp: NOERROR, 1 "
                        "record, after 120.0 ms\n"
                        "20.0 answer a.test MX: 1 record, TTL 300 s\n"
                        "20.0 verdict null_mx\n");
    close_world();
}

/* One of the two gives up; what comes later is the other's alone. */
static void
trace_of_one_who_gave_up_ends_there(void **state)
{
    (void)state;
    open_world(traced, 1);
    ask("a.test");
    pass(4600 * MSEC);
    ask("a.test");
    pass(400 * MSEC);
    assert_non_null(strstr(taken_lines(), "5000.0 answer a.test MX: timeout\n"
                                          "5000.0 verdict timeout\n"));
    answer(0, NULL_MX);
    assert_non_null(strstr(taken_lines(),
                           "400.0 answer a.test MX: 1 record, TTL 300 s\n"
                           "400.0 verdict null_mx\n"));
    close_world();
}

/* A question in steady demand keeps no more than its subscribers can have seen. */
static void
old_messages_are_forgotten(void **state)
{
    mx_route *route;
    size_t count = 0;

    (void)state;
    open_world(traced, 1);
    for (int i = 0; i < 600; i++) {
        ask("a.test");
        pass(1 * SEC);
    }
    while ((route = take(NULL)) != NULL) {
        const mx_step *steps = route->trace->steps;
        assert_true(steps[0].at >= -5 * SEC);
        assert_int_equal(steps[route->trace->count - 2].event, MX_EVENT_ANSWER);
        count++;
        mx_route_unref(route);
    }
    assert_int_equal(count, 596);
    close_world();
}

static void
cached_answer_has_no_messages(void **state)
{
    (void)state;
    open_world(traced, 1);
    ask("a.test");
    answer(0, NULL_MX);
    (void)taken_lines();
    world.now += 100 * SEC;
    ask("a.test");
    assert_string_equal(taken_lines(),
                        "0.0 answer a.test MX: 1 record, TTL 200 s, from the cache\n"
                        "0.0 verdict null_mx\n");
    close_world();
}

static void
slower_family_is_given_up(void **state)
{
    (void)state;
    open_world(traced, 1);
    ask("a.test");
    answer(0, "10 mx.a.test");
    world.now += 1 * MSEC;
    answer(1, "192.0.2.1");
    pass(1 * SEC);
    assert_non_null(strstr(taken_lines(),
                           "1.0 wait the slower address family, at most 1000.0 ms\n"
                           "1001.0 deadline what is still open is given up\n"
                           "1001.0 answer mx.a.test AAAA: timeout\n"
                           "1001.0 verdict 10 mx.a.test: ok (timeout), 1 address\n"
                           "1001.0 warning partial\n"
                           "1001.0 verdict ok, 1 target\n"));
    close_world();
}

static void
cancelled_lookup_shows_what_was_sent(void **state)
{
    mx_request *request;

    (void)state;
    open_world(traced, 1);
    assert_int_equal(submit("a.test", 1, &request), MX_OK);
    turn();
    world.now += 7 * MSEC;
    mx_request_cancel(world.engine, request);
    turn();
    assert_string_equal(taken_lines(), "0.0 query a.test MX to 192.0.2.53:1 udp\n"
                                       "7.0 verdict cancelled\n");
    mx_request_release(request);
    close_world();
}

/* The server never takes a packet: more attempts than a trace has room for. */
static void
endless_attempts_are_cut(void **state)
{
    mx_route *route;
    const mx_step *steps;
    size_t replied = 0;

    (void)state;
    open_world(traced_for_ten_minutes, 1);
    ask("a.test");
    while (world.now < 1600 * SEC) {
        while (replied < world.fake->send_count) {
            fake_transport_reply(world.fake, replied++, "UNREACHABLE");
        }
        pass(50 * MSEC);
    }
    route = take(NULL);
    assert_non_null(route);
    assert_int_equal(route->trace->count, MX_TRACE_STEPS + 2);
    steps = route->trace->steps;
    assert_int_equal(steps[0].event, MX_EVENT_QUERY);
    assert_int_equal(steps[MX_TRACE_STEPS].event, MX_EVENT_OMITTED);
    assert_true(steps[MX_TRACE_STEPS].count > 500);
    assert_int_equal(steps[MX_TRACE_STEPS + 1].event, MX_EVENT_VERDICT);
    assert_int_equal(steps[MX_TRACE_STEPS + 1].at, 600 * SEC);
    mx_route_unref(route);
    close_world();
}

/* Fails the k-th allocation of a lookup for every k: a route that is whole is the same as
 * without a trace, and has one. */
static void
short_memory_costs_steps_only(void **state)
{
    static const script_line zone[] = {{"a.test", "MX", "10 mx.a.test"},
                                       {"mx.a.test", "A", "192.0.2.1"},
                                       {"mx.a.test", "AAAA", "NODATA"},
                                       END};
    bool is_over = false;

    (void)state;
    for (size_t nth = 1; !is_over; nth++) {
        mx_completion completion;
        open_world(traced, 1);
        world.fake->zone = zone;
        (void)mx_mem_fail(nth, 0);
        if (submit("a.test", 1, NULL) == MX_OK) {
            for (int i = 0; i < 60; i++) {
                mx_status turned = mx_engine_turn(world.engine, 0);
                assert_true(turned == MX_OK || turned == MX_NOMEM);
                world.now += 100 * MSEC;
            }
            assert_int_equal(mx_completions_take(world.completions, &completion, 1, 0),
                             1);
            if (completion.status == MX_OK) {
                const mx_trace *trace = completion.route->trace;
                script_describe(completion.route, world.text);
                if (completion.route->complete) {
                    assert_string_equal(world.text, "ok; 10 mx.a.test 192.0.2.1");
                }
                assert_int_equal(trace->steps[trace->count - 1].event,
                                 MX_EVENT_VERDICT);
                mx_route_unref(completion.route);
            }
        }
        is_over = mx_mem_fail(0, 0) < nth;
        close_world();
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_the_rule_there_is_none),
        cmocka_unit_test(messages_and_answers_are_told_in_their_order),
        cmocka_unit_test(silence_leads_to_the_other_server_and_over_tcp),
        cmocka_unit_test(failure_leads_to_the_other_server),
        cmocka_unit_test(truncation_leads_to_tcp),
        cmocka_unit_test(trouble_with_edns_is_seen),
        cmocka_unit_test(what_could_not_be_sent_is_told),
        cmocka_unit_test(joined_question_shows_the_messages_of_the_other),
        cmocka_unit_test(trace_of_one_who_gave_up_ends_there),
        cmocka_unit_test(old_messages_are_forgotten),
        cmocka_unit_test(cached_answer_has_no_messages),
        cmocka_unit_test(slower_family_is_given_up),
        cmocka_unit_test(cancelled_lookup_shows_what_was_sent),
        cmocka_unit_test(endless_attempts_are_cut),
        cmocka_unit_test(short_memory_costs_steps_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
