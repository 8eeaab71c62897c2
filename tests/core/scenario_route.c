/* SPDX-License-Identifier: MIT */
/* Routes in the words of scenarios, and what of them was not expected. */
#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lines of a keyword are compared with those expected, in order. Some are looked at
 * only where a scenario has them, and some then stand for lines of another keyword. */
typedef struct keyword {
    const char *word;
    bool if_expected;
    const char *stands_for[4];
} keyword;

static const keyword keywords[] = {
    {"unexpected", false, {NULL}},
    {"unasked", false, {NULL}},
    {"status", false, {NULL}},
    {"domain", false, {NULL}},
    {"canonical", false, {NULL}},
    {"implicit", false, {NULL}},
    {"incomplete", false, {NULL}},
    {"authenticated", false, {NULL}},
    {"target", false, {NULL}},
    {"exchange", false, {NULL}},
    {"addresses", false, {NULL}},
    {"alias", false, {NULL}},
    {"excluded", false, {NULL}},
    {"warning", false, {NULL}},
    {"unicode", true, {NULL}},
    {"ttl", true, {NULL}},
    {"exchange_ttl", true, {NULL}},
    {"smtp", true, {NULL}},
    {"deliverable", true, {NULL}},
    {"elapsed", true, {NULL}},
    {"queries", true, {NULL}},
    {"targets", true, {"target"}},
    {"exchanges", true, {"exchange", "addresses", "alias"}},
    {"excludes", true, {"excluded"}},
};

enum { KEYWORDS = sizeof(keywords) / sizeof(keywords[0]) };

bool
scenario_is_expectation(const char *line)
{
    const char *rest;

    for (size_t i = 2; i < KEYWORDS; i++) {
        if (scenario_has_word(line, keywords[i].word, &rest)) {
            return true;
        }
    }
    return false;
}

/* -- a route as lines -- */

static bool
is_target_of(const mx_route *route, size_t exchange, const mx_address *address)
{
    for (size_t i = 0; i < route->target_count; i++) {
        if (route->targets[i].exchange == exchange &&
            mx_address_equal(&route->targets[i].address, address)) {
            return true;
        }
    }
    return false;
}

/* The addresses of an exchange, if the targets don't tell them all. */
static void
describe_addresses(const mx_route *route, size_t index, scenario_lines *out)
{
    const mx_route_exchange *exchange = &route->exchanges[index];
    char text[MX_ADDRESS_TEXT_SIZE], line[4096];
    size_t length = 0;
    bool is_told = true;

    for (size_t i = 0; i < exchange->address_count; i++) {
        is_told = is_told && is_target_of(route, index, &exchange->addresses[i]);
        mx_address_to_text(&exchange->addresses[i], text);
        length += (size_t)snprintf(line + length, sizeof(line) - length, " %s", text);
        if (length >= sizeof(line)) {
            length = sizeof(line) - 1;
        }
    }
    if (!is_told) {
        scenario_add_line(out, "addresses %s%s", exchange->host, line);
    }
}

static void
describe_exchanges(const mx_route *route, scenario_lines *out)
{
    for (size_t i = 0; i < route->exchange_count; i++) {
        const mx_route_exchange *exchange = &route->exchanges[i];
        const char *reason = mx_reason_code(exchange->reason);
        if (exchange->verdict != MX_VERDICT_OK || reason[0] != '\0') {
            scenario_add_line(out, "exchange %s %s%s%s", exchange->host,
                              mx_verdict_word(exchange->verdict),
                              reason[0] != '\0' ? " " : "", reason);
        }
        describe_addresses(route, i, out);
        scenario_add_line(out, "exchange_ttl %s %u", exchange->host, exchange->ttl);
        if (strcmp(exchange->host, exchange->canonical) != 0) {
            scenario_add_line(out, "alias %s %s", exchange->host, exchange->canonical);
        }
    }
    scenario_add_line(out, "exchanges %zu", route->exchange_count);
}

static void
describe_targets(const mx_route *route, scenario_lines *out)
{
    char text[MX_ADDRESS_TEXT_SIZE];

    for (size_t i = 0; i < route->target_count; i++) {
        const mx_target *target = &route->targets[i];
        const mx_route_exchange *exchange = &route->exchanges[target->exchange];
        mx_address_to_text(&target->address, text);
        scenario_add_line(out, "target %u %s %s", exchange->preference, exchange->host,
                          text);
    }
    scenario_add_line(out, "targets %zu", route->target_count);
}

static void
describe_excluded(const mx_route *route, scenario_lines *out)
{
    size_t counts[MX_REASON_COUNT] = {0};
    char text[MX_ADDRESS_TEXT_SIZE];

    for (size_t i = 0; i < route->excluded_count; i++) {
        const mx_excluded *excluded = &route->excluded[i];
        counts[excluded->reason]++;
        text[0] = '\0';
        if (excluded->has_address) {
            mx_address_to_text(&excluded->address, text);
        }
        scenario_add_line(out, "excluded %s%s%s %s", excluded->host,
                          text[0] != '\0' ? " " : "", text,
                          mx_reason_code(excluded->reason));
    }
    for (size_t i = 0; i < MX_REASON_COUNT; i++) {
        if (counts[i] > 0) {
            scenario_add_line(out, "excludes %zu %s", counts[i],
                              mx_reason_code((mx_reason)i));
        }
    }
}

