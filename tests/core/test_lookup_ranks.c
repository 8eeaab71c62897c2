/* SPDX-License-Identifier: MIT */
/* The caller's order among equal exchanges (rule O9): who is asked for, and what
 * becomes of the ranks. */
#include "core/lookup.h"
#include "core/mem.h"
#include "script.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NO_CUT = 20, SHUFFLE = 1, ONE_LEVEL = 2, REJECT_IP = 4 };

typedef struct ranked_run {
    mx_lookup_rules rules;
    const script_line *zone;
    const char *ranks; /* "a.test=1 b.test=-2.5": all others have none */
    uint64_t seed;
    uint32_t levels;
    char asked[SCRIPT_TEXT]; /* the hosts whose ranks were wanted, in order */
    uint32_t questions;      /* asked until then, and in the end */
} ranked_run;

static double
rank_of(const char *ranks, const char *host)
{
    size_t length = strlen(host);

    for (const char *at = ranks; at != NULL; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (strncmp(at, host, length) == 0 && at[length] == '=') {
            return strtod(at + length + 1, NULL);
        }
    }
    return INFINITY;
}

static void
give_ranks(ranked_run *run, mx_lookup *lookup)
{
    const char *host;

    assert_int_equal(run->asked[0], '\0'); /* once in a lookup */
    assert_false(mx_lookup_is_done(lookup));
    assert_false(mx_lookup_is_usable(lookup));
    while ((host = mx_lookup_next_unranked(lookup)) != NULL) {
        strcat(run->asked, run->asked[0] == '\0' ? "" : " ");
        strcat(run->asked, host);
        mx_lookup_set_rank(lookup, rank_of(run->ranks, host));
    }
    assert_true(mx_lookup_wants_ranks(lookup));
    assert_int_equal(mx_lookup_take_ranks(lookup), MX_OK);
    assert_false(mx_lookup_wants_ranks(lookup));
    assert_null(mx_lookup_next_unranked(lookup));
}

static void
answer_all(ranked_run *run, mx_lookup *lookup)
{
    mx_answer_source source = {.ttl = 300, .server = ""};
    mx_question question;
    uint32_t number;

    while (mx_lookup_next_question(lookup, &number, &question)) {
        mx_answer *answer = script_answer(&question, script_find(run->zone, &question));
        run->questions++;
        assert_int_equal(mx_lookup_answer(lookup, number, answer, &source), MX_OK);
        mx_answer_unref(answer);
    }
}

static mx_lookup *
new_lookup(const ranked_run *run)
{
    mx_destination read;
    mx_lookup *lookup;

    mx_destination_read("a.test", 6, &run->rules.destination, &read);
    assert_int_equal(mx_lookup_new(&run->rules, &read, run->seed, run->levels, &lookup),
                     MX_OK);
    assert_false(mx_lookup_wants_ranks(lookup));
    return lookup;
}

static ranked_run
new_run(const script_line *zone, const char *ranks)
{
    ranked_run run = {.zone = zone, .ranks = ranks};

    mx_lookup_rules_init(&run.rules);
    run.rules.has_ranks = true;
    return run;
}

static mx_route *
look_up(ranked_run *run)
{
    mx_lookup *lookup = new_lookup(run);
    mx_route *route;

    run->asked[0] = '\0';
    run->questions = 0;
    answer_all(run, lookup);
    if (mx_lookup_wants_ranks(lookup)) {
        give_ranks(run, lookup);
        answer_all(run, lookup);
    }
    assert_true(mx_lookup_is_done(lookup));
    assert_int_equal(mx_lookup_finish(lookup, 0, &route), MX_OK);
    mx_lookup_free(lookup);
    return route;
}

/* "10 b, 10 c, 20 a" */
static void
list_hosts(const mx_route *route, char text[SCRIPT_TEXT])
{
    size_t length = 0;

    text[0] = '\0';
    for (size_t i = 0; i < route->exchange_count; i++) {
        const mx_route_exchange *exchange = &route->exchanges[i];
        length +=
            (size_t)snprintf(text + length, SCRIPT_TEXT - length, "%s%u %s",
                             i == 0 ? "" : ", ", exchange->preference, exchange->host);
    }
}

typedef struct row {
    const char *records, *ranks, *asked, *hosts;
    unsigned options;
    uint32_t max_exchanges;
} table_row;

