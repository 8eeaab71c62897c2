/* SPDX-License-Identifier: MIT */
/* One question on the wire: attempts, servers, EDNS, TCP, pauses, what is remembered.
 */
#define _GNU_SOURCE /* mkstemp */
#include "bench.h"
#include "core/query.h"
#include "core/resolver_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define END                                                                            \
    {                                                                                  \
        NULL, NULL, NULL                                                               \
    }

static const script_line zone[] = {{"sick.test", "MX", "SERVFAIL"}, END};

static void
more_tries(mx_resolver_config *config)
{
    config->tries = 16;
    config->timeout = 20 * SEC;
}

static void
patient(mx_resolver_config *config)
{
    config->timeout = 60 * SEC;
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
    ask("a.test");
    assert_sent(1);
    pass(1499 * MSEC);
    assert_sent(1);
    pass(1 * MSEC);
    assert_sent(2);
    pass(1500 * MSEC);
    assert_sent(3);
    pass(1500 * MSEC);
    assert_sent(4);
    assert_protocol(3, MX_TCP);
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
    ask("a.test");
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
    ask("a.test");
    assert_port(0, 1);
    answer(0, "REFUSED");
    assert_sent(2);
    assert_port(1, 2);
    answer(1, "0 .");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    close_world();
}

static void
same_server_gets_a_pause_after_a_failure_that_may_pass(void **state)
{
    (void)state;
    open_world(NULL, 1);
    ask("a.test");
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
    ask("sick.test");
    pass(100 * MSEC);
    pass(200 * MSEC);
    assert_string_equal(taken(NULL), "server_failure/servfail; incomplete");
    assert_sent(3);
    /* RFC 9520: remembered for 5 s, then asked anew. */
    ask("sick.test");
    assert_string_equal(taken(NULL), "server_failure/servfail; incomplete");
    assert_sent(3);
    world.now += 5 * SEC;
    ask("sick.test");
    assert_sent(4);
    close_world();
}

static void
refused_everywhere_ends_without_asking_again(void **state)
{
    (void)state;
    open_world(NULL, 2);
    ask("a.test");
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
    ask("a.test");
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
    ask("a.test");
    answer(0, "TRUNCATED");
    assert_sent(2);
    assert_protocol(1, MX_TCP);
    answer(1, "0 .");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    close_world();
}

static void
truncated_over_tcp_is_no_answer(void **state)
{
    (void)state;
    open_world(NULL, 1);
    ask("a.test");
    answer(0, "TRUNCATED");
    answer(1, "TRUNCATED");
    assert_string_equal(taken(NULL), "bad_reply/truncated; incomplete");
    close_world();
}

/* Faults S16, N31: who guesses ids over UDP cannot follow to TCP. */
static void
guessed_ids_move_the_question_to_tcp(void **state)
{
    (void)state;
    open_world(NULL, 1);
    ask("a.test");
    answer(0, "NEAR MISSES");
    assert_sent(2);
    assert_protocol(1, MX_TCP);
    answer(1, "0 .");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    close_world();
}

/* Where TCP does not help either the datagrams that are left are tried. */
static void
guessed_ids_without_tcp_are_no_answer(void **state)
{
    (void)state;
    open_world(NULL, 1);
    ask("a.test");
    for (size_t sent = 0; *taken(NULL) == '\0'; sent++) {
        assert_true(sent < 10);
        if (sent < world.fake->send_count) {
            answer(sent, world.fake->sends[sent].protocol == MX_TCP ? "UNREACHABLE"
                                                                    : "NEAR MISSES");
        }
        pass(200 * MSEC);
    }
    assert_true(world.now < 1005 * SEC); /* it did not wait for its deadline */
    close_world();
}

static void
tcp_refused_is_tried_once_more(void **state)
{
    (void)state;
    open_world(NULL, 1);
    ask("a.test");
    answer(0, "TRUNCATED");
    answer(1, "UNREACHABLE");
    assert_sent(3);
    assert_protocol(2, MX_TCP);
    answer(2, "UNREACHABLE");
    assert_string_equal(taken(NULL), "no_servers/unreachable; incomplete");
    close_world();
}

