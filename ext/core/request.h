/* SPDX-License-Identifier: MIT */
/* request.h - one submitted destination on its way through the engine: waiting,
 * admitted with a deadline, subscribed to queries, paused for its exchanges to be
 * ranked, finished into a completion.
 *
 * Except for references everything belongs to the engine's thread once the request is
 * in its inbox, but to its submitter from the pause to the next inbox. A submitter's
 * handle and the engine each hold a reference.
 */
#ifndef MX_REQUEST_H
#define MX_REQUEST_H

#include "core/completions.h"
#include "core/engine.h"
#include "core/heap.h"
#include "core/list.h"
#include "core/lookup.h"
#include "core/outbox.h"
#include "core/query.h"
#include "core/resolver.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct mx_request {
    atomic_uint references;
    atomic_bool is_finished;
    atomic_bool is_cancelled; /* what its submitter, or the engine, has to heed */
    mx_list place;            /* engine's inbox, then resolver->waiting or ->admitted */
    mx_list cancelling;       /* in the engine's inbox, under its lock */
    mx_resolver *resolver;    /* our reference */
    mx_completions *completions; /* our reference, with room reserved for one post */
    mx_outbox *outbox;           /* of the engine whose thread has it, else NULL */
    uint64_t token;
    mx_lookup *lookup;
    uint64_t first_hash; /* of the cache, of the first question if there is one */
    mx_list subscriptions;
    mx_usec admitted_at;
    mx_timer deadline;
    mx_usec left;    /* until the deadline, when it was paused */
    bool is_waiting; /* in an inbox or resolver->waiting */
    bool is_admitted;
    bool is_paused;   /* with its submitter; written by the engine's thread alone */
    bool is_slow;     /* does not count for `concurrency` */
    bool is_bulk;     /* can wait out an outage */
    uint8_t put_offs; /* of its deadline, for what was lost or a short outage */
    bool is_retry;    /* asks again where the cache knows a failure */
    bool waits_for_family; /* the deadline was drawn nearer by address_wait */
};

/* Not yet submitted. Room for its post in `completions` is reserved by the caller
 * before anything else is done with it than releasing it. */
MX_MUST_CHECK mx_status mx_request_new(mx_resolver *resolver,
                                       const mx_destination *destination, uint64_t seed,
                                       uint32_t levels, mx_completions *completions,
                                       uint64_t token, mx_request **out);
mx_request *mx_request_ref(mx_request *request);

/* Puts it at the end of a list of requests that wait. */
void mx_request_wait(mx_request *request, mx_list *place);
/* Ends as cancelled, wherever it stands. */
void mx_request_end_cancelled(mx_request *request, mx_usec now);
/* Ends a lookup that has no open question: posts the completion, lets go of the
 * engine's reference. */
void mx_request_finish(mx_request *request, mx_usec now);
/* Ends without a route, for a fault of ours. */
void mx_request_finish_with_fault(mx_request *request, mx_status fault);

/* For the other files of a request. */
mx_subscription *mx_request_first_subscription(const mx_request *request); /* or NULL */
/* Its memory goes with the lookup. */
void mx_request_end_subscription(mx_subscription *subscription);
void mx_request_stop_waiting(mx_request *request);
/* Posts an outcome, or that ranks are wanted. A paused request may be its submitter's as
 * soon as that is done. */
void mx_request_post_take(mx_request *request, mx_status status, mx_route *route);

/* -- request_questions.c: what it asks, and what comes of it -- */

/* Begins to look in the cache for its first question, which is asked soon. */
void mx_request_prefetch(const mx_request *request);
/* Starts the lookup; its deadline runs from now. */
void mx_request_admit(mx_request *request, mx_usec now);
/* Takes a paused request back: its lookup has its ranks. */
void mx_request_go_on(mx_request *request, mx_usec now);
/* Takes a settled subscription of one of the resolver's requests. */
void mx_request_take_answer(mx_subscription *subscription, mx_usec now);
/* The deadline has come. */
void mx_request_time_out(mx_request *request, mx_usec now);
/* Ends with all its open questions failed for `reason`. */
void mx_request_end_failed(mx_request *request, mx_reason reason, mx_usec now);

/* -- request_lane.c: who counts for `concurrency` -- */

/* Into the requests in progress, and out of them. */
void mx_request_enter(mx_request *request);
void mx_request_leave(mx_request *request);
/* Whether one more may be admitted; `is_bulk`: that can wait out an outage. */
bool mx_requests_have_room(mx_resolver *resolver, bool is_bulk, mx_usec now);
/* When the next one becomes slow and makes room so, MX_NEVER if none will. */
mx_usec mx_requests_next_slow(const mx_resolver *resolver, mx_usec now);

/* -- request_patience.c: time that is not the servers' -- */

/* Puts the deadline off, which has just come, if that is due to the request: its
 * messages waited for their turn, or it can wait out what may be an outage. */
bool mx_request_put_off(mx_request *request, mx_usec now);
/* A question of it has waited for so long. */
void mx_request_credit(mx_request *request, mx_usec time);
/* An outage is over: the deadlines that stood still run on. */
void mx_requests_end_outage(mx_resolver *resolver, mx_usec now);

#endif
