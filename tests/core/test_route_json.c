/* SPDX-License-Identifier: MIT */
/* That the text is what Python's json makes of Route.to_dict() is held against real
 * routes in tests/native/test_native_ndjson.py. */
#include "core/mem.h"
#include "core/route_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const mx_address addresses[] = {
    {.family = MX_IPV4, .bytes = {192, 0, 2, 1}},
    {.family = MX_IPV6, .bytes = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}},
};
static const mx_route_exchange exchange = {
    .host = "mx.test",
    .canonical = "mx.test",
    .addresses = addresses,
    .address_count = 2,
    .ttl = 60,
    .preference = 10,
};
static const mx_target targets[] = {
    {.address = {.family = MX_IPV4, .bytes = {192, 0, 2, 1}}},
    {.address = {.family = MX_IPV6, .bytes = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}}},
};
static const mx_excluded excluded[] = {
    {.host = "a\\001.test", .preference = 20, .reason = MX_REASON_LIMIT},
};
static const mx_reason warnings[] = {MX_REASON_PARTIAL, MX_REASON_UNDERSCORE};

static const char expected[] =
    "\"input\":\"Dom.test\",\"domain\":\"dom.test\",\"domain_unicode\":\"dom.test\","
    "\"canonical\":\"dom.test\",\"status\":\"ok\",\"deliverable\":true,"
    "\"reason\":null,\"message\":\"mail for dom.test goes to 2 targets, first mx.test "
    "[192.0.2.1]\",\"implicit\":false,\"complete\":true,\"exchanges\":[{\"host\":"
    "\"mx.test\",\"canonical\":\"mx.test\",\"preference\":10,\"addresses\":["
    "\"192.0.2.1\",\"2001:db8::1\"],\"ttl\":60,\"status\":\"ok\",\"reason\":null}],"
    "\"targets\":[{\"host\":\"mx.test\",\"address\":\"192.0.2.1\",\"family\":\"ipv4\","
    "\"preference\":10},{\"host\":\"mx.test\",\"address\":\"2001:db8::1\",\"family\":"
    "\"ipv6\",\"preference\":10}],\"excluded\":[{\"host\":\"a\\\\001.test\","
    "\"preference\":20,\"address\":null,\"reason\":\"limit\"}],\"warnings\":["
    "\"partial\",\"underscore\"],\"ttl\":300,\"cached\":true,\"elapsed\":1.5,"
    "\"authenticated\":false,\"smtp_reply\":null";

static const mx_route route = {
    .domain = "dom.test",
    .canonical = "dom.test",
    .server = "",
    .complete = true,
    .cached = true,
    .ttl = 300,
    .elapsed = 1500000,
    .exchanges = &exchange,
    .exchange_count = 1,
    .targets = targets,
    .target_count = 2,
    .excluded = excluded,
    .excluded_count = 1,
    .warnings = warnings,
    .warning_count = 2,
};
static const mx_route_words words = {.input = {"Dom.test", 8}};

static void
test_all_members_in_order(void **state)
{
    (void)state;
    mx_json json;
    mx_json_init(&json);
    mx_route_json(&route, &words, &json);
    assert_false(json.has_failed);
    assert_int_equal(json.length, sizeof expected - 1);
    assert_memory_equal(json.text, expected, json.length);
    mx_json_fini(&json);
}

static void
test_words_of_the_caller_stand_before_ours(void **state)
{
    (void)state;
    static const mx_route invalid = {
        .verdict = MX_VERDICT_INVALID,
        .reason = MX_REASON_EMPTY,
        .domain = "",
        .canonical = "",
        .server = "",
    };
    static const mx_route_words own = {
        .input = {"\t", 1},
        .domain_unicode = {"\xc3\xbc", 2},
        .message = {"'\\t' is empty", 13},
    };
    static const char start[] =
        "\"input\":\"\\t\",\"domain\":null,\"domain_unicode\":\"\\u00fc\","
        "\"canonical\":null,\"status\":\"invalid\",\"deliverable\":false,"
        "\"reason\":\"empty\",\"message\":\"'\\\\t' is empty\",";
    static const char end[] = "\"smtp_reply\":{\"code\":501,";
    mx_json json;
    mx_json_init(&json);
    mx_route_json(&invalid, &own, &json);
    mx_json_raw(&json, "", 1);
    assert_memory_equal(json.text, start, sizeof start - 1);
    assert_non_null(strstr(json.text, end));
    mx_json_fini(&json);
}

static void
test_no_memory_at_any_point(void **state)
{
    (void)state;
    size_t asked, nth = 0;
    do {
        mx_json json;
        mx_json_init(&json);
        mx_mem_fail(++nth, 0);
        for (int i = 0; i < 20; i++) {
            mx_route_json(&route, &words, &json);
        }
        asked = mx_mem_fail(0, 0);
        assert_int_equal(json.has_failed, asked >= nth);
        mx_json_fini(&json);
    } while (asked >= nth);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_members_in_order),
        cmocka_unit_test(test_words_of_the_caller_stand_before_ours),
        cmocka_unit_test(test_no_memory_at_any_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