static void
unreachable_server_is_awaited_until_the_deadline(void **state)
{
    (void)state;
    open_world(NULL, 1);
    ask("a.test");
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
    ask("a.test");
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
    ask("a.test");
    answer(0, "LOCAL");
    pass(5 * SEC);
    assert_string_equal(taken(NULL), "no_servers/local_error; incomplete");
    ask("a.test");
    answer(world.fake->send_count - 1, "0 .");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    close_world();
}

static void
dead_server_is_left_out_while_another_is_up(void **state)
{
    (void)state;
    open_world(no_cache, 2);
    ask("a.test");
    answer(0, "UNREACHABLE");
    answer(1, "0 .");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    for (int i = 0; i < 5; i++) {
        ask("a.test");
        assert_port(world.fake->send_count - 1, 2);
        answer(world.fake->send_count - 1, "0 .");
        assert_string_equal(taken(NULL), "null_mx/null_mx");
    }
    close_world();
}

static void
each_attempt_is_given_its_own_time(void **state)
{
    (void)state;
    open_world(NULL, 2);
    ask("a.test");
    pass(1500 * MSEC);
    assert_sent(2);
    assert_port(1, 2);
    pass(100 * MSEC);
    answer(0, "SERVFAIL"); /* late, while the other server has 1.4 s left */
    pass(1300 * MSEC);
    assert_sent(2);
    pass(100 * MSEC);
    assert_sent(3);
    answer(1, "0 .");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    close_world();
}

static void
pauses_double_up_to_sixteenfold(void **state)
{
    static const mx_usec pauses[] = {50, 100, 200, 400, 800, 800, 800};

    (void)state;
    open_world(patient, 1);
    ask("a.test");
    for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
        answer(i, "UNREACHABLE");
        pass(pauses[i] * MSEC - 1);
        assert_sent(i + 1);
        pass(1);
        assert_sent(i + 2);
    }
    close_world();
}

static void
servers_that_all_refuse_packets_are_asked_in_rounds(void **state)
{
    (void)state;
    open_world(NULL, 3);
    ask("a.test");
    answer(0, "UNREACHABLE");
    answer(1, "UNREACHABLE");
    answer(2, "UNREACHABLE");
    assert_sent(3);
    assert_port(1, 2);
    assert_port(2, 3);
    pass(50 * MSEC);
    assert_sent(4);
    answer(3, "0 .");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    close_world();
}

/* What fails at once on every send must not be repeated without time going by. */
static void
immediate_failures_wait_for_the_clock(const char *failure, size_t at_once)
{
    script_line lines[] = {{"*", "MX", failure}, END};
    size_t before;

    open_world(NULL, 2);
    world.fake->zone = lines;
    ask("a.test");
    before = world.fake->send_count;
    assert_int_equal(before, at_once);
    for (int i = 0; i < 100; i++) {
        turn();
    }
    assert_sent(before);
    for (int i = 0; i < 500; i++) {
        pass(10 * MSEC);
    }
    assert_string_not_equal(taken(NULL), "");
    assert_true(world.fake->send_count <= 40);
    close_world();
}

static void
immediate_failures_do_not_spin(void **state)
{
    (void)state;
    immediate_failures_wait_for_the_clock("UNREACHABLE", 2);
    immediate_failures_wait_for_the_clock("LOCAL", 2);
    immediate_failures_wait_for_the_clock("SERVFAIL", 2);
    immediate_failures_wait_for_the_clock("DAMAGED", 2);
    immediate_failures_wait_for_the_clock("REFUSED", 2);
    immediate_failures_wait_for_the_clock("FORMERR", 3);
    immediate_failures_wait_for_the_clock("TRUNCATED", 4);
}

static void
dead_first_server_costs_one_attempt(void **state)
{
    (void)state;
    open_world(no_cache, 3);
    for (int i = 0; i < 100; i++) {
        ask("a.test");
        if (world.fake->sends[world.fake->send_count - 1].server.port == 1) {
            pass(1500 * MSEC);
        }
        assert_port(world.fake->send_count - 1, 2);
        answer(world.fake->send_count - 1, "0 .");
        assert_string_equal(taken(NULL), "null_mx/null_mx");
    }
    assert_sent(100 + 1);
    close_world();
}

