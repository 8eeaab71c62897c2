/* SPDX-License-Identifier: MIT */
#include "core/chain.h"
#include "message.h"
#include "samples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Walks the chain of the question that `m` has. */
static mx_reason
walk(const message *m, mx_chain *chain)
{
    mx_message read;
    mx_question question = question_in(m);
    assert_int_equal(mx_message_init(&read, m->bytes, m->length, &question), MX_OK);
    assert_false(read.is_damaged);
    memset(chain, 0x55, sizeof *chain); /* the walk must set all of it */
    mx_reason reason = mx_chain_walk(&read, &question, chain);
    assert_true(read.again.label_steps <= MX_MAX_LABEL_STEPS);
    mx_message_fini(&read);
    return reason;
}

static void
assert_end(const mx_chain *chain, unsigned aliases, const char *end)
{
    mx_name expected = name_of(end);
    assert_int_equal(chain->aliases, aliases);
    assert_true(mx_name_equal(&chain->names[aliases], &expected));
}

static void
test_without_an_alias_the_question_is_the_end(void **state)
{
    (void)state;
    message m;
    mx_chain chain;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    assert_int_equal(walk(&m, &chain), MX_REASON_NONE);
    assert_end(&chain, 0, "dom.test");
    assert_int_equal(chain.count, 0);
    assert_int_equal(chain.bytes, 0);
    assert_int_equal(chain.ttl, UINT32_MAX);

    add_mx(&m, ANSWER, "@", 300, 10, "mx1.@");
    add_mx(&m, ANSWER, "DOM.Test", 200, 10, "mx2.@");
    add_mx(&m, ANSWER, "@", 400, 20, ".");
    assert_int_equal(walk(&m, &chain), MX_REASON_NONE);
    assert_end(&chain, 0, "dom.test");
    assert_int_equal(chain.count, 3);
    assert_int_equal(chain.bytes, 3 + 14 + 3 + 14 + 3 + 1);
    assert_int_equal(chain.ttl, 200);
    assert_false(chain.has_alias_beside);
}

/* Faults C3, C9, C36, C37: other owners, other classes, other sections. */
static void
test_nothing_else_counts(void **state)
{
    (void)state;
    message m;
    mx_chain chain;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_mx(&m, ANSWER, "other.test", 300, 10, "mx1.@");
    add_mx(&m, ANSWER, "sub.@", 300, 10, "mx1.@");
    add_mx(&m, ANSWER, "test", 300, 10, "mx1.@");
    add_cname(&m, ANSWER, "other.test", 300, "x.@");
    add_raw(&m, ANSWER, "@", MX_TYPE_A, 300, "\xc0\0\2\1", 4);
    static const uint16_t classes[] = {0, 3, 254, 255, 0x101};
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        size_t rdata = add_mx(&m, ANSWER, "@", 300, 10, "mx1.@");
        set_u16(&m, rdata - 8, classes[i]);
        rdata = add_cname(&m, ANSWER, "@", 300, "x.@");
        set_u16(&m, rdata - 8, classes[i]);
    }
    add_mx(&m, AUTHORITY, "@", 300, 10, "mx1.@");
    add_cname(&m, AUTHORITY, "@", 300, "x.@");
    add_mx(&m, ADDITIONAL, "@", 300, 10, "mx1.@");
    add_cname(&m, ADDITIONAL, "@", 300, "x.@");
    assert_int_equal(walk(&m, &chain), MX_REASON_NONE);
    assert_end(&chain, 0, "dom.test");
    assert_int_equal(chain.count, 0);
}

