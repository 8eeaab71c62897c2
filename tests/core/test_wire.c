/* SPDX-License-Identifier: MIT */
#include "core/wire.h"
#include "message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Reads the name at `at` of a message that `m` holds. */
static bool
read_at(const message *m, size_t at, mx_name *name)
{
    mx_wire wire;
    mx_wire_init(&wire, m->bytes, m->length);
    wire.position = at;
    mx_wire_name(&wire, name);
    return !wire.failed;
}

static void
assert_name(const mx_name *name, const char *text)
{
    mx_name expected = name_of(text);
    assert_true(mx_name_equal(name, &expected));
}

static void
test_numbers_are_big_endian_and_end_with_the_message(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0x01, 0x23, 0x45, 0x89, 0xab, 0xcd, 0xef, 0x55};
    mx_wire wire;
    mx_wire_init(&wire, bytes, sizeof bytes);
    assert_int_equal((mx_wire_octets(&wire, 1)[0]), 0x01);
    assert_int_equal(mx_wire_u16(&wire), 0x2345);
    assert_int_equal(mx_wire_u32(&wire), 0x89abcdef);
    assert_false(wire.failed);
    assert_int_equal(mx_wire_u16(&wire), 0); /* one octet left */
    assert_true(wire.failed);
    assert_null(mx_wire_octets(&wire, 1)); /* failed for good */
    assert_null(mx_wire_octets(&wire, 1));
}

static void
test_half_a_u32_fails(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {1, 2, 3};
    mx_wire wire;
    mx_wire_init(&wire, bytes, sizeof bytes);
    mx_wire_u32(&wire);
    assert_true(wire.failed);
}

static void
test_octets_are_borrowed_up_to_the_last(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {1, 2, 3};
    mx_wire wire;
    mx_wire_init(&wire, bytes, sizeof bytes);
    mx_wire_skip(&wire, 1);
    assert_ptr_equal(mx_wire_octets(&wire, 2), bytes + 1);
    assert_ptr_equal(mx_wire_octets(&wire, 0), bytes + 3);
    assert_false(wire.failed);

    mx_wire_init(&wire, bytes, sizeof bytes);
    assert_null(mx_wire_octets(&wire, SIZE_MAX));
    assert_true(wire.failed);
}

static void
test_a_name_is_read_lower_cased(void **state)
{
    (void)state;
    message m;
    mx_name name;
    begin_reply(&m, "DoM.TeSt", MX_TYPE_MX);
    assert_true(read_at(&m, MX_WIRE_HEADER, &name));
    assert_name(&name, "dom.test");
    begin_reply(&m, "AZ.az.TEST", MX_TYPE_MX);
    assert_true(read_at(&m, MX_WIRE_HEADER, &name));
    assert_name(&name, "az.az.test");
    begin_reply(&m, "DoM.TeSt", MX_TYPE_MX); /* octets just beyond the letters stay */
    m.bytes[13] = '@', m.bytes[14] = '[', m.bytes[15] = 0xc1;
    assert_true(read_at(&m, MX_WIRE_HEADER, &name));
    assert_memory_equal(name.wire, "\003@[\xc1\004test", 10);
}

static void
test_reading_goes_on_after_the_name_in_place(void **state)
{
    (void)state;
    message m;
    mx_name name;
    mx_wire wire;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    size_t first = m.length;
    put_name(&m, "mx1.@");
    put_name(&m, "x.y");
    put_u16(&m, 0xbeef);
    mx_wire_init(&wire, m.bytes, m.length);
    wire.position = first;
    mx_wire_name(&wire, &name);
    assert_name(&name, "mx1.dom.test");
    mx_wire_name(&wire, &name);
    assert_name(&name, "x.y");
    assert_int_equal(mx_wire_u16(&wire), 0xbeef);
    assert_int_equal(wire.label_steps, 5);
}

static void
test_a_failed_cursor_reads_the_root(void **state)
{
    (void)state;
    message m;
    mx_name name = name_of("stays.not");
    mx_wire wire;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    mx_wire_init(&wire, m.bytes, m.length);
    mx_wire_skip(&wire, m.length + 1);
    wire.position = MX_WIRE_HEADER;
    mx_wire_name(&wire, &name);
    assert_true(wire.failed);
    assert_true(mx_name_is_root(&name));
    assert_int_equal(name.wire[0], 0);
}