static const table_row rows[] = {
    /* Lowest rank first, whatever was published first. */
    {"1 b.test, 1 c.test, 1 d.test", "b.test=3 c.test=1 d.test=2",
     "b.test c.test d.test", "1 c.test, 1 d.test, 1 b.test", SHUFFLE, NO_CUT},
    {"1 b.test, 1 c.test, 1 d.test", "b.test=0.5 c.test=-1e300 d.test=0.25",
     "b.test c.test d.test", "1 c.test, 1 d.test, 1 b.test", SHUFFLE, NO_CUT},
    /* Without a rank after all that have one. */
    {"1 b.test, 1 c.test, 1 d.test", "d.test=1e308 c.test=0", "b.test c.test d.test",
     "1 c.test, 1 d.test, 1 b.test", SHUFFLE, NO_CUT},
    /* Equal ranks, and no ranks, in published order when nothing is shuffled. */
    {"1 e.test, 1 d.test, 1 c.test, 1 b.test", "d.test=1 b.test=1",
     "e.test d.test c.test b.test", "1 d.test, 1 b.test, 1 e.test, 1 c.test", 0,
     NO_CUT},
    {"1 b.test, 1 c.test", "b.test=0 c.test=-0", "b.test c.test", "1 b.test, 1 c.test",
     0, NO_CUT},
    /* Preference beats rank, and is told as published. */
    {"20 b.test, 20 c.test, 10 d.test, 10 e.test",
     "b.test=-9 c.test=-10 d.test=5 e.test=4", "d.test e.test b.test c.test",
     "10 e.test, 10 d.test, 20 c.test, 20 b.test", SHUFFLE, NO_CUT},
    {"65535 b.test, 0 c.test, 65535 d.test", "d.test=1", "b.test d.test",
     "0 c.test, 65535 d.test, 65535 b.test", SHUFFLE, NO_CUT},
    /* Nobody is asked where there is no choice. */
    {"10 b.test, 20 c.test, 30 d.test", "d.test=1", "",
     "10 b.test, 20 c.test, 30 d.test", SHUFFLE, NO_CUT},
    {"10 b.test", "b.test=1", "", "10 b.test", SHUFFLE, NO_CUT},
    /* Nor for a name that is not used: the root, a bad one, one that is reserved. */
    {"10 b.test, 10 ., 10 10.10, 10 c.local, 10 d.onion", "b.test=1", "", "10 b.test",
     SHUFFLE, NO_CUT},
    {"10 c.local, 10 b.test, 10 d.test", "c.local=1 d.test=2", "b.test d.test",
     "10 d.test, 10 b.test", SHUFFLE, NO_CUT},
    /* Nor again for a host that is there already, which may leave another one alone. */
    {"10 b.test, 10 b.test", "b.test=1", "", "10 b.test", SHUFFLE, NO_CUT},
    {"10 b.test, 10 B.TEST, 10 c.test, 10 b.test", "c.test=1", "b.test c.test",
     "10 c.test, 10 b.test", SHUFFLE, NO_CUT},
    {"20 b.test, 20 c.test, 10 b.test", "c.test=1", "", "10 b.test, 20 c.test", SHUFFLE,
     NO_CUT},
    {"20 c.test, 20 b.test, 20 d.test, 10 b.test", "d.test=1", "c.test d.test",
     "10 b.test, 20 d.test, 20 c.test", SHUFFLE, NO_CUT},
    /* Host names as the route has them. */
    {"10 B.Test, 10 under_score.test, 10 single",
     "single=1 under_score.test=2 b.test=3", "b.test under_score.test single",
     "10 single, 10 under_score.test, 10 b.test", SHUFFLE, NO_CUT},
    {"10 192.0.2.7, 10 b.test", "192.0.2.7=1", "192.0.2.7 b.test",
     "10 192.0.2.7, 10 b.test", SHUFFLE, NO_CUT},
    {"10 192.0.2.7, 10 b.test", "192.0.2.7=1", "", "10 b.test", SHUFFLE | REJECT_IP,
     NO_CUT},
    /* The limit cuts by rank, and those whom it cuts whatever they say are not asked. */
    {"1 b.test, 1 c.test, 1 d.test", "d.test=1 c.test=2", "b.test c.test d.test",
     "1 d.test, 1 c.test", SHUFFLE, 2},
    {"1 b.test, 1 c.test, 2 d.test, 2 e.test", "c.test=1", "b.test c.test",
     "1 c.test, 1 b.test", SHUFFLE, 2},
    {"1 b.test, 2 c.test, 2 d.test, 3 e.test, 3 f.test", "d.test=1", "c.test d.test",
     "1 b.test, 2 d.test", SHUFFLE, 2},
    /* So for levels that are not resolved; a level is a preference, not a rank. */
    {"1 b.test, 1 c.test, 2 d.test, 2 e.test", "c.test=1 b.test=2", "b.test c.test",
     "1 c.test, 1 b.test", SHUFFLE | ONE_LEVEL, NO_CUT},
    {"1 c.local, 2 d.test, 2 e.test, 3 f.test, 3 g.test", "e.test=1", "d.test e.test",
     "2 e.test, 2 d.test", SHUFFLE | ONE_LEVEL, NO_CUT},
};

