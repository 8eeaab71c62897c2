/* SPDX-License-Identifier: MIT */
/* A lookup driven by a scenario: what its server says, and a clock that stands still
 * until there is nothing but silence to wait for. */
#include "core/lookup.h"
#include "core/question.h"
#include "scenario.h"
#include "scenario_options.h"
#include "script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_QUESTIONS = 256, MAX_TEXT = 4096, ID = 0x1234 };

typedef struct asked {
    uint32_t number;
    mx_question question;
    const char *reply; /* NULL: nobody expected the question */
    bool is_answered;
} asked;

typedef struct driver {
    const scenario *row;
    scenario_options options;
    mx_lookup *lookup;
    mx_usec now;
    scenario_lines *out;
    bool is_used[MAX_QUESTIONS]; /* of each `dns` line */
    asked asked[MAX_QUESTIONS];
    size_t asked_count, queries;
} driver;

static void
must(const driver *d, mx_status status)
{
    if (status != MX_OK) {
        scenario_complain(d->row->path, d->row->line, "the lookup broke",
                          mx_status_text(status));
    }
}

/* -- the server -- */

/* How well "*", "*.test" or "mx.a.test" fits a name: 0 not at all, the more the nearer.
 */
static size_t
fit(const char *pattern, size_t length, const char *name)
{
    size_t tail = length - 1, whole = strlen(name);

    if (length == 1 && pattern[0] == '*') {
        return 1;
    }
    if (length > 2 && pattern[0] == '*') {
        bool is_below =
            whole > tail && strncmp(name + whole - tail, pattern + 1, tail) == 0;
        return is_below ? length : 0;
    }
    return length == whole && strncmp(pattern, name, length) == 0 ? SIZE_MAX : 0;
}

/* The `dns` line that answers a question; its answer begins at `*reply`. */
static size_t
find_line(const scenario *row, const char *name, const char *type, const char **reply)
{
    size_t best = row->dns.count, best_fit = 0;

    for (size_t i = 0; i < row->dns.count; i++) {
        const char *line = row->dns.lines[i], *rest;
        size_t name_length = strcspn(line, " ");
        size_t fits = fit(line, name_length, name);
        const char *at = line + name_length + (line[name_length] == ' ');
        if (fits > best_fit && scenario_has_word(at, type, &rest)) {
            best = i;
            best_fit = fits;
            *reply = rest;
        }
    }
    return best;
}

/* What becomes of a question: the first message that is a reply to it, else NULL. */
static mx_answer *
reply_to(const driver *d, const mx_question *question, const char *text)
{
    uint8_t query[MX_QUERY_SIZE];
    size_t length =
        mx_question_write(question, ID, (mx_query_flags){.edns = true}, query);
    mx_answer *answer = NULL;

    while (answer == NULL && *text != '\0') {
        char part[MAX_TEXT];
        size_t size = strcspn(text, ";"), reply_length;
        snprintf(part, sizeof(part), "%.*s", (int)size, text);
        text += size + (text[size] == ';');
        if (strcmp(part, "SILENCE") == 0) {
            continue;
        }
        if (strcmp(part, "UNREACHABLE") == 0) {
            must(d, mx_answer_failure(question, MX_REASON_UNREACHABLE, &answer));
            continue;
        }
        const uint8_t *reply = script_message(question, part, &reply_length);
        /* What is no reply to the query is ignored, as the transport does. */
        if (mx_reply_matches(query, length, reply, reply_length)) {
            must(d, mx_answer_read(reply, reply_length, question, &answer));
        }
    }
    return answer;
}

/* -- the lookup -- */

/* A question that was asked before is the cache's to answer: it costs no query. */
static bool
is_new(const driver *d, const mx_question *question)
{
    for (size_t i = 0; i < d->asked_count; i++) {
        if (mx_question_equal(&d->asked[i].question, question)) {
            return false;
        }
    }
    return true;
}

