/* SPDX-License-Identifier: MIT */
#include "core/mem.h"
#include "core/self.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static mx_name
name(const char *text)
{
    mx_name result;

    assert_int_equal(mx_name_from_text(text, strlen(text), &result), MX_REASON_NONE);
    return result;
}

static mx_address
address(const char *text)
{
    mx_address result;

    assert_true(mx_address_from_text(text, strlen(text), &result));
    return result;
}

static mx_self *
make(const char *const *names, size_t name_count, const char *const *addresses,
     size_t address_count)
{
    mx_name own_names[8];
    mx_address own_addresses[8];
    mx_self *self;

    for (size_t i = 0; i < name_count; i++) {
        own_names[i] = name(names[i]);
    }
    for (size_t i = 0; i < address_count; i++) {
        own_addresses[i] = address(addresses[i]);
    }
    assert_int_equal(
        mx_self_new(own_names, name_count, own_addresses, address_count, &self), MX_OK);
    return self;
}

static bool
has_name(const mx_self *self, const char *text)
{
    mx_name asked = name(text);

    return mx_self_has_name(self, &asked);
}

static bool
has_address(const mx_self *self, const char *text)
{
    mx_address asked = address(text);

    return mx_self_has_address(self, &asked);
}

static void
test_names_are_found_whatever_their_order_and_case(void **state)
{
    static const char *const names[] = {"mx.test", "A.test", "long.mx.test", "b.test"};
    mx_self *self = make(names, 4, NULL, 0);

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_true(has_name(self, names[i]));
    }
    assert_true(has_name(self, "MX.TEST"));
    assert_false(has_name(self, "test"));
    assert_false(has_name(self, "x.mx.test"));
    assert_false(has_name(self, "c.test"));
    assert_false(has_address(self, "192.0.2.1"));
    mx_self_unref(self);
}

static void
test_addresses_are_found_mapped_or_not(void **state)
{
    static const char *const addresses[] = {"192.0.2.9", "::ffff:192.0.2.1",
                                            "2001:db8::1", "127.0.0.1"};
    mx_self *self = make(NULL, 0, addresses, 4);

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_true(has_address(self, addresses[i]));
    }
    assert_true(has_address(self, "192.0.2.1"));
    assert_true(has_address(self, "::ffff:192.0.2.9"));
    assert_false(has_address(self, "192.0.2.2"));
    assert_false(has_address(self, "::192.0.2.9"));
    assert_false(has_address(self, "2001:db8::2"));
    assert_false(has_name(self, "mx.test"));
    mx_self_unref(self);
}

static void
test_nobody_has_nothing(void **state)
{
    (void)state;
    assert_false(has_name(NULL, "mx.test"));
    assert_false(has_address(NULL, "127.0.0.1"));
    assert_null(mx_self_ref(NULL));
    mx_self_unref(NULL);
}

static void
test_too_many_are_refused(void **state)
{
    mx_self *self;

    (void)state;
    assert_int_equal(mx_self_new(NULL, MX_LIMIT_SELF + 1, NULL, 0, &self), MX_INVALID);
    assert_int_equal(mx_self_new(NULL, 0, NULL, MX_LIMIT_SELF + 1, &self), MX_INVALID);
}

static void
test_short_memory_leaves_nothing_behind(void **state)
{
    mx_name own = name("mx.test");
    mx_address own_address = address("192.0.2.1");
    mx_status status = MX_NOMEM;
    size_t nth = 0;

    (void)state;
    while (status == MX_NOMEM) {
        mx_self *self;
        mx_mem_fail(++nth, 0);
        status = mx_self_new(&own, 1, &own_address, 1, &self);
        mx_mem_fail(0, 0);
        if (status == MX_OK) {
            mx_self_unref(self);
        }
    }
    assert_int_equal(status, MX_OK);
    assert_int_equal(nth, 4);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_found_whatever_their_order_and_case),
        cmocka_unit_test(test_addresses_are_found_mapped_or_not),
        cmocka_unit_test(test_nobody_has_nothing),
        cmocka_unit_test(test_too_many_are_refused),
        cmocka_unit_test(test_short_memory_leaves_nothing_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
