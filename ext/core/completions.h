/* SPDX-License-Identifier: MIT */
/* completions.h - finished lookups on their way to whoever asked for them.
 *
 * One queue per consumer (a blocking call, an iterator, an event loop). The engine's
 * thread posts; the consumer takes in batches, waiting on a condition or, in an event
 * loop, on a descriptor that is readable while something is queued. Reference-counted,
 * so a consumer may go away with lookups in flight: what is posted to a closed queue is
 * dropped. Any thread that holds a reference may call. In a fork child only take (which gives nothing), close
 * and unref may be called; they never wait for a lock that a thread of the parent held.
 */
#ifndef MX_COMPLETIONS_H
#define MX_COMPLETIONS_H

#include "core/clock.h"
#include "core/route.h"
#include "core/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mx_completion {
    uint64_t token;   /* the submitter's */
    mx_status status; /* MX_OK with a route, MX_RANKS_WANTED (engine.h), or why there is
                         none (MX_NOMEM) */
    mx_route *route;  /* the taker's reference */
} mx_completion;

typedef struct mx_completions mx_completions;

/* `with_descriptor`: for event loops. MX_SYS with errno in `*os_error`. */
MX_MUST_CHECK mx_status mx_completions_new(bool with_descriptor, mx_completions **out,
                                           int *os_error);
mx_completions *mx_completions_ref(mx_completions *completions);
void mx_completions_unref(mx_completions *completions); /* NULL is fine */

/* Readable while something is queued; -1 without one and after close. Owned by the
 * queue; not to be asked for while another thread closes it. */
int mx_completions_descriptor(const mx_completions *completions);
/* Takes up to `capacity`, oldest first, waiting up to `wait` microseconds for the first
 * one (0: not at all, MX_NEVER: until one comes). Returns how many. */
size_t mx_completions_take(mx_completions *completions, mx_completion *out,
                           size_t capacity, mx_usec wait);
/* Room for `count` more posts is promised, so that posting cannot fail: after MX_OK each
 * of them is posted or released; MX_NOMEM and MX_CLOSED promise nothing. */
MX_MUST_CHECK mx_status mx_completions_reserve(mx_completions *completions,
                                               size_t count);
/* So many that were reserved will not be posted. */
void mx_completions_release(mx_completions *completions, size_t count);
/* Takes over the reference to `route`. Never fails, never blocks for long. */
void mx_completions_post_take(mx_completions *completions, uint64_t token,
                              mx_status status, mx_route *route);
/* As many at once, oldest first, with one lock and one wake-up. */
void mx_completions_post_all_take(mx_completions *completions,
                                  const mx_completion *items, size_t count);
/* True once nobody will take what is posted. */
bool mx_completions_is_closed(const mx_completions *completions);
/* Drops what is queued and all that is posted later; closes the descriptor. */
void mx_completions_close(mx_completions *completions);

#endif
