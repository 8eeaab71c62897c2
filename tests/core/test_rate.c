/* SPDX-License-Identifier: MIT */
#include "core/rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SEC MX_USEC_PER_SEC

/* Sends all it may in steps of `step` from `from` for `time`; returns how many. */
static int
send_all(mx_rate *rate, mx_usec from, mx_usec time, mx_usec step)
{
    int sent = 0;

    for (mx_usec now = from; now < from + time; now += step) {
        for (; mx_rate_has(rate, now); sent++) {
            mx_rate_take(rate, now);
            assert_true(sent < 10000000);
        }
    }
    return sent;
}

static void
no_limit_lets_everything_through(void **state)
{
    mx_rate rate;

    (void)state;
    mx_rate_init(&rate, 0, 7);
    assert_false(mx_rate_is_limited(&rate));
    for (int i = 0; i < 1000; i++) {
        assert_true(mx_rate_has(&rate, 7));
        mx_rate_take(&rate, 7);
    }
    assert_int_equal(mx_rate_next(&rate, 7), 7);
    assert_true(mx_rate_get(&rate) == 0);
}

static void
so_many_a_second_and_the_bucket(void **state)
{
    static const struct {
        double per_second;
        int least, most; /* in ten seconds */
    } rows[] = {
        {0.5, 5, 6},
        {1, 10, 11},
        {2.5, 25, 26},
        {1000, 10000 - 1, 10000 + 50},
        {33333, 333300, 335000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (mx_usec step = 100; step <= 10000; step *= 10) {
            mx_rate rate;
            mx_rate_init(&rate, rows[i].per_second, 5 * SEC);
            int sent = send_all(&rate, 5 * SEC, 10 * SEC, step);
            assert_in_range(sent, rows[i].least, rows[i].most);
        }
    }
}

/* What was not used does not come as a flood. */
static void
rest_fills_no_more_than_the_bucket(void **state)
{
    mx_rate rate;

    (void)state;
    mx_rate_init(&rate, 1000, 0);
    assert_int_equal(send_all(&rate, 0, 1, 1), 50);
    assert_int_equal(send_all(&rate, 3600 * SEC, 1, 1), 50);
    mx_rate_init(&rate, 3, 0);
    assert_int_equal(send_all(&rate, 0, 1, 1), 1);
    assert_int_equal(send_all(&rate, 3600 * SEC, 1, 1), 1);
}

static void
next_is_when_there_is_one(void **state)
{
    mx_rate rate;

    (void)state;
    for (double per_second = 0.3; per_second < 5000; per_second *= 1.7) {
        mx_usec now = 0;
        mx_rate_init(&rate, per_second, 0);
        (void)send_all(&rate, 0, 1, 1);
        for (int i = 0; i < 20; i++) {
            mx_usec next = mx_rate_next(&rate, now);
            assert_true(next > now);
            assert_false(mx_rate_has(&rate, next - 3));
            assert_true(mx_rate_has(&rate, next));
            mx_rate_take(&rate, next);
            now = next;
        }
    }
}

static void
what_goes_out_without_a_token_is_paid_for(void **state)
{
    mx_rate rate;

    (void)state;
    mx_rate_init(&rate, 10, 0);
    for (int i = 0; i < 5; i++) {
        mx_rate_take(&rate, 0);
    }
    assert_false(mx_rate_has(&rate, SEC / 2 - 1));
    assert_true(mx_rate_has(&rate, SEC / 2));
}

static void
change_wins_no_tokens(void **state)
{
    mx_rate rate;

    (void)state;
    mx_rate_init(&rate, 0, 0);
    mx_rate_change(&rate, 1000, 9 * SEC);
    assert_true(mx_rate_get(&rate) == 1000);
    assert_false(mx_rate_has(&rate, 9 * SEC));
    assert_true(mx_rate_has(&rate, 9 * SEC + 1000));
    assert_int_equal(send_all(&rate, 10 * SEC, 1, 1), 50);
    mx_rate_change(&rate, 2000, 10 * SEC);
    assert_false(mx_rate_has(&rate, 10 * SEC));
    assert_int_equal(send_all(&rate, 20 * SEC, 1, 1), 100);
    mx_rate_change(&rate, 0, 20 * SEC);
    assert_true(mx_rate_has(&rate, 20 * SEC));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_limit_lets_everything_through),
        cmocka_unit_test(so_many_a_second_and_the_bucket),
        cmocka_unit_test(rest_fills_no_more_than_the_bucket),
        cmocka_unit_test(next_is_when_there_is_one),
        cmocka_unit_test(what_goes_out_without_a_token_is_paid_for),
        cmocka_unit_test(change_wins_no_tokens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
