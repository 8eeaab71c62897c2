/* SPDX-License-Identifier: MIT */
/* The engine without a network and without a thread: fake transport, fake clock. */
#define _GNU_SOURCE
#include "core/engine.h"
#include "core/mem.h"
#include "fake_transport.h"
#include "script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SEC MX_USEC_PER_SEC
#define MSEC MX_USEC_PER_MSEC
#define END                                                                            \
    {                                                                                  \
        NULL, NULL, NULL                                                               \
    }

typedef struct bench {
    fake_transport *fake;
    mx_engine *engine;
    mx_resolver *resolver;
    mx_completions *completions;
    mx_usec now;
    char text[SCRIPT_TEXT];
} bench;

static bench world;

static const script_line zone[] = {
    {"a.test", "MX", "10 mx.a.test"}, {"mx.a.test", "A", "192.0.2.1"},
    {"mx.a.test", "AAAA", "NODATA"},  {"b.test", "MX", "10 mx.a.test"},
    {"sick.test", "MX", "SERVFAIL"},  {"loop.test", "MX", "CNAME loop.test"},
    {"null.test", "MX", "0 ."},       END};

static void
make_resolver(void (*change)(mx_resolver_config *config), unsigned servers)
{
    mx_resolver_config config;

    mx_resolver_config_init(&config);
    config.server_count = servers;
    for (unsigned i = 0; i < servers; i++) {
        assert_true(mx_server_from_text("192.0.2.53", 10, &config.servers[i]));
        config.servers[i].port = (uint16_t)(i + 1);
    }
    if (change != NULL) {
        change(&config);
    }
    assert_int_equal(mx_resolver_new(&config, &world.resolver), MX_OK);
}

static void
open_world(void (*change)(mx_resolver_config *config), unsigned servers)
{
    mx_engine_config config = {.transport = fake_transport_factory};
    int os_error;

    world.now = 1000 * SEC;
    world.fake = fake_transport_new();
    config.clock = mx_clock_fake(&world.now);
    config.transport_context = world.fake;
    assert_int_equal(mx_engine_new(&config, &world.engine, &os_error), MX_OK);
    assert_int_equal(mx_completions_new(false, &world.completions, &os_error), MX_OK);
    make_resolver(change, servers);
}

static void
close_world(void)
{
    mx_engine_free(world.engine);
    mx_resolver_unref(world.resolver);
    mx_completions_unref(world.completions);
    fake_transport_delete(world.fake);
}

static mx_status
submit(const char *destination, uint64_t token, mx_request **request)
{
    mx_destination_rules rules = {0};
    mx_destination read;
    mx_submission submission = {.destination = &read, .token = token};

    mx_destination_read(destination, strlen(destination), &rules, &read);
    return mx_engine_submit(world.engine, world.resolver, &submission,
                            world.completions, request);
}

static void
turn(void)
{
    assert_int_equal(mx_engine_turn(world.engine, 0), MX_OK);
}

static void
pass(mx_usec time)
{
    world.now += time;
    turn();
}

/* The next route as text, "" when there is none yet. */
static const char *
taken(uint64_t *token)
{
    mx_completion completion;

    if (mx_completions_take(world.completions, &completion, 1, 0) == 0) {
        return "";
    }
    assert_int_equal(completion.status, MX_OK);
    if (token != NULL) {
        *token = completion.token;
    }
    script_describe(completion.route, world.text);
    mx_route_unref(completion.route);
    return world.text;
}

static void
answer(size_t send, const char *text)
{
    fake_transport_reply(world.fake, send, text);
    turn();
}

#define assert_asked(send, question)                                                   \
    assert_string_equal(fake_transport_question(world.fake, (send)), (question))
#define assert_sent(count) assert_int_equal(world.fake->send_count, (count))
#define A_ROUTE "ok; 10 mx.a.test 192.0.2.1"

