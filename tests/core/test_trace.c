/* SPDX-License-Identifier: MIT */
/* The list of steps and their words, without a lookup. */
#include "core/mem.h"
#include "core/question.h"
#include "core/trace.h"
#include "script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static mx_trace *
new_trace(void)
{
    mx_trace *trace;

    assert_int_equal(mx_trace_new(&trace), MX_OK);
    return trace;
}

static void
a_new_step_says_nothing(void **state)
{
    mx_trace *trace = new_trace();
    mx_step *step = mx_trace_add(trace, MX_EVENT_QUERY, 7);

    (void)state;
    assert_non_null(step);
    assert_int_equal(trace->count, 1);
    assert_int_equal(step->event, MX_EVENT_QUERY);
    assert_int_equal(step->at, 7);
    assert_int_equal(step->elapsed, MX_STEP_NONE);
    assert_int_equal(step->protocol, MX_STEP_NONE);
    assert_int_equal(step->rcode, MX_STEP_NONE);
    assert_int_equal(step->ede, MX_STEP_NONE);
    assert_int_equal(step->count, MX_STEP_NONE);
    assert_int_equal(step->reason, MX_REASON_NONE);
    assert_int_equal(step->server.port, 0);
    assert_int_equal(step->address.family, 0);
    assert_string_equal(step->name, "");
    assert_string_equal(step->host, "");
    mx_trace_unref(trace);
}

static void
steps_are_bounded_but_not_the_verdict(void **state)
{
    mx_trace *trace = new_trace();

    (void)state;
    for (int i = 0; i < MX_TRACE_STEPS; i++) {
        assert_non_null(mx_trace_add(trace, MX_EVENT_QUERY, i));
    }
    assert_null(mx_trace_add(trace, MX_EVENT_REPLY, 1000));
    assert_null(mx_trace_add(trace, MX_EVENT_REPLY, 1000));
    mx_trace_end(trace, 2000)->verdict = MX_VERDICT_OK;
    assert_int_equal(trace->count, MX_TRACE_STEPS + 2);
    assert_int_equal(trace->steps[MX_TRACE_STEPS - 1].event, MX_EVENT_QUERY);
    assert_int_equal(trace->steps[MX_TRACE_STEPS].event, MX_EVENT_OMITTED);
    assert_int_equal(trace->steps[MX_TRACE_STEPS].count, 2);
    assert_int_equal(trace->steps[MX_TRACE_STEPS + 1].event, MX_EVENT_VERDICT);
    assert_int_equal(trace->steps[MX_TRACE_STEPS + 1].at, 2000);
    mx_trace_unref(trace);
}

static void
nothing_omitted_is_not_mentioned(void **state)
{
    mx_trace *trace = new_trace();

    (void)state;
    (void)mx_trace_add(trace, MX_EVENT_QUERY, 1);
    (void)mx_trace_end(trace, 2);
    assert_int_equal(trace->count, 2);
    assert_int_equal(trace->steps[1].event, MX_EVENT_VERDICT);
    mx_trace_unref(trace);
}

static void
short_memory_omits_steps_only(void **state)
{
    mx_trace *trace = new_trace();
    size_t kept = 0;

    (void)state;
    (void)mx_mem_fail(1, 1);
    for (int i = 0; i < 100; i++) {
        kept += mx_trace_add(trace, MX_EVENT_QUERY, i) != NULL;
    }
    assert_string_equal(mx_trace_text(trace, "a.test"), "");
    (void)mx_trace_end(trace, 100);
    (void)mx_mem_fail(0, 0);
    assert_in_range(kept, 1, 99);
    assert_int_equal(trace->count, kept + 2);
    assert_int_equal(trace->steps[kept].count, 100 - kept);
    mx_trace_unref(trace);
}

static void
making_one_takes_memory(void **state)
{
    mx_trace *trace;

    (void)state;
    for (size_t nth = 1; nth <= 2; nth++) {
        (void)mx_mem_fail(nth, 0);
        assert_int_equal(mx_trace_new(&trace), MX_NOMEM);
        assert_int_equal(mx_mem_fail(0, 0), nth);
    }
}

