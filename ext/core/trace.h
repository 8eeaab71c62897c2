/* SPDX-License-Identifier: MIT */
/* trace.h - the steps of one lookup, written down as they happen: messages, answers,
 * decisions. Only for lookups that asked for it (mx_lookup_rules.trace).
 *
 * A trace is a record beside the lookup and never stops it: a step for which there is
 * no room is counted instead of kept. It belongs to one thread at a time; a query's is
 * shared by reference among its subscribers, all on the engine's thread, and copied into
 * those of their lookups. A lookup's goes to its route.
 */
#ifndef MX_TRACE_H
#define MX_TRACE_H

#include "core/address.h"
#include "core/answer.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/name.h"
#include "core/protocol.h"
#include "core/reason.h"
#include "core/server.h"
#include "core/status.h"
#include "core/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The words are public (mx_event_word): snake_case, never renamed. */
typedef enum mx_event {
    MX_EVENT_OFFLINE,  /* nothing is asked at all: a literal, or why not */
    MX_EVENT_JOIN,     /* the question is under way for another lookup already */
    MX_EVENT_QUERY,    /* a message was sent */
    MX_EVENT_REPLY,    /* a message came */
    MX_EVENT_SILENCE,  /* none came for so long that something else is tried */
    MX_EVENT_FAILURE,  /* a message could not be sent, or nobody takes it */
    MX_EVENT_ANSWER,   /* what the lookup goes by: a question is done with */
    MX_EVENT_ALIAS,    /* the name asked for is an alias */
    MX_EVENT_IMPLICIT, /* there is no MX: the domain is its own exchange */
    MX_EVENT_RANKED,   /* the caller's preference among equal exchanges came */
    MX_EVENT_EXCHANGE, /* an exchange to be resolved; they come in delivery order */
    MX_EVENT_WAIT,     /* only the slower address family is still waited for */
    MX_EVENT_DEADLINE, /* time is up: what is still open is given up */
    MX_EVENT_EXCLUDED, /* an exchange or an address is left out */
    MX_EVENT_WARNING,  /* something is odd */
    MX_EVENT_OMITTED,  /* steps that are not kept: too many, or short memory */
    MX_EVENT_VERDICT,  /* what an exchange, or the whole lookup, came to */
    MX_EVENT_COUNT
} mx_event;

enum {
    MX_TRACE_STEPS = 500, /* the most kept, beside OMITTED and the last VERDICT */
    MX_STEP_NONE = -1     /* what a figure of a step is that has none */
};

typedef struct mx_step {
    mx_event event;
    mx_usec at;       /* by the engine's clock; in a route since the lookup began */
    mx_usec elapsed;  /* since the message was sent, or ranks were wanted; of WAIT:
                         at most from now on */
    const char *name; /* of the question, "" without one, as `type` 0 */
    uint16_t type;
    mx_server server; /* port 0: none */
    int protocol;     /* mx_protocol, or none */
    int edns;         /* whether a message sent has an OPT record, or none */
    int rcode;        /* all 12 bits, or none */
    int32_t ede;      /* RFC 8914, or none */
    mx_reason reason;
    int verdict;        /* mx_verdict, or none */
    int64_t count;      /* records, exchanges, addresses, targets, steps; or none */
    int64_t ttl;        /* seconds, or none */
    int cached;         /* of ANSWER: whether it is the cache's; or none */
    const char *host;   /* exchange, or what an alias leads to; "" without one */
    int32_t preference; /* of the exchange, or none */
    mx_address address; /* family 0: none */
} mx_step;

typedef struct mx_trace {
    mx_step *steps;
    size_t count;
    /* internal: */
    size_t capacity, omitted;
    unsigned references;
    mx_arena arena; /* texts of the steps */
} mx_trace;

MX_MUST_CHECK mx_status mx_trace_new(mx_trace **out);
mx_trace *mx_trace_ref(mx_trace *trace); /* NULL is fine; returns `trace` */
void mx_trace_unref(mx_trace *trace);    /* NULL is fine */

/* A new step with nothing but event and time, for the caller to fill in before the next
 * one; NULL when it is not kept. */
mx_step *mx_trace_add(mx_trace *trace, mx_event event, mx_usec at);
/* The text of a name, or a copy of a text, for steps of this trace; "" when memory is
 * short. */
const char *mx_trace_name(mx_trace *trace, const mx_name *name);
const char *mx_trace_text(mx_trace *trace, const char *text);
/* The message that an answer was read from. */
void mx_step_set_reply(mx_step *step, const mx_answer *answer);
/* Drops the steps before `at`. */
void mx_trace_forget(mx_trace *trace, mx_usec at);
/* Appends the steps of a query's trace, as those of the question. */
void mx_trace_append(mx_trace *trace, const mx_trace *messages, const char *name,
                     uint16_t type);
/* Nothing is added any more: says what was omitted and ends with the verdict on the
 * lookup, for the caller to fill in, for which there always is room. */
mx_step *mx_trace_end(mx_trace *trace, mx_usec at);
/* Sorts the steps by time, those of one time as they were added; `began` becomes 0. */
void mx_trace_sort(mx_trace *trace, mx_usec began);

/* A trace of so many steps that say nothing yet, to be read from elsewhere; MX_INVALID
 * when there cannot be so many. */
MX_MUST_CHECK mx_status mx_trace_restore(size_t count, mx_trace **out);

/* The public word, e.g. "query". */
const char *mx_event_word(mx_event event);

enum { MX_RCODE_TEXT_SIZE = sizeof "RCODE65535" };
/* "NOERROR", "SERVFAIL", ... "RCODE17" for those without a name of their own; returns
 * the length. `text` has MX_RCODE_TEXT_SIZE bytes. */
size_t mx_rcode_text(uint16_t rcode, char *text);

enum { MX_STEP_TEXT_SIZE = 2 * MX_NAME_TEXT_SIZE + 256 };
/* One line for people, without time and event. Returns the length; `text` has
 * MX_STEP_TEXT_SIZE bytes. */
size_t mx_step_text(const mx_step *step, char *text);

#endif