/* Fault W18: 0x40 and 0x80 begin no label. */
static void
test_other_label_types_fail(void **state)
{
    (void)state;
    message m;
    mx_name name;
    for (unsigned octet = 0x40; octet < 0xc0; octet++) {
        begin_reply(&m, "dom.test", MX_TYPE_MX);
        m.bytes[MX_WIRE_HEADER] = (uint8_t)octet;
        assert_false(read_at(&m, MX_WIRE_HEADER, &name));
    }
}

/* Faults W19, W20, W21, W22, W23, and a pointer into the name it ends. */
static void
test_pointers_lead_strictly_backwards(void **state)
{
    (void)state;
    message m;
    mx_name name;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    size_t at = m.length;
    put_u16(&m, 0);
    put_u16(&m, 0);

    set_u16(&m, at, 0xc000u | (unsigned)at); /* itself */
    assert_false(read_at(&m, at, &name));
    set_u16(&m, at, 0xc000u | (unsigned)(at + 2)); /* forwards, and back again */
    set_u16(&m, at + 2, 0xc000u | (unsigned)at);
    assert_false(read_at(&m, at, &name));
    assert_false(read_at(&m, at + 2, &name));
    set_u16(&m, at + 2, 0x0000); /* forwards, to a name that is there */
    assert_false(read_at(&m, at, &name));
    set_u16(&m, at, 0xc000u | (unsigned)m.length); /* past the end */
    assert_false(read_at(&m, at, &name));
    set_u16(&m, at, 0xffff);
    assert_false(read_at(&m, at, &name));
    for (unsigned target = 0; target < MX_WIRE_HEADER; target++) { /* header */
        set_u16(&m, at, 0xc000u | target);
        assert_false(read_at(&m, at, &name));
    }
    m.bytes[at] = 1, m.bytes[at + 1] = 'a'; /* a.a.a.a... */
    set_u16(&m, at + 2, 0xc000u | (unsigned)at);
    assert_false(read_at(&m, at, &name));

    set_u16(&m, at, 0xc00c);
    assert_true(read_at(&m, at, &name));
    assert_name(&name, "dom.test");
}

static void
test_a_pointer_has_14_bits(void **state)
{
    (void)state;
    message m;
    mx_name name;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    m.length = 0x3ff0;
    memset(m.bytes + 30, 0xff, m.length - 30);
    put_name(&m, "far");
    size_t at = m.length;
    put_u16(&m, 0xfff0);
    assert_true(read_at(&m, at, &name));
    assert_name(&name, "far");
}

/* Faults W22, W29: cut anywhere, a name is none. */
static void
test_a_cut_name_fails(void **state)
{
    (void)state;
    message m;
    mx_name name;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    size_t at = m.length;
    put_name(&m, "mx1.@");
    for (size_t length = at; length < m.length; length++) {
        message cut = m;
        cut.length = length;
        assert_false(read_at(&cut, at, &name));
    }
    assert_true(read_at(&m, at, &name));
    for (size_t length = MX_WIRE_HEADER; length < MX_WIRE_HEADER + 10; length++) {
        message cut = m;
        cut.length = length;
        assert_int_equal(read_at(&cut, MX_WIRE_HEADER, &name), false);
    }
}

/* Fault W24: wherever a pointer leads, what it finds is read as a name. */
static void
test_a_pointer_may_lead_into_a_label(void **state)
{
    (void)state;
    message m;
    mx_name name;
    begin_reply(&m, "x\001yz.test", MX_TYPE_MX);
    size_t at = m.length;
    put_u16(&m, 0xc000 | (MX_WIRE_HEADER + 2)); /* at the octet 1 */
    assert_false(read_at(&m, at, &name));       /* "y", then a label of 'z' octets */
    set_u16(&m, MX_WIRE_HEADER + 4, 0x0000);    /* "y", root */
    assert_true(read_at(&m, at, &name));
    assert_name(&name, "y");
}

/* RFC 1035 4.1.4: a pointer leads to a prior name. Where a damaged one leads into the
 * label before, the octets up to the pointer and behind would become a host. */
static void
test_a_name_does_not_run_into_itself(void **state)
{
    (void)state;
    message m;
    mx_name name;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    size_t at = m.length;
    put_octets(&m, "\002ab\300", 4);
    put_octets(&m, "\0\0\0\0", 4);
    m.bytes[at + 4] = (uint8_t)at;
    assert_false(read_at(&m, at + 3, &name)); /* "ab", then the pointer once more */
    m.bytes[at] = 5;
    assert_false(read_at(&m, at + 3, &name)); /* a label over the pointer, the root */
    m.bytes[at] = 1;
    m.bytes[at + 2] = 0;
    assert_true(read_at(&m, at + 3, &name)); /* "a", the root, then the pointer */
    assert_name(&name, "a");
}

