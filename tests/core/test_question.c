/* SPDX-License-Identifier: MIT */
#include "core/question.h"
#include "core/wire.h"
#include "message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
assert_written(mx_query_flags flags, const void *expected, size_t length)
{
    uint8_t query[MX_QUERY_SIZE];
    mx_question question = question_of("dom.test", MX_TYPE_MX);
    assert_int_equal(mx_question_write(&question, 0xbeef, flags, query), length);
    assert_memory_equal(query, expected, length);
}

#define ID "\xbe\xef"
#define COUNTS(additional) "\0\1\0\0\0\0\0" additional
#define QUESTION "\3dom\4test\0\0\x0f\0\1"
#define OPT "\0\0\x29\x04\xd0\0\0"

static void
test_a_query_asks_for_recursion_and_no_more(void **state)
{
    (void)state;
    static const char query[] = ID "\1\0" COUNTS("\0") QUESTION;
    assert_written((mx_query_flags){.edns = false}, query, sizeof query - 1);
}

static void
test_edns_adds_an_opt_record(void **state)
{
    (void)state;
    static const char query[] = ID "\1\0" COUNTS("\1") QUESTION OPT "\0\0\0\0";
    assert_written((mx_query_flags){.edns = true}, query, sizeof query - 1);
}

/* RFC 6840 5.7: AD asks for AD; DO needs an OPT record. */
static void
test_dnssec_sets_ad_and_do(void **state)
{
    (void)state;
    static const char with_opt[] = ID "\1\x20" COUNTS("\1") QUESTION OPT "\x80\0\0\0";
    static const char without[] = ID "\1\x20" COUNTS("\0") QUESTION;
    assert_written((mx_query_flags){.edns = true, .dnssec = true}, with_opt,
                   sizeof with_opt - 1);
    assert_written((mx_query_flags){.dnssec = true}, without, sizeof without - 1);
}

static void
test_the_longest_query_fits(void **state)
{
    (void)state;
    uint8_t query[MX_QUERY_SIZE];
    mx_question question = {.name = {.length = MX_MAX_NAME}, .type = MX_TYPE_AAAA};
    for (size_t i = 0; i < 254; i += 2) {
        question.name.wire[i] = 1;
        question.name.wire[i + 1] = 'a';
    }
    question.name.wire[254] = 0;
    mx_query_flags flags = {.edns = true, .dnssec = true};
    assert_int_equal(mx_question_write(&question, 1, flags, query), MX_QUERY_SIZE);
}

static void
test_questions_are_equal_in_name_and_type(void **state)
{
    (void)state;
    static const mx_hash_key key = {.k0 = 1, .k1 = 2}, other_key = {.k0 = 1, .k1 = 3};
    mx_question question = question_of("dom.test", MX_TYPE_MX);
    mx_question same = question_of("dom.test", MX_TYPE_MX);
    mx_question other_type = question_of("dom.test", MX_TYPE_A);
    mx_question far_type = question_of("dom.test", 0x100 + MX_TYPE_MX);
    mx_question other_name = question_of("com.test", MX_TYPE_MX);

    assert_true(mx_question_equal(&question, &same));
    assert_false(mx_question_equal(&question, &other_type));
    assert_false(mx_question_equal(&question, &other_name));

    /* What lies behind a name in its array does not count. */
    memset(same.name.wire + same.name.length, 0x55, MX_MAX_NAME - same.name.length);
    uint64_t hash = mx_question_hash(&question, &key);
    assert_true(mx_question_hash(&same, &key) == hash);
    assert_true(mx_question_hash(&other_type, &key) != hash);
    assert_true(mx_question_hash(&far_type, &key) != hash);
    assert_true(mx_question_hash(&other_name, &key) != hash);
    assert_true(mx_question_hash(&question, &other_key) != hash);
}

static void
test_types_have_names(void **state)
{
    (void)state;
    assert_string_equal(mx_type_text(MX_TYPE_A), "A");
    assert_string_equal(mx_type_text(MX_TYPE_NS), "NS");
    assert_string_equal(mx_type_text(MX_TYPE_CNAME), "CNAME");
    assert_string_equal(mx_type_text(MX_TYPE_SOA), "SOA");
    assert_string_equal(mx_type_text(MX_TYPE_MX), "MX");
    assert_string_equal(mx_type_text(MX_TYPE_AAAA), "AAAA");
    assert_string_equal(mx_type_text(MX_TYPE_DNAME), "DNAME");
    assert_string_equal(mx_type_text(MX_TYPE_OPT), "OPT");
    assert_string_equal(mx_type_text(MX_TYPE_RRSIG), "RRSIG");
    assert_string_equal(mx_type_text(99), "TYPE99");
    assert_string_equal(mx_type_text(65535), "TYPE65535");
}

