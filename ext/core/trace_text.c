/* SPDX-License-Identifier: MIT */
#include "core/question.h"
#include "core/trace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *
mx_event_word(mx_event event)
{
    static const char *const words[MX_EVENT_COUNT] = {
        [MX_EVENT_OFFLINE] = "offline",   [MX_EVENT_JOIN] = "join",
        [MX_EVENT_QUERY] = "query",       [MX_EVENT_REPLY] = "reply",
        [MX_EVENT_SILENCE] = "silence",   [MX_EVENT_FAILURE] = "failure",
        [MX_EVENT_ANSWER] = "answer",     [MX_EVENT_ALIAS] = "alias",
        [MX_EVENT_IMPLICIT] = "implicit", [MX_EVENT_EXCHANGE] = "exchange",
        [MX_EVENT_WAIT] = "wait",         [MX_EVENT_DEADLINE] = "deadline",
        [MX_EVENT_EXCLUDED] = "excluded", [MX_EVENT_WARNING] = "warning",
        [MX_EVENT_OMITTED] = "omitted",   [MX_EVENT_VERDICT] = "verdict",
        [MX_EVENT_RANKED] = "ranked",
    };
    size_t index = (size_t)event;

    return index < MX_EVENT_COUNT ? words[index] : "";
}

size_t
mx_rcode_text(uint16_t rcode, char *text)
{
    /* RFC 6895 2.3; those of RFC 8945 are never in a header. */
    static const char *const words[] = {
        [0] = "NOERROR",  [1] = "FORMERR",    [2] = "SERVFAIL", [3] = "NXDOMAIN",
        [4] = "NOTIMP",   [5] = "REFUSED",    [6] = "YXDOMAIN", [7] = "YXRRSET",
        [8] = "NXRRSET",  [9] = "NOTAUTH",    [10] = "NOTZONE", [11] = "DSOTYPENI",
        [16] = "BADVERS", [23] = "BADCOOKIE",
    };
    bool is_named = rcode < sizeof(words) / sizeof(words[0]) && words[rcode] != NULL;
    int length = is_named ? snprintf(text, MX_RCODE_TEXT_SIZE, "%s", words[rcode])
                          : snprintf(text, MX_RCODE_TEXT_SIZE, "RCODE%u", rcode);

    return (size_t)length;
}

struct line {
    char *text; /* MX_STEP_TEXT_SIZE bytes, more than any step takes */
    size_t length;
};

static void __attribute__((format(printf, 2, 3)))
say(struct line *line, const char *format, ...)
{
    size_t room = MX_STEP_TEXT_SIZE - line->length;
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(line->text + line->length, room, format, arguments);
    va_end(arguments);
    if (length > 0) {
        line->length += (size_t)length < room ? (size_t)length : room - 1;
    }
}

static void
say_count(struct line *line, int64_t count, const char *one, const char *many)
{
    say(line, "%" PRId64 " %s", count, count == 1 ? one : many);
}

static void
say_milliseconds(struct line *line, mx_usec time)
{
    say(line, "%" PRId64 ".%" PRId64 " ms", time / MX_USEC_PER_MSEC,
        time % MX_USEC_PER_MSEC / 100);
}

static void
say_question(struct line *line, const mx_step *step)
{
    if (step->type != 0) {
        say(line, "%s %s", step->name, mx_type_text(step->type));
    }
}

/* "192.0.2.53:53 udp" */
static void
say_server(struct line *line, const char *before, const mx_step *step)
{
    char server[MX_SERVER_TEXT_SIZE];

    if (step->server.port != 0) {
        mx_server_to_text(&step->server, server);
        say(line, "%s%s", before, server);
    }
    if (step->protocol != MX_STEP_NONE) {
        say(line, " %s", step->protocol == MX_TCP ? "tcp" : "udp");
    }
}

/* How long ago the message was sent that this is about. */
static void
say_elapsed(struct line *line, const char *before, const mx_step *step)
{
    if (step->elapsed != MX_STEP_NONE) {
        say(line, "%s", before);
        say_milliseconds(line, step->elapsed);
    }
}

/* The rcode has said it already. */
static bool
repeats_rcode(mx_reason reason)
{
    return reason == MX_REASON_NXDOMAIN || reason == MX_REASON_SERVFAIL ||
           reason == MX_REASON_SERVER_REFUSED || reason == MX_REASON_FORMERR ||
           reason == MX_REASON_NOTIMP || reason == MX_REASON_OTHER_RCODE;
}

