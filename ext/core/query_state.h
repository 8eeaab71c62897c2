/* SPDX-License-Identifier: MIT */
/* query_state.h - the body of a query, shared by its six files and by nobody else:
 *
 *   query.c         who waits for it, how it starts and ends
 *   query_attempt.c one message on its way to one server
 *   query_send.c    to whom the next one goes, and when it is its turn
 *   query_path.c    what a reply or silence tells about servers and path; probes
 *   query_retry.c   what a reply or silence leads to
 *   query_trace.c   what of it is written down
 *
 * mx_query_end() frees the query: whoever calls it, or something that may, returns at
 * once.
 */
#ifndef MX_QUERY_STATE_H
#define MX_QUERY_STATE_H

#include "core/block.h"
#include "core/heap.h"
#include "core/query.h"
#include "core/resolver_state.h"
#include "core/table.h"

/* One message sent, open until its reply. One of a query is part of it; the others,
 * which are few, are allocated. Each has its message right behind it. */
typedef struct mx_attempt {
    mx_flight flight;
    mx_list of_query;
    mx_query *query;
    mx_server server;
    mx_list of_silent; /* in resolver->silent once it is */
    mx_protocol protocol;
    uint32_t mark; /* of the window */
    bool has_edns;
    bool is_first; /* of its query */
    bool is_silent;
    bool is_overtaken; /* a later one was answered: noted */
    mx_usec sent_at;
    mx_usec patience_ends; /* then it counts as silent, and is still listened to */
} mx_attempt;

/* Where a query waits to send. */
typedef enum mx_query_place {
    MX_QUERY_NOWHERE,
    MX_QUERY_QUEUED,    /* its first message: resolver->queued */
    MX_QUERY_REPEATING, /* a later one: resolver->repeating */
    MX_QUERY_HELD       /* for the end of an outage: resolver->held */
} mx_query_place;

/* In the order in which a reply needs it. */
struct mx_query {
    mx_attempt first;   /* not cleared when the query is made */
    mx_table_link link; /* in resolver->queries */
    mx_resolver *resolver;
    mx_list subscribers;
    mx_list attempts;
    mx_list queued; /* in the list of its place */
    mx_query_place place;
    mx_usec queued_at;
    mx_usec held; /* how long it has waited for its turns */
    /* What is sent when it is, unless that is still to be chosen. */
    bool has_next;
    mx_protocol next_protocol;
    mx_server next_server;
    bool is_failing; /* held when all was tried */
    bool was_held;   /* in this round, for an outage that it was the first to suspect */
    bool is_bulk;    /* all who wait for it can wait out an outage */
    mx_timer retry;
    /* Servers as bits, by their place in the list number `servers_version`. */
    uint64_t servers_version;
    uint32_t tried;   /* asked in this round */
    uint32_t refused; /* will not answer this question */
    /* So far in this round of tries. */
    unsigned datagrams, tcp_attempts, pauses, silences;
    mx_usec round_began, last_sent;
    bool has_newcomer; /* who joined too late for a datagram of this round */
    bool is_started;
    bool without_edns;
    /* The most telling failure so far, NULL if none. */
    mx_answer *failure;
    mx_server failed_server;
    mx_trace *trace; /* NULL unless the resolver traces */
    bool is_first_open;
    /* From here on not cleared when it is made. */
    mx_question question;
    uint8_t message[MX_QUERY_SIZE]; /* of `first` */
};

_Static_assert(sizeof(struct mx_query) <= MX_BLOCK_SIZE, "a query is a block");

/* -- query.c -- */

/* Settles every subscriber with `answer`, which is kept in the cache if it may, and
 * frees the query. */
void mx_query_end(mx_query *query, mx_answer *answer, const mx_server *server,
                  mx_usec now);
/* Keeps the failure if none so far tells more. Takes over the reference. */
void mx_query_note_failure_take(mx_query *query, mx_answer *answer,
                                const mx_server *server);
