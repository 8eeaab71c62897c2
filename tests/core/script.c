/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "script.h"

#include "core/reason.h"
#include "message.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static message reply;

static void
fail_script(const char *what, const char *name, const char *detail)
{
    fprintf(stderr, "script: %s: %s %s\n", what, name, detail);
    abort();
}

static const char *
skip_blanks(const char *text)
{
    return text + strspn(text, " ,");
}

/* Copies the next word; returns what follows it. */
static const char *
read_word(const char *text, char *word, size_t size)
{
    size_t length = strcspn(text, " ,");

    if (length >= size) {
        fail_script("word too long", text, "");
    }
    memcpy(word, text, length);
    word[length] = '\0';
    return text + length;
}

static void
add_record(const mx_question *question, const char *owner, uint32_t ttl,
           const char **text)
{
    char word[300], host[300];
    uint8_t bytes[16];

    *text = read_word(*text, word, sizeof(word));
    switch (question->type) {
    case MX_TYPE_MX:
        *text = read_word(skip_blanks(*text), host, sizeof(host));
        add_mx(&reply, ANSWER, owner, ttl, (unsigned)strtoul(word, NULL, 10), host);
        break;
    case MX_TYPE_A:
        if (inet_pton(AF_INET, word, bytes) != 1) {
            fail_script("no IPv4 address", word, "");
        }
        add_raw(&reply, ANSWER, owner, MX_TYPE_A, ttl, bytes, 4);
        break;
    default:
        if (inet_pton(AF_INET6, word, bytes) != 1) {
            fail_script("no IPv6 address", word, "");
        }
        add_raw(&reply, ANSWER, owner, MX_TYPE_AAAA, ttl, bytes, 16);
        break;
    }
}

static mx_answer *
answer_of(mx_status status, mx_answer *answer)
{
    if (status != MX_OK) {
        fail_script("no answer", mx_status_text(status), "");
    }
    return answer;
}

static bool
add_rcode(const char *text)
{
    static const struct {
        const char *word;
        unsigned rcode;
    } rcodes[] = {{"FORMERR", 1},
                  {"SERVFAIL", 2},
                  {"NXDOMAIN", 3},
                  {"NOTIMP", 4},
                  {"REFUSED", 5}};

    for (size_t i = 0; i < sizeof(rcodes) / sizeof(rcodes[0]); i++) {
        if (strncmp(text, rcodes[i].word, strlen(rcodes[i].word)) == 0) {
            set_flags(&reply, QR | RD | RA | rcodes[i].rcode);
            return true;
        }
    }
    return false;
}

/* Of an rcode above 15 the high bits are in the OPT record (RFC 6891 6.1.3). */
static void
add_extended_rcode(unsigned rcode)
{
    set_flags(&reply, QR | RD | RA | (rcode & 15));
    add_opt(&reply, (uint32_t)(rcode >> 4) << 24, "", 0);
}

const uint8_t *
script_message(const mx_question *question, const char *text, size_t *length)
{
    char owner[MX_NAME_TEXT_SIZE], word[300];
    uint32_t ttl = 300, negative_ttl = 60;

    mx_name_to_text(&question->name, owner);
    begin_reply(&reply, owner, question->type);
    memcpy(owner, "@", 2);
    while (*(text = skip_blanks(text)) != '\0') {
        if (strncmp(text, "TTL ", 4) == 0) {
            text = read_word(text + 4, word, sizeof(word));
            ttl = negative_ttl = (uint32_t)strtoul(word, NULL, 10);
        }
        else if (strncmp(text, "AD", 2) == 0) {
            text += 2;
            set_flags(&reply, QR | RD | RA | AD);
        }
        else if (strncmp(text, "CNAME ", 6) == 0) {
            text = read_word(text + 6, word, sizeof(word));
            add_cname(&reply, ANSWER, owner, ttl, word);
            memcpy(owner, word, strlen(word) + 1);
        }
        else if (strncmp(text, "NODATA", 6) == 0 || strncmp(text, "NXDOMAIN", 8) == 0) {
            (void)add_rcode(text);
            add_soa(&reply, AUTHORITY, "test", 300, negative_ttl);
            break;
        }
        else if (strncmp(text, "TRUNCATED", 9) == 0) {
            set_flags(&reply, QR | RD | RA | TC);
            break;
        }
        else if (strncmp(text, "BOTH ", 5) == 0) {
            text = read_word(text + 5, word, sizeof(word));
            add_cname(&reply, ANSWER, owner, ttl, word);
        }
        else if (strncmp(text, "OWNER ", 6) == 0) {
            text = read_word(text + 6, owner, sizeof(owner));
        }
        else if (strncmp(text, "REFERRAL", 8) == 0) {
            add_name(&reply, AUTHORITY, "test", MX_TYPE_NS, ttl, "ns.test");
            break;
        }
        else if (strncmp(text, "BADVERS", 7) == 0) {
            add_extended_rcode(16);
            break;
        }
        else if (strncmp(text, "BADCOOKIE", 9) == 0) {
            add_extended_rcode(23);
            break;
        }
        else if (strcmp(text, "DAMAGED") == 0) {
            put_octets(&reply, "?", 1);
            break;
        }
        else if (add_rcode(text)) {
            break;
        }
        else {
            add_record(question, owner, ttl, &text);
        }
    }
    *length = reply.length;
    return reply.bytes;
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
    const mx_question *question;
    uint32_t number;

    *asked = 0;
    mx_destination_read(destination, strlen(destination), &run->rules.destination,
                        &read);
    if (mx_lookup_new(&run->rules, &read, run->seed, run->levels, &lookup) != MX_OK) {
        fail_script("no lookup", destination, "");
    }
    while (mx_lookup_next_question(lookup, &number, &question)) {
        mx_answer *answer = script_answer(question, script_find(zone, question));
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
