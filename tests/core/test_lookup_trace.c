/* SPDX-License-Identifier: MIT */
/* What a lookup writes down of its answers and decisions, without an engine. */
#include "script.h"
#include "trace_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define END                                                                            \
    {                                                                                  \
        NULL, NULL, NULL                                                               \
    }

static script_run
traced(void)
{
    script_run run = {.seed = 1};

    mx_lookup_rules_init(&run.rules);
    run.rules.trace = true;
    return run;
}

/* The lines of a lookup, all answers of which come at 0.0 ms, its end at 1.5 ms. */
static void
assert_steps(const script_run *run, const script_line *zone, const char *destination,
             const char *lines)
{
    uint32_t asked;
    mx_route *route = script_lookup(run, zone, destination, &asked);

    assert_string_equal(trace_lines(route), lines);
    mx_route_unref(route);
}

static void
without_the_rule_there_is_none(void **state)
{
    static const script_line zone[] = {{"a.test", "MX", "0 ."}, END};
    script_run run = traced();
    uint32_t asked;
    mx_route *route;

    (void)state;
    run.rules.trace = false;
    route = script_lookup(&run, zone, "a.test", &asked);
    assert_null(route->trace);
    mx_route_unref(route);
}

static void
exchanges_come_in_delivery_order(void **state)
{
    static const script_line zone[] = {{"a.test", "MX", "20 y.test, 10 x.test"},
                                       {"x.test", "A", "192.0.2.1, 192.0.2.2"},
                                       {"x.test", "AAAA", "NODATA"},
                                       {"y.test", "A", "SERVFAIL"},
                                       {"y.test", "AAAA", "NXDOMAIN"},
                                       END};
    script_run run = traced();

    (void)state;
    assert_steps(&run, zone, "a.test",
                 "0.0 answer a.test MX: 2 records, TTL 300 s\n"
                 "0.0 exchange 10 x.test\n"
                 "0.0 exchange 20 y.test\n"
                 "0.0 answer x.test A: 2 records, TTL 300 s\n"
                 "0.0 answer x.test AAAA: no_data, TTL 60 s\n"
                 "0.0 answer y.test A: servfail\n"
                 "0.0 answer y.test AAAA: nxdomain, TTL 60 s\n"
                 "1.5 verdict 10 x.test: ok, 2 addresses\n"
                 "1.5 verdict 20 y.test: server_failure (servfail)\n"
                 "1.5 warning partial\n"
                 "1.5 verdict ok, 2 targets\n");
}

static void
left_out_is_told_with_its_reason(void **state)
{
    static const script_line zone[] = {
        {"a.test", "MX", "10 x.test, 20 x.test, 30 localhost, 0 ."},
        {"x.test", "A", "127.0.0.1, 192.0.2.1"},
        {"x.test", "AAAA", "::1"},
        END};
    script_run run = traced();

    (void)state;
    assert_steps(&run, zone, "a.test",
                 "0.0 answer a.test MX: 4 records, TTL 300 s\n"
                 "0.0 exchange 10 x.test\n"
                 "0.0 answer x.test A: 2 records, TTL 300 s\n"
                 "0.0 answer x.test AAAA: 1 record, TTL 300 s\n"
                 "1.5 verdict 10 x.test: ok, 1 address\n"
                 "1.5 excluded 0 .: null_mx_mixed\n"
                 "1.5 excluded 20 x.test: duplicate_exchange\n"
                 "1.5 excluded 30 localhost: special_use\n"
                 "1.5 excluded 10 x.test 127.0.0.1: loopback_address\n"
                 "1.5 excluded 10 x.test ::1: loopback_address\n"
                 "1.5 warning null_mx_mixed\n"
                 "1.5 warning duplicate_exchange\n"
                 "1.5 verdict ok, 1 target\n");
}

static void
exchange_that_is_an_address_is_called_so_throughout(void **state)
{
    static const script_line zone[] = {{"a.test", "MX", "10 2001:db8::1"}, END};
    script_run run = traced();

    (void)state;
    assert_steps(&run, zone, "a.test",
                 "0.0 answer a.test MX: 1 record, TTL 300 s\n"
                 "0.0 exchange 10 2001:db8::1\n"
                 "1.5 verdict 10 2001:db8::1: ok, 1 address\n"
                 "1.5 warning ip_exchange\n"
                 "1.5 verdict ok, 1 target\n");
}

static void
implicit_exchange_is_said_to_be_one(void **state)
{
    static const script_line zone[] = {{"a.test", "MX", "NODATA"},
                                       {"a.test", "A", "192.0.2.1"},
                                       {"a.test", "AAAA", "NODATA"},
                                       END};
    script_run run = traced();

    (void)state;
    assert_steps(&run, zone, "a.test",
                 "0.0 answer a.test MX: no_data, TTL 60 s\n"
                 "0.0 implicit no MX: a.test is its own exchange\n"
                 "0.0 exchange 0 a.test\n"
                 "0.0 answer a.test A: 1 record, TTL 300 s\n"
                 "0.0 answer a.test AAAA: no_data, TTL 60 s\n"
                 "1.5 verdict 0 a.test: ok, 1 address\n"
                 "1.5 verdict ok, 1 target\n");
    run.rules.implicit = false;
    assert_steps(&run, zone, "a.test",
                 "0.0 answer a.test MX: no_data, TTL 60 s\n"
                 "1.5 verdict no_mail (implicit_off)\n");
}

