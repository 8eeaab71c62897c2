/* SPDX-License-Identifier: MIT */
#include "core/socket_error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void
test_refusals_are_the_server_s(void **state)
{
    (void)state;
    static const int errors[] = {ECONNREFUSED, ECONNRESET,  ECONNABORTED, EHOSTUNREACH,
                                 EHOSTDOWN,    ENETUNREACH, ETIMEDOUT,    EPIPE,
                                 EPROTO,       EAFNOSUPPORT};
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        assert_int_equal(mx_socket_error_kind(MX_UDP, errors[i]), MX_REPLY_UNREACHABLE);
        assert_int_equal(mx_socket_error_kind(MX_TCP, errors[i]), MX_REPLY_UNREACHABLE);
    }
}

static void
test_all_else_is_ours(void **state)
{
    (void)state;
    static const int errors[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM, EACCES, EAGAIN, EIO};
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        assert_int_equal(mx_socket_error_kind(MX_UDP, errors[i]), MX_REPLY_LOCAL);
        assert_int_equal(mx_socket_error_kind(MX_TCP, errors[i]), MX_REPLY_LOCAL);
    }
}

static void
test_no_address_to_send_from(void **state)
{
    (void)state;
    assert_int_equal(mx_socket_error_kind(MX_UDP, EADDRNOTAVAIL), MX_REPLY_UNREACHABLE);
    assert_int_equal(mx_socket_error_kind(MX_TCP, EADDRNOTAVAIL), MX_REPLY_LOCAL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals_are_the_server_s),
        cmocka_unit_test(test_all_else_is_ours),
        cmocka_unit_test(test_no_address_to_send_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