static void
run_row(const table_row *row, uint64_t seed)
{
    script_line zone[] = {{"a.test", "MX", row->records},
                          {"*", "A", "192.0.2.1"},
                          {"*", "AAAA", "NODATA"},
                          {NULL, NULL, NULL}};
    static char hosts[SCRIPT_TEXT];
    ranked_run run = new_run(zone, row->ranks);
    mx_route *route;

    run.seed = seed;
    run.rules.shuffle = row->options & SHUFFLE ? MX_SHUFFLE_HOSTS : MX_SHUFFLE_NONE;
    run.rules.max_exchanges = row->max_exchanges;
    run.rules.ip_exchange = row->options & REJECT_IP ? MX_REJECT : MX_ACCEPT;
    run.levels = row->options & ONE_LEVEL ? 1 : 0;
    route = look_up(&run);
    list_hosts(route, hosts);
    assert_string_equal(hosts, row->hosts);
    assert_string_equal(run.asked, row->asked);
    assert_int_equal(route->has_more, run.levels == 1);
    mx_route_unref(route);
}

static void
test_ranks_order_equals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (uint64_t seed = 0; seed < 5; seed++) {
            run_row(&rows[i], seed);
        }
    }
}

/* O8: from our own preference on nobody is used. */
static void
test_nobody_is_asked_for_behind_a_loop(void **state)
{
    static const script_line zone[] = {
        {"a.test", "MX", "1 b.test, 1 c.test, 2 d.test, 2 e.test, 2 us.test"},
        {"*", "A", "192.0.2.1"},
        {"*", "AAAA", "NODATA"},
        {NULL, NULL, NULL}};
    ranked_run run = new_run(zone, "c.test=1");
    mx_name us;

    (void)state;
    assert_int_equal(mx_name_from_text("us.test", 7, &us), MX_REASON_NONE);
    assert_int_equal(mx_self_new(&us, 1, NULL, 0, &run.rules.self), MX_OK);
    mx_route_unref(look_up(&run));
    assert_string_equal(run.asked, "b.test c.test");
    mx_self_unref(run.rules.self);
}

static const script_line others[][4] = {
    {{"a.test", "MX", "NODATA"}, {"*", "A", "192.0.2.1"}, {"*", "AAAA", "NODATA"}},
    {{"a.test", "MX", "0 ."}},
    {{"a.test", "MX", "NXDOMAIN"}},
    {{"a.test", "MX", "SERVFAIL"}},
    {{"a.test", "MX", "10 b.local, 10 c.local"}},
};

static void
test_no_ranks_without_exchanges(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        ranked_run run = new_run(others[i], "");
        mx_route_unref(look_up(&run));
        assert_string_equal(run.asked, "");
    }
}

static const script_line equals[] = {
    {"a.test", "MX", "1 b.test, 1 c.test, 1 d.test, 1 c.test, 1 e.local"},
    {"*", "A", "192.0.2.1"},
    {"*", "AAAA", "NODATA"},
    {NULL, NULL, NULL}};

static void
test_no_ranks_unless_the_caller_has_them(void **state)
{
    ranked_run run = new_run(equals, "");

    (void)state;
    run.rules.has_ranks = false;
    mx_route_unref(look_up(&run));
    assert_string_equal(run.asked, "");
}