/* Where there is time each wait is twice the last one, less what is left to chance. */
static void
waits_double_where_there_is_time(void **state)
{
    (void)state;
    open_world(patient, 1);
    ask("a.test");
    pass(1500 * MSEC - 1);
    assert_sent(1);
    pass(1);
    assert_sent(2);
    pass(2625 * MSEC - 1);
    assert_sent(2);
    pass(375 * MSEC + 1);
    assert_sent(3);
    pass(4875 * MSEC - 1);
    assert_sent(3);
    pass(1125 * MSEC + 1);
    assert_sent(4);
    assert_protocol(3, MX_TCP);
    close_world();
}

/* A server that has answered is believed in a little longer than a stranger. */
static void
first_server_that_dies_costs_two_attempts(void **state)
{
    (void)state;
    open_world(no_cache, 2);
    ask("a.test");
    assert_port(0, 1);
    answer(0, "0 .");
    for (int i = 0; i < 2; i++) {
        ask("a.test");
        assert_port(world.fake->send_count - 1, 1);
        pass(1500 * MSEC);
        assert_port(world.fake->send_count - 1, 2);
        answer(world.fake->send_count - 1, "0 .");
    }
    for (int i = 0; i < 30; i++) {
        ask("a.test");
        assert_port(world.fake->send_count - 1, 2);
        answer(world.fake->send_count - 1, "0 .");
        world.now += 100 * MSEC;
    }
    close_world();
}

/* Fault N14: the first usable answer wins, whichever server it comes from. */
static void
first_answer_wins_where_servers_disagree(void **state)
{
    (void)state;
    open_world(no_cache, 2);
    ask("a.test");
    pass(1500 * MSEC);
    assert_sent(2);
    answer(1, "NXDOMAIN");
    assert_string_equal(taken(NULL), "no_domain/nxdomain");
    ask("a.test");
    pass(1500 * MSEC);
    answer(2, "0 .");
    fake_transport_reply(world.fake, 3, "NXDOMAIN");
    turn();
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    ask("a.test");
    answer(4, "SERVFAIL");
    answer(5, "NXDOMAIN");
    assert_string_equal(taken(NULL), "no_domain/nxdomain");
    close_world();
}

static void
server_that_refuses_is_not_asked_again(void **state)
{
    (void)state;
    open_world(NULL, 2);
    ask("a.test");
    answer(0, "REFUSED");
    pass(1500 * MSEC);
    assert_sent(3);
    assert_port(1, 2);
    assert_port(2, 2);
    pass(5 * SEC);
    assert_string_equal(taken(NULL), "server_failure/server_refused; incomplete");
    close_world();
}

static void
no_server_that_refused_is_asked_again(void **state)
{
    (void)state;
    open_world(more_tries, 3);
    ask("a.test");
    answer(0, "REFUSED");
    answer(1, "REFUSED");
    for (size_t i = 2; i < 6; i++) {
        assert_sent(i + 1);
        assert_port(i, 3);
        pass(1500 * MSEC);
    }
    close_world();
}

/* It answers datagrams, but what it says of this question does not fit in one. */
static void
server_without_tcp_is_not_asked_again(void **state)
{
    (void)state;
    open_world(more_tries, 2);
    ask("a.test");
    answer(0, "TRUNCATED");
    answer(1, "UNREACHABLE");
    answer(2, "UNREACHABLE");
    for (size_t i = 3; i < 7; i++) {
        assert_sent(i + 1);
        assert_port(i, 2);
        pass(1500 * MSEC);
    }
    close_world();
}

static void
server_whose_answer_never_fits_is_not_asked_again(void **state)
{
    (void)state;
    open_world(more_tries, 2);
    ask("a.test");
    answer(0, "TRUNCATED");
    answer(1, "TRUNCATED");
    for (size_t i = 2; i < 6; i++) {
        assert_sent(i + 1);
        assert_port(i, 2);
        pass(1500 * MSEC);
    }
    close_world();
}

static void
server_that_was_down_is_asked_when_the_other_fails(void **state)
{
    (void)state;
    open_world(no_cache, 2);
    ask("a.test");
    answer(0, "UNREACHABLE");
    answer(1, "0 .");
    ask("b.test");
    assert_port(2, 2);
    answer(2, "SERVFAIL");
    assert_sent(4);
    assert_port(3, 1);
    close_world();
}

