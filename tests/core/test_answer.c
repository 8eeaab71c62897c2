/* SPDX-License-Identifier: MIT */
#include "core/answer.h"
#include "core/mem.h"
#include "message.h"
#include "read_answer.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define CLASS_AT(rdata) ((rdata)-8)

static void
assert_canonical(const mx_answer *answer, unsigned cname_count, const char *name)
{
    mx_name expected = name_of(name);
    assert_int_equal(answer->cname_count, cname_count);
    assert_true(mx_name_equal(answer->canonical, &expected));
}

/* Reads `m` and checks what came out; for kinds without records. */
static void
assert_reads(const message *m, mx_answer_kind kind, mx_reason reason, uint32_t ttl)
{
    mx_answer *answer = read_answer(m);
    if (answer->kind != kind || answer->reason != reason) {
        fail_msg("kind %d, reason \"%s\"; expected %d, \"%s\"", (int)answer->kind,
                 mx_reason_code(answer->reason), (int)kind, mx_reason_code(reason));
    }
    assert_int_equal(answer->ttl, ttl);
    assert_int_equal(answer->count, 0);
    assert_int_equal(answer->type, question_in(m).type);
    mx_answer_unref(answer);
}

static void
assert_fails(const message *m, mx_reason reason)
{
    assert_reads(m, MX_ANSWER_FAILURE, reason, 0);
}

/* "10 mx1.dom.test, 20 ." */
static void
assert_exchanges(const mx_answer *answer, const char *expected)
{
    char text[1024] = "", name[MX_NAME_TEXT_SIZE];
    size_t cursor = 0, length = 0, count = 0;
    uint16_t preference;
    const mx_name *host;
    assert_int_equal(answer->kind, MX_ANSWER_RECORDS);
    while (mx_answer_next_exchange(answer, &cursor, &preference, &host)) {
        mx_name_to_text(host, name);
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%u %s",
                                   count == 0 ? "" : ", ", (unsigned)preference, name);
        count++;
    }
    assert_string_equal(text, expected);
    assert_int_equal(answer->count, count);
}

static void
assert_reads_exchanges(const message *m, const char *expected)
{
    mx_answer *answer = read_answer(m);
    assert_exchanges(answer, expected);
    mx_answer_unref(answer);
}

/* Records */

static void
test_exchanges_keep_their_published_order(void **state)
{
    (void)state;
    message m;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_mx(&m, ANSWER, "@", 300, 20, "mx2.@");
    add_mx(&m, ANSWER, "@", 200, 10, "MX1.@"); /* fault C41 */
    add_mx(&m, ANSWER, "DOM.TEST", 400, 65535, "a.b.other.test");
    mx_answer *answer = read_answer(&m);
    assert_exchanges(answer, "20 mx2.dom.test, 10 mx1.dom.test, 65535 a.b.other.test");
    assert_int_equal(answer->reason, MX_REASON_NONE);
    assert_int_equal(answer->type, MX_TYPE_MX);
    assert_int_equal(answer->rcode, 0);
    assert_int_equal(answer->ede, -1);
    assert_false(answer->authenticated);
    assert_int_equal(answer->ttl, 200);
    assert_canonical(answer, 0, "dom.test");
    mx_answer_unref(answer);
}

static void
test_addresses_keep_their_published_order(void **state)
{
    (void)state;
    message m;
    begin_reply(&m, "mx1.dom.test", MX_TYPE_A);
    add_raw(&m, ANSWER, "@", MX_TYPE_A, 300, "\xc0\0\2\2", 4);
    add_raw(&m, ANSWER, "@", MX_TYPE_AAAA, 1, "0123456789abcdef", 16);
    add_raw(&m, ANSWER, "@", MX_TYPE_A, 300, "\xc0\0\2\1", 4);
    mx_answer *answer = read_answer(&m);
    assert_int_equal(answer->kind, MX_ANSWER_RECORDS);
    assert_int_equal(answer->count, 2);
    assert_int_equal(answer->ttl, 300);
    mx_address first = mx_answer_address(answer, 0);
    mx_address second = mx_answer_address(answer, 1);
    assert_memory_equal(first.bytes, "\xc0\0\2\2", 4);
    assert_memory_equal(second.bytes, "\xc0\0\2\1", 4);
    assert_int_equal(first.family, MX_IPV4);
    mx_answer_unref(answer);

    begin_reply(&m, "mx1.dom.test", MX_TYPE_AAAA);
    add_raw(&m, ANSWER, "@", MX_TYPE_AAAA, 300, "0123456789abcdef", 16);
    answer = read_answer(&m);
    first = mx_answer_address(answer, 0);
    assert_int_equal(answer->count, 1);
    assert_int_equal(first.family, MX_IPV6);
    assert_memory_equal(first.bytes, "0123456789abcdef", 16);
    mx_answer_unref(answer);
}

/* A positive answer is what it is, whoever gives it. */
static void
test_records_need_neither_ra_nor_aa(void **state)
{
    (void)state;
    message m;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_mx(&m, ANSWER, "@", 300, 10, "mx1.@");
    set_flags(&m, QR);
    assert_reads_exchanges(&m, "10 mx1.dom.test");
}

