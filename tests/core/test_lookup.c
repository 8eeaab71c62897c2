/* SPDX-License-Identifier: MIT */
/* The lookup as its driver sees it. What answers make of a destination is data:
 * test_scenarios.c. */
#include "core/lookup.h"
#include "core/mem.h"
#include "script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static mx_lookup_rules
default_rules(void)
{
    mx_lookup_rules rules;

    mx_lookup_rules_init(&rules);
    return rules;
}

static mx_route *
look_up(const script_line *zone, uint32_t levels, uint32_t *asked)
{
    script_run run = {.rules = default_rules(), .seed = 3, .levels = levels};

    return script_lookup(&run, zone, "a.test", asked);
}

static void
test_levels_ask_only_the_best(void **state)
{
    static const script_line zone[] = {
        {"a.test", "MX", "10 m1.test, 20 m2.test, 20 m3.test, 30 m4.test"},
        {"m1.test", "A", "192.0.2.1"},
        {"m2.test", "A", "192.0.2.2"},
        {"m3.test", "A", "192.0.2.3"},
        {"m4.test", "A", "192.0.2.4"},
        {"*", "AAAA", "NODATA"},
        {NULL, NULL, NULL}};
    static const uint32_t questions[] = {9, 3, 7, 9};
    static const size_t targets[] = {4, 1, 3, 4};
    static const bool more[] = {false, true, true, false};

    (void)state;
    for (uint32_t levels = 0; levels < 4; levels++) {
        uint32_t asked;
        mx_route *route = look_up(zone, levels, &asked);
        assert_int_equal(asked, questions[levels]);
        assert_int_equal(route->target_count, targets[levels]);
        assert_int_equal(route->has_more, more[levels]);
        mx_route_unref(route);
    }
}

/* What a loop cuts off is no more to come; what is better than it is (rule O8). */
static void
test_more_is_what_no_loop_cuts_off(void **state)
{
    static const script_line zone[] = {
        {"a.test", "MX", "10 m1.test, 20 m2.test, 30 us.test, 40 m4.test"},
        {"m1.test", "A", "192.0.2.1"},
        {"m2.test", "A", "192.0.2.2"},
        {"*", "AAAA", "NODATA"},
        {NULL, NULL, NULL}};
    static const bool more[] = {false, true, false, false};
    static const size_t targets[] = {2, 1, 2, 2};
    script_run run = {.rules = default_rules(), .seed = 3};
    mx_name us;

    (void)state;
    assert_int_equal(mx_name_from_text("us.test", 7, &us), MX_REASON_NONE);
    assert_int_equal(mx_self_new(&us, 1, NULL, 0, &run.rules.self), MX_OK);
    for (run.levels = 0; run.levels < 4; run.levels++) {
        uint32_t asked;
        mx_route *route = script_lookup(&run, zone, "a.test", &asked);
        assert_int_equal(route->target_count, targets[run.levels]);
        assert_int_equal(route->has_more, more[run.levels]);
        mx_route_unref(route);
    }
    mx_self_unref(run.rules.self);
}

/* Where the loop is found among what was resolved, all that was not is worse. */
static void
test_no_more_after_a_loop(void **state)
{
    static const script_line zone[] = {{"a.test", "MX", "10 m1.test, 20 m2.test"},
                                       {"m1.test", "A", "192.0.2.1"},
                                       {"*", "AAAA", "NODATA"},
                                       {NULL, NULL, NULL}};
    script_run run = {.rules = default_rules(), .seed = 3, .levels = 1};
    mx_address us;
    mx_route *route;
    uint32_t asked;

    (void)state;
    assert_true(mx_address_from_text("192.0.2.1", 9, &us));
    assert_int_equal(mx_self_new(NULL, 0, &us, 1, &run.rules.self), MX_OK);
    route = script_lookup(&run, zone, "a.test", &asked);
    assert_int_equal(route->reason, MX_REASON_LOOP);
    assert_false(route->has_more);
    mx_route_unref(route);
    mx_self_unref(run.rules.self);
}

static mx_lookup *
new_lookup(const char *destination)
{
    static mx_lookup_rules rules; /* as long as the lookup */
    mx_destination read;
    mx_lookup *lookup;

    rules = default_rules();
    mx_destination_read(destination, strlen(destination), &rules.destination, &read);
    assert_int_equal(mx_lookup_new(&rules, &read, 1, 0, &lookup), MX_OK);
    return lookup;
}

/* Answers the next question. */
static void
answer_next(mx_lookup *lookup, const char *text)
{
    mx_answer_source source = {.ttl = 300, .server = ""};
    mx_question question;
    uint32_t number;
    mx_answer *answer;

    assert_true(mx_lookup_next_question(lookup, &number, &question));
    answer = script_answer(&question, text);
    assert_int_equal(mx_lookup_answer(lookup, number, answer, &source), MX_OK);
    mx_answer_unref(answer);
}

