/* SPDX-License-Identifier: MIT */
#include "core/mem.h"
#include "core/message.h"
#include "message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Whether `m`, a reply about dom.test, is damaged. */
static bool
is_damaged(const message *m)
{
    mx_message read;
    mx_question question = question_of("dom.test", get_u16(m, MX_WIRE_HEADER + 10));
    /* A copy of the exact size, so that a sanitizer sees an octet read too many. */
    uint8_t *bytes = test_malloc(m->length + 1);
    memcpy(bytes + 1, m->bytes, m->length);
    assert_int_equal(mx_message_init(&read, bytes + 1, m->length, &question), MX_OK);
    bool result = read.is_damaged;
    mx_message_fini(&read);
    test_free(bytes);
    return result;
}

/* One MX, `rdlength` octets of RDATA said. */
static size_t
begin_mx(message *m)
{
    begin_reply(m, "dom.test", MX_TYPE_MX);
    return add_mx(m, ANSWER, "@", 300, 10, "mx1.@");
}

static void
test_a_sound_message_is_read(void **state)
{
    (void)state;
    message m;
    mx_message read;
    mx_question question = question_of("dom.test", MX_TYPE_MX);
    begin_mx(&m);
    add_name(&m, AUTHORITY, "@", MX_TYPE_NS, 60, "ns1.@");
    add_raw(&m, ADDITIONAL, "mx1.@", MX_TYPE_A, 60, "\xc0\0\2\1", 4);
    add_opt(&m, 0, "", 0);
    set_flags(&m, QR | AA | RD | RA | AD | 3);
    assert_int_equal(mx_message_init(&read, m.bytes, m.length, &question), MX_OK);
    assert_false(read.is_damaged);
    assert_false(read.is_truncated);
    assert_true(read.is_authoritative);
    assert_true(read.has_recursion);
    assert_true(read.is_authenticated);
    assert_int_equal(read.rcode, 3);
    assert_int_equal(read.ede, -1);
    assert_int_equal(read.answer_count, 1);
    assert_int_equal(read.count, 2);
    assert_int_equal(read.records[0].type, MX_TYPE_MX);
    assert_int_equal(read.records[0].ttl, 300);
    assert_int_equal(read.records[0].owner, MX_WIRE_HEADER);
    assert_int_equal(read.records[0].owner_hash, 0);
    assert_int_equal(read.records[0].target_length, name_of("mx1.dom.test").length);
    assert_int_equal(read.records[1].type, MX_TYPE_NS);
    mx_message_fini(&read);
}

/* Faults W1 to W6, W32 to W34: what is no reply to the question. */
static void
test_no_reply_to_the_question_is_damaged(void **state)
{
    (void)state;
    message m, sound;
    begin_mx(&sound);
    assert_false(is_damaged(&sound));

    m = sound, set_flags(&m, RD | RA);
    assert_true(is_damaged(&m));
    for (unsigned opcode = 1; opcode < 16; opcode++) {
        m = sound, set_flags(&m, QR | opcode << 11 | RA);
        assert_true(is_damaged(&m));
    }
    m = sound, set_u16(&m, 4, 0);
    assert_true(is_damaged(&m));
    m = sound, set_u16(&m, 4, 65535);
    assert_true(is_damaged(&m));
    m = sound, m.bytes[MX_WIRE_HEADER + 1] = 'c';
    assert_true(is_damaged(&m));
    m = sound, set_u16(&m, MX_WIRE_HEADER + 12, 3); /* class CH */
    assert_true(is_damaged(&m));

    mx_message read; /* another type than asked */
    mx_question question = question_of("dom.test", MX_TYPE_A);
    assert_int_equal(mx_message_init(&read, sound.bytes, sound.length, &question),
                     MX_OK);
    assert_true(read.is_damaged);
    mx_message_fini(&read);

    begin_reply(&m, "dom.test", MX_TYPE_MX); /* W5 */
    put_octets(&m, m.bytes + MX_WIRE_HEADER, m.length - MX_WIRE_HEADER);
    set_u16(&m, 4, 2);
    assert_true(is_damaged(&m));

    for (size_t length = 0; length < sound.length; length++) { /* W2, W3 */
        assert_int_equal(mx_message_init(&read, sound.bytes, length, &question), MX_OK);
        assert_true(read.is_damaged);
        mx_message_fini(&read);
    }
}

