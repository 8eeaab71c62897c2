/* SPDX-License-Identifier: MIT */
/* query.h - one question on the wire until it has an answer: attempts over the name
 * servers, EDNS and TCP fallback, back-off. One query for one (name, type) at a time;
 * lookups that ask the same subscribe to it (single flight).
 *
 * How it goes on (faults S10 to S12, S17, N1 to N23):
 * - silence: after attempt_timeout the next datagram goes out, to the next server; the
 *   earlier ones still count when their answer comes late. After `tries` of them, but
 *   one for each server at least, one question by TCP; then only listening. TCP is
 *   waited for longer where no other server is left to ask.
 * - a lookup that joins after the last datagram: the same round of tries once more.
 * - a failure that a server spoke (rcode, damaged message): the next server at once, the
 *   same one after a pause if the failure may pass.
 * - the server is unreachable, or this machine is in trouble: the next server, then
 *   again and again with growing pauses; it costs no try, because it says nothing about
 *   the domain.
 * The query itself has no deadline: its subscribers have, and it ends with the last.
 *
 * Belongs to the engine's thread; ended queries leave their subscriptions in
 * resolver->settled.
 */
#ifndef MX_QUERY_H
#define MX_QUERY_H

#include "core/answer.h"
#include "core/list.h"
#include "core/resolver.h"
#include "core/server.h"
#include "core/status.h"
#include "core/trace.h"
#include "core/transport.h"

#include <stdbool.h>

typedef struct mx_query mx_query;
struct mx_request;

/* One lookup's interest in a query, in the request's storage. */
typedef struct mx_subscription {
    mx_list of_query;   /* among the query's subscribers, or in resolver->settled */
    mx_list of_request; /* among the request's */
    struct mx_request *request;
    uint32_t number;  /* of the lookup's question */
    mx_query *query;  /* NULL once settled */
    bool has_joined;  /* the query was under way */
    bool is_bulk;     /* whose is it: one who can wait out an outage */
    mx_usec credited; /* how long the query has waited for its turns, as far as noted */
    mx_usec held;     /* the rest of that, once settled */
    mx_answer *answer; /* once settled: our reference */
    mx_trace *trace;   /* once settled, of a resolver that traces: our reference */
    mx_server server;  /* once settled: who answered, port 0 if nobody did */
} mx_subscription;

/* Joins the query for `question`, or queues a new one (mx_query_start_queued). `hash`
 * is the cache's. */
MX_MUST_CHECK mx_status mx_query_subscribe(mx_resolver *resolver,
                                           const mx_question *question, uint64_t hash,
                                           mx_subscription *subscription, mx_usec now);
/* Leaves; a query without subscribers ends. Also drops a settled answer. */
void mx_query_unsubscribe(mx_subscription *subscription);
/* Settles the subscription with what is known of the failure so far, for a subscriber
 * whose time is up. */
MX_MUST_CHECK mx_status mx_query_give_up(mx_subscription *subscription, mx_usec now);
/* The messages so far, NULL unless the resolver traces. */
const mx_trace *mx_query_get_trace(const mx_query *query);

/* How long the query has waited for its turns (window, pace, rate) since this was asked
 * last: time that is not the servers'. Not settled yet. */
mx_usec mx_query_take_held(mx_subscription *subscription, mx_usec now);

/* Sends what waits for its turn, as far as window, pace and rate allow, and a probe if
 * one is due. To be called whenever there may be more room, or more queries, and before
 * the engine waits. */
void mx_query_start_queued(mx_resolver *resolver, mx_usec now);
/* Whether one more lookup's question would go out at once, as far as it must. */
bool mx_query_has_room(mx_resolver *resolver, bool is_bulk, mx_usec now);
/* When there is something to start again at the latest, MX_NEVER if only after a reply;
 * `is_wanted` if a lookup waits for mx_query_has_room. */
mx_usec mx_query_next_start(mx_resolver *resolver, bool is_wanted, mx_usec now);

/* The servers may be gone, if anybody wants to wait for them: nothing is sent for those
 * who do, but probes. */
void mx_query_suspect(mx_resolver *resolver, mx_usec now);
/* After an outage: those who waited go on. */
void mx_query_release_held(mx_resolver *resolver, mx_usec now);
/* All tries anew, unless settled: those so far were lost on nobody. */
void mx_query_renew(mx_subscription *subscription, mx_usec now);
/* One more round of tries after this one. */
void mx_query_prolong(mx_subscription *subscription);
void mx_query_drop_probe(mx_resolver *resolver);
/* What happened: a reply of the transport; time. */
void mx_query_take_reply(const mx_reply *reply, mx_usec now);
void mx_query_take_time(mx_resolver *resolver, mx_usec now);

#endif