static void
test_aliases_are_followed_in_any_order(void **state)
{
    (void)state;
    message m;
    mx_chain chain;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_mx(&m, ANSWER, "c.test", 50, 10, "mx1.@");
    add_cname(&m, ANSWER, "B.test", 40, "C.Test");
    add_cname(&m, ANSWER, "a.test", 30, "b.test");
    add_cname(&m, ANSWER, "@", 60, "A.test");
    assert_int_equal(walk(&m, &chain), MX_REASON_NONE);
    assert_end(&chain, 3, "c.test");
    mx_name middle = name_of("b.test");
    assert_true(mx_name_equal(&chain.names[2], &middle));
    assert_int_equal(chain.count, 1);
    assert_int_equal(chain.ttl, 30);
}

static void
test_a_dangling_alias_ends_the_chain(void **state)
{
    (void)state;
    message m;
    mx_chain chain;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_cname(&m, ANSWER, "@", 60, "a.test");
    add_mx(&m, ANSWER, "b.test", 50, 10, "mx1.@"); /* fault C4 */
    assert_int_equal(walk(&m, &chain), MX_REASON_NONE);
    assert_end(&chain, 1, "a.test");
    assert_int_equal(chain.count, 0);
    assert_int_equal(chain.ttl, 60);
}

static void
begin_chain(message *m, int length)
{
    char owner[24] = "@", target[24];
    begin_reply(m, "dom.test", MX_TYPE_MX);
    for (int i = 1; i <= length; i++) {
        snprintf(target, sizeof target, "c%d.test", i);
        add_cname(m, ANSWER, owner, 60, target);
        memcpy(owner, target, sizeof owner);
    }
}

/* Faults C6, S6 */
static void
test_eight_aliases_are_the_limit(void **state)
{
    (void)state;
    message m;
    mx_chain chain;
    begin_chain(&m, 8);
    add_mx(&m, ANSWER, "c8.test", 60, 10, "mx1.@");
    assert_int_equal(walk(&m, &chain), MX_REASON_NONE);
    assert_end(&chain, 8, "c8.test");
    assert_int_equal(chain.count, 1);
    begin_chain(&m, 9);
    add_mx(&m, ANSWER, "c9.test", 60, 10, "mx1.@");
    assert_int_equal(walk(&m, &chain), MX_REASON_CNAME_LIMIT);
    begin_chain(&m, 20);
    assert_int_equal(walk(&m, &chain), MX_REASON_CNAME_LIMIT);
}

/* Fault C5 */
static void
test_a_loop_is_found(void **state)
{
    (void)state;
    message m;
    mx_chain chain;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_cname(&m, ANSWER, "@", 60, "DOM.test");
    assert_int_equal(walk(&m, &chain), MX_REASON_CNAME_LOOP);
    for (int length = 1; length <= 8; length++) {
        char last[24];
        snprintf(last, sizeof last, "c%d.test", length);
        begin_chain(&m, length); /* back to the start */
        add_cname(&m, ANSWER, last, 60, "@");
        assert_int_equal(walk(&m, &chain), MX_REASON_CNAME_LOOP);
        begin_chain(&m, length); /* to the first alias */
        add_cname(&m, ANSWER, last, 60, "c1.test");
        assert_int_equal(walk(&m, &chain), MX_REASON_CNAME_LOOP);
        begin_chain(&m, length); /* to itself */
        add_cname(&m, ANSWER, last, 60, last);
        assert_int_equal(walk(&m, &chain), MX_REASON_CNAME_LOOP);
    }
}

/* Fault C7 */
static void
test_records_beside_an_alias_win(void **state)
{
    (void)state;
    message m;
    mx_chain chain;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_cname(&m, ANSWER, "@", 10, "a.test");
    add_mx(&m, ANSWER, "@", 60, 10, "mx1.@");
    add_cname(&m, ANSWER, "@", 10, "b.test"); /* no matter how many */
    add_mx(&m, ANSWER, "a.test", 50, 10, "mx2.@");
    assert_int_equal(walk(&m, &chain), MX_REASON_NONE);
    assert_end(&chain, 0, "dom.test");
    assert_int_equal(chain.count, 1);
    assert_int_equal(chain.ttl, 60);
    assert_true(chain.has_alias_beside);
}