static void
what_is_old_is_forgotten(void **state)
{
    mx_trace *trace = new_trace();

    (void)state;
    for (int i = 0; i < 10; i++) {
        (void)mx_trace_add(trace, MX_EVENT_QUERY, i);
    }
    mx_trace_forget(trace, 0);
    assert_int_equal(trace->count, 10);
    mx_trace_forget(trace, 1);
    assert_int_equal(trace->count, 9);
    assert_int_equal(trace->steps[0].at, 1);
    mx_trace_forget(trace, 7);
    assert_int_equal(trace->count, 3);
    assert_int_equal(trace->steps[0].at, 7);
    assert_int_equal(trace->steps[2].at, 9);
    mx_trace_forget(trace, 100);
    assert_int_equal(trace->count, 0);
    mx_trace_unref(trace);
}

/* Times of steps as they are added, and their places afterwards. */
static void
steps_of_one_time_keep_their_order(void **state)
{
    static const mx_usec times[] = {1000, 1005, 1005, 1002, 1005, 998, 1002};
    static const int places[] = {5, 0, 3, 6, 1, 2, 4};
    mx_trace *trace = new_trace();

    (void)state;
    for (int i = 0; i < 7; i++) {
        mx_trace_add(trace, MX_EVENT_QUERY, times[i])->count = i;
    }
    mx_trace_sort(trace, 1000);
    for (int i = 0; i < 7; i++) {
        assert_int_equal(trace->steps[i].count, places[i]);
        assert_int_equal(trace->steps[i].at, times[places[i]] - 1000);
    }
    mx_trace_unref(trace);
}

static void
messages_become_those_of_a_question(void **state)
{
    mx_trace *messages = new_trace(), *trace = new_trace();

    (void)state;
    (void)mx_trace_add(trace, MX_EVENT_JOIN, 1);
    mx_trace_add(messages, MX_EVENT_QUERY, 2)->edns = 1;
    for (int i = 0; i < MX_TRACE_STEPS; i++) {
        (void)mx_trace_add(messages, MX_EVENT_SILENCE, 3);
    }
    mx_trace_append(trace, messages, "a.test", MX_TYPE_MX);
    assert_int_equal(trace->steps[1].event, MX_EVENT_QUERY);
    assert_int_equal(trace->steps[1].edns, 1);
    assert_string_equal(trace->steps[1].name, "a.test");
    assert_int_equal(trace->steps[1].type, MX_TYPE_MX);
    assert_int_equal(trace->count, MX_TRACE_STEPS);
    (void)mx_trace_end(trace, 4);
    assert_int_equal(trace->steps[MX_TRACE_STEPS].count, 2); /* one of each list */
    mx_trace_unref(trace);
    assert_int_equal(messages->count, MX_TRACE_STEPS);
    mx_trace_unref(messages);
}

static void
one_step_omitted_is_mentioned(void **state)
{
    mx_trace *trace = new_trace();

    (void)state;
    for (int i = 0; i <= MX_TRACE_STEPS; i++) {
        (void)mx_trace_add(trace, MX_EVENT_QUERY, i);
    }
    (void)mx_trace_end(trace, 1000);
    assert_int_equal(trace->steps[MX_TRACE_STEPS].event, MX_EVENT_OMITTED);
    assert_int_equal(trace->steps[MX_TRACE_STEPS].count, 1);
    mx_trace_unref(trace);
}

/* As a pickle needs it: a whole trace has two steps more than are ever added. */
static void
trace_is_restored_up_to_its_bound(void **state)
{
    static const size_t counts[] = {0, 1, 17, MX_TRACE_STEPS + 2};
    mx_trace *trace = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        assert_int_equal(mx_trace_restore(counts[i], &trace), MX_OK);
        assert_int_equal(trace->count, counts[i]);
        for (size_t place = 0; place < trace->count; place++) {
            assert_int_equal(trace->steps[place].rcode, MX_STEP_NONE);
            assert_string_equal(trace->steps[place].name, "");
        }
        mx_trace_unref(trace);
    }
    assert_int_equal(mx_trace_restore(MX_TRACE_STEPS + 3, &trace), MX_INVALID);
    (void)mx_mem_fail(1, 0);
    assert_int_equal(mx_trace_restore(1, &trace), MX_NOMEM);
    (void)mx_mem_fail(0, 0);
}

static void
last_reference_frees(void **state)
{
    mx_trace *trace = new_trace();

    (void)state;
    assert_ptr_equal(mx_trace_ref(trace), trace);
    mx_trace_unref(trace);
    assert_non_null(mx_trace_add(trace, MX_EVENT_QUERY, 1));
    mx_trace_unref(trace); /* a leak checker sees what is left */
    assert_null(mx_trace_ref(NULL));
    mx_trace_unref(NULL);
}