/* Of types that the core never asks, records are counted. */
static void
test_other_types_are_counted(void **state)
{
    (void)state;
    message m;
    begin_reply(&m, "dom.test", TYPE_TXT);
    add_raw(&m, ANSWER, "@", TYPE_TXT, 300, "\1a", 2);
    add_raw(&m, ANSWER, "@", TYPE_TXT, 300, "\1b", 2);
    mx_answer *answer = read_answer(&m);
    assert_int_equal(answer->kind, MX_ANSWER_RECORDS);
    assert_int_equal(answer->count, 2);
    assert_int_equal(answer->bytes_used, 0);
    mx_answer_unref(answer);
}

/* Rule O5, faults C12, C13 */
static void
test_identical_records_count_once(void **state)
{
    (void)state;
    message m;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    for (int i = 0; i < 20; i++) {
        add_mx(&m, ANSWER, "@", 300, 10, i % 2 ? "mx1.@" : "MX1.dom.test");
    }
    add_mx(&m, ANSWER, "@", 100, 5, "mx1.@");
    add_mx(&m, ANSWER, "@", 50, 10, "mx1.@"); /* its TTL still counts */
    mx_answer *answer = read_answer(&m);
    assert_exchanges(answer, "10 mx1.dom.test, 5 mx1.dom.test");
    assert_int_equal(answer->ttl, 50);
    mx_answer_unref(answer);

    begin_reply(&m, "dom.test", MX_TYPE_A);
    for (int i = 0; i < 40; i++) {
        add_raw(&m, ANSWER, "@", MX_TYPE_A, 300, i % 3 ? "\xc0\0\2\1" : "\xc0\0\2\2",
                4);
    }
    answer = read_answer(&m);
    assert_int_equal(answer->count, 2);
    assert_memory_equal(answer->records, "\xc0\0\2\2\xc0\0\2\1", 8);
    mx_answer_unref(answer);
}

/* docs/rules.rst, The life of an answer; faults C10, C11 */
static void
test_a_positive_ttl_is_the_smallest_up_to_a_day(void **state)
{
    (void)state;
    static const struct {
        uint32_t alias, first, second, expected;
    } ttls[] = {
        {300, 200, 100, 100},
        {300, 100, 200, 100},
        {50, 100, 200, 50},
        {0, 100, 200, 0},
        {86400, 86400, 86400, 86400},
        {86401, 90000, 100000, 86400},
        {0x7fffffff, 0x7fffffff, 0x7fffffff, 86400},
        {300, 0x80000000, 200, 0}, /* RFC 2181 8 */
        {300, 200, 0xffffffff, 0},
        {0xffffffff, 200, 200, 0},
    };
    for (size_t i = 0; i < sizeof ttls / sizeof *ttls; i++) {
        message m;
        begin_reply(&m, "dom.test", MX_TYPE_MX);
        add_cname(&m, ANSWER, "@", ttls[i].alias, "a.test");
        add_mx(&m, ANSWER, "a.test", ttls[i].first, 10, "mx1.@");
        add_mx(&m, ANSWER, "a.test", ttls[i].second, 10, "mx2.@");
        mx_answer *answer = read_answer(&m);
        assert_int_equal(answer->kind, MX_ANSWER_RECORDS);
        assert_int_equal(answer->ttl, ttls[i].expected);
        mx_answer_unref(answer);
    }
}

/* Faults C17, C18: what they mean is for the lookup to say. */
static void
test_a_null_mx_is_an_exchange_with_the_root(void **state)
{
    (void)state;
    message m;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_mx(&m, ANSWER, "@", 300, 0, ".");
    assert_reads_exchanges(&m, "0 .");
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_mx(&m, ANSWER, "@", 300, 10, ".");
    assert_reads_exchanges(&m, "10 .");
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_mx(&m, ANSWER, "@", 300, 0, ".");
    add_mx(&m, ANSWER, "@", 300, 10, "mx1.@");
    add_mx(&m, ANSWER, "@", 300, 20, ".");
    assert_reads_exchanges(&m, "0 ., 10 mx1.dom.test, 20 .");
}

/* Faults W23, S2: a pointer into the header, or anywhere, is no null MX. */
static void
test_a_pointed_root_is_no_null_mx(void **state)
{
    (void)state;
    message m;
    for (unsigned target = 0; target < 64; target++) {
        begin_reply(&m, "dom.test", MX_TYPE_MX);
        size_t rdata = add_mx(&m, ANSWER, "@", 0, 0, "@");
        set_u16(&m, rdata + 2, 0xc000u | target);
        mx_answer *answer = read_answer(&m);
        size_t cursor = 0;
        uint16_t preference;
        const mx_name *host;
        while (mx_answer_next_exchange(answer, &cursor, &preference, &host)) {
            assert_false(mx_name_is_root(host));
        }
        if (target < MX_WIRE_HEADER || (target < m.length && m.bytes[target] == 0)) {
            assert_int_equal(answer->reason, MX_REASON_DAMAGED_REPLY);
        }
        mx_answer_unref(answer);
    }
}

