/* SPDX-License-Identifier: MIT */
/* lookup_state.h - the body of a lookup, shared by its files and by nobody else:
 *
 *   lookup.c       from outside: made, asked, answered, ended
 *   follow.c       which questions are open, what each answer leads to
 *   exchanges.c    an MX answer -> the exchanges to resolve, in order
 *   ranks.c        the caller's order among equal exchanges
 *   conclude.c     everything known -> the route, with the files of draft.h
 *   lookup_trace.c what of it is written down
 */
#ifndef MX_LOOKUP_STATE_H
#define MX_LOOKUP_STATE_H

#include "core/arena.h"
#include "core/lookup.h"
#include "core/rng.h"

/* One family of one exchange, followed through aliases that the server left to us. */
typedef struct mx_chase {
    mx_answer *answer; /* NULL while open; our reference. An ALIAS leads to a name that
                            is never asked */
    uint32_t ttl;      /* the least of the answer and the aliases before it */
    uint8_t cname_count; /* over all its messages */
    bool is_asked;
    bool has_address; /* of the answer, one that the policy lets through */
} mx_chase;

enum { MX_CHASE_IPV4, MX_CHASE_IPV6, MX_CHASES };

typedef struct mx_exchange {
    const mx_name *host; /* as published; kept by the MX answer */
    uint16_t preference;
    uint16_t group; /* exchanges of equal preference and rank have the same */
    bool is_ip;     /* an address written as a name: `ip`, nothing to ask */
    mx_address ip;
    mx_chase chases[MX_CHASES];
} mx_exchange;

/* Something dropped before its addresses were asked. */
typedef struct mx_dropped {
    const char *host;
    uint16_t preference;
    mx_reason reason;
} mx_dropped;

/* An exchange whose rank is wanted. */
typedef struct mx_ranked {
    const char *host;
    uint16_t preference;
    uint32_t index; /* of its record in the answer */
    double rank;    /* INFINITY: none */
} mx_ranked;

typedef struct mx_ranking {
    mx_answer *answer;  /* our reference */
    mx_ranked *ranked;  /* in published order within each preference, best first */
    size_t count, next; /* hosts, and those that have their rank */
} mx_ranking;

typedef struct mx_asked {
    const mx_name *name; /* kept by the lookup or one of its answers */
    uint32_t exchange;   /* index, or MX_ASKED_MX */
    uint16_t type;
    uint8_t chase;
    bool is_open;
} mx_asked;

#define MX_ASKED_MX UINT32_MAX

struct mx_lookup {
    const mx_lookup_rules *rules; /* borrowed */
    mx_rng rng;
    mx_arena arena; /* of the lookup itself too */
    uint32_t levels;

    mx_asked *questions; /* all so far; moves when it grows */
    uint32_t question_count, next, open_count, question_room;

    mx_answer *mx;            /* the last about the domain; our reference */
    const mx_name *canonical; /* of the domain, as far as known; kept by us or `mx` */
    uint8_t mx_cname_count;   /* CNAMEs followed at the domain */
    mx_exchange *exchanges;   /* to resolve, in delivery order */
    size_t exchange_count;
    mx_ranking ranking; /* of no answer while no ranks are wanted */
    bool wants_ranks;
    mx_dropped *dropped;
    size_t dropped_count;
    size_t warning_count;
    bool is_implicit;
    bool has_more; /* worse levels were not resolved, the best of them is: */
    uint16_t more_preference;
    bool has_loop; /* this machine is among the exchanges, at best at: */
    uint16_t loop_preference;

    bool is_concluded; /* `verdict` stands; no addresses to weigh */
    mx_verdict verdict;
    mx_reason reason;
    const char *server; /* the name server that failed us, or "" */

    uint32_t ttl; /* the least so far, UINT32_MAX before the first */
    bool all_cached, all_authenticated, has_answers;

    mx_trace *trace;    /* NULL when nothing is written down; the route gets it */
    mx_usec began, now; /* for the trace: admission, and the latest that happened */