/* Fault W35 */
static void
test_other_header_bits_do_no_damage(void **state)
{
    (void)state;
    message m;
    begin_mx(&m);
    for (unsigned bits = 0; bits < 128; bits++) { /* RD, RA, Z, AD, CD, and AA */
        set_flags(&m,
                  QR | (bits & 0x0f) << 4 | (bits & 0x10) << 4 | (bits & 0x20) << 5);
        assert_false(is_damaged(&m));
    }
}

static void
test_a_truncated_message_is_not_read_on(void **state)
{
    (void)state;
    message m;
    mx_message read;
    mx_question question = question_of("dom.test", MX_TYPE_MX);
    begin_mx(&m);
    set_flags(&m, QR | TC | RA);
    m.length -= 3;
    assert_int_equal(mx_message_init(&read, m.bytes, m.length, &question), MX_OK);
    assert_true(read.is_truncated);
    assert_false(read.is_damaged);
    assert_int_equal(read.count, 0);
    mx_message_fini(&read);
}

/* Faults W7, W8, W9, W10: the records announced use the message up exactly. */
static void
test_counts_must_be_exact(void **state)
{
    (void)state;
    static const int sections[] = {ANSWER, AUTHORITY, ADDITIONAL};
    static const unsigned wrong[] = {0, 1, 3, 4, 255, 256, 65535};
    message sound;
    begin_mx(&sound);
    add_mx(&sound, ANSWER, "@", 300, 10, "mx2.@");
    add_name(&sound, AUTHORITY, "@", MX_TYPE_NS, 60, "ns1.@");
    add_name(&sound, AUTHORITY, "@", MX_TYPE_NS, 60, "ns2.@");
    add_raw(&sound, ADDITIONAL, "mx1.@", MX_TYPE_A, 60, "\xc0\0\2\1", 4);
    add_raw(&sound, ADDITIONAL, "mx2.@", MX_TYPE_A, 60, "\xc0\0\2\2", 4);
    assert_false(is_damaged(&sound));
    for (size_t s = 0; s < 3; s++) {
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
            message m = sound;
            set_u16(&m, (size_t)sections[s], wrong[i]);
            assert_true(is_damaged(&m));
        }
    }
    for (size_t count = 1; count <= 64; count++) {
        message m = sound;
        put_octets(&m,
                   "0123456789012345678901234567890123456789012345678901234567890123",
                   count);
        assert_true(is_damaged(&m));
    }
}

/* Fault W7: memory is asked for by the octets present. */
static void
test_counts_alone_cost_no_memory(void **state)
{
    (void)state;
    message m;
    begin_mx(&m);
    set_u16(&m, ANSWER, 65535);
    set_u16(&m, AUTHORITY, 65535);
    mx_message read;
    mx_question question = question_of("dom.test", MX_TYPE_MX);
    mx_mem_fail(SIZE_MAX, 0); /* only counts */
    assert_int_equal(mx_message_init(&read, m.bytes, m.length, &question), MX_OK);
    assert_true(read.is_damaged);
    assert_int_equal(mx_mem_fail(0, 0), 0);
    mx_message_fini(&read);
}

