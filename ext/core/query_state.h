/* SPDX-License-Identifier: MIT */
/* query_state.h - the body of a query, shared by its four files and by nobody else:
 *
 *   query.c         who waits for it, how it starts and ends
 *   query_attempt.c one message on its way to one server
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
    mx_protocol protocol;
    bool has_edns;
    bool is_silent;
    mx_usec sent_at;
    mx_usec patience_ends; /* then it counts as silent, and is still listened to */
} mx_attempt;

struct mx_query {
    mx_table_link link; /* in resolver->queries */
    mx_resolver *resolver;
    mx_list subscribers;
    mx_list attempts;
    mx_list queued; /* in resolver->queued while it waits for the window */
    mx_timer retry;
    /* Servers as bits, by their place in the list number `servers_version`. */
    uint64_t servers_version;
    uint32_t tried;   /* asked in this round */
    uint32_t refused; /* will not answer this question */
    /* So far in this round of tries. */
    unsigned datagrams, tcp_attempts, pauses;
    mx_usec last_sent;
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
    mx_attempt first;
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

/* -- query_retry.c -- */

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