static void
test_addresses_are_asked_for_after_the_ranks(void **state)
{
    ranked_run run = new_run(equals, "");
    mx_lookup *lookup = new_lookup(&run);

    (void)state;
    answer_all(&run, lookup);
    assert_int_equal(run.questions, 1);
    assert_int_equal(mx_lookup_take_ranks(lookup), MX_OK); /* none given */
    assert_int_equal(mx_lookup_take_ranks(lookup), MX_BUG);
    answer_all(&run, lookup);
    assert_int_equal(run.questions, 7);
    assert_true(mx_lookup_is_done(lookup));
    mx_lookup_free(lookup);
}

enum { ROUNDS = 6000 };

/* How often b, c and d come first, second and third. Records that count for nothing,
 * twins and bad names, tip no scale. */
static void
expect_counts(const char *ranks, const unsigned expected[3][3])
{
    ranked_run run = new_run(equals, ranks);
    unsigned counts[3][3] = {{0}};

    for (run.seed = 0; run.seed < ROUNDS; run.seed++) {
        mx_route *route = look_up(&run);
        assert_int_equal(route->exchange_count, 3);
        for (size_t i = 0; i < 3; i++) {
            counts[route->exchanges[i].host[0] - 'b'][i]++;
        }
        mx_route_unref(route);
    }
    for (size_t kind = 0; kind < 3; kind++) {
        for (size_t place = 0; place < 3; place++) {
            /* Five standard deviations off, at the most. */
            unsigned off = expected[kind][place] % ROUNDS == 0 ? 0 : 195;
            assert_in_range(counts[kind][place], expected[kind][place] - off,
                            expected[kind][place] + off);
        }
    }
}

static void
test_equal_ranks_are_shuffled(void **state)
{
    enum { ALL = ROUNDS, HALF = ROUNDS / 2, THIRD = ROUNDS / 3 };
    static const unsigned thirds[3][3] = {
        {THIRD, THIRD, THIRD}, {THIRD, THIRD, THIRD}, {THIRD, THIRD, THIRD}};
    static const unsigned d_first[3][3] = {{0, HALF, HALF}, {0, HALF, HALF}, {ALL}};
    static const unsigned d_last[3][3] = {{HALF, HALF}, {HALF, HALF}, {0, 0, ALL}};

    (void)state;
    expect_counts("", thirds);
    expect_counts("b.test=1 c.test=1 d.test=1", thirds);
    expect_counts("d.test=1", d_first);
    expect_counts("b.test=1 c.test=1", d_last);
}

static void
test_addresses_are_mixed_within_rank_and_preference(void **state)
{
    static const script_line zone[] = {
        {"a.test", "MX", "1 b.test, 1 c.test, 1 d.test, 2 e.test"},
        {"b.test", "A", "192.0.2.1, 192.0.2.2"},
        {"c.test", "A", "192.0.2.3, 192.0.2.4"},
        {"d.test", "A", "192.0.2.5, 192.0.2.6"},
        {"e.test", "A", "192.0.2.7, 192.0.2.8"},
        {"*", "AAAA", "NODATA"},
        {NULL, NULL, NULL}};
    ranked_run run = new_run(zone, "b.test=2 c.test=1 d.test=2 e.test=2");
    unsigned interleaved = 0;

    (void)state;
    run.rules.shuffle = MX_SHUFFLE_ADDRESSES;
    for (run.seed = 0; run.seed < 300; run.seed++) {
        static const unsigned group_of[] = {0, 1, 1, 0, 0, 1, 1, 2, 2};
        mx_route *route = look_up(&run);
        unsigned octets[8];
        assert_int_equal(route->target_count, 8);
        for (unsigned i = 0; i < 8; i++) {
            octets[i] = route->targets[i].address.bytes[3];
            assert_int_equal(group_of[octets[i]], i < 2 ? 0 : i < 6 ? 1 : 2);
        }
        interleaved += (octets[2] < 3) != (octets[3] < 3);
        mx_route_unref(route);
    }
    /* Two times in three the hosts of one rank are not side by side. */
    assert_in_range(interleaved, 160, 240);
}

static void
test_a_cancelled_lookup_wants_no_ranks(void **state)
{
    ranked_run run = new_run(equals, "");
    mx_lookup *lookup = new_lookup(&run);
    mx_route *route;

    (void)state;
    answer_all(&run, lookup);
    assert_true(mx_lookup_wants_ranks(lookup));
    mx_lookup_cancel(lookup);
    assert_false(mx_lookup_wants_ranks(lookup));
    assert_null(mx_lookup_next_unranked(lookup));
    assert_true(mx_lookup_is_done(lookup));
    assert_int_equal(mx_lookup_finish(lookup, 0, &route), MX_OK);
    assert_int_equal(route->verdict, MX_VERDICT_CANCELLED);
    mx_route_unref(route);
    mx_lookup_free(lookup);
}

