/* SPDX-License-Identifier: MIT */
#include "core/reason.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
test_every_reason_has_a_code_of_its_own_and_a_text(void **state)
{
    (void)state;
    for (int i = MX_REASON_NONE + 1; i < MX_REASON_COUNT; i++) {
        const char *code = mx_reason_code((mx_reason)i);
        assert_non_null(code);
        assert_true(strlen(code) > 0);
        assert_int_equal(strspn(code, "abcdefghijklmnopqrstuvwxyz_"), strlen(code));
        assert_true(strlen(mx_reason_text((mx_reason)i)) > 0);
        for (int j = MX_REASON_NONE + 1; j < i; j++) {
            assert_string_not_equal(code, mx_reason_code((mx_reason)j));
        }
    }
}

static void
test_a_text_is_a_part_of_a_sentence(void **state)
{
    (void)state;
    for (int i = MX_REASON_NONE + 1; i < MX_REASON_COUNT; i++) {
        const char *text = mx_reason_text((mx_reason)i);
        assert_in_range(text[0], 'a', 'z');
        assert_int_not_equal(text[strlen(text) - 1], '.');
        assert_null(strchr(text, '\n'));
        assert_null(strstr(text, "  "));
    }
}

static void
test_codes_are_public_and_stay(void **state)
{
    (void)state;
    assert_string_equal(mx_reason_code(MX_REASON_NULL_MX), "null_mx");
    assert_string_equal(mx_reason_code(MX_REASON_NXDOMAIN), "nxdomain");
    assert_string_equal(mx_reason_code(MX_REASON_NO_DATA), "no_data");
    assert_string_equal(mx_reason_code(MX_REASON_SPECIAL_USE), "special_use");
    assert_string_equal(mx_reason_code(MX_REASON_CNAME_LOOP), "cname_loop");
    assert_string_equal(mx_reason_code(MX_REASON_NULL_MX_MIXED), "null_mx_mixed");
    assert_string_equal(mx_reason_code(MX_REASON_CNAME_EXCHANGE), "cname_exchange");
    assert_string_equal(mx_reason_code(MX_REASON_IP_EXCHANGE), "ip_exchange");
    assert_string_equal(mx_reason_code(MX_REASON_LIMIT), "limit");
    assert_string_equal(mx_reason_code(MX_REASON_LOOP), "loop");
}

static void
test_none_is_empty(void **state)
{
    (void)state;
    assert_string_equal(mx_reason_code(MX_REASON_NONE), "");
    assert_string_equal(mx_reason_text(MX_REASON_NONE), "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_reason_has_a_code_of_its_own_and_a_text),
        cmocka_unit_test(test_a_text_is_a_part_of_a_sentence),
        cmocka_unit_test(test_codes_are_public_and_stay),
        cmocka_unit_test(test_none_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