/* Faults W13 to W16 */
static void
test_rdlength_must_be_exact(void **state)
{
    (void)state;
    message m;
    for (unsigned said = 0; said < 70; said++) {
        size_t rdata = begin_mx(&m); /* 2 of preference, 4 + 2 of name */
        set_u16(&m, rdata - 2, said);
        assert_int_equal(is_damaged(&m), said != 8);
        /* With octets behind it that the counts explain as a record. */
        rdata = begin_mx(&m);
        add_mx(&m, ANSWER, "@", 300, 10, "mx2.@");
        set_u16(&m, rdata - 2, said);
        assert_int_equal(is_damaged(&m), said != 8);
    }
    size_t rdata = begin_mx(&m);
    set_u16(&m, rdata - 2, 65535);
    assert_true(is_damaged(&m));
    begin_reply(&m, "dom.test", MX_TYPE_MX); /* W15: junk after the name */
    rdata = begin_record(&m, ANSWER, "@", MX_TYPE_MX, 300);
    put_u16(&m, 10);
    put_name(&m, "mx1.@");
    put_octets(&m, "j", 1);
    end_record(&m, rdata);
    assert_true(is_damaged(&m));
    begin_reply(&m, "dom.test", MX_TYPE_MX); /* W13: no name at all */
    add_raw(&m, ANSWER, "@", MX_TYPE_MX, 300, "\0\n", 2);
    assert_true(is_damaged(&m));
}

/* Faults W17, C25 */
static void
test_addresses_have_one_size(void **state)
{
    (void)state;
    static const uint8_t octets[20] = {192, 0, 2, 1};
    for (size_t length = 0; length < sizeof octets; length++) {
        message m;
        begin_reply(&m, "dom.test", MX_TYPE_A);
        add_raw(&m, ANSWER, "@", MX_TYPE_A, 300, octets, length);
        assert_int_equal(is_damaged(&m), length != 4);
        begin_reply(&m, "dom.test", MX_TYPE_AAAA);
        add_raw(&m, ANSWER, "@", MX_TYPE_AAAA, 300, octets, length);
        assert_int_equal(is_damaged(&m), length != 16);
        begin_reply(&m, "dom.test", MX_TYPE_MX); /* wherever it is */
        add_raw(&m, ADDITIONAL, "mx1.@", MX_TYPE_A, 300, octets, length);
        assert_int_equal(is_damaged(&m), length != 4);
    }
}

/* Fault S4: a name alone, or too short, or with more behind it. */
static void
test_names_fill_their_rdata(void **state)
{
    (void)state;
    static const uint16_t types[] = {MX_TYPE_CNAME, MX_TYPE_NS, TYPE_PTR,
                                     MX_TYPE_DNAME};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        message m;
        begin_reply(&m, "dom.test", MX_TYPE_MX);
        add_raw(&m, ADDITIONAL, "@", types[i], 300, "\1x\4test\0", 8);
        assert_false(is_damaged(&m));
        begin_reply(&m, "dom.test", MX_TYPE_MX);
        add_raw(&m, ADDITIONAL, "@", types[i], 300, "\1x\4test\0", 7);
        assert_true(is_damaged(&m));
        begin_reply(&m, "dom.test", MX_TYPE_MX);
        add_raw(&m, ADDITIONAL, "@", types[i], 300, "\1x\4test\0\0", 9);
        assert_true(is_damaged(&m));
        begin_reply(&m, "dom.test", MX_TYPE_MX);
        add_raw(&m, ADDITIONAL, "@", types[i], 300, "", 0);
        assert_true(is_damaged(&m));
    }
}

/* RFC 6672 2.5, RFC 3597 4 */
static void
test_only_old_types_are_compressed(void **state)
{
    (void)state;
    static const uint16_t types[] = {MX_TYPE_CNAME, MX_TYPE_NS, TYPE_PTR};
    message m;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        begin_reply(&m, "dom.test", MX_TYPE_MX);
        add_name(&m, ADDITIONAL, "@", types[i], 300, "x.@");
        assert_false(is_damaged(&m));
    }
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_name(&m, ADDITIONAL, "@", MX_TYPE_DNAME, 300, "x.@");
    assert_true(is_damaged(&m));
}