    mx_destination_kind kind;
    union {
        const mx_name *name; /* of DOMAIN; kept by us */
        mx_address address;  /* of LITERAL */
        mx_reason invalid;   /* of INVALID: why */
    } destination;

    /* From here on not cleared when it is made. */
    uint8_t warnings[MX_REASON_COUNT]; /* each a mx_reason */
};

_Static_assert(MX_REASON_COUNT <= UINT8_MAX, "a warning is kept in an octet");

/* It proves nothing. */
static inline bool
mx_lookup_is_failure(const mx_answer *answer)
{
    return answer->kind == MX_ANSWER_FAILURE || answer->kind == MX_ANSWER_TRUNCATED;
}

static inline mx_question
mx_asked_question(const mx_asked *asked)
{
    mx_question question = {.type = asked->type};
    mx_name_copy(&question.name, asked->name);
    return question;
}

/* Keeps each warning once. */
void mx_lookup_warn(mx_lookup *lookup, mx_reason warning);
/* The verdict stands, whatever else might come. */
void mx_lookup_conclude(mx_lookup *lookup, mx_verdict verdict, mx_reason reason);

/* The route lives no longer than this. */
void mx_lookup_note_ttl(mx_lookup *lookup, uint32_t ttl);
/* This machine was found at `preference`: that level and all worse ones go (O8). */
void mx_lookup_note_loop(mx_lookup *lookup, uint16_t preference);
/* Whether a preference is cut off by a loop. */
static inline bool
mx_lookup_is_looped(const mx_lookup *lookup, uint16_t preference)
{
    return lookup->has_loop && preference >= lookup->loop_preference;
}

/* follow.c: the first question, about a domain, unless it is never asked about. */
MX_MUST_CHECK mx_status mx_lookup_ask_domain(mx_lookup *lookup);
/* follow.c: takes the answer of `asked`; may open further questions. */
MX_MUST_CHECK mx_status mx_lookup_follow(mx_lookup *lookup, const mx_asked *asked,
                                         mx_answer *answer,
                                         const mx_answer_source *source);
/* exchanges.c: why no name server is asked for the addresses of a host, or NONE: it
 * cannot exist in the public DNS (rule A7). */
mx_reason mx_exchange_judge(const mx_name *host);
/* exchanges.c: the text of an exchange's name, which for one that spells an IPv6
 * address is that and not its escaped form. As mx_name_to_text otherwise. */
size_t mx_exchange_text(const mx_name *host, char *text);

/* exchanges.c: fills exchanges and dropped from an MX answer with records, or concludes
 * (null MX), or wants ranks and is called again when they are there. Asks nothing. */
MX_MUST_CHECK mx_status mx_lookup_select(mx_lookup *lookup, mx_answer *answer);
/* exchanges.c: whether a record of the answer may become an exchange, but for twins and
 * limits. */
bool mx_exchange_is_usable(const mx_lookup *lookup, const mx_name *host,
                           uint16_t preference);
/* ranks.c: whether the ranks of exchanges decide, which are wanted then. */
MX_MUST_CHECK mx_status mx_lookup_want_ranks(mx_lookup *lookup, mx_answer *answer);
/* ranks.c: puts in the place of each key's preference one that the rank counts in. */
MX_MUST_CHECK mx_status mx_lookup_apply_ranks(const mx_lookup *lookup,
                                              mx_order_key *keys, size_t count);

/* lookup_trace.c: each writes down what happened now, if the lookup has a trace. */
void mx_lookup_trace_answer(mx_lookup *lookup, const mx_asked *asked,
                            const mx_answer *answer, const mx_answer_source *source);
/* The domain is its own exchange. */
void mx_lookup_trace_implicit(mx_lookup *lookup);
/* The exchanges to resolve, in their order. */
void mx_lookup_trace_exchanges(mx_lookup *lookup);
/* What it all came to; moves the trace to the route. */
void mx_lookup_trace_end(mx_lookup *lookup, mx_route *route);

#endif