/* Aliases */

static void
test_an_alias_leads_to_its_records(void **state)
{
    (void)state;
    message m;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_cname(&m, ANSWER, "@", 300, "a.other.test");
    add_cname(&m, ANSWER, "a.other.test", 300, "b.other.test");
    add_mx(&m, ANSWER, "b.other.test", 300, 10, "mx1.@");
    mx_answer *answer = read_answer(&m);
    assert_exchanges(answer, "10 mx1.dom.test");
    assert_canonical(answer, 2, "b.other.test");
    mx_answer_unref(answer);
}

/* Faults C5, C6 */
static void
test_chains_without_an_end_fail(void **state)
{
    (void)state;
    message m;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_cname(&m, ANSWER, "@", 300, "a.test");
    add_cname(&m, ANSWER, "a.test", 300, "@");
    assert_fails(&m, MX_REASON_CNAME_LOOP);
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_cname(&m, ANSWER, "@", 300, "@");
    assert_fails(&m, MX_REASON_CNAME_LOOP);
    begin_reply(&m, "c0.test", MX_TYPE_MX);
    for (int i = 0; i < 9; i++) {
        char owner[24], target[24];
        snprintf(owner, sizeof owner, "c%d.test", i);
        snprintf(target, sizeof target, "c%d.test", i + 1);
        add_cname(&m, ANSWER, owner, 300, target);
        if (i == 7) {
            assert_reads(&m, MX_ANSWER_ALIAS, MX_REASON_NONE, 300);
        }
    }
    add_mx(&m, ANSWER, "c9.test", 300, 10, "mx1.@");
    assert_fails(&m, MX_REASON_CNAME_LIMIT);
    mx_answer *answer = read_answer(&m);
    assert_canonical(answer, 0, "c0.test"); /* nothing came of it */
    mx_answer_unref(answer);
    set_flags(&m, QR | RA | 3);
    assert_fails(&m, MX_REASON_CNAME_LIMIT);
}

/* Fault C7 */
static void
test_an_alias_beside_records_is_warned(void **state)
{
    (void)state;
    message m;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_cname(&m, ANSWER, "@", 10, "a.test");
    add_mx(&m, ANSWER, "@", 300, 10, "mx1.@");
    mx_answer *answer = read_answer(&m);
    assert_exchanges(answer, "10 mx1.dom.test");
    assert_int_equal(answer->reason, MX_REASON_CNAME_AND_OTHER);
    assert_int_equal(answer->ttl, 300);
    assert_canonical(answer, 0, "dom.test");
    mx_answer_unref(answer);
}

static void
test_an_end_the_server_is_silent_about_is_to_be_asked(void **state)
{
    (void)state;
    message m;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_cname(&m, ANSWER, "@", 100000, "a.test");
    assert_reads(&m, MX_ANSWER_ALIAS, MX_REASON_NONE, 86400);
    add_cname(&m, ANSWER, "a.test", 200, "b.test");
    add_soa(&m, AUTHORITY, "dom.test", 60, 60); /* of another zone than b.test's */
    assert_reads(&m, MX_ANSWER_ALIAS, MX_REASON_NONE, 200);
    mx_answer *answer = read_answer(&m);
    assert_canonical(answer, 2, "b.test");
    mx_answer_unref(answer);
}

/* Rcodes */

/* Faults C26, C29 */
static void
test_every_rcode_but_0_and_3_is_a_failure(void **state)
{
    (void)state;
    static const mx_reason reasons[16] = {[1] = MX_REASON_FORMERR,
                                          [2] = MX_REASON_SERVFAIL,
                                          [4] = MX_REASON_NOTIMP,
                                          [5] = MX_REASON_SERVER_REFUSED};
    for (unsigned rcode = 1; rcode < 16; rcode++) {
        mx_reason reason = reasons[rcode] ? reasons[rcode] : MX_REASON_OTHER_RCODE;
        message m;
        if (rcode == 3) {
            continue;
        }
        begin_reply(&m, "dom.test", MX_TYPE_MX);
        set_flags(&m, QR | AA | RA | rcode);
        assert_fails(&m, reason);
        add_mx(&m, ANSWER, "@", 300, 10, "mx1.@");
        add_soa(&m, AUTHORITY, "@", 300, 300);
        assert_fails(&m, reason);
        mx_answer *answer = read_answer(&m);
        assert_int_equal(answer->rcode, rcode);
        assert_canonical(answer, 0, "dom.test");
        mx_answer_unref(answer);
        put_octets(&m, "junk", 4); /* a damaged failure is still one */
        assert_fails(&m, reason);
        answer = read_answer(&m);
        assert_int_equal(answer->rcode, rcode);
        mx_answer_unref(answer);
    }
}

