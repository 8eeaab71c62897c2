/* SPDX-License-Identifier: MIT */
#include "core/channel_ledger.h"
#include "scene.h"

#include <errno.h>

static void
test_a_ledger_counts_what_is_open(void **state)
{
    (void)state;
    mx_ledger *ledger;
    int os_error;
    enum { ENTERED = 100 };
    uint8_t queries[ENTERED][MX_QUERY_SIZE];
    size_t length[ENTERED];
    assert_int_equal(mx_channel_library_init(), MX_OK);
    assert_int_equal(mx_ledger_new(LIFE, &ledger, &os_error), MX_OK);
    for (unsigned i = 0; i < ENTERED; i++) {
        length[i] = write_query(i, queries[i]);
        queries[i][0] = (uint8_t)(i + 1); /* the proposal */
        assert_int_equal(mx_ledger_enter(ledger, queries[i], length[i]), 0);
        assert_int_equal(mx_ledger_count(ledger), i + 1);
        for (unsigned j = 0; j < i; j++) {
            assert_memory_not_equal(queries[i], queries[j], 2);
        }
    }
    for (unsigned i = 0; i < ENTERED; i++) {
        unsigned done = (i * 37) % ENTERED;
        mx_ledger_settle(ledger, queries[done], length[done]);
        assert_int_equal(mx_ledger_count(ledger), ENTERED - 1 - i);
        mx_ledger_settle(ledger, queries[done], length[done]);
        assert_int_equal(mx_ledger_count(ledger), ENTERED - 1 - i);
    }
    assert_int_equal(mx_ledger_enter(ledger, queries[0], length[0]), 0);
    mx_ledger_free(ledger);
    mx_ledger_free(NULL);
}

static void
test_a_full_ledger_takes_no_more(void **state)
{
    (void)state;
    mx_ledger *ledger;
    int os_error;
    uint8_t query[MX_QUERY_SIZE];
    assert_int_equal(mx_channel_library_init(), MX_OK);
    assert_int_equal(mx_ledger_new(LIFE, &ledger, &os_error), MX_OK);
    for (unsigned i = 0; i < MX_LEDGER_SIZE; i++) {
        size_t length = write_query(i, query);
        query[0] = (uint8_t)(i >> 8);
        query[1] = (uint8_t)i;
        assert_int_equal(mx_ledger_enter(ledger, query, length), 0);
    }
    size_t length = write_query(0, query);
    assert_int_equal(mx_ledger_enter(ledger, query, length), EAGAIN);
    mx_ledger_free(ledger);
}

static void
test_every_length_of_name(void **state)
{
    (void)state;
    mx_ledger *ledger;
    int os_error;
    assert_int_equal(mx_channel_library_init(), MX_OK);
    assert_int_equal(mx_ledger_new(LIFE, &ledger, &os_error), MX_OK);
    for (size_t size = 1; size <= MX_MAX_NAME_TEXT; size++) {
        char text[MX_MAX_NAME_TEXT + 1];
        mx_question question = {.type = MX_TYPE_AAAA};
        uint8_t query[MX_QUERY_SIZE];
        memset(text, 'a', sizeof(text));
        for (size_t dot = 50; dot + 1 < size; dot += 51) {
            text[dot] = '.';
        }
        assert_int_equal(mx_name_from_text(text, size, &question.name), 0);
        for (int edns = 0; edns < 2; edns++) {
            mx_query_flags flags = {.edns = edns == 1, .dnssec = edns == 1};
            size_t length = mx_question_write(&question, 7, flags, query);
            assert_int_equal(mx_ledger_enter(ledger, query, length), 0);
            mx_ledger_settle(ledger, query, length);
            assert_int_equal(mx_ledger_count(ledger), 0);
        }
    }
    mx_ledger_free(ledger);
}

/* The end of a CNAME chain need not be a host name. */
static void
test_every_byte_in_a_name(void **state)
{
    (void)state;
    mx_ledger *ledger;
    int os_error;
    uint8_t query[MX_QUERY_SIZE];
    mx_question question = {.type = MX_TYPE_A};
    assert_int_equal(mx_channel_library_init(), MX_OK);
    assert_int_equal(mx_ledger_new(LIFE, &ledger, &os_error), MX_OK);
    for (unsigned byte = 0; byte <= 255; byte++) {
        const uint8_t wire[] = {3, 'a', (uint8_t)byte, 'b', 1, (uint8_t)byte, 0};
        assert_true(mx_name_from_wire(wire, sizeof(wire), &question.name));
        size_t length =
            mx_question_write(&question, 7, (mx_query_flags){.edns = true}, query);
        uint8_t before[MX_QUERY_SIZE];
        memcpy(before, query, length);
        assert_int_equal(mx_ledger_enter(ledger, query, length), 0);
        assert_memory_equal(query + 2, before + 2, length - 2);
        mx_ledger_settle(ledger, query, length);
        assert_int_equal(mx_ledger_count(ledger), 0);
    }
    mx_ledger_free(ledger);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_ledger_counts_what_is_open),
        cmocka_unit_test(test_a_full_ledger_takes_no_more),
        cmocka_unit_test(test_every_length_of_name),
        cmocka_unit_test(test_every_byte_in_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
