/* SPDX-License-Identifier: MIT */
#include "script.h"

#include "core/reason.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
fail_script(const char *what, const char *name, const char *detail)
{
    fprintf(stderr, "script: %s: %s %s\n", what, name, detail);
    abort();
}

static mx_answer *
answer_of(mx_status status, mx_answer *answer)
{
    if (status != MX_OK) {
        fail_script("no answer", mx_status_text(status), "");
    }
    return answer;
}

mx_answer *
script_answer(const mx_question *question, const char *text)
{
    static const struct {
        const char *word;
        mx_reason reason;
    } failures[] = {
        {"TIMEOUT", MX_REASON_TIMEOUT},
        {"UNREACHABLE", MX_REASON_UNREACHABLE},
        {"LOOP", MX_REASON_CNAME_LOOP},
    };
    mx_answer *answer = NULL;
    const uint8_t *bytes;
    mx_status status;
    size_t length;

    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        if (strcmp(text, failures[i].word) == 0) {
            status = mx_answer_failure(question, failures[i].reason, &answer);
            return answer_of(status, answer);
        }
    }
    bytes = script_message(question, text, &length);
    status = mx_answer_read(bytes, length, question, &answer);
    return answer_of(status, answer);
}

const char *
script_find(const script_line *zone, const mx_question *question)
{
    char name[MX_NAME_TEXT_SIZE];

    mx_name_to_text(&question->name, name);
    for (; zone->name != NULL; zone++) {
        if ((strcmp(zone->name, name) == 0 || strcmp(zone->name, "*") == 0) &&
            strcmp(zone->type, mx_type_text(question->type)) == 0) {
            return zone->answer;
        }
    }
    fail_script("nobody expected the question", name, mx_type_text(question->type));
    return NULL;
}

mx_route *
script_lookup(const script_run *run, const script_line *zone, const char *destination,
              uint32_t *asked)
{
    mx_answer_source source = {.ttl = 300, .server = "192.0.2.53:53"};
    mx_destination read;
    mx_lookup *lookup = NULL;
    mx_route *route = NULL;
    mx_question question;
    uint32_t number;

    *asked = 0;
    mx_destination_read(destination, strlen(destination), &run->rules.destination,
                        &read);
    if (mx_lookup_new(&run->rules, &read, run->seed, run->levels, &lookup) != MX_OK) {
        fail_script("no lookup", destination, "");
    }
    while (mx_lookup_next_question(lookup, &number, &question)) {
        mx_answer *answer = script_answer(&question, script_find(zone, &question));
        ++*asked;
        source.ttl = answer->ttl;
        source.authenticated = answer->authenticated;
        if (mx_lookup_answer(lookup, number, answer, &source) != MX_OK) {
            fail_script("answer not taken", destination, "");
        }
        mx_answer_unref(answer);
    }
    if (!mx_lookup_is_done(lookup) || mx_lookup_finish(lookup, 1500, &route) != MX_OK) {
        fail_script("not finished", destination, "");
    }
    mx_lookup_free(lookup);
    return route;
}

static void
say(char text[SCRIPT_TEXT], const char *format, ...)
{
    size_t length = strlen(text);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text + length, SCRIPT_TEXT - length, format, arguments);
    va_end(arguments);
}

void
script_describe(const mx_route *route, char text[SCRIPT_TEXT])
{
    char address[MX_ADDRESS_TEXT_SIZE];

    text[0] = '\0';
    say(text, "%s", mx_verdict_word(route->verdict));
    if (route->reason != MX_REASON_NONE) {
        say(text, "/%s", mx_reason_code(route->reason));
    }
    for (size_t i = 0; i < route->target_count; i++) {
        const mx_target *target = &route->targets[i];
        const mx_route_exchange *exchange = &route->exchanges[target->exchange];
        mx_address_to_text(&target->address, address);
        say(text, "; %u %s %s", exchange->preference, exchange->host, address);
    }
    for (size_t i = 0; i < route->exchange_count; i++) {
        const mx_route_exchange *exchange = &route->exchanges[i];
        if (exchange->verdict != MX_VERDICT_OK) {
            say(text, "; %s=%s/%s", exchange->host, mx_verdict_word(exchange->verdict),
                mx_reason_code(exchange->reason));
        }
        if (strcmp(exchange->host, exchange->canonical) != 0) {
            say(text, "; %s>%s", exchange->host, exchange->canonical);
        }
    }
    for (size_t i = 0; i < route->excluded_count; i++) {
        const mx_excluded *excluded = &route->excluded[i];
        say(text, "; -%s", excluded->host);
        if (excluded->has_address) {
            mx_address_to_text(&excluded->address, address);
            say(text, " %s", address);
        }
        say(text, " %s", mx_reason_code(excluded->reason));
    }
    for (size_t i = 0; i < route->warning_count; i++) {
        say(text, "; ?%s", mx_reason_code(route->warnings[i]));
    }
    if (strcmp(route->domain, route->canonical) != 0) {
        say(text, "; >%s", route->canonical);
    }
    say(text, "%s%s%s", route->implicit ? "; implicit" : "",
        route->complete ? "" : "; incomplete", route->has_more ? "; more" : "");
}