static void
test_an_soa_has_two_names_and_five_numbers(void **state)
{
    (void)state;
    message m;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    size_t rdata = add_soa(&m, AUTHORITY, "@", 300, 60);
    assert_false(is_damaged(&m));
    size_t sound = m.length;
    m.length = sound - 1;
    end_record(&m, rdata);
    assert_true(is_damaged(&m));
    m.length = sound;
    put_octets(&m, "", 1);
    end_record(&m, rdata);
    assert_true(is_damaged(&m));
}

/* Other types, and all types of other classes, may hold anything (RFC 3597). */
static void
test_unknown_rdata_is_opaque(void **state)
{
    (void)state;
    message m;
    begin_mx(&m);
    add_raw(&m, ANSWER, "@", TYPE_TXT, 300, "\xff\xff\xff", 3);
    size_t rdata = add_raw(&m, ANSWER, "@", MX_TYPE_A, 300, "CHAOS", 5);
    set_u16(&m, rdata - 8, 3);
    rdata = add_raw(&m, ANSWER, "@", MX_TYPE_MX, 300, "", 0);
    set_u16(&m, rdata - 8, 255);
    assert_false(is_damaged(&m));
}

/* Faults W23, S2: "." as one zero octet is a null MX, by a pointer it is damage. */
static void
test_a_root_exchange_must_be_written_out(void **state)
{
    (void)state;
    message m;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    size_t rdata = add_mx(&m, ANSWER, "@", 300, 0, ".");
    assert_false(is_damaged(&m));
    size_t root = rdata + 2;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_mx(&m, ANSWER, "@", 300, 0, ".");
    rdata = add_mx(&m, ANSWER, "@", 300, 0, "@");
    assert_false(is_damaged(&m));
    set_u16(&m, rdata + 2, 0xc000u | (unsigned)root);
    assert_true(is_damaged(&m));
    set_u16(&m, rdata + 2, 0xc000 | (MX_WIRE_HEADER + 9)); /* ends the question */
    assert_true(is_damaged(&m));
    set_u16(&m, rdata + 2, 0xc000 | (MX_WIRE_HEADER + 10)); /* in QTYPE */
    assert_true(is_damaged(&m));
    for (unsigned target = 0; target < MX_WIRE_HEADER; target++) {
        set_u16(&m, rdata + 2, 0xc000u | target);
        assert_true(is_damaged(&m));
    }
}

/* Faults W18 to W22, W27 in owners and in RDATA; test_wire.c has them one by one. */
static void
test_a_bad_name_is_damage_wherever_it_is(void **state)
{
    (void)state;
    static const unsigned bad[] = {0x400c, 0x800c, 0xc000, 0xc00b, 0xffff};
    message m;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t rdata = begin_mx(&m);
        set_u16(&m, rdata + 6, bad[i]);
        assert_true(is_damaged(&m));
        rdata = begin_mx(&m);
        set_u16(&m, rdata - 12, bad[i]);
        assert_true(is_damaged(&m));
        begin_mx(&m);
        rdata = add_raw(&m, ADDITIONAL, "@", TYPE_TXT, 0, "\1x", 2);
        set_u16(&m, rdata - 12, bad[i]);
        assert_true(is_damaged(&m));
    }
}

/* Faults W30, W31 */
static void
test_one_opt_of_the_root_in_the_additional_section(void **state)
{
    (void)state;
    message m;
    begin_mx(&m);
    add_opt(&m, 0, "", 0);
    assert_false(is_damaged(&m));
    add_opt(&m, 0, "", 0);
    assert_true(is_damaged(&m));

    begin_mx(&m);
    add_raw(&m, ANSWER, ".", MX_TYPE_OPT, 0, "", 0);
    assert_true(is_damaged(&m));
    begin_mx(&m);
    add_raw(&m, AUTHORITY, ".", MX_TYPE_OPT, 0, "", 0);
    assert_true(is_damaged(&m));
    begin_mx(&m);
    add_raw(&m, ADDITIONAL, "@", MX_TYPE_OPT, 0, "", 0);
    assert_true(is_damaged(&m));
    begin_mx(&m);
    size_t rdata = add_raw(&m, ADDITIONAL, "@", MX_TYPE_OPT, 0, "", 0);
    set_u16(&m, rdata - 12, 0xc000 | (MX_WIRE_HEADER + 9)); /* the root by a pointer */
    assert_true(is_damaged(&m));
}

