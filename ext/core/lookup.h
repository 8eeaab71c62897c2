/* SPDX-License-Identifier: MIT */
/* lookup.h - one destination in progress: which questions, and what the answers mean.
 *
 * The mail-routing logic (RFC 5321 5.1, RFC 7505, docs/rules.rst) as a pure
 * function of questions, answers and random numbers: no I/O, no clock, no threads. The
 * engine, a test or a fuzzer drives it:
 *
 *     while (mx_lookup_next_question(lookup, &number, &question))
 *         ... ask ...
 *     mx_lookup_answer(lookup, number, answer);   for each, in any order
 *     while (mx_lookup_wants_ranks(lookup))
 *         ... rank the hosts ...                  only with rules.has_ranks
 *     mx_lookup_is_done(lookup)  ->  mx_lookup_finish(lookup, elapsed, &route)
 *
 * One owner at a time; not thread-safe.
 */
#ifndef MX_LOOKUP_H
#define MX_LOOKUP_H

#include "core/answer.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/destination.h"
#include "core/order.h"
#include "core/route.h"
#include "core/self.h"
#include "core/status.h"
#include "core/trace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MX_DEFAULT_EXCHANGES = 20, /* rule O7 */
    MX_LIMIT_EXCHANGES = 100,
    MX_DEFAULT_ADDRESSES = 16, /* a host */
    MX_LIMIT_ADDRESSES = 100,
    MX_SPARE_QUESTIONS = 10 /* per destination beside 2 an exchange: 50 by default */
};

/* What is done with something the RFCs forbid and the world does. */
typedef enum mx_leniency { MX_ACCEPT, MX_REJECT } mx_leniency;

typedef struct mx_lookup_rules {
    mx_address_policy addresses;
    mx_families families;
    mx_shuffle shuffle;
    bool implicit;              /* M2 */
    mx_leniency null_mx_mixed;  /* M6: ACCEPT drops the root exchange */
    mx_leniency cname_exchange; /* A5: ACCEPT follows */
    mx_leniency ip_exchange;    /* A6 */
    mx_destination_rules destination;
    uint32_t max_exchanges; /* 1 .. MX_LIMIT_EXCHANGES */
    uint32_t max_addresses; /* 1 .. MX_LIMIT_ADDRESSES */
    bool has_ranks;         /* O9: the driver ranks exchanges of equal preference */
    /* O8: this machine, NULL when no loop is looked for. Outlives the lookup, whose
     * resolver holds a reference. */
    mx_self *self;
    bool trace; /* the route gets its steps (trace.h) */
} mx_lookup_rules;

void mx_lookup_rules_init(mx_lookup_rules *rules); /* the documented defaults */

typedef struct mx_lookup mx_lookup;

/* `seed` decides every shuffle of this lookup: the same seed and answers give the same
 * route. `levels`: only exchanges of that many best preferences are resolved, the route
 * then holds no others and says has_more (for senders that rarely need the second); 0
 * is all. `rules` are borrowed for as long as it lives. An invalid destination, a literal and a special-use name are done at once,
 * without a question. */
MX_MUST_CHECK mx_status mx_lookup_new(const mx_lookup_rules *rules,
                                      const mx_destination *destination, uint64_t seed,
                                      uint32_t levels, mx_lookup **out);
void mx_lookup_free(mx_lookup *lookup); /* NULL is fine */
/* Lets go of all answers, once the lookup was finished: it is good for mx_lookup_free
 * only. */
void mx_lookup_clear(mx_lookup *lookup);
/* Memory that lives as long as the lookup, for its driver too. */
mx_arena *mx_lookup_arena(mx_lookup *lookup);

/* The next question to ask, each once; false when there is none now. */
bool mx_lookup_next_question(mx_lookup *lookup, uint32_t *number,
                             mx_question *question);
/* Where an answer came from. */
typedef struct mx_answer_source {
    bool cached;
    bool authenticated; /* AD=1, and the query asked for it */
    uint32_t ttl;       /* seconds it still lives: answer->ttl unless cached */
    const char *server; /* text of the name server that answered or failed, or "" */
    /* For the trace only: */
    mx_usec at;               /* when it came, by the engine's clock */
    const mx_trace *messages; /* what was sent and came for it, NULL if nothing was */
} mx_answer_source;

/* Takes what became of question `number`; keeps its own reference if it needs one.
 * TRUNCATED answers are the engine's to resolve and count as a failure here. May open
 * further questions. After MX_NOMEM the lookup is good for mx_lookup_free only. */
MX_MUST_CHECK mx_status mx_lookup_answer(mx_lookup *lookup, uint32_t number,
                                         mx_answer *answer,
                                         const mx_answer_source *source);
/* Answers every question that was not given out yet with a failure for `reason`. Ranks
 * are not waited for. */
MX_MUST_CHECK mx_status mx_lookup_fail_unasked(mx_lookup *lookup, mx_reason reason);
/* True once the exchanges are known and two or more distinct usable ones share a
 * preference, of which any may come into the route. No question is open then: the
 * lookup goes on when its driver has ranked them and says so. */
bool mx_lookup_wants_ranks(const mx_lookup *lookup);
/* The next host to rank, as the route will call it, each once; NULL when all are. Valid
 * until the lookup is freed. */
const char *mx_lookup_next_unranked(const mx_lookup *lookup);
/* Ranks that host among those of its preference, lowest first. Not NaN. INFINITY is no
 * rank, as is none given: such hosts come after all others. */
void mx_lookup_set_rank(mx_lookup *lookup, double rank);
/* Orders the exchanges by the ranks and goes on; equal ranks are shuffled. May open
 * questions. After MX_NOMEM the lookup is good for mx_lookup_free only. */
MX_MUST_CHECK mx_status mx_lookup_take_ranks(mx_lookup *lookup);
/* For the trace only, by the engine's clock; nothing happens without one. When the
 * lookup was admitted: its time 0. */
void mx_lookup_begin(mx_lookup *lookup, mx_usec now);
/* Question `number` joined one that is under way for another lookup. */
void mx_lookup_note_join(mx_lookup *lookup, uint32_t number, mx_usec now);
/* The ranks that were wanted since the MX answer have come. */
void mx_lookup_note_ranks(mx_lookup *lookup, mx_usec now);
/* Only the slower address family is still waited for, until `until` at the latest. */
void mx_lookup_note_wait(mx_lookup *lookup, mx_usec now, mx_usec until);
/* Time is up: what is open is given up. */
void mx_lookup_note_deadline(mx_lookup *lookup, mx_usec now);
/* What was sent for question `number`, which will never be answered. */
void mx_lookup_note_messages(mx_lookup *lookup, uint32_t number,
                             const mx_trace *messages);
/* No question is open, no rank is wanted. */
bool mx_lookup_is_done(const mx_lookup *lookup);
/* Every exchange is settled, or has addresses of one family while the other is still
 * awaited: the engine waits address_wait from then on, no longer (A4). */
bool mx_lookup_is_usable(const mx_lookup *lookup);
/* Ends a lookup that is not done: its route will say cancelled. */
void mx_lookup_cancel(mx_lookup *lookup);
/* The route of a lookup that is done. */
MX_MUST_CHECK mx_status mx_lookup_finish(mx_lookup *lookup, mx_usec elapsed,
                                         mx_route **out);

#endif