/* RFC 6891 6.1.3, fault C30: BADVERS and BADCOOKIE have 0 and 7 in the header. */
static void
test_all_12_bits_of_an_rcode_count(void **state)
{
    (void)state;
    static const unsigned rcodes[] = {16, 17,    18,    19,    21,   23,
                                      32, 0x800, 0xff0, 0xff3, 0xfff};
    for (size_t i = 0; i < sizeof rcodes / sizeof *rcodes; i++) {
        message m;
        begin_reply(&m, "dom.test", MX_TYPE_MX);
        set_flags(&m, QR | AA | RA | (rcodes[i] & 15));
        add_opt(&m, (uint32_t)(rcodes[i] >> 4) << 24, "\0\x0f\0\2\0\x16", 6);
        assert_fails(&m, MX_REASON_OTHER_RCODE);
        mx_answer *answer = read_answer(&m);
        assert_int_equal(answer->rcode, rcodes[i]);
        assert_int_equal(answer->ede, 22);
        mx_answer_unref(answer);
    }
}

static void
test_ede_and_ad_are_kept(void **state)
{
    (void)state;
    message m;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_mx(&m, ANSWER, "@", 300, 10, "mx1.@");
    add_opt(&m, 0, "\0\x0f\0\4\0\3ok", 8);
    set_flags(&m, QR | RA | AD);
    mx_answer *answer = read_answer(&m);
    assert_int_equal(answer->kind, MX_ANSWER_RECORDS);
    assert_int_equal(answer->ede, 3);
    assert_true(answer->authenticated);
    mx_answer_unref(answer);
}

static void
test_truncation_is_said_at_once(void **state)
{
    (void)state;
    message m;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_mx(&m, ANSWER, "@", 300, 10, "mx1.@");
    set_flags(&m, QR | RA | TC);
    assert_reads(&m, MX_ANSWER_TRUNCATED, MX_REASON_TRUNCATED, 0);
    m.length -= 5; /* fault C33: cut in the middle of a record */
    assert_reads(&m, MX_ANSWER_TRUNCATED, MX_REASON_TRUNCATED, 0);
    set_flags(&m, QR | RA | TC | 3);
    assert_reads(&m, MX_ANSWER_TRUNCATED, MX_REASON_TRUNCATED, 0);
    set_flags(&m, RA | TC); /* but not in what is no reply */
    assert_fails(&m, MX_REASON_DAMAGED_REPLY);
}

/* Faults W3 to W6, W32 to W34, C1 */
static void
test_what_is_no_reply_to_the_question_is_damaged(void **state)
{
    (void)state;
    message m;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    set_flags(&m, RD); /* our query, echoed */
    assert_fails(&m, MX_REASON_DAMAGED_REPLY);
    set_flags(&m, 2); /* not even its rcode */
    assert_fails(&m, MX_REASON_DAMAGED_REPLY);
    for (unsigned opcode = 1; opcode < 16; opcode++) {
        set_flags(&m, QR | RA | opcode << 11 | 3);
        assert_fails(&m, MX_REASON_DAMAGED_REPLY);
    }
    set_flags(&m, QR | RA | 3);
    mx_question others[] = {question_of("com.test", MX_TYPE_MX),
                            question_of("dom.test", MX_TYPE_A)};
    for (size_t i = 0; i < 2; i++) {
        mx_answer *answer = read_cut(&m, m.length, &others[i]);
        assert_int_equal(answer->kind, MX_ANSWER_FAILURE);
        assert_int_equal(answer->reason, MX_REASON_DAMAGED_REPLY);
        assert_int_equal(answer->type, others[i].type);
        assert_true(mx_name_equal(answer->canonical, &others[i].name));
        mx_answer_unref(answer);
    }
    static const unsigned counts[] = {0, 2, 65535};
    for (size_t i = 0; i < 3; i++) {
        mx_question question = question_of("dom.test", MX_TYPE_MX);
        set_u16(&m, 4, counts[i]);
        mx_answer *answer = read_cut(&m, m.length, &question);
        assert_int_equal(answer->reason, MX_REASON_DAMAGED_REPLY);
        mx_answer_unref(answer);
    }
}

/* NXDOMAIN */

static void
test_nxdomain_is_final(void **state)
{
    (void)state;
    message m;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    set_flags(&m, QR | RA | 3);
    assert_reads(&m, MX_ANSWER_NXDOMAIN, MX_REASON_NXDOMAIN, 0);
    add_soa(&m, AUTHORITY, "test", 900, 600);
    assert_reads(&m, MX_ANSWER_NXDOMAIN, MX_REASON_NXDOMAIN, 600);
    mx_answer *answer = read_answer(&m);
    assert_int_equal(answer->rcode, 3);
    assert_canonical(answer, 0, "dom.test");
    mx_answer_unref(answer);
    put_octets(&m, "j", 1);
    assert_fails(&m, MX_REASON_DAMAGED_REPLY);
}

/* Fault C26 */
static void
test_nxdomain_wins_over_records(void **state)
{
    (void)state;
    message m;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    set_flags(&m, QR | RA | 3);
    add_mx(&m, ANSWER, "@", 300, 10, "mx1.@");
    add_mx(&m, ANSWER, "other.test", 300, 10, "mx1.@");
    assert_reads(&m, MX_ANSWER_NXDOMAIN, MX_REASON_NXDOMAIN, 0);
    add_soa(&m, AUTHORITY, "@", 600, 600);
    assert_reads(&m, MX_ANSWER_NXDOMAIN, MX_REASON_NXDOMAIN, 600); /* no MX's */
}