static void
read_with_options(const void *options, size_t length, mx_message *out)
{
    message m;
    mx_question question = question_of("dom.test", MX_TYPE_MX);
    begin_mx(&m);
    set_flags(&m, QR | RA | 5);
    add_opt(&m, 0xab000000, options, length);
    assert_int_equal(mx_message_init(out, m.bytes, m.length, &question), MX_OK);
    mx_message_fini(out);
}

/* RFC 6891 6.1.3 and RFC 8914 */
static void
test_the_opt_record_gives_rcode_and_ede(void **state)
{
    (void)state;
    mx_message read;
    read_with_options("", 0, &read);
    assert_int_equal(read.rcode, 0xab5);
    assert_int_equal(read.ede, -1);
    read_with_options("\0\x0a\0\2cc\0\x0f\0\6\0\x16late", 16, &read);
    assert_false(read.is_damaged);
    assert_int_equal(read.ede, 22);
    read_with_options("\0\x0f\0\2\0\1\0\x0f\0\2\0\2", 12, &read); /* the first counts */
    assert_int_equal(read.ede, 1);
    read_with_options("\0\x0f\0\2\0\0\0\x0f\0\2\0\2", 12, &read); /* even a 0 */
    assert_int_equal(read.ede, 0);
    read_with_options("\0\x0f\0\1\0", 5, &read); /* too short to be one */
    assert_false(read.is_damaged);
    assert_int_equal(read.ede, -1);
}

/* Fault W31: then nothing in it counts. */
static void
test_options_must_not_overrun(void **state)
{
    (void)state;
    static const char options[] = "\0\x0f\0\2\0\1\0\x0a\0\4cook";
    mx_message read;
    for (size_t length = 0; length < sizeof options; length++) {
        bool is_whole = length == 0 || length == 6 || length == 14;
        read_with_options(options, length, &read);
        assert_int_equal(read.is_damaged, !is_whole);
        assert_int_equal(read.rcode, is_whole ? 0xab5 : 5);
        assert_int_equal(read.ede, is_whole && length > 0 ? 1 : -1);
    }
    /* Nor reach into what follows the record. */
    message m;
    begin_mx(&m);
    size_t rdata = add_opt(&m, 0, "\0\x0f\0\2\0\1", 6);
    add_raw(&m, ADDITIONAL, "@", TYPE_TXT, 0, "\1x", 2);
    set_u16(&m, rdata + 2, 3);
    assert_true(is_damaged(&m));
}

static void
test_ten_thousand_options_are_fine(void **state)
{
    (void)state;
    static uint8_t options[40000];
    mx_message read;
    read_with_options(options, sizeof options, &read);
    assert_false(read.is_damaged);
}

/* RFC 2181 8 */
static void
test_a_ttl_with_its_top_bit_set_is_zero(void **state)
{
    (void)state;
    static const struct {
        uint32_t sent, read;
    } ttls[] = {
        {0, 0}, {1, 1}, {0x7fffffff, 0x7fffffff}, {0x80000000, 0}, {0xffffffff, 0}};
    for (size_t i = 0; i < sizeof ttls / sizeof *ttls; i++) {
        message m;
        mx_message read;
        mx_question question = question_of("dom.test", MX_TYPE_MX);
        begin_reply(&m, "dom.test", MX_TYPE_MX);
        add_mx(&m, ANSWER, "@", ttls[i].sent, 10, "mx1.@");
        assert_int_equal(mx_message_init(&read, m.bytes, m.length, &question), MX_OK);
        assert_int_equal(read.records[0].ttl, ttls[i].read);
        mx_message_fini(&read);
    }
}