static void
say_reply(struct line *line, const mx_step *step)
{
    char rcode[MX_RCODE_TEXT_SIZE] = "";

    if (step->rcode != MX_STEP_NONE) {
        mx_rcode_text((uint16_t)step->rcode, rcode);
        say(line, ": %s", rcode);
    }
    if (step->ede != MX_STEP_NONE) {
        say(line, ", EDE %" PRId32, step->ede);
    }
    if (step->count != MX_STEP_NONE) {
        say(line, ", ");
        say_count(line, step->count, "record", "records");
    }
    if (step->reason != MX_REASON_NONE && !repeats_rcode(step->reason)) {
        say(line, "%s%s", rcode[0] == '\0' ? ": " : ", ", mx_reason_code(step->reason));
    }
    say_elapsed(line, ", after ", step);
}

static void
say_answer(struct line *line, const mx_step *step)
{
    say(line, ": ");
    if (step->count != MX_STEP_NONE) {
        say_count(line, step->count, "record", "records");
    }
    if (step->reason != MX_REASON_NONE) {
        say(line, "%s%s", step->count != MX_STEP_NONE ? ", " : "",
            mx_reason_code(step->reason));
    }
    if (step->count == MX_STEP_NONE && step->reason == MX_REASON_NONE) {
        say(line, "an alias");
    }
    if (step->ttl != MX_STEP_NONE) {
        say(line, ", TTL %" PRId64 " s", step->ttl);
    }
    if (step->cached == 1) {
        say(line, ", from the cache");
    }
}

/* "10 mx.example 192.0.2.1" */
static void
say_exchange(struct line *line, const mx_step *step)
{
    if (step->preference != MX_STEP_NONE) {
        say(line, "%" PRId32 " ", step->preference);
    }
    say(line, "%s", step->host);
    if (step->address.family != 0) {
        char address[MX_ADDRESS_TEXT_SIZE];
        mx_address_to_text(&step->address, address);
        say(line, " %s", address);
    }
}

static void
say_verdict(struct line *line, const mx_step *step)
{
    bool is_of_exchange = step->host[0] != '\0';
    const char *word = mx_verdict_word((mx_verdict)step->verdict);
    const char *reason = mx_reason_code(step->reason);

    if (is_of_exchange) {
        say_exchange(line, step);
        say(line, ": ");
    }
    say(line, "%s", word);
    if (step->reason != MX_REASON_NONE && strcmp(word, reason) != 0) {
        say(line, " (%s)", reason);
    }
    if (step->count > 0) {
        say(line, ", ");
        say_count(line, step->count, is_of_exchange ? "address" : "target",
                  is_of_exchange ? "addresses" : "targets");
    }
}

size_t
mx_step_text(const mx_step *step, char *text)
{
    struct line line = {.text = text};

    text[0] = '\0';
    say_question(&line, step);
    switch (step->event) {
    case MX_EVENT_OFFLINE:
        say(&line, "nothing to ask: %s",
            step->reason == MX_REASON_NONE ? "an address literal is its own target"
                                           : mx_reason_text(step->reason));
        break;
    case MX_EVENT_JOIN:
        say(&line, ": under way for another lookup");
        break;
    case MX_EVENT_QUERY:
        say_server(&line, " to ", step);
        say(&line, "%s", step->edns == 0 ? " without EDNS" : "");
        break;
    case MX_EVENT_REPLY:
        say_server(&line, " from ", step);
        say_reply(&line, step);
        break;
    case MX_EVENT_SILENCE:
        say_server(&line, " from ", step);
        say_elapsed(&line, ": nothing for ", step);
        break;
    case MX_EVENT_FAILURE:
        say_server(&line, " to ", step);
        say(&line, ": %s", mx_reason_code(step->reason));
        say_elapsed(&line, ", after ", step);
        break;
    case MX_EVENT_ANSWER:
        say_answer(&line, step);
        break;
    case MX_EVENT_ALIAS:
        say(&line, ": an alias of %s", step->host);
        break;
    case MX_EVENT_IMPLICIT:
        say(&line, "no MX: %s is its own exchange", step->host);
        break;
    case MX_EVENT_RANKED:
        say_count(&line, step->count, "exchange", "exchanges");
        say_elapsed(&line, ", after ", step);
        break;
    case MX_EVENT_EXCHANGE:
        say_exchange(&line, step);
        break;
    case MX_EVENT_WAIT:
        say(&line, "the slower address family");
        say_elapsed(&line, ", at most ", step);
        break;
    case MX_EVENT_DEADLINE:
        say(&line, "what is still open is given up");
        break;
    case MX_EVENT_EXCLUDED:
        say_exchange(&line, step);
        say(&line, ": %s", mx_reason_code(step->reason));
        break;
    case MX_EVENT_WARNING:
        say(&line, "%s", mx_reason_code(step->reason));
        break;
    case MX_EVENT_OMITTED:
        say_count(&line, step->count, "step more", "steps more");
        break;
    case MX_EVENT_VERDICT:
        say_verdict(&line, step);
        break;
    case MX_EVENT_COUNT:
        break;
    }
    return line.length;
}