/* Fault C27, RFC 6604 3: the rcode is about the end of the chain. */
static void
test_nxdomain_behind_an_alias(void **state)
{
    (void)state;
    message m;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    set_flags(&m, QR | RA | 3);
    add_cname(&m, ANSWER, "@", 300, "gone.other.test");
    assert_reads(&m, MX_ANSWER_NXDOMAIN, MX_REASON_NXDOMAIN, 0);
    add_soa(&m, AUTHORITY, "other.test", 900, 600);
    assert_reads(&m, MX_ANSWER_NXDOMAIN, MX_REASON_NXDOMAIN, 300); /* the CNAME's */
    mx_answer *answer = read_answer(&m);
    assert_canonical(answer, 1, "gone.other.test");
    mx_answer_unref(answer);
}

/* NODATA */

/* Faults S1, C32: every mixture of what a reply without records may say. */
static void
test_absence_must_be_proven(void **state)
{
    (void)state;
    enum { FINAL, REFERRAL };
    static const struct {
        bool ra, aa, soa, ns;
        int expected;
    } rows[] = {
        {false, false, false, false, REFERRAL}, {false, false, false, true, REFERRAL},
        {false, false, true, false, REFERRAL},  {false, false, true, true, REFERRAL},
        {false, true, false, false, FINAL},     {false, true, false, true, FINAL},
        {false, true, true, false, FINAL},      {false, true, true, true, FINAL},
        {true, false, false, false, FINAL},     {true, false, false, true, REFERRAL},
        {true, false, true, false, FINAL},      {true, false, true, true, FINAL},
        {true, true, false, false, FINAL},      {true, true, false, true, FINAL},
        {true, true, true, false, FINAL},       {true, true, true, true, FINAL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        message m;
        begin_reply(&m, "dom.test", MX_TYPE_MX);
        set_flags(&m, QR | (rows[i].ra ? RA : 0u) | (rows[i].aa ? AA : 0u));
        if (rows[i].ns) {
            add_name(&m, AUTHORITY, "test", MX_TYPE_NS, 300, "ns1.test");
        }
        if (rows[i].soa) {
            add_soa(&m, AUTHORITY, "@", 900, 600);
        }
        if (rows[i].expected == FINAL) {
            assert_reads(&m, MX_ANSWER_NODATA, MX_REASON_NO_DATA,
                         rows[i].soa ? 600 : 0);
        }
        else {
            assert_fails(&m, MX_REASON_NOT_RECURSIVE);
        }
    }
}

static void
test_upward_referrals_prove_nothing(void **state)
{
    (void)state;
    message m;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_name(&m, AUTHORITY, ".", MX_TYPE_NS, 300, "a.root-servers.net");
    add_raw(&m, ADDITIONAL, "a.root-servers.net", MX_TYPE_A, 300, "\xc6\x29\0\4", 4);
    assert_fails(&m, MX_REASON_NOT_RECURSIVE);
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_raw(&m, AUTHORITY, "test", TYPE_TXT, 300, "\1x", 2); /* whatever is before it */
    add_name(&m, AUTHORITY, "test", MX_TYPE_NS, 300, "ns1.test");
    assert_fails(&m, MX_REASON_NOT_RECURSIVE);
    /* An SOA of a zone that the name is not in is none. */
    add_soa(&m, ADDITIONAL, "@", 300, 300);
    assert_fails(&m, MX_REASON_NOT_RECURSIVE);
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_name(&m, AUTHORITY, "test", MX_TYPE_NS, 300, "ns1.test");
    add_soa(&m, AUTHORITY, "sub.@", 300, 300);
    assert_fails(&m, MX_REASON_NOT_RECURSIVE);
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_name(&m, AUTHORITY, "test", MX_TYPE_NS, 300, "ns1.test");
    size_t rdata = add_soa(&m, AUTHORITY, "@", 300, 300);
    set_u16(&m, CLASS_AT(rdata), 3);
    assert_fails(&m, MX_REASON_NOT_RECURSIVE);
}

/* RFC 2308 5, fault C35 */
static void
test_a_negative_ttl_is_the_soas_up_to_an_hour(void **state)
{
    (void)state;
    static const struct {
        uint32_t ttl, minimum, expected;
    } ttls[] = {
        {900, 600, 600},      {600, 900, 600},      {900, 0, 0},
        {0, 900, 0},          {7200, 7200, 3600},   {3600, 0x80000000, 3600},
        {60, 0xffffffff, 60}, {0x80000000, 600, 0},
    };
    for (size_t i = 0; i < sizeof ttls / sizeof *ttls; i++) {
        for (unsigned rcode = 0; rcode <= 3; rcode += 3) {
            message m;
            begin_reply(&m, "dom.test", MX_TYPE_MX);
            set_flags(&m, QR | RA | rcode);
            add_soa(&m, AUTHORITY, "dom.test", ttls[i].ttl, ttls[i].minimum);
            mx_answer *answer = read_answer(&m);
            assert_int_equal(answer->kind,
                             rcode ? MX_ANSWER_NXDOMAIN : MX_ANSWER_NODATA);
            assert_int_equal(answer->ttl, ttls[i].expected);
            mx_answer_unref(answer);
        }
    }
}

static void
test_an_soa_counts_from_the_zone_up(void **state)
{
    (void)state;
    static const struct {
        const char *owner;
        uint32_t ttl;
    } rows[] = {{"a.dom.test", 60}, {"dom.test", 60}, {"test", 60},       {".", 60},
                {"b.dom.test", 0},  {"om.test", 0},   {"x.a.dom.test", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        message m;
        begin_reply(&m, "a.dom.test", MX_TYPE_MX);
        add_soa(&m, AUTHORITY, rows[i].owner, 60, 60);
        assert_reads(&m, MX_ANSWER_NODATA, MX_REASON_NO_DATA, rows[i].ttl);
    }
}

static void
test_absence_behind_an_alias(void **state)
{
    (void)state;
    message m;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_cname(&m, ANSWER, "@", 300, "a.other.test");
    add_soa(&m, AUTHORITY, "other.test", 900, 600);
    assert_reads(&m, MX_ANSWER_NODATA, MX_REASON_NO_DATA, 300);
    mx_answer *answer = read_answer(&m);
    assert_canonical(answer, 1, "a.other.test");
    mx_answer_unref(answer);
    set_flags(&m, QR); /* neither RA nor AA */
    assert_fails(&m, MX_REASON_NOT_RECURSIVE);
    answer = read_answer(&m);
    assert_canonical(answer, 0, "dom.test");
    mx_answer_unref(answer);
}

/* Faults C3, C4: records of others are not used, and leave nothing proven. */
static void
test_records_of_other_owners_prove_nothing(void **state)
{
    (void)state;
    message m;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_mx(&m, ANSWER, "other.test", 300, 10, "mx1.@");
    assert_fails(&m, MX_REASON_UNRELATED_ANSWER);
    add_soa(&m, AUTHORITY, "@", 300, 300);
    set_flags(&m, QR | AA | RA);
    assert_fails(&m, MX_REASON_UNRELATED_ANSWER);

    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_cname(&m, ANSWER, "@", 300, "a.test");
    add_mx(&m, ANSWER, "b.test", 300, 10, "mx1.@");
    assert_fails(&m, MX_REASON_UNRELATED_ANSWER);

    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_cname(&m, ANSWER, "other.test", 300, "a.test");
    assert_fails(&m, MX_REASON_UNRELATED_ANSWER);

    begin_reply(&m, "dom.test", MX_TYPE_A);
    add_raw(&m, ANSWER, "mx1.@", MX_TYPE_A, 300, "\xc0\0\2\1", 4);
    assert_fails(&m, MX_REASON_UNRELATED_ANSWER);

    begin_reply(&m, "dom.test",
                MX_TYPE_MX); /* a preference is no type of a signature */
    add_mx(&m, ANSWER, "other.test", 300, MX_TYPE_CNAME, "mx1.@");
    assert_fails(&m, MX_REASON_UNRELATED_ANSWER);

    begin_reply(&m, "dom.test", MX_TYPE_MX); /* beside what was asked they do no harm */
    add_mx(&m, ANSWER, "other.test", 300, 10, "evil.@");
    add_mx(&m, ANSWER, "@", 300, 10, "mx1.@");
    assert_reads_exchanges(&m, "10 mx1.dom.test");
}

/* An MX whose type or class was damaged is still in the answer section. */
static void
test_records_of_another_type_or_class_prove_nothing(void **state)
{
    (void)state;
    static const uint16_t types[] = {MX_TYPE_A, MX_TYPE_NS, MX_TYPE_SOA, TYPE_TXT, 14};
    message m;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        begin_reply(&m, "dom.test", MX_TYPE_MX);
        if (types[i] == MX_TYPE_A) {
            add_raw(&m, ANSWER, "@", types[i], 300, "\xc0\0\2\1", 4);
        }
        else if (types[i] == MX_TYPE_SOA) {
            add_soa(&m, ANSWER, "@", 300, 300);
        }
        else {
            add_name(&m, ANSWER, "@", types[i], 300, "mx1.@");
        }
        add_soa(&m, AUTHORITY, "@", 300, 300);
        assert_fails(&m, MX_REASON_DAMAGED_REPLY);
    }
    static const uint16_t classes[] = {0, 3, 255}; /* fault C9 */
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        begin_reply(&m, "dom.test", MX_TYPE_MX);
        size_t rdata = add_mx(&m, ANSWER, "@", 300, 10, "mx1.@");
        set_u16(&m, CLASS_AT(rdata), classes[i]);
        assert_fails(&m, MX_REASON_DAMAGED_REPLY);
        add_mx(&m, ANSWER, "@", 300, 20, "mx2.@");
        assert_reads_exchanges(&m, "20 mx2.dom.test");
    }
}