static void
late_answer_is_awaited_after_all_tries(void **state)
{
    (void)state;
    open_world(patient, 1);
    ask("a.test");
    for (int i = 0; i < 50; i++) {
        pass(1 * SEC);
    }
    assert_sent(4); /* three datagrams, one over TCP */
    assert_string_equal(taken(NULL), "");
    answer(1, "0 .");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    close_world();
}

static void
connection_that_was_closed_is_made_anew_once(void **state)
{
    (void)state;
    open_world(patient, 1);
    ask("a.test");
    pass(1500 * MSEC);
    pass(3 * SEC);
    pass(6 * SEC);
    assert_protocol(3, MX_TCP);
    answer(3, "UNREACHABLE");
    assert_sent(5);
    assert_protocol(4, MX_TCP);
    answer(4, "UNREACHABLE");
    pass(10 * SEC);
    assert_sent(5);
    close_world();
}

/* A pause is kept although an older attempt fails meanwhile. */
static void
late_failure_does_not_cut_a_pause(void **state)
{
    (void)state;
    open_world(NULL, 1);
    ask("a.test");
    pass(1500 * MSEC);
    answer(1, "SERVFAIL");
    answer(0, "SERVFAIL");
    pass(99 * MSEC);
    assert_sent(2);
    pass(101 * MSEC);
    assert_sent(3);
    close_world();
}

static void
answer_ends_a_row_of_silences(void **state)
{
    (void)state;
    open_world(no_cache, 2);
    for (int i = 0; i < 6; i++) {
        size_t sent = world.fake->send_count;
        ask("a.test");
        assert_port(sent, 1);
        if (i % 2 == 0) {
            answer(sent, "0 .");
        }
        else {
            pass(1500 * MSEC);
            assert_port(sent + 1, 2);
            answer(sent + 1, "0 .");
        }
        assert_string_equal(taken(NULL), "null_mx/null_mx");
    }
    close_world();
}

static void
failure_is_remembered_longer_while_it_goes_on(void **state)
{
    static const mx_usec lives[] = {5, 10, 20, 40, 60, 60};

    (void)state;
    open_world(NULL, 1);
    world.fake->zone = zone;
    for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
        ask("sick.test");
        pass(100 * MSEC);
        pass(200 * MSEC);
        assert_string_equal(taken(NULL), "server_failure/servfail; incomplete");
        assert_sent(3 * (i + 1));
        pass(lives[i] * SEC - 1);
        ask("sick.test");
        assert_string_equal(taken(NULL), "server_failure/servfail; incomplete");
        assert_sent(3 * (i + 1));
        pass(1);
    }
    close_world();
}

static void
failure_known_at_the_deadline_is_remembered(void **state)
{
    (void)state;
    open_world(NULL, 2);
    ask("a.test");
    answer(0, "SERVFAIL"); /* and the other server is silent */
    pass(5 * SEC);
    assert_string_equal(taken(NULL), "server_failure/servfail; incomplete");
    ask("a.test");
    assert_string_equal(taken(NULL), "server_failure/servfail; incomplete");
    close_world();
}

