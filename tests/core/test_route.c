/* SPDX-License-Identifier: MIT */
#include "core/mem.h"
#include "core/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static mx_route *
new_route(mx_verdict verdict, mx_reason reason, const char *domain)
{
    mx_route *route;
    assert_int_equal(mx_route_new(&route), MX_OK);
    route->verdict = verdict;
    route->reason = reason;
    route->domain = route->canonical = domain;
    route->complete = true;
    return route;
}

static void
assert_message(const mx_route *route, const char *expected)
{
    char text[MX_ROUTE_MESSAGE_SIZE];
    size_t length = mx_route_message(route, text);
    assert_string_equal(text, expected);
    assert_int_equal(length, strlen(expected));
}

static void
test_a_new_route_is_empty(void **state)
{
    (void)state;
    mx_route *route;
    assert_int_equal(mx_route_new(&route), MX_OK);
    assert_string_equal(route->domain, "");
    assert_string_equal(route->canonical, "");
    assert_string_equal(route->server, "");
    assert_int_equal(route->target_count, 0);
    assert_int_equal(route->exchange_count, 0);
    assert_int_equal(route->excluded_count, 0);
    assert_int_equal(route->warning_count, 0);
    mx_route_unref(route);
}

static void
test_the_last_reference_frees_route_and_arena(void **state)
{
    (void)state;
    mx_route *route = new_route(MX_VERDICT_OK, MX_REASON_NONE, "");
    route->domain = mx_arena_text(&route->arena, "dom.test", 8);
    assert_non_null(route->domain);
    assert_ptr_equal(mx_route_ref(route), route);
    mx_route_unref(route);
    assert_string_equal(route->domain, "dom.test"); /* still ours */
    mx_route_unref(route); /* a leak checker sees what is left */
    mx_route_unref(NULL);
}

static void
test_no_memory_is_said(void **state)
{
    (void)state;
    mx_route *route = NULL;
    mx_mem_fail(1, 0);
    assert_int_equal(mx_route_new(&route), MX_NOMEM);
    mx_mem_fail(0, 0);
    assert_null(route);
}

static void
test_ok_says_how_many_targets_and_the_first(void **state)
{
    (void)state;
    static const uint8_t octets[16] = {192, 0, 2, 1};
    mx_route_exchange exchanges[2] = {{.host = "mx1.dom.test"},
                                      {.host = "mx2.dom.test"}};
    mx_target targets[2] = {{.exchange = 1, .address = mx_address_ipv4(octets)},
                            {.exchange = 0, .address = mx_address_ipv6(octets)}};
    mx_route *route = new_route(MX_VERDICT_OK, MX_REASON_NONE, "dom.test");
    route->exchanges = exchanges;
    route->exchange_count = 2;
    route->targets = targets;
    route->target_count = 2;
    assert_message(route, "mail for dom.test goes to 2 targets, first mx2.dom.test "
                          "[192.0.2.1]");
    route->complete = false;
    assert_message(route, "mail for dom.test goes to 2 targets, first mx2.dom.test "
                          "[192.0.2.1]; others could not be resolved for now");
    route->complete = true;
    route->target_count = 1;
    route->implicit = true;
    exchanges[1].host = "dom.test";
    assert_message(route,
                   "mail for dom.test goes to 1 target of its own (it has no MX), "
                   "first dom.test [192.0.2.1]");
    route->implicit = false;
    route->domain = "[192.0.2.1]";
    assert_message(route, "mail for [192.0.2.1] goes straight to that address");
    mx_route_unref(route);
}

static void
test_every_refusal_names_the_domain_and_the_cause(void **state)
{
    (void)state;
    mx_route_exchange exchange = {.host = "mx1.dom.test", .reason = MX_REASON_NXDOMAIN};
    mx_route *route = new_route(MX_VERDICT_NULL_MX, MX_REASON_NULL_MX, "dom.test");
    assert_message(route,
                   "dom.test accepts no mail: it publishes a null MX (RFC 7505)");

    route->verdict = MX_VERDICT_NO_DOMAIN;
    route->reason = MX_REASON_NXDOMAIN;
    assert_message(route, "dom.test does not exist");
    route->canonical = "gone.test";
    assert_message(route, "dom.test is an alias of gone.test, which does not exist");
    route->canonical = route->domain;
    route->reason = MX_REASON_SPECIAL_USE;
    assert_message(route, "dom.test does not exist: the name is reserved for special "
                          "use, not in the public DNS");

    route->verdict = MX_VERDICT_NO_MAIL;
    route->reason = MX_REASON_NO_DATA;
    assert_message(route, "dom.test exists, but has neither MX nor address");
    route->reason = MX_REASON_IMPLICIT_OFF;
    assert_message(route,
                   "dom.test takes no mail: there are no MX records, and the use "
                   "of the domain's own address is switched off");

    route->verdict = MX_VERDICT_NO_ADDRESS;
    route->reason = MX_REASON_BAD_EXCHANGE_NAME;
    assert_message(route,
                   "no exchange of dom.test has an address: the exchange is not a "
                   "valid host name");
    route->exchanges = &exchange;
    route->exchange_count = 1;
    assert_message(route,
                   "no exchange of dom.test has an address; of mx1.dom.test: the "
                   "name does not exist");

    route->verdict = MX_VERDICT_REFUSED;
    route->reason = MX_REASON_ADDRESS_POLICY;
    assert_message(route, "mail for dom.test is refused: every address is one that the "
                          "address policy (addresses=) excludes");

    route->verdict = MX_VERDICT_CANCELLED;
    route->reason = MX_REASON_CANCELLED;
    assert_message(route, "the lookup of dom.test was cancelled");
    route->domain = "";
    assert_message(route, "the lookup of the destination was cancelled");

    route->verdict = MX_VERDICT_INVALID;
    route->reason = MX_REASON_EMPTY_LABEL;
    route->domain = route->canonical = "";
    assert_message(route,
                   "not a mail destination: there is nothing between two dots or "
                   "before the first one");
    mx_route_unref(route);
}