/* Faults C36, C37, rule A9 */
static void
test_only_the_answer_section_counts(void **state)
{
    (void)state;
    message m;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_mx(&m, AUTHORITY, "@", 300, 10, "evil.@");
    add_cname(&m, AUTHORITY, "@", 300, "evil.@");
    add_soa(&m, AUTHORITY, "@", 300, 300);
    add_mx(&m, ADDITIONAL, "@", 300, 10, "evil.@");
    assert_reads(&m, MX_ANSWER_NODATA, MX_REASON_NO_DATA, 300);
}

/* RFC 6672: the CNAME comes with the DNAME it was made from. */
static void
test_a_dname_belongs_to_its_chain(void **state)
{
    (void)state;
    message m;
    begin_reply(&m, "a.dom.test", MX_TYPE_MX);
    add_name(&m, ANSWER, "dom.test", MX_TYPE_DNAME, 300, "other.test");
    add_cname(&m, ANSWER, "@", 300, "a.other.test");
    add_soa(&m, AUTHORITY, "other.test", 300, 300);
    assert_reads(&m, MX_ANSWER_NODATA, MX_REASON_NO_DATA, 300);

    begin_reply(&m, "b.test", MX_TYPE_MX); /* at the second step */
    add_cname(&m, ANSWER, "@", 300, "a.dom.test");
    add_name(&m, ANSWER, "dom.test", MX_TYPE_DNAME, 300, "other.test");
    add_cname(&m, ANSWER, "a.dom.test", 300, "a.other.test");
    assert_reads(&m, MX_ANSWER_ALIAS, MX_REASON_NONE, 300);

    begin_reply(&m, "a.dom.test", MX_TYPE_MX);
    add_name(&m, ANSWER, "dom.test", MX_TYPE_DNAME, 300, "other.test");
    assert_fails(&m, MX_REASON_DAMAGED_REPLY); /* where is the CNAME? */
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_name(&m, ANSWER, "@", MX_TYPE_DNAME, 300, "other.test");
    add_cname(&m, ANSWER, "@", 300, "a.test");
    assert_fails(&m, MX_REASON_DAMAGED_REPLY); /* it has no say about its owner */
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_name(&m, ANSWER, "else.test", MX_TYPE_DNAME, 300, "other.test");
    add_cname(&m, ANSWER, "@", 300, "a.test");
    assert_fails(&m, MX_REASON_DAMAGED_REPLY);
}