static void
one_lookup_asks_and_completes(void **state)
{
    uint64_t token = 0;

    (void)state;
    open_world(NULL, 1);
    assert_int_equal(submit("a.test", 7, NULL), MX_OK);
    turn();
    assert_sent(1);
    assert_asked(0, "a.test MX");
    answer(0, "10 mx.a.test");
    assert_sent(3);
    assert_asked(1, "mx.a.test A");
    assert_asked(2, "mx.a.test AAAA");
    answer(2, "NODATA");
    assert_string_equal(taken(NULL), "");
    answer(1, "192.0.2.1");
    assert_string_equal(taken(&token), A_ROUTE);
    assert_int_equal(token, 7);
    assert_string_equal(taken(NULL), "");
    close_world();
}

static void
no_question_for_what_needs_none(void **state)
{
    (void)state;
    open_world(NULL, 1);
    assert_int_equal(submit("a..b", 1, NULL), MX_OK);
    assert_string_equal(taken(NULL), "invalid/empty_label");
    assert_int_equal(submit("[192.0.2.1]", 1, NULL), MX_OK);
    assert_string_equal(taken(NULL), "ok; 0 [192.0.2.1] 192.0.2.1");
    turn();
    assert_sent(0);
    close_world();
}

static void
equal_questions_share_one_query(void **state)
{
    mx_resolver_stats stats;

    (void)state;
    open_world(NULL, 1);
    assert_int_equal(submit("a.test", 1, NULL), MX_OK);
    assert_int_equal(submit("a.test", 2, NULL), MX_OK);
    turn();
    assert_sent(1);
    answer(0, "0 .");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    mx_resolver_get_stats(world.resolver, &stats);
    assert_int_equal(stats.joins, 1);
    assert_int_equal(stats.queries, 1);
    assert_int_equal(stats.lookups, 2);
    assert_int_equal(stats.in_progress, 0);
    assert_int_equal(stats.waiting, 0);
    close_world();
}

static void
cache_answers_again_until_the_ttl_is_over(void **state)
{
    (void)state;
    open_world(NULL, 1);
    world.fake->zone = zone;
    assert_int_equal(submit("a.test", 1, NULL), MX_OK);
    turn();
    assert_string_equal(taken(NULL), A_ROUTE);
    assert_sent(3);
    world.now += 30 * SEC;
    assert_int_equal(submit("a.test", 1, NULL), MX_OK);
    turn();
    assert_string_equal(taken(NULL), A_ROUTE);
    assert_sent(3);
    world.now += 31 * SEC; /* the NODATA of 60 s is over, the 300 s are not */
    assert_int_equal(submit("b.test", 1, NULL), MX_OK);
    turn();
    assert_string_equal(taken(NULL), A_ROUTE);
    assert_sent(5);
    assert_asked(3, "b.test MX");
    assert_asked(4, "mx.a.test AAAA");
    close_world();
}

static void
no_cache(mx_resolver_config *config)
{
    config->cache_size = 0;
}

static void
silence_sends_again_and_ends_at_the_deadline(void **state)
{
    (void)state;
    open_world(NULL, 1);
    assert_int_equal(submit("a.test", 1, NULL), MX_OK);
    turn();
    assert_sent(1);
    pass(1499 * MSEC);
    assert_sent(1);
    pass(1 * MSEC);
    assert_sent(2);
    pass(1500 * MSEC);
    assert_sent(3);
    pass(1500 * MSEC);
    assert_sent(4);
    assert_int_equal(world.fake->sends[3].protocol, MX_TCP);
    pass(499 * MSEC);
    assert_string_equal(taken(NULL), "");
    pass(1 * MSEC);
    assert_string_equal(taken(NULL), "timeout/timeout; incomplete");
    assert_int_equal(world.fake->open_count, 0);
    close_world();
}

static void
late_answer_to_an_earlier_attempt_counts(void **state)
{
    (void)state;
    open_world(NULL, 1);
    assert_int_equal(submit("a.test", 1, NULL), MX_OK);
    turn();
    pass(1600 * MSEC);
    assert_sent(2);
    answer(0, "0 .");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    assert_int_equal(world.fake->open_count, 0);
    close_world();
}

