/* SPDX-License-Identifier: MIT */
#include "core/wake.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

static bool
is_readable(const mx_wake *wake)
{
    struct pollfd watched = {.fd = wake->reader, .events = POLLIN};
    return poll(&watched, 1, 0) == 1 && (watched.revents & POLLIN) != 0;
}

static mx_wake
new_wake(void)
{
    mx_wake wake;
    int os_error = 0;
    assert_int_equal(mx_wake_init(&wake, &os_error), MX_OK);
    assert_int_equal(os_error, 0);
    return wake;
}

static void
test_it_is_readable_while_raised(void **state)
{
    (void)state;
    mx_wake wake = new_wake();
    for (size_t round = 0; round < 3; round++) {
        assert_false(is_readable(&wake));
        mx_wake_raise(&wake);
        assert_true(is_readable(&wake));
        assert_true(is_readable(&wake));
        mx_wake_lower(&wake);
    }
    assert_false(is_readable(&wake));
    mx_wake_fini(&wake);
}

/* Also where it is a pipe, which holds 64 KiB. */
static void
test_raising_often_is_as_good_as_once_and_never_blocks(void **state)
{
    (void)state;
    mx_wake wake = new_wake();
    for (size_t i = 0; i < 20000; i++) {
        mx_wake_raise(&wake);
    }
    assert_true(is_readable(&wake));
    mx_wake_lower(&wake);
    assert_false(is_readable(&wake));
    mx_wake_raise(&wake);
    assert_true(is_readable(&wake));
    mx_wake_fini(&wake);
}

static void
test_lowering_what_is_not_raised_does_not_block(void **state)
{
    (void)state;
    mx_wake wake = new_wake();
    mx_wake_lower(&wake);
    assert_false(is_readable(&wake));
    mx_wake_fini(&wake);
}

static void
test_descriptors_are_not_inherited(void **state)
{
    (void)state;
    mx_wake wake = new_wake();
    assert_true((fcntl(wake.reader, F_GETFD) & FD_CLOEXEC) != 0);
    assert_true((fcntl(wake.writer, F_GETFD) & FD_CLOEXEC) != 0);
    assert_true((fcntl(wake.reader, F_GETFL) & O_NONBLOCK) != 0);
    assert_true((fcntl(wake.writer, F_GETFL) & O_NONBLOCK) != 0);
    mx_wake_fini(&wake);
}

static void
test_fini_closes_and_leaves_none(void **state)
{
    (void)state;
    mx_wake wake = new_wake();
    int reader = wake.reader, writer = wake.writer;
    mx_wake_fini(&wake);
    assert_int_equal(fcntl(reader, F_GETFD), -1);
    assert_int_equal(fcntl(writer, F_GETFD), -1);
    assert_int_equal(wake.reader, -1);
    assert_int_equal(wake.writer, -1);
    mx_wake_fini(&wake);
}

static void
test_none_does_nothing(void **state)
{
    (void)state;
    mx_wake none = MX_WAKE_NONE;
    mx_wake_raise(&none);
    mx_wake_lower(&none);
    mx_wake_fini(&none);
    assert_int_equal(none.reader, -1);
}

static void
test_a_lack_of_descriptors_is_told(void **state)
{
    (void)state;
    struct rlimit before, none;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    mx_wake wake;
    int os_error = 0;
    mx_status status = mx_wake_init(&wake, &os_error);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(status, MX_SYS);
    assert_int_equal(os_error, EMFILE);
    assert_int_equal(wake.reader, -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_readable_while_raised),
        cmocka_unit_test(test_raising_often_is_as_good_as_once_and_never_blocks),
        cmocka_unit_test(test_lowering_what_is_not_raised_does_not_block),
        cmocka_unit_test(test_descriptors_are_not_inherited),
        cmocka_unit_test(test_fini_closes_and_leaves_none),
        cmocka_unit_test(test_none_does_nothing),
        cmocka_unit_test(test_a_lack_of_descriptors_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
