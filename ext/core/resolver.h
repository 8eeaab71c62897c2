/* SPDX-License-Identifier: MIT */
/* resolver.h - one configuration with the state that belongs to it: name servers and
 * their health, cache, transport. Made by the caller, then shared with the engine's
 * thread by reference; the caller's side never touches more than what is declared here.
 */
#ifndef MX_RESOLVER_H
#define MX_RESOLVER_H

#include "core/cache.h"
#include "core/clock.h"
#include "core/lookup.h"
#include "core/server.h"
#include "core/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mx_resolver mx_resolver;

/* What carries the queries. */
typedef enum mx_transport_choice {
    MX_TRANSPORT_AUTO,   /* our own datagrams, and streams where those do not do */
    MX_TRANSPORT_C_ARES, /* everything through c-ares */
    MX_TRANSPORT_TCP     /* streams from the first attempt on, datagrams without them */
} mx_transport_choice;

typedef struct mx_resolver_config {
    mx_lookup_rules rules;
    mx_server servers[MX_MAX_SERVERS];
    size_t server_count; /* 0: the system's, read anew when its configuration changes */
    /* Times are at most an hour, and positive; address_wait may be 0. */
    mx_usec timeout;         /* of a whole lookup, from its admission */
    mx_usec attempt_timeout; /* of one datagram before the next is sent */
    mx_usec address_wait;    /* rule A4 */
    unsigned tries;     /* 1 to 16: datagrams a question; never fewer than servers */
    size_t concurrency; /* 1 to 100,000 lookups in progress; more wait their turn */
    size_t cache_size;  /* bytes, 0: no cache */
    double rate;        /* messages a second at most, up to 1,000,000; 0: no limit */
    mx_transport_choice transport;
    bool dnssec;
    bool has_seed; /* shuffles repeat for the same seed and domain */
    uint64_t seed;
} mx_resolver_config;

typedef struct mx_resolver_stats {
    uint64_t lookups;     /* finished */
    uint64_t queries;     /* datagrams and TCP messages sent */
    uint64_t tcp_queries; /* of those, over TCP */
    uint64_t retries;     /* of those, not the first for their question */
    uint64_t joins;       /* questions that joined one in flight */
    uint64_t in_progress; /* lookups admitted and not finished */
    uint64_t waiting;     /* lookups not admitted yet */
    uint64_t window;      /* first messages that may be awaited */
    uint64_t pace;        /* messages a second that the path was found to carry, or 0 */
    uint64_t losses;      /* messages lost for certain (window.h) */
    uint64_t outages;     /* times when no server could be heard (outage.h) */
    mx_usec paused;       /* their time together */
    mx_cache_stats cache;
} mx_resolver_stats;

void mx_resolver_config_init(mx_resolver_config *config); /* the documented defaults */

/* MX_INVALID when a figure is out of its range. */
MX_MUST_CHECK mx_status mx_resolver_new(const mx_resolver_config *config,
                                        mx_resolver **out);
/* Another one for the thread of another engine, that shares the cache of `first`, which
 * is none of these itself. `config` may differ in nothing but concurrency and rate. */
MX_MUST_CHECK mx_status mx_resolver_new_shard(mx_resolver *first,
                                              const mx_resolver_config *config,
                                              unsigned number, mx_resolver **out);
mx_resolver *mx_resolver_ref(mx_resolver *resolver);
void mx_resolver_unref(mx_resolver *resolver); /* NULL is fine */
const mx_resolver_config *mx_resolver_get_config(const mx_resolver *resolver);
void mx_resolver_get_stats(mx_resolver *resolver, mx_resolver_stats *out);
/* Adds up what lookups count; an outage of both counts once, as far as it can be told,
 * and the cache is that of `sum`. */
void mx_resolver_stats_add(mx_resolver_stats *sum, const mx_resolver_stats *more);
void mx_resolver_clear_cache(mx_resolver *resolver);

#endif