/* Owners that are the same pointer are known by it, and read again when it differs. */
static void
test_owners_are_told_apart(void **state)
{
    (void)state;
    message m;
    mx_message read;
    mx_question question = question_of("dom.test", MX_TYPE_MX);
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_mx(&m, ANSWER, "@", 1, 10, "mx1.@");
    size_t rdata = add_cname(&m, ANSWER, "@", 1, "x.@");
    for (int i = 0; i < 2; i++) {
        add_mx(&m, ANSWER, "@", 1, 10, "mx1.@");
        set_u16(&m, m.length - 20, 0xc000u | (unsigned)rdata);
    }
    add_mx(&m, ANSWER, "X.dom.test", 1, 10, "mx1.@");
    add_mx(&m, ANSWER, "DOM.test", 1, 10, "mx1.@");
    assert_int_equal(mx_message_init(&read, m.bytes, m.length, &question), MX_OK);
    assert_false(read.is_damaged);
    mx_name x = name_of("x.dom.test");
    uint32_t dom_hash = mx_message_name_hash(&question.name);
    uint32_t x_hash = mx_message_name_hash(&x);
    const mx_record *records = read.records;
    assert_int_equal(read.count, 6);
    for (size_t i = 0; i < 6; i++) {
        bool is_x = i >= 2 && i <= 4;
        mx_name owner;
        assert_int_equal(records[i].owner_hash, i < 2 ? 0 : is_x ? x_hash : dom_hash);
        mx_wire_name(mx_message_at(&read, records[i].owner), &owner);
        assert_true(mx_name_equal(&owner, is_x ? &x : &question.name));
    }
    assert_int_equal(records[0].owner, records[1].owner);
    assert_int_equal(records[2].owner, records[3].owner);
    mx_message_fini(&read);
}

/* Fault W26: 64 KiB of names as long as can be. */
static void
test_a_pointer_bomb_costs_a_bounded_number_of_steps(void **state)
{
    (void)state;
    message m;
    mx_message read;
    mx_question question = question_of("dom.test", MX_TYPE_MX);
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    size_t rdata = begin_record(&m, ANSWER, "@", TYPE_TXT, 0);
    for (int i = 0; i < 120; i++) {
        put_octets(&m, "\1a", 2);
    }
    put_octets(&m, "", 1);
    end_record(&m, rdata);
    while (m.length + 16 <= sizeof m.bytes) {
        add_mx(&m, ANSWER, "@", 0, 0, "@");
        /* Owners by turns, so that none is the same as before. */
        set_u16(&m, m.length - 16, 0xc000u | (unsigned)(rdata + m.length % 4 / 2 * 2));
        set_u16(&m, m.length - 2, 0xc000u | (unsigned)rdata);
    }
    assert_int_equal(mx_message_init(&read, m.bytes, m.length, &question), MX_OK);
    assert_true(read.is_damaged);
    assert_int_equal(read.wire.label_steps, MX_MAX_LABEL_STEPS);
    mx_message_fini(&read);
}

/* Fault C14: the largest lists that fit a message are no bomb. */
static void
test_a_full_message_is_read(void **state)
{
    (void)state;
    message m;
    mx_message read;
    mx_question question = question_of("dom.test", MX_TYPE_MX);
    size_t count = 0;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    for (; m.length + 20 <= sizeof m.bytes; count++) {
        char host[8] = {(char)('a' + count / 676 % 26), (char)('a' + count / 26 % 26),
                        (char)('a' + count % 26), '.', '@'};
        add_mx(&m, ANSWER, "@", 0, 0, host);
    }
    assert_true(count > 3200);
    assert_int_equal(mx_message_init(&read, m.bytes, m.length, &question), MX_OK);
    assert_false(read.is_damaged);
    assert_int_equal(read.answer_count, count);
    mx_message_fini(&read);
}