/* At the deadline nobody is asked any more, and the route still names the exchanges. */
static void
test_ranks_are_not_waited_for_in_the_end(void **state)
{
    ranked_run run = new_run(equals, "");
    mx_lookup *lookup = new_lookup(&run);
    mx_route *route;

    (void)state;
    answer_all(&run, lookup);
    assert_int_equal(mx_lookup_fail_unasked(lookup, MX_REASON_TIMEOUT), MX_OK);
    assert_true(mx_lookup_is_done(lookup));
    assert_int_equal(mx_lookup_finish(lookup, 0, &route), MX_OK);
    assert_int_equal(route->verdict, MX_VERDICT_TIMEOUT);
    assert_int_equal(route->exchange_count, 3);
    mx_route_unref(route);
    mx_lookup_free(lookup);
}

static void
test_a_huge_answer_is_ranked_whole(void **state)
{
    enum { HOSTS = 2500 };
    static char records[HOSTS * 16], hosts[SCRIPT_TEXT];
    script_line zone[] = {{"a.test", "MX", records},
                          {"*", "A", "192.0.2.1"},
                          {"*", "AAAA", "NODATA"},
                          {NULL, NULL, NULL}};
    ranked_run run = new_run(zone, "h1234.test=2 h2499.test=1");
    size_t length = 0;
    mx_route *route;

    (void)state;
    for (int i = 0; i < HOSTS; i++) {
        length += (size_t)snprintf(records + length, sizeof(records) - length,
                                   "1 h%d.test, ", i);
    }
    run.rules.max_exchanges = 2;
    route = look_up(&run);
    list_hosts(route, hosts);
    assert_string_equal(hosts, "1 h2499.test, 1 h1234.test");
    assert_int_equal(route->excluded_count, HOSTS - 2);
    assert_non_null(strstr(run.asked, "h0.test h1.test h2.test"));
    mx_route_unref(route);
}

/* Hands the answer over and ranks it, allocation `nth` failing. False when there were
 * fewer. */
static bool
rank_with_failure(size_t nth)
{
    const ranked_run run = new_run(equals, "");
    const mx_answer_source source = {.ttl = 300, .server = ""};
    mx_lookup *lookup = new_lookup(&run);
    mx_question question;
    uint32_t number;
    mx_answer *answer;
    mx_status status;
    size_t asked;

    assert_true(mx_lookup_next_question(lookup, &number, &question));
    answer = script_answer(&question, script_find(equals, &question));
    (void)mx_mem_fail(nth, 0);
    status = mx_lookup_answer(lookup, number, answer, &source);
    if (status == MX_OK) {
        assert_true(mx_lookup_wants_ranks(lookup));
        status = mx_lookup_take_ranks(lookup);
    }
    asked = mx_mem_fail(0, 0);
    assert_int_equal(status, asked < nth ? MX_OK : MX_NOMEM);
    mx_answer_unref(answer);
    mx_lookup_free(lookup);
    return asked >= nth;
}

static void
test_no_memory_is_told(void **state)
{
    size_t failures = 0;

    (void)state;
    while (rank_with_failure(failures + 1)) {
        failures++;
    }
    assert_in_range(failures, 8, 100);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks_order_equals),
        cmocka_unit_test(test_nobody_is_asked_for_behind_a_loop),
        cmocka_unit_test(test_no_ranks_without_exchanges),
        cmocka_unit_test(test_no_ranks_unless_the_caller_has_them),
        cmocka_unit_test(test_addresses_are_asked_for_after_the_ranks),
        cmocka_unit_test(test_equal_ranks_are_shuffled),
        cmocka_unit_test(test_addresses_are_mixed_within_rank_and_preference),
        cmocka_unit_test(test_a_cancelled_lookup_wants_no_ranks),
        cmocka_unit_test(test_ranks_are_not_waited_for_in_the_end),
        cmocka_unit_test(test_a_huge_answer_is_ranked_whole),
        cmocka_unit_test(test_no_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
