/* SPDX-License-Identifier: MIT */
/* What damage and size may do to an answer: faults W11, W12, W26, C14, C15. */
#include "core/answer.h"
#include "message.h"
#include "read_answer.h"
#include "samples.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static final_statement
final_of(const mx_answer *answer)
{
    size_t cursor = 0;
    uint16_t preference;
    const mx_name *host;
    switch (answer->kind) {
    case MX_ANSWER_NODATA:
        return FINAL_NODATA;
    case MX_ANSWER_NXDOMAIN:
        return FINAL_NXDOMAIN;
    case MX_ANSWER_RECORDS:
        while (mx_answer_next_exchange(answer, &cursor, &preference, &host)) {
            if (mx_name_is_root(host)) {
                return FINAL_NULL_MX;
            }
        }
        return NOT_FINAL;
    default:
        return NOT_FINAL;
    }
}

static final_statement
read_final(const message *m, size_t length, const mx_question *question)
{
    mx_answer *answer = read_cut(m, length, question);
    final_statement result = final_of(answer);
    mx_answer_unref(answer);
    return result;
}

/* Fault W11: cut anywhere, no message says anything. */
static void
test_a_cut_message_is_a_failure(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        message m;
        samples[i].build(&m);
        mx_question question = question_in(&m);
        assert_int_equal(read_final(&m, m.length, &question), samples[i].final);
        for (size_t length = 0; length < m.length; length++) {
            mx_answer *answer = read_cut(&m, length, &question);
            assert_int_equal(answer->kind, MX_ANSWER_FAILURE);
            assert_int_equal(answer->reason, MX_REASON_DAMAGED_REPLY);
            mx_answer_unref(answer);
        }
    }
}

/* Fault W12: never a final statement that the message did not make. */
static void
test_no_flipped_bit_makes_a_final_statement(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        message m;
        samples[i].build(&m);
        mx_question question = question_in(&m);
        for (size_t bit = 0; bit < 8 * m.length; bit++) {
            m.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            final_statement read_as = read_final(&m, m.length, &question);
            m.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            if (read_as != NOT_FINAL && read_as != samples[i].final) {
                fail_msg("%s, bit %zu of octet %zu: read as %d", samples[i].what,
                         bit % 8, bit / 8, (int)read_as);
            }
        }
    }
}

