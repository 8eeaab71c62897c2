/* SPDX-License-Identifier: MIT */
#include "core/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* README.rst, Statuses and errors, row by row. */
static const struct {
    mx_verdict verdict;
    mx_reason reason;
    const char *word;
    mx_deliverable deliverable;
    int code;
    const char *enhanced;
} rows[] = {
    {MX_VERDICT_OK, MX_REASON_NONE, "ok", MX_DELIVERABLE, 0, ""},
    {MX_VERDICT_NULL_MX, MX_REASON_NULL_MX, "null_mx", MX_UNDELIVERABLE, 556, "5.1.10"},
    {MX_VERDICT_NO_DOMAIN, MX_REASON_NXDOMAIN, "no_domain", MX_UNDELIVERABLE, 550,
     "5.1.2"},
    {MX_VERDICT_NO_MAIL, MX_REASON_NO_DATA, "no_mail", MX_UNDELIVERABLE, 550, "5.1.2"},
    {MX_VERDICT_NO_ADDRESS, MX_REASON_NO_DATA, "no_address", MX_UNDELIVERABLE, 550,
     "5.4.4"},
    {MX_VERDICT_REFUSED, MX_REASON_LOOP, "refused", MX_UNDELIVERABLE, 550, "5.4.6"},
    {MX_VERDICT_REFUSED, MX_REASON_ADDRESS_POLICY, "refused", MX_UNDELIVERABLE, 550,
     "5.4.4"},
    {MX_VERDICT_INVALID, MX_REASON_EMPTY, "invalid", MX_UNDELIVERABLE, 501, "5.1.3"},
    {MX_VERDICT_TIMEOUT, MX_REASON_TIMEOUT, "timeout", MX_UNKNOWN, 451, "4.4.3"},
    {MX_VERDICT_SERVER_FAILURE, MX_REASON_SERVFAIL, "server_failure", MX_UNKNOWN, 451,
     "4.4.3"},
    {MX_VERDICT_NO_SERVERS, MX_REASON_UNREACHABLE, "no_servers", MX_UNKNOWN, 451,
     "4.4.3"},
    {MX_VERDICT_BAD_REPLY, MX_REASON_DAMAGED_REPLY, "bad_reply", MX_UNKNOWN, 451,
     "4.4.3"},
    {MX_VERDICT_CANCELLED, MX_REASON_CANCELLED, "cancelled", MX_UNKNOWN, 0, ""},
};

static void
test_each_verdict_means_what_the_rules_say(void **state)
{
    (void)state;
    bool seen[MX_VERDICT_COUNT] = {false};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mx_verdict verdict = rows[i].verdict;
        mx_smtp_reply reply = mx_verdict_smtp_reply(verdict, rows[i].reason);
        assert_string_equal(mx_verdict_word(verdict), rows[i].word);
        assert_int_equal(mx_verdict_deliverable(verdict), rows[i].deliverable);
        assert_int_equal(reply.code, rows[i].code);
        assert_string_equal(reply.enhanced, rows[i].enhanced);
        seen[verdict] = true;
    }
    for (size_t i = 0; i < MX_VERDICT_COUNT; i++) {
        assert_true(seen[i]);
    }
}

/* RFC 3463 2: class 4 with 4xx, class 5 with 5xx; and text exactly where there is a
 * reply. */
static void
test_replies_agree_with_themselves(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mx_smtp_reply reply = mx_verdict_smtp_reply(rows[i].verdict, rows[i].reason);
        assert_int_equal(strlen(reply.text) > 0, reply.code != 0);
        if (reply.code != 0) {
            assert_int_equal(reply.enhanced[0], '0' + reply.code / 100);
            bool is_permanent = reply.code >= 500;
            mx_deliverable deliverable = mx_verdict_deliverable(rows[i].verdict);
            assert_int_equal(deliverable, is_permanent ? MX_UNDELIVERABLE : MX_UNKNOWN);
        }
    }
}

static void
test_only_a_loop_that_is_refused_is_a_loop(void **state)
{
    (void)state;
    mx_smtp_reply reply = mx_verdict_smtp_reply(MX_VERDICT_NO_ADDRESS, MX_REASON_LOOP);
    assert_string_equal(reply.enhanced, "5.4.4");
}

static void
test_failures_amount_to_temporary_verdicts(void **state)
{
    (void)state;
    const struct {
        mx_reason reason;
        mx_verdict verdict;
    } cases[] = {
        {MX_REASON_SERVFAIL, MX_VERDICT_SERVER_FAILURE},
        {MX_REASON_SERVER_REFUSED, MX_VERDICT_SERVER_FAILURE},
        {MX_REASON_FORMERR, MX_VERDICT_SERVER_FAILURE},
        {MX_REASON_NOTIMP, MX_VERDICT_SERVER_FAILURE},
        {MX_REASON_OTHER_RCODE, MX_VERDICT_SERVER_FAILURE},
        {MX_REASON_NOT_RECURSIVE, MX_VERDICT_SERVER_FAILURE},
        {MX_REASON_TIMEOUT, MX_VERDICT_TIMEOUT},
        {MX_REASON_UNREACHABLE, MX_VERDICT_NO_SERVERS},
        {MX_REASON_LOCAL_ERROR, MX_VERDICT_NO_SERVERS},
        {MX_REASON_DAMAGED_REPLY, MX_VERDICT_BAD_REPLY},
        {MX_REASON_UNRELATED_ANSWER, MX_VERDICT_BAD_REPLY},
        {MX_REASON_TRUNCATED, MX_VERDICT_BAD_REPLY},
        {MX_REASON_CNAME_LOOP, MX_VERDICT_BAD_REPLY},
        {MX_REASON_CNAME_LIMIT, MX_VERDICT_BAD_REPLY},
        {MX_REASON_CANCELLED, MX_VERDICT_CANCELLED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(mx_verdict_of_failure(cases[i].reason), cases[i].verdict);
    }
}

/* A sick resolver is never "undeliverable", whatever the reason. */
static void
test_no_failure_is_final(void **state)
{
    (void)state;
    for (int i = 0; i < MX_REASON_COUNT; i++) {
        mx_verdict verdict = mx_verdict_of_failure((mx_reason)i);
        assert_int_equal(mx_verdict_deliverable(verdict), MX_UNKNOWN);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_verdict_means_what_the_rules_say),
        cmocka_unit_test(test_replies_agree_with_themselves),
        cmocka_unit_test(test_only_a_loop_that_is_refused_is_a_loop),
        cmocka_unit_test(test_failures_amount_to_temporary_verdicts),
        cmocka_unit_test(test_no_failure_is_final),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
