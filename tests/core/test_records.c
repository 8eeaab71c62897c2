/* SPDX-License-Identifier: MIT */
#include "core/mem.h"
#include "core/records.h"
#include "message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* An answer of `type` with room for `bytes`. */
static mx_answer *
new_answer(uint16_t type, size_t bytes)
{
    const mx_name root = {.length = 1};
    mx_answer *answer = mx_records_new_answer(&root, &root, bytes);
    assert_non_null(answer);
    answer->type = type;
    return answer;
}

static void
add_exchange(mx_answer *answer, unsigned preference, const char *host)
{
    message m = {.length = 0};
    mx_wire wire;
    put_u16(&m, preference);
    put_name(&m, host);
    mx_wire_init(&wire, m.bytes, m.length);
    mx_records_add(answer, &wire);
    assert_false(wire.failed);
}

static void
assert_exchanges(const mx_answer *answer, const char *expected)
{
    char text[1024] = "", name[MX_NAME_TEXT_SIZE];
    size_t cursor = 0, length = 0, count = 0;
    uint16_t preference;
    const mx_name *host;
    while (mx_answer_next_exchange(answer, &cursor, &preference, &host)) {
        mx_name_to_text(host, name);
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%u %s",
                                   count == 0 ? "" : ", ", (unsigned)preference, name);
        count++;
    }
    assert_string_equal(text, expected);
    assert_int_equal(answer->count, count);
    assert_int_equal(cursor, answer->bytes_used);
}

static void
test_exchanges_come_back_as_they_went_in(void **state)
{
    (void)state;
    mx_answer *answer = new_answer(MX_TYPE_MX, 200);
    assert_exchanges(answer, "");
    add_exchange(answer, 10, "mx1.dom.test");
    add_exchange(answer, 65535, ".");
    add_exchange(answer, 0, "MX2.dom.test");
    assert_exchanges(answer, "10 mx1.dom.test, 65535 ., 0 mx2.dom.test");
    mx_answer_unref(answer);
}

static void
test_sizes_are_those_of_what_is_added(void **state)
{
    (void)state;
    mx_answer *answer = new_answer(MX_TYPE_MX, 300);
    mx_name name = name_of("mx1.dom.test");
    add_exchange(answer, 10, "mx1.dom.test");
    assert_int_equal(answer->bytes_used, mx_records_size(MX_TYPE_MX, name.length));
    mx_answer_unref(answer);
    assert_int_equal(mx_records_size(MX_TYPE_A, 0), 4);
    assert_int_equal(mx_records_size(MX_TYPE_AAAA, 0), 16);
    assert_int_equal(mx_records_size(TYPE_TXT, 0), 0);
}

static void
test_a_failed_cursor_adds_nothing(void **state)
{
    (void)state;
    static const uint16_t types[] = {MX_TYPE_MX, MX_TYPE_A, MX_TYPE_AAAA};
    for (size_t i = 0; i < 3; i++) {
        mx_answer *answer = new_answer(types[i], 0);
        mx_wire wire;
        mx_wire_init(&wire, (const uint8_t *)"\0\n\3m", 3);
        mx_records_add(answer, &wire);
        assert_int_equal(answer->count, 0);
        assert_int_equal(answer->bytes_used, 0);
        mx_answer_unref(answer);
    }
}

static void
test_addresses_come_back_as_they_went_in(void **state)
{
    (void)state;
    static const uint8_t octets[32] = {192, 0, 2, 1, 192, 0, 2, 2, [16] = 0x20, 1};
    mx_wire wire;
    mx_address address, expected;

    mx_answer *answer = new_answer(MX_TYPE_A, 8);
    mx_wire_init(&wire, octets, sizeof octets);
    mx_records_add(answer, &wire);
    mx_records_add(answer, &wire);
    assert_int_equal(answer->count, 2);
    address = mx_answer_address(answer, 1);
    expected = mx_address_ipv4(octets + 4);
    assert_true(mx_address_equal(&address, &expected));
    mx_answer_unref(answer);

    answer = new_answer(MX_TYPE_AAAA, 32);
    mx_wire_init(&wire, octets, sizeof octets);
    mx_records_add(answer, &wire);
    mx_records_add(answer, &wire);
    assert_int_equal(answer->count, 2);
    address = mx_answer_address(answer, 1);
    expected = mx_address_ipv6(octets + 16);
    assert_true(mx_address_equal(&address, &expected));
    mx_answer_unref(answer);
}

static void
test_addresses_are_no_exchanges(void **state)
{
    (void)state;
    mx_answer *answer = new_answer(MX_TYPE_A, 4);
    mx_wire wire;
    size_t cursor = 0;
    uint16_t preference;
    const mx_name *host;
    mx_wire_init(&wire, (const uint8_t *)"\0\0\1\0", 4);
    mx_records_add(answer, &wire);
    assert_false(mx_answer_next_exchange(answer, &cursor, &preference, &host));
    mx_answer_unref(answer);
}