static void
other_server_is_asked_at_once_after_a_failure(void **state)
{
    (void)state;
    open_world(NULL, 2);
    assert_int_equal(submit("a.test", 1, NULL), MX_OK);
    turn();
    assert_int_equal(world.fake->sends[0].port, 1);
    answer(0, "REFUSED");
    assert_sent(2);
    assert_int_equal(world.fake->sends[1].port, 2);
    answer(1, "0 .");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    close_world();
}

static void
same_server_gets_a_pause_after_a_failure_that_may_pass(void **state)
{
    (void)state;
    open_world(NULL, 1);
    assert_int_equal(submit("a.test", 1, NULL), MX_OK);
    turn();
    answer(0, "SERVFAIL");
    assert_sent(1);
    pass(100 * MSEC);
    assert_sent(2);
    answer(1, "SERVFAIL");
    pass(200 * MSEC);
    assert_sent(3);
    answer(2, "0 .");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    close_world();
}

static void
failure_of_every_try_is_told_as_it_was(void **state)
{
    (void)state;
    open_world(NULL, 1);
    world.fake->zone = zone;
    assert_int_equal(submit("sick.test", 1, NULL), MX_OK);
    turn();
    pass(100 * MSEC);
    pass(200 * MSEC);
    assert_string_equal(taken(NULL), "server_failure/servfail; incomplete");
    assert_sent(3);
    /* RFC 9520: remembered for 5 s, then asked anew. */
    assert_int_equal(submit("sick.test", 1, NULL), MX_OK);
    turn();
    assert_string_equal(taken(NULL), "server_failure/servfail; incomplete");
    assert_sent(3);
    world.now += 5 * SEC;
    assert_int_equal(submit("sick.test", 1, NULL), MX_OK);
    turn();
    assert_sent(4);
    close_world();
}

static void
refused_everywhere_ends_without_asking_again(void **state)
{
    (void)state;
    open_world(NULL, 2);
    assert_int_equal(submit("a.test", 1, NULL), MX_OK);
    turn();
    answer(0, "REFUSED");
    answer(1, "REFUSED");
    assert_string_equal(taken(NULL), "server_failure/server_refused; incomplete");
    assert_sent(2);
    close_world();
}

static void
edns_is_left_out_for_the_query_that_needs_it(void **state)
{
    (void)state;
    open_world(NULL, 1);
    assert_int_equal(submit("a.test", 1, NULL), MX_OK);
    turn();
    assert_true(world.fake->sends[0].has_edns);
    answer(0, "FORMERR");
    assert_sent(2);
    assert_false(world.fake->sends[1].has_edns);
    answer(1, "10 mx.a.test");
    assert_true(world.fake->sends[2].has_edns);
    close_world();
}

static void
truncated_answer_is_asked_again_over_tcp(void **state)
{
    (void)state;
    open_world(NULL, 1);
    assert_int_equal(submit("a.test", 1, NULL), MX_OK);
    turn();
    answer(0, "TRUNCATED");
    assert_sent(2);
    assert_int_equal(world.fake->sends[1].protocol, MX_TCP);
    answer(1, "0 .");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    close_world();
}

static void
truncated_over_tcp_is_no_answer(void **state)
{
    (void)state;
    open_world(NULL, 1);
    assert_int_equal(submit("a.test", 1, NULL), MX_OK);
    turn();
    answer(0, "TRUNCATED");
    answer(1, "TRUNCATED");
    assert_string_equal(taken(NULL), "bad_reply/truncated; incomplete");
    close_world();
}

static void
tcp_refused_is_tried_once_more(void **state)
{
    (void)state;
    open_world(NULL, 1);
    assert_int_equal(submit("a.test", 1, NULL), MX_OK);
    turn();
    answer(0, "TRUNCATED");
    answer(1, "UNREACHABLE");
    assert_sent(3);
    assert_int_equal(world.fake->sends[2].protocol, MX_TCP);
    answer(2, "UNREACHABLE");
    assert_string_equal(taken(NULL), "no_servers/unreachable; incomplete");
    close_world();
}