static void
take_questions(driver *d)
{
    mx_question question;
    uint32_t number;

    while (mx_lookup_next_question(d->lookup, &number, &question)) {
        char name[MX_NAME_TEXT_SIZE];
        const char *type = mx_type_text(question.type), *reply = NULL;
        mx_name_to_text(&question.name, name);
        size_t line = find_line(d->row, name, type, &reply);
        if (reply == NULL) {
            scenario_add_line(d->out, "unexpected %s %s", name, type);
            reply = "SILENCE";
        }
        else {
            d->is_used[line] = true;
        }
        d->queries += is_new(d, &question);
        if (d->asked_count == MAX_QUESTIONS) {
            must(d, MX_BUG);
        }
        d->asked[d->asked_count++] =
            (asked){.number = number, .question = question, .reply = reply};
    }
}

static void
give(driver *d, asked *one, mx_answer *answer)
{
    mx_answer_source source = {.ttl = answer->ttl,
                               .server = "192.0.2.53:53",
                               .authenticated =
                                   d->options.dnssec && answer->authenticated};

    one->is_answered = true;
    must(d, mx_lookup_answer(d->lookup, one->number, answer, &source));
    mx_answer_unref(answer);
}

/* Answers one question, the first or the latest; false when all the others are met with
 * silence. */
static bool
answer_one(driver *d, bool reversed)
{
    for (size_t i = 0; i < d->asked_count; i++) {
        asked *one = &d->asked[reversed ? d->asked_count - 1 - i : i];
        mx_answer *answer =
            one->is_answered ? NULL : reply_to(d, &one->question, one->reply);
        if (answer != NULL) {
            give(d, one, answer);
            return true;
        }
    }
    return false;
}

/* Nothing more will come: the time passes that a request waits for it (request.c). */
static void
pass_time(driver *d)
{
    bool is_usable = mx_lookup_is_usable(d->lookup);

    d->now = is_usable && d->options.address_wait < d->options.timeout
                 ? d->options.address_wait
                 : d->options.timeout;
    for (size_t i = 0; i < d->asked_count; i++) {
        mx_answer *answer;
        if (!d->asked[i].is_answered) {
            must(d,
                 mx_answer_failure(&d->asked[i].question, MX_REASON_TIMEOUT, &answer));
            give(d, &d->asked[i], answer);
        }
    }
    must(d, mx_lookup_fail_unasked(d->lookup, MX_REASON_TIMEOUT));
}

static void
rank(driver *d)
{
    const char *host;

    while ((host = mx_lookup_next_unranked(d->lookup)) != NULL) {
        mx_lookup_set_rank(d->lookup, scenario_rank(&d->options, host));
    }
    must(d, mx_lookup_take_ranks(d->lookup));
}

static void
list_unasked(const driver *d)
{
    for (size_t i = 0; i < d->row->dns.count; i++) {
        if (!d->is_used[i]) {
            scenario_add_line(d->out, "unasked %s", d->row->dns.lines[i]);
        }
    }
}

void
scenario_run(const scenario *row, bool reversed, scenario_lines *out)
{
    driver d = {.row = row, .out = out};
    mx_destination destination;
    mx_route *route = NULL;

    scenario_read_options(row, &d.options);
    mx_destination_read(row->destination, row->destination_length,
                        &d.options.rules.destination, &destination);
    must(&d,
         mx_lookup_new(&d.options.rules, &destination, d.options.seed, 0, &d.lookup));
    if (row->dns.count > MAX_QUESTIONS) {
        must(&d, MX_BUG);
    }
    do {
        take_questions(&d);
        if (mx_lookup_wants_ranks(d.lookup)) {
            rank(&d);
        }
        else if (!mx_lookup_is_done(d.lookup) && !answer_one(&d, reversed)) {
            pass_time(&d);
        }
    } while (!mx_lookup_is_done(d.lookup));
    must(&d, mx_lookup_finish(d.lookup, d.now, &route));
    list_unasked(&d);
    scenario_describe(route, d.queries, out);
    mx_route_unref(route);
    mx_lookup_free(d.lookup);
    scenario_free_options(&d.options);
}
