/* SPDX-License-Identifier: MIT */
/* resolver_state.h - the body of a resolver, shared by resolver.c and the engine's
 * files (engine.c, engine_loop.c, request.c, query.c, query_attempt.c, query_retry.c,
 * query_trace.c), by nobody else.
 *
 * `references`, `is_closed`, the counters and the cache are for any thread; the rest
 * belongs to the engine's thread from the first lookup on.
 */
#ifndef MX_RESOLVER_STATE_H
#define MX_RESOLVER_STATE_H

#include "core/hash.h"
#include "core/heap.h"
#include "core/list.h"
#include "core/nameservers.h"
#include "core/resolver.h"
#include "core/rng.h"
#include "core/table.h"
#include "core/transport.h"

#include <stdatomic.h>

typedef enum mx_counter {
    MX_COUNT_LOOKUPS,
    MX_COUNT_QUERIES,
    MX_COUNT_TCP_QUERIES,
    MX_COUNT_RETRIES,
    MX_COUNT_JOINS,
    MX_COUNT_IN_PROGRESS,
    MX_COUNT_WAITING,
    MX_COUNTERS
} mx_counter;

struct mx_resolver {
    atomic_uint references;
    atomic_bool is_closed;
    atomic_uint_fast64_t counters[MX_COUNTERS];
    mx_resolver_config config;
    mx_cache *cache;

    mx_list of_engine;  /* in the engine's list once a lookup came */
    mx_list closing;    /* in the engine's inbox, under its lock */
    bool is_registered; /* the engine holds a reference */
    mx_transport *transport;
    size_t descriptor_count; /* of the transport, in this turn's poll */
    mx_nameservers nameservers;

    mx_list waiting;   /* requests not admitted yet */
    mx_list admitted;  /* requests in progress */
    mx_heap deadlines; /* of admitted requests */

    mx_table queries;     /* by question, with the hash of the cache: single flight */
    size_t open_attempts; /* of all queries, as many as there are flights */
    mx_heap retries;      /* what each query does next */
    mx_list queued;       /* queries that wait for room in the window */
    mx_list settled;      /* subscriptions whose query has ended */
};

static inline void
mx_resolver_count(mx_resolver *resolver, mx_counter counter, int by)
{
    atomic_fetch_add_explicit(&resolver->counters[counter],
                              (uint_fast64_t)(int_fast64_t)by, memory_order_relaxed);
}

#endif