static void
unreachable_server_is_awaited_until_the_deadline(void **state)
{
    (void)state;
    open_world(NULL, 1);
    assert_int_equal(submit("a.test", 1, NULL), MX_OK);
    turn();
    for (size_t sent = 1; *taken(NULL) == '\0'; sent = world.fake->send_count) {
        if (world.fake->sends[sent - 1].is_open) {
            answer(sent - 1, "UNREACHABLE");
        }
        pass(10 * MSEC);
        assert_true(world.fake->send_count < 20);
    }
    assert_string_equal(world.text, "no_servers/unreachable; incomplete");
    assert_true(world.now >= 1005 * SEC);
    assert_true(world.fake->send_count > 5);
    close_world();
}

static void
unreachable_server_that_comes_back_answers(void **state)
{
    (void)state;
    open_world(NULL, 1);
    assert_int_equal(submit("a.test", 1, NULL), MX_OK);
    turn();
    for (size_t i = 0; i < 5; i++) {
        answer(i, "UNREACHABLE");
        pass(800 * MSEC);
        assert_sent(i + 2);
    }
    answer(world.fake->send_count - 1, "0 .");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    close_world();
}

static void
local_trouble_is_no_verdict_and_is_not_remembered(void **state)
{
    (void)state;
    open_world(NULL, 1);
    assert_int_equal(submit("a.test", 1, NULL), MX_OK);
    turn();
    answer(0, "LOCAL");
    pass(5 * SEC);
    assert_string_equal(taken(NULL), "no_servers/local_error; incomplete");
    assert_int_equal(submit("a.test", 1, NULL), MX_OK);
    turn();
    answer(world.fake->send_count - 1, "0 .");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    close_world();
}

static void
dead_server_is_left_out_while_another_is_up(void **state)
{
    (void)state;
    open_world(no_cache, 2);
    assert_int_equal(submit("a.test", 1, NULL), MX_OK);
    turn();
    answer(0, "UNREACHABLE");
    answer(1, "0 .");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    for (int i = 0; i < 5; i++) {
        assert_int_equal(submit("a.test", 1, NULL), MX_OK);
        turn();
        assert_int_equal(world.fake->sends[world.fake->send_count - 1].port, 2);
        answer(world.fake->send_count - 1, "0 .");
        assert_string_equal(taken(NULL), "null_mx/null_mx");
    }
    close_world();
}

static void
slow_family_is_awaited_a_second(void **state)
{
    (void)state;
    open_world(NULL, 1);
    assert_int_equal(submit("a.test", 1, NULL), MX_OK);
    turn();
    answer(0, "10 mx.a.test");
    answer(1, "192.0.2.1");
    pass(999 * MSEC);
    assert_string_equal(taken(NULL), "");
    pass(1 * MSEC);
    assert_string_equal(taken(NULL), A_ROUTE "; ?partial; incomplete");
    assert_int_equal(world.fake->open_count, 0);
    close_world();
}

static void
nothing_final_from_what_was_not_answered(void **state)
{
    (void)state;
    open_world(NULL, 1);
    assert_int_equal(submit("a.test", 1, NULL), MX_OK);
    turn();
    answer(0, "10 mx.a.test");
    answer(2, "NODATA");
    pass(5 * SEC);
    assert_string_equal(taken(NULL), "timeout/timeout; mx.a.test=timeout/timeout; "
                                     "?partial; incomplete");
    close_world();
}

static void
two_at_a_time(mx_resolver_config *config)
{
    config->concurrency = 2;
}