static void
test_failures_name_the_server_and_advise_to_try_again(void **state)
{
    (void)state;
    mx_route *route = new_route(MX_VERDICT_TIMEOUT, MX_REASON_TIMEOUT, "dom.test");
    assert_message(route,
                   "dom.test could not be looked up: no answer came in time; try "
                   "again later");
    route->server = "192.0.2.53:53";
    assert_message(route,
                   "dom.test could not be looked up: no answer came in time (name "
                   "server 192.0.2.53:53); try again later");
    static const mx_verdict verdicts[] = {MX_VERDICT_SERVER_FAILURE,
                                          MX_VERDICT_NO_SERVERS, MX_VERDICT_BAD_REPLY};
    route->reason = MX_REASON_DAMAGED_REPLY;
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
        route->verdict = verdicts[i];
        assert_message(route, "dom.test could not be looked up: the reply is damaged "
                              "(name server 192.0.2.53:53); try again later");
    }
    mx_route_unref(route);
}

/* Every verdict with every reason, and names as long as hostile ones get. */
static void
test_a_message_is_one_line_that_fits(void **state)
{
    (void)state;
    static char long_name[1021];
    memset(long_name, 'x', sizeof long_name - 1);
    const char *names[] = {"dom.test", long_name};
    mx_target target = {.address = {.family = MX_IPV6}};
    mx_route *route = new_route(MX_VERDICT_OK, MX_REASON_NONE, "");
    for (int i = 0; i < 2 * MX_VERDICT_COUNT * MX_REASON_COUNT; i++) {
        mx_reason reason = (mx_reason)(i / 2 % MX_REASON_COUNT);
        mx_route_exchange exchange = {.host = names[i % 2], .reason = reason};
        route->verdict = (mx_verdict)(i / 2 / MX_REASON_COUNT);
        route->reason = reason;
        route->domain = route->server = names[i % 2];
        route->exchanges = &exchange;
        route->targets = &target;
        route->exchange_count = route->target_count = 1;
        char *text = test_malloc(MX_ROUTE_MESSAGE_SIZE);
        size_t length = mx_route_message(route, text);
        assert_in_range(length, 1, MX_ROUTE_MESSAGE_SIZE - 1);
        assert_int_equal(length, strlen(text));
        assert_null(strchr(text, '\n'));
        test_free(text);
    }
    mx_route_unref(route);
}

static void
test_only_what_does_not_fit_is_cut(void **state)
{
    (void)state;
    static char name[MX_ROUTE_MESSAGE_SIZE];
    char text[MX_ROUTE_MESSAGE_SIZE];
    mx_route *route = new_route(MX_VERDICT_NO_DOMAIN, MX_REASON_NXDOMAIN, name);
    memset(name, 'x', MX_ROUTE_MESSAGE_SIZE - sizeof " does not exist");
    assert_int_equal(mx_route_message(route, text), MX_ROUTE_MESSAGE_SIZE - 1);
    assert_string_equal(text + strlen(name), " does not exist");
    name[strlen(name)] = 'x';
    assert_int_equal(mx_route_message(route, text), MX_ROUTE_MESSAGE_SIZE - 1);
    assert_string_equal(text + strlen(name), " does not e...");
    mx_route_unref(route);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_new_route_is_empty),
        cmocka_unit_test(test_the_last_reference_frees_route_and_arena),
        cmocka_unit_test(test_no_memory_is_said),
        cmocka_unit_test(test_ok_says_how_many_targets_and_the_first),
        cmocka_unit_test(test_every_refusal_names_the_domain_and_the_cause),
        cmocka_unit_test(test_failures_name_the_server_and_advise_to_try_again),
        cmocka_unit_test(test_a_message_is_one_line_that_fits),
        cmocka_unit_test(test_only_what_does_not_fit_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
