/* SPDX-License-Identifier: MIT */
#include "core/json.h"
#include "core/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
assert_text(mx_json *json, const char *expected)
{
    assert_false(json->has_failed);
    assert_int_equal(json->length, strlen(expected));
    assert_memory_equal(json->text, expected, json->length);
    mx_json_fini(json);
}

static void
assert_string(const char *bytes, size_t length, const char *expected)
{
    mx_json json;
    mx_json_init(&json);
    mx_json_string(&json, bytes, length);
    assert_text(&json, expected);
}

static void
test_strings_are_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        const char *expected;
    } cases[] = {
        {"", "\"\""},
        {"mx.example", "\"mx.example\""},
        {"a\"b\\c/", "\"a\\\"b\\\\c/\""},
        {"\b\f\n\r\t\x01\x1f\x7f", "\"\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\""},
        {"b\xc3\xbc"
         "cher",
         "\"b\\u00fccher\""},
        {"\xe2\x82\xac", "\"\\u20ac\""},
        {"\xf0\x9f\x98\x80", "\"\\ud83d\\ude00\""},
        {"\xed\xb3\xbf", "\"\\udcff\""},
        {" ~}|{", "\" ~}|{\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string(cases[i].bytes, strlen(cases[i].bytes), cases[i].expected);
    }
    assert_string("a\0b", 3, "\"a\\u0000b\"");
}

static void
test_every_byte_is_seen_wherever_it_stands(void **state)
{
    (void)state;
    /* Eight bytes are looked at together: one that needs an escape among plain ones. */
    for (unsigned byte = 1; byte < 128; byte++) {
        for (size_t place = 0; place < 11; place++) {
            char text[] = "abcdefghijk", expected[32] = "\"", escape[8];
            text[place] = (char)byte;
            mx_json json;
            mx_json_init(&json);
            mx_json_string(&json, text + place, 1);
            assert_true(json.length - 2 < sizeof escape);
            memcpy(escape, json.text + 1, json.length - 2);
            escape[json.length - 2] = '\0';
            mx_json_fini(&json);
            memcpy(expected + 1, text, place);
            strcat(expected, escape);
            strcat(expected, text + place + 1);
            strcat(expected, "\"");
            assert_string(text, sizeof text - 1, expected);
        }
    }
}

static void
test_what_is_no_utf8_is_replaced(void **state)
{
    (void)state;
    assert_string("\xff", 1, "\"\\ufffd\"");
    assert_string("\xc3", 1, "\"\\ufffd\"");
    assert_string("\xc3(", 2, "\"\\ufffd(\"");
    assert_string("\xc0\x80", 2, "\"\\ufffd\\ufffd\"");
    assert_string("\xf4\x90\x80\x80", 4, "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
}

static void
test_numbers(void **state)
{
    (void)state;
    mx_json json;
    mx_json_init(&json);
    mx_json_number(&json, 0);
    MX_JSON_LITERAL(&json, ",");
    mx_json_number(&json, 65535);
    MX_JSON_LITERAL(&json, ",");
    mx_json_number(&json, UINT64_MAX);
    assert_text(&json, "0,65535,18446744073709551615");
}

static void
test_seconds_are_written_as_python_writes_them(void **state)
{
    (void)state;
    static const struct {
        uint64_t microseconds;
        const char *expected;
    } cases[] = {
        {0, "0.0"},
        {1, "1e-06"},
        {10, "1e-05"},
        {12, "1.2e-05"},
        {99, "9.9e-05"},
        {100, "0.0001"},
        {101, "0.000101"},
        {1500, "0.0015"},
        {999999, "0.999999"},
        {1000000, "1.0"},
        {12345678, "12.345678"},
        {3600000000, "3600.0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mx_json json;
        mx_json_init(&json);
        mx_json_seconds(&json, cases[i].microseconds);
        assert_text(&json, cases[i].expected);
    }
}

static void
write_much(mx_json *json)
{
    for (int i = 0; i < 1000; i++) {
        mx_json_string(json, "a text that is long", 19);
        mx_json_word(json, "word");
        mx_json_number(json, 7);
        MX_JSON_LITERAL(json, "raw");
        mx_json_seconds(json, 1);
        mx_json_seconds(json, 1000);
    }
}

static void
test_no_memory_is_remembered(void **state)
{
    (void)state;
    size_t asked = 0, nth = 0;
    do {
        mx_json json;
        mx_json_init(&json);
        mx_mem_fail(++nth, 0);
        write_much(&json);
        asked = mx_mem_fail(0, 0);
        assert_int_equal(json.has_failed, asked >= nth);
        mx_json_fini(&json);
    } while (asked >= nth);
    assert_true(nth > 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings_are_escaped),
        cmocka_unit_test(test_every_byte_is_seen_wherever_it_stands),
        cmocka_unit_test(test_what_is_no_utf8_is_replaced),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_seconds_are_written_as_python_writes_them),
        cmocka_unit_test(test_no_memory_is_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
