/* SPDX-License-Identifier: MIT */
#include "core/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
test_each_status_has_its_own_text(void **state)
{
    (void)state;
    const mx_status all[] = {MX_OK, MX_NOMEM, MX_SYS, MX_CLOSED, MX_INVALID, MX_BUG};
    const size_t count = sizeof(all) / sizeof(all[0]);
    for (size_t i = 0; i < count; i++) {
        assert_true(strlen(mx_status_text(all[i])) > 0);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(mx_status_text(all[i]), mx_status_text(all[j]));
        }
    }
    assert_string_equal(mx_status_text(MX_NOMEM), "out of memory");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_status_has_its_own_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
