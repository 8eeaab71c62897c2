/* SPDX-License-Identifier: MIT */
#include "core/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
test_the_system_clock_goes_on_and_never_back(void **state)
{
    (void)state;
    mx_clock clock = mx_clock_system();
    mx_usec start = mx_clock_now(&clock);
    mx_usec now = start;
    while (now < start + 2 * MX_USEC_PER_MSEC) {
        mx_usec later = mx_clock_now(&clock);
        assert_true(later >= now);
        now = later;
    }
}

static void
test_a_fake_clock_shows_the_time_of_the_test(void **state)
{
    (void)state;
    mx_usec time = 17;
    mx_clock clock = mx_clock_fake(&time);
    assert_int_equal(mx_clock_now(&clock), 17);
    time = MX_NEVER;
    assert_true(mx_clock_now(&clock) == MX_NEVER);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_system_clock_goes_on_and_never_back),
        cmocka_unit_test(test_a_fake_clock_shows_the_time_of_the_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