/* Where a flipped pointer leads depends on the length of the name before it. */
static void
test_no_flipped_pointer_makes_a_null_mx(void **state)
{
    (void)state;
    char name[200] = "";
    for (size_t length = 1; length < sizeof name; length++) {
        message m;
        name[length - 1] = length % 50 == 0 ? '.' : 'a';
        begin_reply(&m, name, MX_TYPE_MX);
        add_mx(&m, ANSWER, "@", 300, 0, "@");
        mx_question question = question_in(&m);
        for (size_t bit = 8 * (m.length - 2); bit < 8 * m.length; bit++) {
            m.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(read_final(&m, m.length, &question), NOT_FINAL);
            m.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

/* Nor do two. The header is left out: two bits make NXDOMAIN of success there, or move
 * a record into another section, and nothing in a message speaks against that. */
static void
test_two_flipped_bits_make_no_statement_of_one_exchange(void **state)
{
    (void)state;
    message m;
    build_one_exchange(&m);
    mx_question question = question_in(&m);
    for (size_t one = 8 * MX_WIRE_HEADER; one < 8 * m.length; one++) {
        m.bytes[one / 8] ^= (uint8_t)(1u << one % 8);
        for (size_t two = one + 1; two < 8 * m.length; two++) {
            m.bytes[two / 8] ^= (uint8_t)(1u << two % 8);
            assert_int_equal(read_final(&m, m.length, &question), NOT_FINAL);
            m.bytes[two / 8] ^= (uint8_t)(1u << two % 8);
        }
        m.bytes[one / 8] ^= (uint8_t)(1u << one % 8);
    }
}

/* Faults C14, C15 */
static void
test_full_messages_are_read_whole(void **state)
{
    (void)state;
    message m;
    size_t count = 0;
    begin_reply(&m, "mx1.dom.test", MX_TYPE_A);
    for (; m.length + 16 <= sizeof m.bytes; count++) {
        uint8_t octets[4] = {10, 0, (uint8_t)(count >> 8), (uint8_t)count};
        add_raw(&m, ANSWER, "@", MX_TYPE_A, 300, octets, 4);
    }
    assert_true(count >= 4090);
    mx_answer *answer = read_answer(&m);
    assert_int_equal(answer->count, count);
    mx_address last = mx_answer_address(answer, count - 1);
    assert_int_equal(last.bytes[2] << 8 | last.bytes[3], count - 1);
    assert_int_equal(mx_answer_bytes(answer),
                     sizeof *answer + mx_name_size(answer->canonical) + 4 * count);
    mx_answer_unref(answer);

    begin_reply(&m, "dom.test", MX_TYPE_MX);
    for (count = 0; m.length + 20 <= sizeof m.bytes; count++) {
        char host[8] = {(char)('a' + count / 676 % 26), (char)('a' + count / 26 % 26),
                        (char)('a' + count % 26), '.', '@'};
        add_mx(&m, ANSWER, "@", 300, 10, host);
    }
    assert_true(count >= 3270);
    answer = read_answer(&m);
    assert_int_equal(answer->count, count);
    mx_answer_unref(answer);
}

/* Fault W26: names that are too dear to read are no proof of anything. */
static void
test_a_message_too_dear_to_read_is_damaged(void **state)
{
    (void)state;
    message m;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    size_t first = add_mx(&m, ANSWER, "@", 300, 10, "a.a.a.a.a.a.a.a.a.a.a.a.a.a.@");
    while (m.length + 16 <= sizeof m.bytes) {
        add_mx(&m, ANSWER, "@", 300, 10, "@");
        set_u16(&m, m.length - 2, 0xc000u | (unsigned)(first + 2));
    }
    mx_answer *answer = read_answer(&m);
    assert_int_equal(answer->kind, MX_ANSWER_FAILURE);
    assert_int_equal(answer->reason, MX_REASON_DAMAGED_REPLY);
    mx_answer_unref(answer);
}

/* The same when it shows only after some of the records were taken: owners with
 * the same hash make the second reading dearer than the first. */
static void
test_records_too_dear_to_take_are_damaged(void **state)
{
    (void)state;
    message m;
    begin_reply(&m, short_twin, MX_TYPE_MX);
    size_t pointer = 0xc000 + m.length;
    add_mx(&m, ANSWER, long_twin, 300, 10, "x");
    for (int i = 0; i < 196; i++) { /* of 101 labels each */
        size_t rdata = add_mx(&m, ANSWER, "@", 300, 10, "x");
        set_u16(&m, rdata - 12, (unsigned)pointer);
    }
    for (unsigned i = 0; i < 40; i++) {
        add_mx(&m, ANSWER, "@", 300, i, "a.b.c.d.e");
    }
    mx_answer *answer = read_answer(&m);
    assert_int_equal(answer->kind, MX_ANSWER_FAILURE);
    assert_int_equal(answer->reason, MX_REASON_DAMAGED_REPLY);
    assert_int_equal(answer->ttl, 0);
    assert_int_equal(answer->count, 0);
    assert_int_equal(answer->bytes_used, 0);
    mx_answer_unref(answer);
}

static void *
read_on_this_stack(void *argument)
{
    const message *m = argument;
    mx_answer *answer = NULL;
    mx_question question = question_in(m);
    if (mx_answer_read(m->bytes, m->length, &question, &answer) != MX_OK) {
        return NULL;
    }
    return answer;
}

/* The engine's thread may have a small stack; the reader neither recurses nor keeps
 * much there. */
static void
test_64_kib_of_stack_are_enough(void **state)
{
    (void)state;
    message m;
    begin_reply(&m, "c0.test", MX_TYPE_MX);
    for (int i = 0; i < 8; i++) {
        char owner[24], target[24];
        snprintf(owner, sizeof owner, "c%d.test", i);
        snprintf(target, sizeof target, "c%d.test", i + 1);
        add_cname(&m, ANSWER, owner, 300, target);
    }
    while (m.length + 40 <= sizeof m.bytes) {
        add_mx(&m, ANSWER, "c8.test", 300, 10, "mx1.@");
    }
    pthread_attr_t attributes;
    pthread_t thread;
    void *answer = NULL;
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, 64 * 1024), 0);
    assert_int_equal(pthread_create(&thread, &attributes, read_on_this_stack, &m), 0);
    assert_int_equal(pthread_join(thread, &answer), 0);
    pthread_attr_destroy(&attributes);
    assert_non_null(answer);
    assert_int_equal(((mx_answer *)answer)->kind, MX_ANSWER_RECORDS);
    assert_int_equal(((mx_answer *)answer)->cname_count, 8);
    mx_answer_unref(answer);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_cut_message_is_a_failure),
        cmocka_unit_test(test_no_flipped_bit_makes_a_final_statement),
        cmocka_unit_test(test_no_flipped_pointer_makes_a_null_mx),
        cmocka_unit_test(test_two_flipped_bits_make_no_statement_of_one_exchange),
        cmocka_unit_test(test_full_messages_are_read_whole),
        cmocka_unit_test(test_a_message_too_dear_to_read_is_damaged),
        cmocka_unit_test(test_records_too_dear_to_take_are_damaged),
        cmocka_unit_test(test_64_kib_of_stack_are_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