static void
most_telling_failure_is_told(void **state)
{
    static const struct {
        const char *first, *second, *told;
    } rows[] = {
        {"UNREACHABLE", "SILENCE", "timeout/timeout; incomplete"},
        {"LOCAL", "SILENCE", "timeout/timeout; incomplete"},
        {"LOCAL", "UNREACHABLE", "no_servers/unreachable; incomplete"},
        {"UNREACHABLE", "LOCAL", "no_servers/unreachable; incomplete"},
        {"DAMAGED", "SILENCE", "bad_reply/damaged_reply; incomplete"},
        {"SILENCE", "DAMAGED", "bad_reply/damaged_reply; incomplete"},
        {"SERVFAIL", "DAMAGED", "server_failure/servfail; incomplete"},
        {"DAMAGED", "SERVFAIL", "server_failure/servfail; incomplete"},
        {"SERVFAIL", "REFUSED", "server_failure/server_refused; incomplete"},
        {"SERVFAIL", "UNREACHABLE", "server_failure/servfail; incomplete"},
        {"UNREACHABLE", "REFUSED", "server_failure/server_refused; incomplete"},
        {"NOTIMP", "SILENCE", "server_failure/notimp; incomplete"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        open_world(NULL, 2);
        assert_int_equal(submit("a.test", 1, NULL), MX_OK);
        turn();
        for (size_t sent = 0; *taken(NULL) == '\0'; pass(10 * MSEC)) {
            for (; sent < world.fake->send_count; sent++) {
                bool is_first = world.fake->sends[sent].server.port == 1;
                fake_transport_reply(world.fake, sent,
                                     is_first ? rows[i].first : rows[i].second);
            }
            assert_true(world.now < 1006 * SEC);
        }
        assert_string_equal(world.text, rows[i].told);
        close_world();
    }
}

static void
failing_server_is_named(void **state)
{
    mx_route *route;

    (void)state;
    open_world(NULL, 2);
    ask("a.test");
    answer(0, "UNREACHABLE");
    answer(1, "SERVFAIL");
    pass(5 * SEC);
    route = take(NULL);
    assert_string_equal(route->server, "192.0.2.53:2");
    mx_route_unref(route);
    ask("silent.test");
    pass(1 * SEC); /* no attempt is silent yet */
    pass(4 * SEC);
    route = take(NULL);
    assert_int_equal(route->verdict, MX_VERDICT_TIMEOUT);
    assert_string_equal(route->server, "192.0.2.53:2");
    mx_route_unref(route);
    close_world();
}

static void
impatient(mx_resolver_config *config)
{
    config->timeout = SEC;
}

static void
server_is_named_before_it_is_silent(void **state)
{
    mx_route *route;

    (void)state;
    open_world(impatient, 1);
    ask("a.test");
    pass(1 * SEC);
    route = take(NULL);
    assert_int_equal(route->verdict, MX_VERDICT_TIMEOUT);
    assert_string_equal(route->server, "192.0.2.53:1");
    mx_route_unref(route);
    close_world();
}

static void
edns_is_left_out_at_the_same_server(void **state)
{
    static const char *const blames[] = {"FORMERR", "NOTIMP", "BADVERS", "BADCOOKIE"};

    (void)state;
    for (size_t i = 0; i < sizeof(blames) / sizeof(blames[0]); i++) {
        open_world(NULL, 2);
        ask("a.test");
        answer(0, blames[i]);
        assert_sent(2);
        assert_port(1, 1);
        assert_false(world.fake->sends[1].has_edns);
        answer(1, "FORMERR"); /* not EDNS's fault then */
        assert_sent(3);
        assert_port(2, 2);
        assert_false(world.fake->sends[2].has_edns);
        answer(2, "0 .");
        assert_string_equal(taken(NULL), "null_mx/null_mx");
        close_world();
    }
}

static void
alias_loop_is_believed_at_once(void **state)
{
    (void)state;
    open_world(NULL, 3);
    ask("loop.test");
    answer(0, "CNAME loop.test");
    assert_string_equal(taken(NULL), "bad_reply/cname_loop; incomplete");
    assert_sent(1);
    close_world();
}

static void
each_server_gets_one_tcp_question(void **state)
{
    (void)state;
    open_world(NULL, 2);
    ask("a.test");
    answer(0, "TRUNCATED");
    answer(1, "TRUNCATED");
    answer(2, "TRUNCATED");
    answer(3, "TRUNCATED");
    assert_string_equal(taken(NULL), "bad_reply/truncated; incomplete");
    assert_sent(4);
    assert_port(1, 1);
    assert_port(2, 2);
    assert_port(3, 2);
    assert_protocol(1, MX_TCP);
    assert_protocol(2, MX_UDP);
    assert_protocol(3, MX_TCP);
    close_world();
}

/* An exchange whose addresses never come whole is unknown, not without addresses. */
static void
truncated_addresses_are_no_verdict(void **state)
{
    (void)state;
    open_world(NULL, 1);
    ask("a.test");
    answer(0, "10 mx.a.test");
    answer(2, "NODATA");
    answer(1, "TRUNCATED");
    answer(3, "TRUNCATED");
    assert_string_equal(taken(NULL), "bad_reply/truncated; "
                                     "mx.a.test=bad_reply/truncated; ?partial; "
                                     "incomplete");
    close_world();
}

static void
silent_tcp_is_awaited_five_seconds(void **state)
{
    (void)state;
    open_world(patient, 1);
    ask("a.test");
    answer(0, "TRUNCATED");
    pass(4999 * MSEC);
    assert_sent(2);
    pass(1 * MSEC);
    assert_sent(3);
    assert_protocol(2, MX_UDP);
    answer(1, "0 .");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    close_world();
}

static void
silent_tcp_leads_to_another_server(void **state)
{
    (void)state;
    open_world(NULL, 2);
    ask("a.test");
    answer(0, "TRUNCATED");
    pass(1500 * MSEC);
    assert_sent(3);
    assert_port(2, 2);
    answer(2, "0 .");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    ask("b.test");
    assert_port(3, 1); /* its datagrams are answered: not down */
    close_world();
}

static void
local_trouble_with_tcp_is_got_over(void **state)
{
    (void)state;
    open_world(NULL, 1);
    ask("a.test");
    answer(0, "TRUNCATED");
    answer(1, "LOCAL");
    pass(50 * MSEC);
    assert_protocol(2, MX_UDP);
    answer(2, "TRUNCATED");
    answer(3, "LOCAL");
    pass(100 * MSEC);
    answer(4, "TRUNCATED");
    answer(5, "LOCAL");
    pass(200 * MSEC);
    assert_sent(7);
    assert_protocol(6, MX_TCP);
    answer(6, "0 .");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    close_world();
}

static void
datagrams_are_counted_not_answers(void **state)
{
    mx_resolver_stats stats;

    (void)state;
    open_world(NULL, 1);
    ask("a.test");
    answer(0, "FORMERR");
    answer(1, "TRUNCATED");
    answer(2, "0 .");
    stats = stats_of_world();
    assert_int_equal(stats.queries, 3);
    assert_int_equal(stats.retries, 2);
    assert_int_equal(stats.tcp_queries, 1);
    close_world();
}

static void
write_configuration(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static const char *
server_text(size_t send)
{
    static char text[MX_SERVER_TEXT_SIZE];

    (void)mx_server_to_text(&world.fake->sends[send].server, text);
    return text;
}

/* Which servers a query has tried is noted by their places in the list. */
static void
changed_servers_are_asked_by_queries_in_flight(void **state)
{
    char path[] = "/tmp/mx-query-XXXXXX";
    int descriptor = mkstemp(path);

    (void)state;
    assert_true(descriptor >= 0);
    close(descriptor);
    write_configuration(path, "nameserver 192.0.2.1\nnameserver 192.0.2.2\n");
    open_world(more_tries, 1);
    mx_nameservers_init_file(&world.resolver->nameservers, path);
    ask("a.test");
    assert_string_equal(server_text(0), "192.0.2.1:53");
    answer(0, "REFUSED");
    assert_string_equal(server_text(1), "192.0.2.2:53");
    write_configuration(path, "nameserver 192.0.2.77\nnameserver 192.0.2.2\n");
    world.now += 5 * SEC;
    ask("b.test");
    assert_asked(3, "b.test MX");
    assert_string_equal(server_text(3), "192.0.2.77:53");
    pass(1500 * MSEC);
    assert_asked(4, "a.test MX");
    assert_string_equal(server_text(4), "192.0.2.77:53");
    answer(3, "0 .");
    answer(4, "REFUSED");
    for (size_t i = 6; i < 9; i++) {
        assert_sent(i + 1);
        assert_string_equal(server_text(i), "192.0.2.2:53");
        pass(1500 * MSEC);
    }
    close_world();
    assert_int_equal(unlink(path), 0);
}

/* Fault N10: whoever moves to another network has other servers there. */
static void
bulk_run_finds_the_servers_that_changed_during_an_outage(void **state)
{
    char path[] = "/tmp/mx-query-XXXXXX";
    int descriptor = mkstemp(path);

    (void)state;
    assert_true(descriptor >= 0);
    close(descriptor);
    write_configuration(path, "nameserver 192.0.2.1\n");
    open_world(NULL, 1);
    mx_nameservers_init_file(&world.resolver->nameservers, path);
    assert_int_equal(submit_bulk("a.test", 1, NULL), MX_OK);
    turn();
    for (int i = 0; i < 20; i++) {
        pass(500 * MSEC);
    }
    write_configuration(path, "nameserver 192.0.2.77\n");
    for (int i = 0; i < 20; i++) {
        pass(500 * MSEC);
    }
    assert_string_equal(server_text(world.fake->send_count - 1), "192.0.2.77:53");
    answer(world.fake->send_count - 1, "NODATA"); /* the probe */
    assert_asked(world.fake->send_count - 1, "a.test MX");
    assert_string_equal(server_text(world.fake->send_count - 1), "192.0.2.77:53");
    answer(world.fake->send_count - 1, "0 .");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    close_world();
    assert_int_equal(unlink(path), 0);
}

/* Sends the whole round for a.test: three datagrams, one question by TCP at 4.5 s. */
static void
spend_the_round(void)
{
    ask("a.test");
    for (size_t sent = 1; sent < 4; sent++) {
        assert_sent(sent);
        pass(1500 * MSEC);
    }
    assert_sent(4);
    assert_protocol(3, MX_TCP);
}

static void
newcomer_to_a_spent_round_is_asked_for(void **state)
{
    (void)state;
    open_world(NULL, 1);
    spend_the_round();
    ask("a.test");
    assert_int_equal(stats_of_world().joins, 1);
    pass(500 * MSEC);
    assert_string_equal(taken(NULL), "timeout/timeout; incomplete");
    pass(999 * MSEC);
    assert_sent(4);
    pass(1 * MSEC);
    assert_sent(5);
    assert_protocol(4, MX_UDP);
    answer(4, "0 .");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    assert_int_equal(world.fake->open_count, 0);
    close_world();
}

/* The round goes on to its end first: TCP may be all that passes. */
static void
newcomer_before_the_last_try_starts_another_round(void **state)
{
    (void)state;
    open_world(NULL, 1);
    ask("a.test");
    pass(1500 * MSEC);
    pass(1500 * MSEC);
    assert_sent(3);
    ask("a.test");
    pass(1499 * MSEC);
    assert_sent(3);
    pass(1 * MSEC);
    assert_sent(4);
    assert_protocol(3, MX_TCP);
    pass(1500 * MSEC);
    assert_sent(5);
    assert_protocol(4, MX_UDP);
    answer(4, "0 .");
    assert_string_equal(taken(NULL), "timeout/timeout; incomplete");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    close_world();
}

static void
newcomer_asks_servers_that_refused_again(void **state)
{
    (void)state;
    open_world(NULL, 2);
    ask("a.test");
    answer(0, "REFUSED");
    pass(1500 * MSEC);
    pass(2 * SEC); /* half a second to spare, less what is left to chance */
    assert_sent(4);
    assert_protocol(3, MX_TCP);
    pass(1499 * MSEC);
    ask("a.test");
    pass(1 * MSEC);
    assert_sent(5);
    assert_port(4, 1);
    answer(4, "0 .");
    assert_string_equal(taken(NULL), "server_failure/server_refused; incomplete");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    close_world();
}

/* However many ask, a dead domain costs a message in attempt_timeout, over both
 * protocols, and no attempt outlives those who waited for it. */
static void
dead_domain_in_steady_demand_is_asked_on_and_on(void **state)
{
    size_t by_tcp = 0;

    (void)state;
    open_world(no_cache, 1);
    for (int i = 0; i < 600; i++) {
        ask("a.test");
        pass(100 * MSEC);
        assert_true(world.fake->open_count <= 5);
        (void)taken(NULL);
    }
    assert_true(world.fake->send_count >= 40);
    assert_true(world.fake->send_count <= 41);
    for (size_t i = 0; i < world.fake->send_count; i++) {
        by_tcp += world.fake->sends[i].protocol == MX_TCP;
    }
    assert_int_equal(by_tcp, 10);
    answer(world.fake->send_count - 1, "0 .");
    for (int i = 0; i < 48; i++) {
        assert_string_equal(taken(NULL), "null_mx/null_mx");
    }
    assert_int_equal(stats_of_world().in_progress, 0);
    close_world();
}

/* What was sent in an earlier round costs this one nothing. */
static void
late_news_of_an_earlier_round_are_not_counted_back(void **state)
{
    (void)state;
    open_world(NULL, 1);
    spend_the_round();
    ask("a.test");
    pass(1500 * MSEC);
    assert_sent(5);
    answer(1, "UNREACHABLE");
    answer(2, "UNREACHABLE");
    answer(3, "LOCAL");
    pass(200 * MSEC);
    assert_sent(6);
    assert_protocol(5, MX_UDP);
    answer(5, "0 .");
    assert_string_equal(taken(NULL), "timeout/timeout; incomplete");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    close_world();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_sends_again_and_ends_at_the_deadline),
        cmocka_unit_test(late_answer_to_an_earlier_attempt_counts),
        cmocka_unit_test(other_server_is_asked_at_once_after_a_failure),
        cmocka_unit_test(same_server_gets_a_pause_after_a_failure_that_may_pass),
        cmocka_unit_test(failure_of_every_try_is_told_as_it_was),
        cmocka_unit_test(refused_everywhere_ends_without_asking_again),
        cmocka_unit_test(edns_is_left_out_for_the_query_that_needs_it),
        cmocka_unit_test(truncated_answer_is_asked_again_over_tcp),
        cmocka_unit_test(truncated_over_tcp_is_no_answer),
        cmocka_unit_test(guessed_ids_move_the_question_to_tcp),
        cmocka_unit_test(guessed_ids_without_tcp_are_no_answer),
        cmocka_unit_test(tcp_refused_is_tried_once_more),
        cmocka_unit_test(unreachable_server_is_awaited_until_the_deadline),
        cmocka_unit_test(unreachable_server_that_comes_back_answers),
        cmocka_unit_test(local_trouble_is_no_verdict_and_is_not_remembered),
        cmocka_unit_test(dead_server_is_left_out_while_another_is_up),
        cmocka_unit_test(each_attempt_is_given_its_own_time),
        cmocka_unit_test(pauses_double_up_to_sixteenfold),
        cmocka_unit_test(servers_that_all_refuse_packets_are_asked_in_rounds),
        cmocka_unit_test(immediate_failures_do_not_spin),
        cmocka_unit_test(dead_first_server_costs_one_attempt),
        cmocka_unit_test(waits_double_where_there_is_time),
        cmocka_unit_test(first_server_that_dies_costs_two_attempts),
        cmocka_unit_test(first_answer_wins_where_servers_disagree),
        cmocka_unit_test(server_that_refuses_is_not_asked_again),
        cmocka_unit_test(no_server_that_refused_is_asked_again),
        cmocka_unit_test(server_without_tcp_is_not_asked_again),
        cmocka_unit_test(server_whose_answer_never_fits_is_not_asked_again),
        cmocka_unit_test(server_that_was_down_is_asked_when_the_other_fails),
        cmocka_unit_test(late_answer_is_awaited_after_all_tries),
        cmocka_unit_test(connection_that_was_closed_is_made_anew_once),
        cmocka_unit_test(late_failure_does_not_cut_a_pause),
        cmocka_unit_test(answer_ends_a_row_of_silences),
        cmocka_unit_test(failure_is_remembered_longer_while_it_goes_on),
        cmocka_unit_test(failure_known_at_the_deadline_is_remembered),
        cmocka_unit_test(most_telling_failure_is_told),
        cmocka_unit_test(failing_server_is_named),
        cmocka_unit_test(server_is_named_before_it_is_silent),
        cmocka_unit_test(edns_is_left_out_at_the_same_server),
        cmocka_unit_test(alias_loop_is_believed_at_once),
        cmocka_unit_test(each_server_gets_one_tcp_question),
        cmocka_unit_test(truncated_addresses_are_no_verdict),
        cmocka_unit_test(silent_tcp_is_awaited_five_seconds),
        cmocka_unit_test(silent_tcp_leads_to_another_server),
        cmocka_unit_test(local_trouble_with_tcp_is_got_over),
        cmocka_unit_test(datagrams_are_counted_not_answers),
        cmocka_unit_test(changed_servers_are_asked_by_queries_in_flight),
        cmocka_unit_test(bulk_run_finds_the_servers_that_changed_during_an_outage),
        cmocka_unit_test(newcomer_to_a_spent_round_is_asked_for),
        cmocka_unit_test(newcomer_before_the_last_try_starts_another_round),
        cmocka_unit_test(newcomer_asks_servers_that_refused_again),
        cmocka_unit_test(dead_domain_in_steady_demand_is_asked_on_and_on),
        cmocka_unit_test(late_news_of_an_earlier_round_are_not_counted_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