/* The same for a failure that no message spoke. */
void mx_query_note_reason(mx_query *query, mx_reason reason, const mx_server *server);

/* -- query_attempt.c -- */

/* Sends the question, to be taken for silent at `patience_ends`. */
MX_MUST_CHECK mx_status mx_attempt_send(mx_query *query, const mx_server *server,
                                        mx_protocol protocol, mx_usec patience_ends,
                                        mx_usec now);
/* NULL when none is open. */
mx_attempt *mx_attempt_first(const mx_query *query);
mx_attempt *mx_attempt_next(const mx_attempt *attempt);
/* The transport has closed it. */
void mx_attempt_free(mx_attempt *attempt);
void mx_attempt_cancel(mx_attempt *attempt);
void mx_attempt_cancel_all(mx_query *query);

/* Nobody waits for its reply now; it is still listened to while there is room. */
void mx_attempt_give_up(mx_attempt *attempt);

/* -- query_send.c -- */

mx_servers *mx_query_servers(const mx_query *query);
/* What was noted by places in a list of servers says nothing about another list. */
void mx_query_follow_servers(mx_query *query);
bool mx_query_has_untried(const mx_query *query);
/* In one round. */
unsigned mx_query_datagram_limit(const mx_query *query);
/* When the next step is due. */
void mx_query_retry_at(mx_query *query, mx_usec at);
/* Sends at once, or when it is this query's turn: to the server, or to the next. */
void mx_query_send_to(mx_query *query, const mx_server *server, mx_protocol protocol,
                      mx_usec now);
void mx_query_send_next(mx_query *query, mx_protocol protocol, mx_usec now);
/* Its first message waits for its turn. */
void mx_query_enqueue(mx_query *query, mx_usec now);
/* It waits nowhere any more. */
void mx_query_take_out(mx_query *query, mx_usec now);
/* How long it has waited for its turns. */
mx_usec mx_query_get_held(const mx_query *query, mx_usec now);
/* It waits for the end of the outage. */
void mx_query_hold(mx_query *query, mx_usec now);
/* One who can't wait out an outage joined. */
void mx_query_note_impatient(mx_query *query, mx_usec now);

/* -- query_path.c -- */

/* A message arrived, and what it says about earlier ones that are silent. */
void mx_query_note_arrival(mx_query *query, const mx_attempt *sent, mx_usec now);
void mx_query_note_silence(mx_query *query, const mx_attempt *attempt, mx_usec now);
/* Its failure may be everybody's, and there is time to find out. */
bool mx_query_is_doubtful(const mx_query *query, mx_usec now);
/* Sends a probe if one is due. */
void mx_query_probe(mx_resolver *resolver, mx_usec now);
void mx_query_take_probe_reply(mx_query *probe, const mx_attempt *sent,
                               mx_reply_kind kind, mx_usec now);

/* -- query_retry.c -- */

#define MX_QUERY_UNREACHABLE_PAUSE (50 * MX_USEC_PER_MSEC)

/* The next step, whatever it is. */
void mx_query_try_next(mx_query *query, mx_usec now);
/* The same after a pause that gets longer each time. */
void mx_query_pause(mx_query *query, mx_usec first, mx_usec now);
/* All tries anew, as for a fresh query, but that the older attempts still count. */
void mx_query_begin_round(mx_query *query);
/* A lookup joined: messages are sent for it too, in another round if need be. */
void mx_query_note_newcomer(mx_query *query);

/* -- query_trace.c: each writes down what happened, if the query has a trace -- */

void mx_query_trace_sent(const mx_attempt *attempt);
void mx_query_trace_reply(const mx_attempt *sent, const mx_answer *answer, mx_usec now);
void mx_query_trace_silence(const mx_attempt *sent, mx_usec now);
/* The message came to nothing. */
void mx_query_trace_failure(const mx_attempt *sent, mx_reason reason, mx_usec now);
/* There was none: it could not be made. */
void mx_query_trace_unsent(mx_query *query, const mx_server *server,
                           mx_protocol protocol, mx_usec now);

#endif
