/* SPDX-License-Identifier: MIT */
/* resolver_state.h - the body of a resolver, shared by resolver.c and the engine's
 * files (engine*.c, request*.c, query*.c), by nobody else.
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
#include "core/outage.h"
#include "core/question.h"
#include "core/rate.h"
#include "core/resolver.h"
#include "core/rng.h"
#include "core/table.h"
#include "core/transport.h"
#include "core/window.h"

#include <stdatomic.h>

typedef enum mx_counter {
    MX_COUNT_LOOKUPS,
    MX_COUNT_QUERIES,
    MX_COUNT_TCP_QUERIES,
    MX_COUNT_RETRIES,
    MX_COUNT_JOINS,
    MX_COUNT_IN_PROGRESS,
    MX_COUNT_WAITING,
    /* Stored as they are, by the engine's thread. */
    MX_COUNT_WINDOW,
    MX_COUNT_PACE,
    MX_COUNT_LOSSES,
    MX_COUNT_OUTAGES,
    MX_COUNT_PAUSED,
    MX_COUNTERS
} mx_counter;

struct mx_query;

struct mx_resolver {
    atomic_uint references;
    atomic_bool is_closed;
    atomic_uint_fast64_t counters[MX_COUNTERS];
    mx_resolver_config config;
    mx_cache *cache;
    mx_resolver *first; /* whose cache it is, our reference; NULL if it is ours */
    unsigned shard;     /* which of the resolvers that share it (shards.h) */

    mx_list of_engine;  /* in the engine's list once a lookup came */
    mx_list closing;    /* in the engine's inbox, under its lock */
    bool is_registered; /* the engine holds a reference */
    mx_transport *transport;
    size_t descriptor_count; /* of the transport, in this turn's poll */
    mx_nameservers nameservers;

    /* Requests not admitted yet; those that can wait out an outage. */
    mx_list waiting, waiting_bulk;
    mx_list admitted;     /* requests in progress, those that are slow first */
    mx_list *first_quick; /* the first that is not slow yet, or the list itself */
    size_t slow_count;
    size_t bulk_count; /* of those that can wait out an outage */
    mx_heap deadlines; /* of admitted requests */

    mx_table queries;     /* by question, with the hash of the cache: single flight */
    size_t open_attempts; /* of all queries, as many as there are flights */
    mx_heap retries;      /* what each query does next */
    /* Queries that wait to send: their first message, a later one, or for the end of an
     * outage. */
    mx_list queued, repeating, held;
    bool is_turn_of_first; /* of those */
    mx_list silent;        /* attempts, the longest first */
    size_t repeated;       /* attempts that are awaited and not their query's first */
    mx_window window;
    mx_rate limit;
    mx_outage outage;
    struct mx_query *probe; /* NULL unless there is an outage */
    mx_question probed;     /* what a server answered lately, to probe with */
    mx_usec probed_at;      /* when that was noted */
    mx_rng rng;             /* of pauses */
    mx_list settled;        /* subscriptions whose query has ended */
};

static inline void
mx_resolver_count(mx_resolver *resolver, mx_counter counter, int by)
{
    atomic_fetch_add_explicit(&resolver->counters[counter],
                              (uint_fast64_t)(int_fast64_t)by, memory_order_relaxed);
}

/* Puts on show how the path to the servers does, for mx_resolver_get_stats. */
static inline void
mx_resolver_show_path(mx_resolver *resolver, mx_usec now)
{
    const mx_window *window = &resolver->window;
    atomic_uint_fast64_t *shown = resolver->counters;

    atomic_store_explicit(&shown[MX_COUNT_WINDOW], window->size, memory_order_relaxed);
    atomic_store_explicit(&shown[MX_COUNT_PACE],
                          (uint64_t)(mx_rate_get(&window->pace) + 0.5),
                          memory_order_relaxed);
    atomic_store_explicit(&shown[MX_COUNT_LOSSES], window->losses,
                          memory_order_relaxed);
    atomic_store_explicit(&shown[MX_COUNT_OUTAGES], resolver->outage.count,
                          memory_order_relaxed);
    atomic_store_explicit(&shown[MX_COUNT_PAUSED],
                          (uint64_t)mx_outage_paused(&resolver->outage, now),
                          memory_order_relaxed);
}

#endif