/* The shortest records there can be: one fewer than announced. */
static void
test_more_records_than_fit_are_not_begun(void **state)
{
    (void)state;
    message m;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    for (int i = 0; i < MX_MESSAGE_FEW + 10; i++) {
        add_raw(&m, ANSWER, ".", TYPE_TXT, 0, "", 0);
    }
    assert_false(is_damaged(&m));
    set_u16(&m, ANSWER, MX_MESSAGE_FEW + 11);
    assert_true(is_damaged(&m));
}

/* What a length before a message over TCP can say. */
static void
test_a_message_has_65535_octets_at_most(void **state)
{
    (void)state;
    static uint8_t bytes[65536];
    message m;
    mx_message read;
    mx_question question = question_of("dom.test", MX_TYPE_MX);
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    size_t rdata = begin_record(&m, ADDITIONAL, "@", TYPE_TXT, 0);
    m.length = sizeof m.bytes;
    memset(m.bytes + rdata, 0, m.length - rdata);
    end_record(&m, rdata);
    assert_false(is_damaged(&m));
    set_u16(&m, rdata - 2, (unsigned)(sizeof bytes - rdata));
    memcpy(bytes, m.bytes, m.length);
    assert_int_equal(mx_message_init(&read, bytes, sizeof bytes, &question), MX_OK);
    assert_true(read.is_damaged);
    mx_message_fini(&read);
}

static void
test_no_memory_for_many_records_is_said(void **state)
{
    (void)state;
    message m;
    mx_message read;
    mx_question question = question_of("dom.test", MX_TYPE_MX);
    begin_mx(&m);
    for (int i = 0; i < MX_MESSAGE_FEW; i++) {
        add_mx(&m, ANSWER, "@", 300, 10, "mx1.@");
    }
    mx_mem_fail(1, 0);
    assert_int_equal(mx_message_init(&read, m.bytes, m.length, &question), MX_NOMEM);
    assert_int_equal(mx_mem_fail(0, 0), 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_sound_message_is_read),
        cmocka_unit_test(test_no_reply_to_the_question_is_damaged),
        cmocka_unit_test(test_other_header_bits_do_no_damage),
        cmocka_unit_test(test_a_truncated_message_is_not_read_on),
        cmocka_unit_test(test_counts_must_be_exact),
        cmocka_unit_test(test_counts_alone_cost_no_memory),
        cmocka_unit_test(test_rdlength_must_be_exact),
        cmocka_unit_test(test_addresses_have_one_size),
        cmocka_unit_test(test_names_fill_their_rdata),
        cmocka_unit_test(test_only_old_types_are_compressed),
        cmocka_unit_test(test_an_soa_has_two_names_and_five_numbers),
        cmocka_unit_test(test_unknown_rdata_is_opaque),
        cmocka_unit_test(test_a_root_exchange_must_be_written_out),
        cmocka_unit_test(test_a_bad_name_is_damage_wherever_it_is),
        cmocka_unit_test(test_one_opt_of_the_root_in_the_additional_section),
        cmocka_unit_test(test_the_opt_record_gives_rcode_and_ede),
        cmocka_unit_test(test_options_must_not_overrun),
        cmocka_unit_test(test_ten_thousand_options_are_fine),
        cmocka_unit_test(test_a_ttl_with_its_top_bit_set_is_zero),
        cmocka_unit_test(test_owners_are_told_apart),
        cmocka_unit_test(test_a_pointer_bomb_costs_a_bounded_number_of_steps),
        cmocka_unit_test(test_a_full_message_is_read),
        cmocka_unit_test(test_more_records_than_fit_are_not_begun),
        cmocka_unit_test(test_a_message_has_65535_octets_at_most),
        cmocka_unit_test(test_no_memory_for_many_records_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