/* Rule O5, faults C12, C13 */
static void
test_identical_exchanges_count_once_at_their_first_place(void **state)
{
    (void)state;
    mx_answer *answer = new_answer(MX_TYPE_MX, 1000);
    add_exchange(answer, 20, "b.test");
    add_exchange(answer, 10, "a.test");
    add_exchange(answer, 20, "B.TEST");
    add_exchange(answer, 10, "b.test"); /* another preference is another record */
    add_exchange(answer, 10, "a.test");
    add_exchange(answer, 10, ".");
    add_exchange(answer, 10, ".");
    size_t before = mx_answer_bytes(answer);
    assert_int_equal(mx_records_drop_duplicates(&answer), MX_OK);
    assert_exchanges(answer, "20 b.test, 10 a.test, 10 b.test, 10 .");
    assert_true(mx_answer_bytes(answer) < before);
    mx_answer_unref(answer);
}

static void
test_identical_addresses_count_once(void **state)
{
    (void)state;
    mx_answer *answer = new_answer(MX_TYPE_A, 20);
    mx_wire wire;
    mx_wire_init(&wire, (const uint8_t *)"\2\0\0\1\1\0\0\2\2\0\0\1\2\0\0\0\1\0\0\2",
                 20);
    for (int i = 0; i < 5; i++) {
        mx_records_add(answer, &wire);
    }
    assert_int_equal(mx_records_drop_duplicates(&answer), MX_OK);
    assert_int_equal(answer->count, 3);
    assert_memory_equal(answer->records, "\2\0\0\1\1\0\0\2\2\0\0\0", 12);
    mx_answer_unref(answer);
}

/* Against the plain way: is it among those before? Every count around the lengths where
 * the sort changes its ways, and one as large as a message can make it. */
static void
test_duplicates_of_many_records_are_found(void **state)
{
    (void)state;
    enum { MOST = 4093 };
    static uint8_t octets[4 * MOST], expected[4 * MOST];
    uint32_t random = 1;
    for (uint32_t variety = 1; variety < 10000; variety *= 7) {
        for (size_t count = 0; count <= MOST; count += count < 70 ? 1 : 1341) {
            mx_answer *answer = new_answer(MX_TYPE_A, 4 * count);
            mx_wire wire;
            size_t kept = 0;
            for (size_t i = 0; i < count; i++) {
                random = random * 1103515245u + 12345u;
                uint32_t value = (random >> 8) % variety;
                bool is_new = true;
                memcpy(octets + 4 * i, &value, 4);
                for (size_t j = 0; j < kept && is_new; j++) {
                    is_new = memcmp(expected + 4 * j, &value, 4) != 0;
                }
                if (is_new) {
                    memcpy(expected + 4 * kept++, &value, 4);
                }
            }
            mx_wire_init(&wire, octets, 4 * count);
            for (size_t i = 0; i < count; i++) {
                mx_records_add(answer, &wire);
            }
            assert_int_equal(mx_records_drop_duplicates(&answer), MX_OK);
            assert_int_equal(answer->count, kept);
            assert_int_equal(answer->bytes_used, 4 * kept);
            assert_memory_equal(answer->records, expected, 4 * kept);
            mx_answer_unref(answer);
        }
    }
}

static void
test_short_memory_loses_no_record(void **state)
{
    (void)state;
    mx_answer *answer = new_answer(MX_TYPE_MX, 1000);
    add_exchange(answer, 1, "a.test");
    add_exchange(answer, 1, "a.test");
    add_exchange(answer, 2, "a.test");
    mx_mem_fail(1, 1); /* nothing to sort in, no smaller place to move to */
    assert_int_equal(mx_records_drop_duplicates(&answer), MX_OK);
    mx_mem_fail(0, 0);
    assert_exchanges(answer, "1 a.test, 2 a.test");
    for (int i = 0; i < 20; i++) {
        add_exchange(answer, 1, "a.test");
    }
    uint32_t count = answer->count;
    mx_answer *same = answer;
    mx_mem_fail(1, 0);
    assert_int_equal(mx_records_drop_duplicates(&answer), MX_NOMEM);
    mx_mem_fail(0, 0);
    assert_ptr_equal(answer, same);
    assert_int_equal(answer->count, count);
    mx_answer_unref(answer);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exchanges_come_back_as_they_went_in),
        cmocka_unit_test(test_sizes_are_those_of_what_is_added),
        cmocka_unit_test(test_a_failed_cursor_adds_nothing),
        cmocka_unit_test(test_addresses_come_back_as_they_went_in),
        cmocka_unit_test(test_addresses_are_no_exchanges),
        cmocka_unit_test(test_identical_exchanges_count_once_at_their_first_place),
        cmocka_unit_test(test_identical_addresses_count_once),
        cmocka_unit_test(test_duplicates_of_many_records_are_found),
        cmocka_unit_test(test_short_memory_loses_no_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