/* Writes `count` pointers, each to the one before, the first to the question. */
static size_t
put_pointers(message *m, unsigned count)
{
    size_t last = MX_WIRE_HEADER;
    for (unsigned i = 0; i < count; i++) {
        size_t at = m->length;
        put_u16(m, 0xc000u | (unsigned)last);
        last = at;
    }
    return last;
}

/* Faults W25, S3. */
static void
test_sixteen_pointers_are_the_limit(void **state)
{
    (void)state;
    message m;
    mx_name name;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    assert_true(read_at(&m, put_pointers(&m, MX_MAX_POINTERS), &name));
    assert_name(&name, "dom.test");
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    assert_false(read_at(&m, put_pointers(&m, MX_MAX_POINTERS + 1), &name));
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    assert_false(read_at(&m, put_pointers(&m, 120), &name));
}

/* Puts a name of `length` wire octets, root byte included. */
static size_t
put_long_name(message *m, size_t length)
{
    static const char label[63] =
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    size_t at = m->length;
    while (length > 1) {
        uint8_t count = (uint8_t)(length - 2 < 63 ? length - 2 : 63);
        count = length - 2 == (size_t)count + 1 ? (uint8_t)(count - 1) : count;
        put_octets(m, &count, 1);
        put_octets(m, label, count);
        length -= 1u + count;
    }
    put_octets(m, "", 1);
    return at;
}

/* Faults W27, W28. */
static void
test_a_name_has_255_octets_at_most(void **state)
{
    (void)state;
    message m;
    mx_name name;
    m.length = 0;
    put_octets(&m, "............", MX_WIRE_HEADER);
    size_t at = put_long_name(&m, 255);
    assert_int_equal(m.length - at, 255);
    assert_true(read_at(&m, at, &name));
    assert_int_equal(name.length, 255);
    for (size_t length = 256; length < 260; length++) {
        m.length = MX_WIRE_HEADER;
        at = put_long_name(&m, length);
        assert_int_equal(m.length - at, length);
        assert_false(read_at(&m, at, &name));
    }
    /* Compressed: 250 octets and a label before them. */
    for (size_t count = 1; count < 10; count++) {
        m.length = MX_WIRE_HEADER;
        size_t tail = put_long_name(&m, 250);
        at = m.length;
        put_octets(&m, &(uint8_t){(uint8_t)count}, 1);
        put_octets(&m, "bbbbbbbbbb", count);
        put_u16(&m, 0xc000u | (unsigned)tail);
        assert_int_equal(read_at(&m, at, &name), count + 1 + 250 <= 255);
    }
}

/* Faults S3, W26: what all names of a message cost together is bounded. */
static void
test_labels_of_a_message_are_bounded(void **state)
{
    (void)state;
    message m;
    mx_name name;
    mx_wire wire;
    m.length = 0;
    put_octets(&m, "............", MX_WIRE_HEADER);
    for (int i = 0; i < 127; i++) {
        put_octets(&m, "\001a", 2);
    }
    put_octets(&m, "", 1);
    mx_wire_init(&wire, m.bytes, m.length);
    unsigned names = 0;
    for (;;) {
        wire.position = MX_WIRE_HEADER;
        mx_wire_name(&wire, &name);
        if (wire.failed) {
            break;
        }
        names++;
    }
    assert_int_equal(names, MX_MAX_LABEL_STEPS / 127);
    assert_int_equal(wire.label_steps, MX_MAX_LABEL_STEPS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_big_endian_and_end_with_the_message),
        cmocka_unit_test(test_half_a_u32_fails),
        cmocka_unit_test(test_octets_are_borrowed_up_to_the_last),
        cmocka_unit_test(test_a_name_is_read_lower_cased),
        cmocka_unit_test(test_reading_goes_on_after_the_name_in_place),
        cmocka_unit_test(test_a_failed_cursor_reads_the_root),
        cmocka_unit_test(test_other_label_types_fail),
        cmocka_unit_test(test_pointers_lead_strictly_backwards),
        cmocka_unit_test(test_a_pointer_has_14_bits),
        cmocka_unit_test(test_a_cut_name_fails),
        cmocka_unit_test(test_a_pointer_may_lead_into_a_label),
        cmocka_unit_test(test_a_name_does_not_run_into_itself),
        cmocka_unit_test(test_sixteen_pointers_are_the_limit),
        cmocka_unit_test(test_a_name_has_255_octets_at_most),
        cmocka_unit_test(test_labels_of_a_message_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