/* A query for MX dom.test and the bare reply to it. */
typedef struct trip {
    uint8_t query[MX_QUERY_SIZE];
    size_t length;
    message reply;
} trip;

static void
begin_trip(trip *t)
{
    mx_question question = question_of("dom.test", MX_TYPE_MX);
    mx_query_flags flags = {.edns = true};
    t->length = mx_question_write(&question, 0x1234, flags, t->query);
    begin_reply(&t->reply, "dom.test", MX_TYPE_MX);
}

static bool
matches(const trip *t)
{
    /* Copies of the exact sizes, so that a sanitizer sees an octet read too many. */
    uint8_t *query = test_malloc(t->length + 1);
    uint8_t *reply = test_malloc(t->reply.length + 1);
    memcpy(query + 1, t->query, t->length);
    memcpy(reply + 1, t->reply.bytes, t->reply.length);
    bool result = mx_reply_matches(query + 1, t->length, reply + 1, t->reply.length);
    test_free(query);
    test_free(reply);
    return result;
}

static void
test_a_reply_matches_its_query(void **state)
{
    (void)state;
    trip t;
    begin_trip(&t);
    assert_true(matches(&t));
    set_flags(&t.reply, QR | AA | TC | 0x7f); /* whatever else it says: W35 */
    assert_true(matches(&t));
    add_mx(&t.reply, ANSWER, "@", 300, 10, "mx1.@");
    assert_true(matches(&t));
    put_octets(&t.reply, "junk", 4); /* the reader's affair */
    assert_true(matches(&t));
}

/* Fault C41: servers may answer in another case, and some do (0x20). */
static void
test_case_does_not_matter_to_a_match(void **state)
{
    (void)state;
    trip t;
    begin_trip(&t);
    memcpy(t.reply.bytes + MX_WIRE_HEADER, "\3DoM\4tEST", 9);
    assert_true(matches(&t));
    /* But only of letters: '[' and '{' differ in the same bit. */
    begin_trip(&t);
    t.query[13] = '[';
    t.reply.bytes[13] = '{';
    assert_false(matches(&t));
}

/* Faults C1, C2, W4, W5, W6, W32, W33, W34 */
static void
test_strays_do_not_match(void **state)
{
    (void)state;
    trip t;
    for (unsigned bit = 0; bit < 16; bit++) {
        begin_trip(&t);
        set_u16(&t.reply, 0, 0x1234u ^ 1u << bit);
        assert_false(matches(&t));
    }
    begin_trip(&t);
    set_flags(&t.reply, RD | RA);
    assert_false(matches(&t));
    for (unsigned opcode = 1; opcode < 16; opcode++) {
        begin_trip(&t);
        set_flags(&t.reply, QR | opcode << 11);
        assert_false(matches(&t));
    }
    static const unsigned counts[] = {0, 2, 256, 65535};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        begin_trip(&t);
        set_u16(&t.reply, 4, counts[i]);
        assert_false(matches(&t));
    }
    /* Every bit of the question counts, but for the case of its 7 letters. */
    begin_trip(&t);
    unsigned matching = 0;
    for (size_t at = MX_WIRE_HEADER; at < t.reply.length; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            begin_trip(&t);
            t.reply.bytes[at] ^= (uint8_t)(1u << bit);
            matching += matches(&t);
        }
    }
    assert_int_equal(matching, 7);
}

/* Faults W1, W2, W3 */
static void
test_a_cut_reply_does_not_match(void **state)
{
    (void)state;
    trip t;
    begin_trip(&t);
    size_t length = t.reply.length;
    for (size_t cut = 0; cut < length; cut++) {
        t.reply.length = cut;
        assert_false(matches(&t));
    }
}

static void
test_a_cut_query_does_not_match(void **state)
{
    (void)state;
    trip t;
    begin_trip(&t);
    size_t needed = MX_WIRE_HEADER + 10 + 4;
    for (t.length = 0; t.length < needed; t.length++) {
        assert_false(matches(&t));
    }
    assert_true(matches(&t));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_query_asks_for_recursion_and_no_more),
        cmocka_unit_test(test_edns_adds_an_opt_record),
        cmocka_unit_test(test_dnssec_sets_ad_and_do),
        cmocka_unit_test(test_the_longest_query_fits),
        cmocka_unit_test(test_questions_are_equal_in_name_and_type),
        cmocka_unit_test(test_types_have_names),
        cmocka_unit_test(test_a_reply_matches_its_query),
        cmocka_unit_test(test_case_does_not_matter_to_a_match),
        cmocka_unit_test(test_strays_do_not_match),
        cmocka_unit_test(test_a_cut_reply_does_not_match),
        cmocka_unit_test(test_a_cut_query_does_not_match),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