static uint32_t
skip_next(mx_lookup *lookup)
{
    mx_question question;
    uint32_t number;

    assert_true(mx_lookup_next_question(lookup, &number, &question));
    return number;
}

static void
test_usable_is_an_address_for_every_exchange(void **state)
{
    static const struct {
        const char *mx, *answers[5];
        bool is_usable;
    } rows[] = {
        {"10 m1.test", {"", ""}, false},
        {"10 m1.test", {"192.0.2.1", ""}, true},
        {"10 m1.test", {"", "2001:db8::1"}, true},
        {"10 m1.test", {"NODATA", ""}, false},
        {"10 m1.test", {"SERVFAIL", ""}, false},
        {"10 m1.test", {"127.0.0.1", ""}, false},
        {"10 m1.test", {"127.0.0.1, 192.0.2.1", ""}, true},
        {"10 m1.test, 20 m2.test", {"192.0.2.1", "", "", ""}, false},
        {"10 m1.test, 20 m2.test", {"192.0.2.1", "", "", "2001:db8::1"}, true},
        {"10 m1.test, 20 m2.test", {"192.0.2.1", "", "NXDOMAIN", "NXDOMAIN"}, true},
        {"10 m1.test, 20 192.0.2.7", {"", ""}, false},
        {"10 m1.test, 20 192.0.2.7", {"192.0.2.1", ""}, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mx_lookup *lookup = new_lookup("a.test");
        assert_false(mx_lookup_is_usable(lookup));
        answer_next(lookup, rows[i].mx);
        for (size_t a = 0; rows[i].answers[a] != NULL; a++) {
            if (rows[i].answers[a][0] == '\0') {
                (void)skip_next(lookup);
            }
            else {
                answer_next(lookup, rows[i].answers[a]);
            }
        }
        assert_int_equal(mx_lookup_is_usable(lookup), rows[i].is_usable);
        mx_lookup_free(lookup);
    }
}

static void
test_answer_to_no_open_question_is_a_bug(void **state)
{
    mx_lookup *lookup = new_lookup("a.test");
    mx_answer_source source = {.server = ""};
    mx_question question = {.type = MX_TYPE_MX};
    mx_answer *failure;
    uint32_t number = skip_next(lookup);

    (void)state;
    assert_int_equal(mx_answer_failure(&question, MX_REASON_TIMEOUT, &failure), MX_OK);
    assert_int_equal(mx_lookup_answer(lookup, number + 1, failure, &source), MX_BUG);
    assert_int_equal(mx_lookup_answer(lookup, number, failure, &source), MX_OK);
    assert_int_equal(mx_lookup_answer(lookup, number, failure, &source), MX_BUG);
    assert_true(mx_lookup_is_done(lookup));
    mx_answer_unref(failure);
    mx_lookup_free(lookup);
    mx_lookup_free(NULL);
}

static void
test_cancelled_lookup_has_no_plan(void **state)
{
    mx_lookup *lookup = new_lookup("a.test");
    mx_question question;
    uint32_t number;
    mx_route *route;

    (void)state;
    answer_next(lookup, "10 m1.test");
    answer_next(lookup, "192.0.2.1");
    assert_false(mx_lookup_is_done(lookup));
    mx_lookup_cancel(lookup);
    assert_true(mx_lookup_is_done(lookup));
    assert_false(mx_lookup_next_question(lookup, &number, &question));
    assert_int_equal(mx_lookup_finish(lookup, 7, &route), MX_OK);
    assert_int_equal(route->verdict, MX_VERDICT_CANCELLED);
    assert_int_equal(route->reason, MX_REASON_CANCELLED);
    assert_int_equal(route->exchange_count + route->target_count, 0);
    assert_int_equal(route->ttl, 0);
    assert_int_equal(route->elapsed, 7);
    assert_false(route->complete);
    mx_route_unref(route);
    mx_lookup_free(lookup);
}

static void
test_literal_is_its_own_exchange(void **state)
{
    mx_lookup *lookup = new_lookup("[192.0.2.1]");
    mx_route *route;

    (void)state;
    assert_true(mx_lookup_is_done(lookup));
    assert_int_equal(mx_lookup_finish(lookup, 0, &route), MX_OK);
    assert_string_equal(route->domain, "[192.0.2.1]");
    assert_int_equal(route->exchange_count, 1);
    assert_string_equal(route->exchanges[0].canonical, "[192.0.2.1]");
    assert_int_equal(route->exchanges[0].address_count, 1);
    assert_true(mx_address_equal(&route->exchanges[0].addresses[0],
                                 &route->targets[0].address));
    assert_int_equal(route->exchanges[0].preference, 0);
    assert_int_equal(route->exchanges[0].verdict, MX_VERDICT_OK);
    assert_int_equal(route->ttl, 0);
    assert_false(route->cached);
    assert_true(route->complete);
    assert_string_equal(route->server, "");
    mx_route_unref(route);
    mx_lookup_free(lookup);
}

static void
test_what_is_left_out_keeps_its_preference(void **state)
{
    static const script_line zone[] = {{"a.test", "MX", "11 localhost, 22 mx.a.test"},
                                       {"mx.a.test", "A", "127.0.0.1, 192.0.2.1"},
                                       {"mx.a.test", "AAAA", "NODATA"},
                                       {NULL, NULL, NULL}};
    uint32_t asked;
    mx_route *route = look_up(zone, 0, &asked);

    (void)state;
    assert_int_equal(route->excluded_count, 2);
    assert_int_equal(route->excluded[0].preference, 11);
    assert_false(route->excluded[0].has_address);
    assert_int_equal(route->excluded[1].preference, 22);
    assert_true(route->excluded[1].has_address);
    assert_string_equal(route->exchanges[0].canonical, "mx.a.test");
    mx_route_unref(route);
}

static void
test_unanswered_is_unknown(void **state)
{
    mx_lookup *lookup = new_lookup("a.test");
    mx_route *route;

    (void)state;
    answer_next(lookup, "10 m1.test");
    answer_next(lookup, "NODATA");
    assert_int_equal(mx_lookup_finish(lookup, 0, &route), MX_OK);
    assert_int_equal(route->verdict, MX_VERDICT_TIMEOUT);
    mx_route_unref(route);
    mx_lookup_free(lookup);
}

/* The first that failed of a chain or of several hosts is named. */
static void
test_failing_server_is_named(void **state)
{
    /* What the cache remembers of a failure names no server. */
    static const char *const servers[] = {"", "192.0.2.1:53", "192.0.2.2:53", ""};
    mx_lookup *lookup = new_lookup("a.test");
    mx_question question;
    mx_route *route;

    (void)state;
    answer_next(lookup, "10 m1.test, 20 m2.test");
    for (int i = 0; i < 4; i++) {
        mx_answer_source source = {.server = servers[i]};
        uint32_t number;
        mx_answer *answer;
        assert_true(mx_lookup_next_question(lookup, &number, &question));
        answer = script_answer(&question, "SERVFAIL");
        assert_int_equal(mx_lookup_answer(lookup, number, answer, &source), MX_OK);
        mx_answer_unref(answer);
    }
    assert_int_equal(mx_lookup_finish(lookup, 0, &route), MX_OK);
    assert_string_equal(route->server, "192.0.2.1:53");
    mx_route_unref(route);
    mx_lookup_free(lookup);
}

/* Every allocation of a lookup with everything in it fails once. */
static void
test_short_memory_is_told(void **state)
{
    static const char *const answers[] = {"CNAME b.test",
                                          "0 ., 10 m1.test, 20 m2.test, 30 127.1",
                                          "CNAME c.test",
                                          "SERVFAIL",
                                          "192.0.2.1, 127.0.0.1",
                                          "NODATA",
                                          "192.0.2.3"};
    size_t nth = 0, asked;

    (void)state;
    do {
        mx_lookup_rules rules = default_rules();
        mx_lookup *lookup = NULL;
        mx_destination read;
        mx_route *route = NULL;
        mx_question question;
        uint32_t number;
        mx_status status;

        mx_destination_read("a.test", 6, &rules.destination, &read);
        nth++;
        asked = 0;
        (void)mx_mem_fail(nth, 0);
        status = mx_lookup_new(&rules, &read, 1, 0, &lookup);
        for (size_t i = 0; status == MX_OK && i < 7; i++) {
            mx_answer_source source = {.server = "192.0.2.53:53"};
            size_t so_far = mx_mem_fail(0, 0);
            mx_answer *answer;
            assert_true(mx_lookup_next_question(lookup, &number, &question));
            answer = script_answer(&question, answers[i]);
            asked += so_far;
            (void)mx_mem_fail(nth > asked ? nth - asked : 0, 0);
            status = mx_lookup_answer(lookup, number, answer, &source);
            mx_answer_unref(answer);
        }
        if (status == MX_OK) {
            status = mx_lookup_finish(lookup, 0, &route);
        }
        asked += mx_mem_fail(0, 0);
        assert_int_equal(status, asked >= nth ? MX_NOMEM : MX_OK);
        assert_int_equal(status == MX_OK, route != NULL);
        mx_route_unref(route);
        mx_lookup_free(lookup);
    } while (asked >= nth);
    assert_in_range(asked, 3, 200);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels_ask_only_the_best),
        cmocka_unit_test(test_more_is_what_no_loop_cuts_off),
        cmocka_unit_test(test_no_more_after_a_loop),
        cmocka_unit_test(test_usable_is_an_address_for_every_exchange),
        cmocka_unit_test(test_answer_to_no_open_question_is_a_bug),
        cmocka_unit_test(test_cancelled_lookup_has_no_plan),
        cmocka_unit_test(test_literal_is_its_own_exchange),
        cmocka_unit_test(test_what_is_left_out_keeps_its_preference),
        cmocka_unit_test(test_unanswered_is_unknown),
        cmocka_unit_test(test_failing_server_is_named),
        cmocka_unit_test(test_short_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
