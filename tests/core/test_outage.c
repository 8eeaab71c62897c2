/* SPDX-License-Identifier: MIT */
#include "core/outage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SEC MX_USEC_PER_SEC
#define MSEC MX_USEC_PER_MSEC

static void
silences_count_when_nothing_was_heard_meanwhile(void **state)
{
    mx_outage outage;

    (void)state;
    mx_outage_init(&outage, 0);
    for (int i = 1; i < MX_OUTAGE_SILENCES; i++) {
        assert_false(mx_outage_note_silence(&outage, SEC, 3 * SEC));
    }
    assert_true(mx_outage_note_silence(&outage, SEC, 3 * SEC));
    mx_outage_heard(&outage, 3 * SEC);
    assert_false(mx_outage_note_silence(&outage, 4 * SEC, 5 * SEC));
    /* Sent before something was heard: old news. */
    for (int i = 0; i < 100; i++) {
        assert_false(mx_outage_note_silence(&outage, 2 * SEC, 5 * SEC));
    }
    /* Something was heard just now. */
    for (int i = 0; i < 100; i++) {
        assert_false(mx_outage_note_silence(&outage, 4 * SEC, 3249 * MSEC));
    }
    assert_true(mx_outage_note_silence(&outage, 4 * SEC, 3250 * MSEC));
}

static void
troubles_count_in_a_row(void **state)
{
    mx_outage outage;

    (void)state;
    mx_outage_init(&outage, 0);
    assert_false(mx_outage_note_trouble(&outage));
    assert_false(mx_outage_note_trouble(&outage));
    mx_outage_heard(&outage, 1);
    assert_false(mx_outage_note_trouble(&outage));
    assert_false(mx_outage_note_trouble(&outage));
    assert_true(mx_outage_note_trouble(&outage));
}

static void
probes_are_a_second_apart_at_most(void **state)
{
    static const mx_usec pauses[] = {100, 200, 400, 800, 1000, 1000, 1000};
    mx_outage outage;
    mx_usec now = 10 * SEC;

    (void)state;
    mx_outage_init(&outage, 0);
    assert_false(mx_outage_probe(&outage, now));
    assert_true(mx_outage_next(&outage) == MX_NEVER);
    mx_outage_suspect(&outage, now);
    for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
        assert_int_equal(mx_outage_next(&outage), now);
        assert_true(mx_outage_probe(&outage, now));
        assert_false(mx_outage_probe(&outage, now));
        now += pauses[i] * MSEC;
        mx_outage_suspect(&outage, now); /* is known */
        assert_false(mx_outage_probe(&outage, now - 1));
    }
    mx_outage_drop(&outage);
    assert_false(mx_outage_probe(&outage, now));
    assert_true(mx_outage_next(&outage) == MX_NEVER);
}

static void
short_ones_are_false_alarm(void **state)
{
    mx_outage outage;

    (void)state;
    mx_outage_init(&outage, 0);
    mx_outage_suspect(&outage, 10 * SEC);
    assert_int_equal(mx_outage_paused(&outage, 10 * SEC + 999 * MSEC), 0);
    mx_outage_heard(&outage, 10 * SEC + 999 * MSEC);
    assert_true(outage.has_ended);
    assert_false(outage.is_down);
    assert_false(mx_outage_was_real(&outage));
    assert_int_equal(outage.count, 0);

    outage.has_ended = false;
    mx_outage_suspect(&outage, 20 * SEC);
    assert_int_equal(outage.lost_at, 10 * SEC + 999 * MSEC);
    assert_int_equal(mx_outage_paused(&outage, 23 * SEC), 3 * SEC);
    mx_outage_heard(&outage, 24 * SEC);
    assert_true(outage.has_ended);
    assert_true(mx_outage_was_real(&outage));
    assert_int_equal(outage.count, 1);
    assert_int_equal(mx_outage_paused(&outage, 99 * SEC), 4 * SEC);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silences_count_when_nothing_was_heard_meanwhile),
        cmocka_unit_test(troubles_count_in_a_row),
        cmocka_unit_test(probes_are_a_second_apart_at_most),
        cmocka_unit_test(short_ones_are_false_alarm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