static void
test_a_signature_belongs_to_what_it_signs(void **state)
{
    (void)state;
    static const struct {
        uint16_t covered;
        bool is_fine;
    } rows[] = {{MX_TYPE_CNAME, true},
                {MX_TYPE_DNAME, true},
                {MX_TYPE_MX, false},
                {MX_TYPE_A, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        message m;
        begin_reply(&m, "dom.test", MX_TYPE_MX);
        add_cname(&m, ANSWER, "@", 300, "a.test");
        size_t rdata = begin_record(&m, ANSWER, "@", MX_TYPE_RRSIG, 300);
        put_u16(&m, rows[i].covered);
        put_octets(&m, "0123456789abcdefsignature", 25);
        end_record(&m, rdata);
        add_soa(&m, AUTHORITY, "test", 300, 300);
        if (rows[i].is_fine) {
            assert_reads(&m, MX_ANSWER_NODATA, MX_REASON_NO_DATA, 300);
        }
        else {
            assert_fails(&m, MX_REASON_DAMAGED_REPLY);
        }
        add_mx(&m, ADDITIONAL, "@", 0, 0, "@"); /* never the records' trouble */
    }
    message m;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_raw(&m, ANSWER, "@", MX_TYPE_RRSIG, 300, "\0", 1);
    assert_fails(&m, MX_REASON_DAMAGED_REPLY);
}

/* Memory */

static void
test_failed_allocations_are_said(void **state)
{
    (void)state;
    message m;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    for (int i = 0; i < 100; i++) {
        add_mx(&m, ANSWER, "@", 300, (unsigned)i / 2, "mx1.@");
    }
    mx_question question = question_in(&m);
    size_t failures = 0;
    for (;;) {
        mx_answer *answer = NULL;
        mx_mem_fail(failures + 1, 0);
        mx_status status = mx_answer_read(m.bytes, m.length, &question, &answer);
        mx_mem_fail(0, 0);
        if (status == MX_OK) {
            assert_int_equal(answer->count, 50);
            mx_answer_unref(answer);
            break;
        }
        assert_int_equal(status, MX_NOMEM);
        assert_null(answer);
        failures++;
    }
    assert_int_equal(failures, 3); /* records, answer, sorting */
    mx_answer *answer = NULL;
    mx_mem_fail(1, 0);
    assert_int_equal(mx_answer_failure(&question, MX_REASON_TIMEOUT, &answer),
                     MX_NOMEM);
    mx_mem_fail(0, 0);
    assert_null(answer);
}

static void
test_an_ordinary_answer_is_one_allocation(void **state)
{
    (void)state;
    message m;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    for (unsigned i = 0; i < 6; i++) {
        add_mx(&m, ANSWER, "@", 300, i, "mx1.@");
    }
    mx_question question = question_in(&m);
    mx_answer *answer;
    mx_mem_fail(SIZE_MAX, 0); /* only counts */
    assert_int_equal(mx_answer_read(m.bytes, m.length, &question, &answer), MX_OK);
    assert_int_equal(mx_mem_fail(0, 0), 1);
    assert_int_equal(mx_answer_bytes(answer), sizeof *answer +
                                                  mx_name_size(&question.name) +
                                                  answer->bytes_used);
    mx_answer_unref(answer);
}

static void
test_a_failure_without_a_message(void **state)
{
    (void)state;
    mx_question question = question_of("dom.test", MX_TYPE_AAAA);
    mx_answer *answer;
    assert_int_equal(mx_answer_failure(&question, MX_REASON_TIMEOUT, &answer), MX_OK);
    assert_int_equal(answer->kind, MX_ANSWER_FAILURE);
    assert_int_equal(answer->reason, MX_REASON_TIMEOUT);
    assert_int_equal(answer->type, MX_TYPE_AAAA);
    assert_int_equal(answer->ede, -1);
    assert_int_equal(answer->count, 0);
    assert_canonical(answer, 0, "dom.test");
    assert_ptr_equal(mx_answer_ref(answer), answer);
    mx_answer_unref(answer);
    assert_int_equal(answer->reason, MX_REASON_TIMEOUT); /* still ours */
    mx_answer_unref(answer);
    mx_answer_unref(NULL);

    assert_int_equal(mx_answer_failure(&question, MX_REASON_TRUNCATED, &answer), MX_OK);
    assert_int_equal(answer->kind, MX_ANSWER_FAILURE); /* TCP did not help */
    mx_answer_unref(answer);
}

static void *
ref_and_unref(void *argument)
{
    for (int i = 0; i < 10000; i++) {
        mx_answer_unref(mx_answer_ref(argument));
    }
    return NULL;
}

/* Any thread may hold an answer; a sanitizer sees a race or an early end. */
static void
test_references_are_counted_across_threads(void **state)
{
    (void)state;
    mx_question question = question_of("dom.test", MX_TYPE_A);
    mx_answer *answer;
    pthread_t threads[4];
    assert_int_equal(mx_answer_failure(&question, MX_REASON_TIMEOUT, &answer), MX_OK);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, ref_and_unref, answer), 0);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(answer->references, 1);
    mx_answer_unref(answer);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exchanges_keep_their_published_order),
        cmocka_unit_test(test_addresses_keep_their_published_order),
        cmocka_unit_test(test_records_need_neither_ra_nor_aa),
        cmocka_unit_test(test_other_types_are_counted),
        cmocka_unit_test(test_identical_records_count_once),
        cmocka_unit_test(test_a_positive_ttl_is_the_smallest_up_to_a_day),
        cmocka_unit_test(test_a_null_mx_is_an_exchange_with_the_root),
        cmocka_unit_test(test_a_pointed_root_is_no_null_mx),
        cmocka_unit_test(test_an_alias_leads_to_its_records),
        cmocka_unit_test(test_chains_without_an_end_fail),
        cmocka_unit_test(test_an_alias_beside_records_is_warned),
        cmocka_unit_test(test_an_end_the_server_is_silent_about_is_to_be_asked),
        cmocka_unit_test(test_every_rcode_but_0_and_3_is_a_failure),
        cmocka_unit_test(test_all_12_bits_of_an_rcode_count),
        cmocka_unit_test(test_ede_and_ad_are_kept),
        cmocka_unit_test(test_truncation_is_said_at_once),
        cmocka_unit_test(test_what_is_no_reply_to_the_question_is_damaged),
        cmocka_unit_test(test_nxdomain_is_final),
        cmocka_unit_test(test_nxdomain_wins_over_records),
        cmocka_unit_test(test_nxdomain_behind_an_alias),
        cmocka_unit_test(test_absence_must_be_proven),
        cmocka_unit_test(test_upward_referrals_prove_nothing),
        cmocka_unit_test(test_a_negative_ttl_is_the_soas_up_to_an_hour),
        cmocka_unit_test(test_an_soa_counts_from_the_zone_up),
        cmocka_unit_test(test_absence_behind_an_alias),
        cmocka_unit_test(test_records_of_other_owners_prove_nothing),
        cmocka_unit_test(test_records_of_another_type_or_class_prove_nothing),
        cmocka_unit_test(test_only_the_answer_section_counts),
        cmocka_unit_test(test_a_dname_belongs_to_its_chain),
        cmocka_unit_test(test_a_signature_belongs_to_what_it_signs),
        cmocka_unit_test(test_failed_allocations_are_said),
        cmocka_unit_test(test_an_ordinary_answer_is_one_allocation),
        cmocka_unit_test(test_a_failure_without_a_message),
        cmocka_unit_test(test_references_are_counted_across_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