static void
test_two_aliases_of_one_name_are_damage(void **state)
{
    (void)state;
    message m;
    mx_chain chain;
    begin_reply(&m, "dom.test", MX_TYPE_MX);
    add_cname(&m, ANSWER, "@", 60, "a.test");
    add_cname(&m, ANSWER, "@", 40, "A.TEST");
    assert_int_equal(walk(&m, &chain), MX_REASON_NONE);
    assert_end(&chain, 1, "a.test");
    assert_int_equal(chain.ttl, 40);
    add_cname(&m, ANSWER, "@", 60, "b.test");
    assert_int_equal(walk(&m, &chain), MX_REASON_DAMAGED_REPLY);
}

/* RFC 2181 5.2: different TTLs in one set: the smallest. */
static void
test_the_smallest_ttl_counts(void **state)
{
    (void)state;
    message m;
    mx_chain chain;
    begin_reply(&m, "dom.test", MX_TYPE_A);
    add_cname(&m, ANSWER, "@", 500, "a.test");
    add_raw(&m, ANSWER, "a.test", MX_TYPE_A, 300, "\xc0\0\2\1", 4);
    add_raw(&m, ANSWER, "a.test", MX_TYPE_A, 200, "\xc0\0\2\1", 4);
    add_raw(&m, ANSWER, "a.test", MX_TYPE_AAAA, 100, "0123456789abcdef", 16);
    add_raw(&m, ANSWER, "b.test", MX_TYPE_A, 100, "\xc0\0\2\1", 4);
    assert_int_equal(walk(&m, &chain), MX_REASON_NONE);
    assert_int_equal(chain.ttl, 200);
    assert_int_equal(chain.bytes, 8);
}

static void
test_a_hash_is_not_taken_for_a_name(void **state)
{
    (void)state;
    message m;
    mx_chain chain;
    mx_name one = name_of(short_twin), other = name_of(long_twin);
    assert_int_equal(mx_message_name_hash(&one), mx_message_name_hash(&other));
    begin_reply(&m, short_twin, MX_TYPE_MX);
    add_mx(&m, ANSWER, long_twin, 60, 10, "mx1.@");
    add_cname(&m, ANSWER, long_twin, 60, "mx1.@");
    assert_int_equal(walk(&m, &chain), MX_REASON_NONE);
    assert_int_equal(chain.count, 0);
    assert_int_equal(chain.aliases, 0);
}

/* Faults C43, W26: nor does it pay to make names collide. */
static void
test_colliding_owners_cost_a_bounded_number_of_steps(void **state)
{
    (void)state;
    message m;
    mx_chain chain;
    begin_reply(&m, short_twin, MX_TYPE_MX);
    size_t pointer = 0xc000 + m.length;
    add_mx(&m, ANSWER, long_twin, 60, 10, "mx1.@");
    while (m.length + 32 < sizeof m.bytes) {
        size_t rdata = add_mx(&m, ANSWER, "@", 60, 10, "@");
        set_u16(&m, rdata - 12, (unsigned)pointer);
    }
    assert_int_equal(walk(&m, &chain), MX_REASON_DAMAGED_REPLY);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_an_alias_the_question_is_the_end),
        cmocka_unit_test(test_nothing_else_counts),
        cmocka_unit_test(test_aliases_are_followed_in_any_order),
        cmocka_unit_test(test_a_dangling_alias_ends_the_chain),
        cmocka_unit_test(test_eight_aliases_are_the_limit),
        cmocka_unit_test(test_a_loop_is_found),
        cmocka_unit_test(test_records_beside_an_alias_win),
        cmocka_unit_test(test_two_aliases_of_one_name_are_damage),
        cmocka_unit_test(test_the_smallest_ttl_counts),
        cmocka_unit_test(test_a_hash_is_not_taken_for_a_name),
        cmocka_unit_test(test_colliding_owners_cost_a_bounded_number_of_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