/* What a step keeps of a reply. */
static void
replies_are_told_as_they_were(void **state)
{
    static const struct {
        const char *reply, *text;
    } rows[] = {
        {"10 mx.a.test, 20 b.test", ": NOERROR, 2 records"},
        {"NODATA", ": NOERROR, no_data"},
        {"NXDOMAIN", ": NXDOMAIN"},
        {"SERVFAIL", ": SERVFAIL"},
        {"BADVERS", ": BADVERS"},
        {"BADCOOKIE", ": BADCOOKIE"},
        {"TRUNCATED", ": NOERROR, truncated"},
        {"REFERRAL", ": NOERROR, not_recursive"},
        {"CNAME b.test", ": NOERROR"},
        {"DAMAGED", ": damaged_reply"},
    };
    mx_question question = {.type = MX_TYPE_MX};
    char text[MX_STEP_TEXT_SIZE];
    size_t length;

    (void)state;
    assert_int_equal(mx_name_from_text("a.test", 6, &question.name), MX_REASON_NONE);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mx_trace *trace = new_trace();
        mx_step *step = mx_trace_add(trace, MX_EVENT_REPLY, 0);
        mx_answer *answer = script_answer(&question, rows[i].reply);
        mx_step_set_reply(step, answer);
        length = mx_step_text(step, text);
        assert_int_equal(length, strlen(text));
        assert_string_equal(text, rows[i].text);
        mx_answer_unref(answer);
        mx_trace_unref(trace);
    }
}

static void
rcodes_have_their_names(void **state)
{
    static const struct {
        uint16_t rcode;
        const char *text;
    } rows[] = {{0, "NOERROR"},  {2, "SERVFAIL"}, {5, "REFUSED"},     {11, "DSOTYPENI"},
                {12, "RCODE12"}, {16, "BADVERS"}, {17, "RCODE17"},    {23, "BADCOOKIE"},
                {24, "RCODE24"}, {15, "RCODE15"}, {4095, "RCODE4095"}};
    char text[MX_RCODE_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(mx_rcode_text(rows[i].rcode, text), strlen(rows[i].text));
        assert_string_equal(text, rows[i].text);
    }
}

static void
events_have_their_words(void **state)
{
    (void)state;
    for (int i = 0; i < MX_EVENT_COUNT; i++) {
        const char *word = mx_event_word((mx_event)i);
        assert_true(strlen(word) > 0);
        assert_int_equal(strspn(word, "abcdefghijklmnopqrstuvwxyz_"), strlen(word));
        for (int other = 0; other < i; other++) {
            assert_string_not_equal(word, mx_event_word((mx_event)other));
        }
    }
    assert_string_equal(mx_event_word(MX_EVENT_COUNT), "");
}

static void
longest_names_fit_into_a_line(void **state)
{
    char name[MX_NAME_TEXT_SIZE], text[MX_STEP_TEXT_SIZE];
    mx_step step = {.event = MX_EVENT_ALIAS, .type = MX_TYPE_AAAA, .name = name};

    (void)state;
    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    step.host = name;
    step.protocol = MX_STEP_NONE;
    assert_int_equal(mx_step_text(&step, text),
                     2 * strlen(name) + strlen(" AAAA: an alias of "));
    assert_int_equal(strlen(text), 2 * strlen(name) + strlen(" AAAA: an alias of "));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_step_says_nothing),
        cmocka_unit_test(steps_are_bounded_but_not_the_verdict),
        cmocka_unit_test(nothing_omitted_is_not_mentioned),
        cmocka_unit_test(short_memory_omits_steps_only),
        cmocka_unit_test(making_one_takes_memory),
        cmocka_unit_test(what_is_old_is_forgotten),
        cmocka_unit_test(steps_of_one_time_keep_their_order),
        cmocka_unit_test(messages_become_those_of_a_question),
        cmocka_unit_test(one_step_omitted_is_mentioned),
        cmocka_unit_test(trace_is_restored_up_to_its_bound),
        cmocka_unit_test(last_reference_frees),
        cmocka_unit_test(replies_are_told_as_they_were),
        cmocka_unit_test(rcodes_have_their_names),
        cmocka_unit_test(events_have_their_words),
        cmocka_unit_test(longest_names_fit_into_a_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
