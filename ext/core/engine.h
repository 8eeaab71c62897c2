/* SPDX-License-Identifier: MIT */
/* engine.h - the thread that does all lookups of a process, for any number of
 * resolvers.
 *
 * It never takes the GIL, never writes to stdio, blocks all signals. Submitting,
 * cancelling and closing are for any thread and only fill its inbox; everything else is
 * done on the engine's thread, or by a test that calls mx_engine_turn itself.
 *
 * Law: each submitted destination yields exactly one completion with its outcome. Where
 * the submitter ranks exchanges (rule O9) another one may come before it, of status
 * MX_RANKS_WANTED: the lookup is paused then, is the submitter's alone, and the outcome
 * comes after mx_engine_resume. So the engine never waits for what ranks them.
 */
#ifndef MX_ENGINE_H
#define MX_ENGINE_H

#include "core/clock.h"
#include "core/completions.h"
#include "core/destination.h"
#include "core/resolver.h"
#include "core/status.h"
#include "core/transport.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mx_engine mx_engine;
typedef struct mx_request mx_request; /* a handle to cancel by; reference-counted */

/* How an engine gets the transport of a resolver; a test gives a fake. */
typedef mx_status (*mx_transport_factory)(void *context,
                                          const mx_resolver_config *config,
                                          mx_transport **out);

typedef struct mx_engine_config {
    mx_clock clock;
    mx_transport_factory transport; /* NULL: c-ares (channel.h) */
    void *transport_context;
} mx_engine_config;

/* An engine without a thread. MX_SYS with errno in `*os_error`, 0 if unknown. */
MX_MUST_CHECK mx_status mx_engine_new(const mx_engine_config *config, mx_engine **out,
                                      int *os_error);
/* Stops and frees. Every lookup in progress ends as cancelled first. */
void mx_engine_free(mx_engine *engine); /* NULL is fine */

/* Starts the thread, once. MX_SYS with errno in `*os_error`: may be tried again. */
MX_MUST_CHECK mx_status mx_engine_start(mx_engine *engine, int *os_error);
/* Ends all lookups as cancelled, then joins the thread. Submitting gives MX_CLOSED from
 * then on. Any thread but the engine's; returns when it is stopped, by whomever. */
void mx_engine_stop(mx_engine *engine);

typedef struct mx_submission {
    const mx_destination *destination; /* copied */
    uint64_t token;                    /* comes back with the completion */
    uint32_t levels;                   /* as in mx_lookup_new, 0 is all */
    bool has_seed;                     /* else the resolver's seed, else a fresh one */
    uint64_t seed;
    /* Its time stands still while no name server can be heard, instead of running out,
     * and while its messages wait for their turn. */
    bool is_bulk;
    bool is_retry; /* failures in the cache do not count: they are what is retried */
} mx_submission;

/* Asks where mail for a destination goes. One completion with its token is posted to
 * `completions` later, or at once when no question is needed. `request` (may be NULL)
 * gets a handle that the caller must release. MX_INVALID when there is no place for it
 * though the rules have ranks, which only the handle can give. */
MX_MUST_CHECK mx_status mx_engine_submit(mx_engine *engine, mx_resolver *resolver,
                                         const mx_submission *submission,
                                         mx_completions *completions,
                                         mx_request **request);
/* The lookup ends as cancelled soon, unless it has finished; if it is paused, once it is
 * resumed. */
void mx_request_cancel(mx_engine *engine, mx_request *request);
/* Cancelled, or its resolver closed: no rank makes a difference. */
bool mx_request_is_cancelled(const mx_request *request);
/* Which of a resolver's engines has it, see shards.h. */
unsigned mx_request_get_shard(const mx_request *request);
/* The lookup of a paused request, to rank its exchanges. */
mx_lookup *mx_request_get_lookup(mx_request *request);
/* Goes on with a paused request as soon as may be, with the time that it had left. Its
 * outcome is posted where its pause was. MX_NOMEM, or MX_CLOSED when nothing can be
 * posted there any more: it is still paused. */
MX_MUST_CHECK mx_status mx_engine_resume(mx_engine *engine, mx_request *request);
/* Ends a paused request in the place of mx_engine_resume: nothing is posted. Releasing
 * the last handle does as much. */
void mx_request_abandon(mx_request *request);
void mx_request_release(mx_request *request); /* NULL is fine */
/* Ends soon, as mx_request_cancel does, all lookups whose queues were closed; for who
 * kept no handles. */
void mx_engine_sweep(mx_engine *engine);
/* Ends the resolver's lookups as cancelled and frees its transport. Its later
 * submissions give MX_CLOSED. */
void mx_engine_close_resolver(mx_engine *engine, mx_resolver *resolver);

/* One turn of the loop: take in submissions, wait at most `wait` microseconds for I/O
 * or a deadline, work. For tests; never while a thread runs. */
MX_MUST_CHECK mx_status mx_engine_turn(mx_engine *engine, mx_usec wait);

/* Around fork() in the forking thread: before() takes the engine's lock so that the
 * child finds its state whole; after_parent() gives it back. In the child the engine is
 * dead: after_child() closes its descriptors, and the memory of its thread is abandoned
 * (another thread's half-done work cannot be undone safely). */
void mx_engine_fork_before(mx_engine *engine);
void mx_engine_fork_after_parent(mx_engine *engine);
void mx_engine_fork_after_child(mx_engine *engine);

#endif