static void
aliases_are_shown_with_their_end(void **state)
{
    static const script_line zone[] = {{"a.test", "MX", "CNAME b.test"},
                                       {"b.test", "MX", "CNAME c.test, 10 x.test"},
                                       {"x.test", "A", "CNAME y.test, 192.0.2.1"},
                                       {"x.test", "AAAA", "CNAME y.test"},
                                       {"y.test", "AAAA", "NODATA"},
                                       END};
    script_run run = traced();

    (void)state;
    assert_steps(&run, zone, "a.test",
                 "0.0 answer a.test MX: an alias, TTL 300 s\n"
                 "0.0 alias a.test MX: an alias of b.test\n"
                 "0.0 answer b.test MX: 1 record, TTL 300 s\n"
                 "0.0 alias b.test MX: an alias of c.test\n"
                 "0.0 exchange 10 x.test\n"
                 "0.0 answer x.test A: 1 record, TTL 300 s\n"
                 "0.0 alias x.test A: an alias of y.test\n"
                 "0.0 answer x.test AAAA: an alias, TTL 300 s\n"
                 "0.0 alias x.test AAAA: an alias of y.test\n"
                 "0.0 answer y.test AAAA: no_data, TTL 60 s\n"
                 "1.5 verdict 10 x.test: ok, 1 address\n"
                 "1.5 warning cname_exchange\n"
                 "1.5 verdict ok, 1 target\n");
}

static void
failed_question_ends_it(void **state)
{
    static const script_line zone[] = {{"a.test", "MX", "REFUSED"},
                                       {"n.test", "MX", "0 ."},
                                       {"x.test", "MX", "NXDOMAIN"},
                                       END};
    script_run run = traced();

    (void)state;
    assert_steps(&run, zone, "a.test",
                 "0.0 answer a.test MX: server_refused\n"
                 "1.5 verdict server_failure (server_refused)\n");
    assert_steps(&run, zone, "n.test",
                 "0.0 answer n.test MX: 1 record, TTL 300 s\n"
                 "1.5 verdict null_mx\n");
    assert_steps(&run, zone, "x.test",
                 "0.0 answer x.test MX: nxdomain, TTL 60 s\n"
                 "1.5 verdict no_domain (nxdomain)\n");
}

static void
what_is_never_asked_says_why(void **state)
{
    static const script_line nothing[] = {END};
    script_run run = traced();

    (void)state;
    assert_steps(&run, nothing, "[192.0.2.1]",
                 "1.5 offline nothing to ask: an address literal is its own target\n"
                 "1.5 verdict 0 [192.0.2.1]: ok, 1 address\n"
                 "1.5 verdict ok, 1 target\n");
    assert_steps(&run, nothing, "[127.0.0.1]",
                 "1.5 offline nothing to ask: the address is a loopback one\n"
                 "1.5 excluded 0 [127.0.0.1] 127.0.0.1: loopback_address\n"
                 "1.5 verdict refused (loopback_address)\n");
    assert_steps(&run, nothing, "a..b",
                 "1.5 offline nothing to ask: there is nothing between two dots or "
                 "before the first one\n"
                 "1.5 verdict invalid (empty_label)\n");
    assert_steps(&run, nothing, "a.onion",
                 "1.5 offline nothing to ask: the name is reserved for special use, not"
                 " in the public DNS\n"
                 "1.5 verdict no_domain (special_use)\n");
}

static void
hostile_names_are_escaped(void **state)
{
    static const script_line zone[] = {{"a.test", "MX", "10 x\x1by.test"}, END};
    script_run run = traced();

    (void)state;
    assert_steps(&run, zone, "a.test",
                 "0.0 answer a.test MX: 1 record, TTL 300 s\n"
                 "1.5 excluded 10 x\\027y.test: bad_exchange_name\n"
                 "1.5 verdict no_address (bad_exchange_name)\n");
}

/* So many left out that they are not all listed; the verdict is. */
static void
huge_answers_do_not_make_huge_traces(void **state)
{
    static char exchanges[SCRIPT_TEXT];
    const script_line zone[] = {{"a.test", "MX", exchanges},
                                {"*", "A", "NODATA"},
                                {"*", "AAAA", "NODATA"},
                                END};
    script_run run = traced();
    size_t length = 0;
    uint32_t asked;
    mx_route *route;
    const mx_trace *trace;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        length += (size_t)snprintf(exchanges + length, sizeof(exchanges) - length,
                                   "%s10 x%d.test", i == 0 ? "" : ", ", i);
    }
    run.rules.max_exchanges = 1;
    route = script_lookup(&run, zone, "a.test", &asked);
    trace = route->trace;
    assert_int_equal(route->excluded_count, 999);
    assert_int_equal(trace->count, MX_TRACE_STEPS + 2);
    /* Kept are an exchange, its verdict and the answers; a warning is not. */
    assert_int_equal(trace->steps[MX_TRACE_STEPS].event, MX_EVENT_OMITTED);
    assert_int_equal(trace->steps[MX_TRACE_STEPS].count,
                     999 + 1 - (MX_TRACE_STEPS - 5));
    assert_int_equal(trace->steps[MX_TRACE_STEPS + 1].event, MX_EVENT_VERDICT);
    mx_route_unref(route);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_the_rule_there_is_none),
        cmocka_unit_test(exchanges_come_in_delivery_order),
        cmocka_unit_test(left_out_is_told_with_its_reason),
        cmocka_unit_test(exchange_that_is_an_address_is_called_so_throughout),
        cmocka_unit_test(implicit_exchange_is_said_to_be_one),
        cmocka_unit_test(aliases_are_shown_with_their_end),
        cmocka_unit_test(failed_question_ends_it),
        cmocka_unit_test(what_is_never_asked_says_why),
        cmocka_unit_test(hostile_names_are_escaped),
        cmocka_unit_test(huge_answers_do_not_make_huge_traces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