static void
deadline_counts_from_admission(void **state)
{
    (void)state;
    open_world(two_at_a_time, 1);
    assert_int_equal(submit("a.test", 1, NULL), MX_OK);
    assert_int_equal(submit("b.test", 2, NULL), MX_OK);
    assert_int_equal(submit("null.test", 3, NULL), MX_OK);
    turn();
    assert_sent(2);
    pass(5 * SEC);
    assert_string_equal(taken(NULL), "timeout/timeout; incomplete");
    assert_string_equal(taken(NULL), "timeout/timeout; incomplete");
    assert_asked(world.fake->send_count - 1, "null.test MX");
    pass(1 * SEC);
    assert_string_equal(taken(NULL), "");
    answer(world.fake->send_count - 1, "0 .");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    close_world();
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
    assert_int_equal(submit("a.test", 1, NULL), MX_OK);
    turn();
    assert_int_equal(submit("b.test", 1, NULL), MX_OK);
    mx_engine_stop(world.engine);
    assert_string_equal(taken(NULL), "cancelled/cancelled; incomplete");
    assert_string_equal(taken(NULL), "cancelled/cancelled; incomplete");
    assert_int_equal(submit("a.test", 1, NULL), MX_CLOSED);
    assert_int_equal(mx_engine_turn(world.engine, 0), MX_CLOSED);
    close_world();
}

/* Fails the k-th allocation of a whole lookup, for every k: one completion each, and
 * never a verdict that the answers do not bear out. */
static void
one_sweep(const char *destination, const char *right)
{
    for (size_t nth = 1;; nth++) {
        mx_completion completion;
        size_t asked;

        open_world(NULL, 1);
        world.fake->zone = zone;
        (void)mx_mem_fail(nth, 0);
        if (submit(destination, 1, NULL) == MX_OK) {
            for (int i = 0; i < 60; i++) {
                mx_status turned = mx_engine_turn(world.engine, 0);
                assert_true(turned == MX_OK || turned == MX_NOMEM);
                world.now += 100 * MSEC;
            }
            asked = mx_mem_fail(0, 0);
            assert_int_equal(mx_completions_take(world.completions, &completion, 1, 0),
                             1);
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
    one_sweep("a.test", A_ROUTE);
    one_sweep("null.test", "null_mx/null_mx");
    one_sweep("sick.test", "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_lookup_asks_and_completes),
        cmocka_unit_test(no_question_for_what_needs_none),
        cmocka_unit_test(equal_questions_share_one_query),
        cmocka_unit_test(cache_answers_again_until_the_ttl_is_over),
        cmocka_unit_test(silence_sends_again_and_ends_at_the_deadline),
        cmocka_unit_test(late_answer_to_an_earlier_attempt_counts),
        cmocka_unit_test(other_server_is_asked_at_once_after_a_failure),
        cmocka_unit_test(same_server_gets_a_pause_after_a_failure_that_may_pass),
        cmocka_unit_test(failure_of_every_try_is_told_as_it_was),
        cmocka_unit_test(refused_everywhere_ends_without_asking_again),
        cmocka_unit_test(edns_is_left_out_for_the_query_that_needs_it),
        cmocka_unit_test(truncated_answer_is_asked_again_over_tcp),
        cmocka_unit_test(truncated_over_tcp_is_no_answer),
        cmocka_unit_test(tcp_refused_is_tried_once_more),
        cmocka_unit_test(unreachable_server_is_awaited_until_the_deadline),
        cmocka_unit_test(unreachable_server_that_comes_back_answers),
        cmocka_unit_test(local_trouble_is_no_verdict_and_is_not_remembered),
        cmocka_unit_test(dead_server_is_left_out_while_another_is_up),
        cmocka_unit_test(slow_family_is_awaited_a_second),
        cmocka_unit_test(nothing_final_from_what_was_not_answered),
        cmocka_unit_test(deadline_counts_from_admission),
        cmocka_unit_test(window_bounds_what_is_open),
        cmocka_unit_test(cancelled_lookup_frees_its_query),
        cmocka_unit_test(cancelled_before_it_was_taken_in),
        cmocka_unit_test(cancelling_one_leaves_the_other),
        cmocka_unit_test(closed_resolver_ends_its_lookups),
        cmocka_unit_test(stopped_engine_ends_all_lookups),
        cmocka_unit_test(short_memory_never_loses_or_lies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