static void
describe_verdict(const mx_route *route, scenario_lines *out)
{
    static const char *const words[] = {"unknown", "false", "true"};
    const char *reason = mx_reason_code(route->reason);
    mx_smtp_reply reply = mx_verdict_smtp_reply(route->verdict, route->reason);

    scenario_add_line(out, "status %s%s%s", mx_verdict_word(route->verdict),
                      reason[0] != '\0' ? " " : "", reason);
    scenario_add_line(out, "deliverable %s",
                      words[mx_verdict_deliverable(route->verdict) + 1]);
    if (reply.code == 0) {
        scenario_add_line(out, "smtp none");
    }
    else {
        scenario_add_line(out, "smtp %d %s", reply.code, reply.enhanced);
    }
}

void
scenario_describe(const mx_route *route, size_t queries, scenario_lines *out)
{
    describe_verdict(route, out);
    if (route->domain[0] != '\0') {
        scenario_add_line(out, "domain %s", route->domain);
    }
    if (strcmp(route->domain, route->canonical) != 0) {
        scenario_add_line(out, "canonical %s", route->canonical);
    }
    if (route->implicit) {
        scenario_add_line(out, "implicit");
    }
    if (!route->complete) {
        scenario_add_line(out, "incomplete");
    }
    if (route->authenticated) {
        scenario_add_line(out, "authenticated");
    }
    describe_targets(route, out);
    describe_exchanges(route, out);
    describe_excluded(route, out);
    for (size_t i = 0; i < route->warning_count; i++) {
        scenario_add_line(out, "warning %s", mx_reason_code(route->warnings[i]));
    }
    scenario_add_line(out, "ttl %u", route->ttl);
    scenario_add_line(out, "elapsed %g", (double)route->elapsed / MX_USEC_PER_SEC);
    scenario_add_line(out, "queries %zu", queries);
}

/* -- what differs -- */

static int
compare_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines of one keyword, borrowed, in `out`, which has room for all. */
static size_t
pick(const scenario_lines *lines, const char *word, char **out)
{
    const char *rest;
    size_t count = 0;

    for (size_t i = 0; i < lines->count; i++) {
        if (scenario_has_word(lines->lines[i], word, &rest)) {
            out[count++] = lines->lines[i];
        }
    }
    return count;
}

/* The length of "target 10 " and the like: targets of one preference have it equal. */
static size_t
level_length(const char *line)
{
    size_t word = strcspn(line, " ");

    return word + 1 + strcspn(line + word + 1, " ");
}

/* Equals in any order: targets within their level, all else altogether. */
static void
sort_equals(char **lines, size_t count, bool has_levels)
{
    size_t first = 0;

    for (size_t i = 1; i <= count; i++) {
        if (i < count &&
            (!has_levels ||
             strncmp(lines[i], lines[first], level_length(lines[first]) + 1) == 0)) {
            continue;
        }
        qsort(lines + first, i - first, sizeof(*lines), compare_text);
        first = i;
    }
}

static bool
is_same(const scenario *row, const scenario_lines *got, const char *word)
{
    size_t room = row->expected.count + got->count + 1;
    char **a = calloc(room, sizeof(*a)), **b = calloc(room, sizeof(*b));
    bool is_equal = a != NULL && b != NULL;

    if (is_equal) {
        size_t wanted = pick(&row->expected, word, a), count = pick(got, word, b);
        if (row->is_unordered) {
            sort_equals(a, wanted, strcmp(word, "target") == 0);
            sort_equals(b, count, strcmp(word, "target") == 0);
        }
        is_equal = wanted == count;
        for (size_t i = 0; is_equal && i < count; i++) {
            is_equal = strcmp(a[i], b[i]) == 0;
        }
    }
    free(a);
    free(b);
    return is_equal;
}

static bool
is_expected(const scenario *row, const char *word)
{
    const char *rest;

    for (size_t i = 0; i < row->expected.count; i++) {
        if (scenario_has_word(row->expected.lines[i], word, &rest)) {
            return true;
        }
    }
    return false;
}

/* Another keyword, which the scenario uses, stands for this one. */
static bool
is_replaced(const scenario *row, const char *word)
{
    for (size_t i = 0; i < KEYWORDS; i++) {
        for (size_t s = 0; keywords[i].stands_for[s] != NULL; s++) {
            if (strcmp(keywords[i].stands_for[s], word) == 0 &&
                is_expected(row, keywords[i].word)) {
                return true;
            }
        }
    }
    return false;
}

const char *
scenario_compare(const scenario *row, const scenario_lines *got)
{
    for (size_t i = 0; i < KEYWORDS; i++) {
        const char *word = keywords[i].word;
        bool is_looked_at =
            keywords[i].if_expected ? is_expected(row, word) : !is_replaced(row, word);
        if (is_looked_at && !is_same(row, got, word)) {
            return word;
        }
    }
    return NULL;
}
