/* SPDX-License-Identifier: MIT */
#include "core/resolver.h"

#include "core/mem.h"
#include "core/resolver_state.h"

enum {
    DEFAULT_TRIES = 3,
    DEFAULT_CONCURRENCY = 1000,
    DEFAULT_CACHE = 64 << 20,
    LIMIT_TRIES = 16,
    LIMIT_CONCURRENCY = 100000,
    LIMIT_RATE = 1000000
};
#define LIMIT_TIME (3600 * MX_USEC_PER_SEC)

void
mx_resolver_config_init(mx_resolver_config *config)
{
    *config = (mx_resolver_config){
        .timeout = 5 * MX_USEC_PER_SEC,
        .attempt_timeout = 1500 * MX_USEC_PER_MSEC,
        .address_wait = MX_USEC_PER_SEC,
        .tries = DEFAULT_TRIES,
        .concurrency = DEFAULT_CONCURRENCY,
        .cache_size = DEFAULT_CACHE,
    };
    mx_lookup_rules_init(&config->rules);
}

static bool
is_time(mx_usec time)
{
    return time > 0 && time <= LIMIT_TIME;
}

static bool
is_usable(const mx_resolver_config *config)
{
    return config->server_count <= MX_MAX_SERVERS && is_time(config->timeout) &&
           is_time(config->attempt_timeout) &&
           (config->address_wait == 0 || is_time(config->address_wait)) &&
           config->tries >= 1 && config->tries <= LIMIT_TRIES && config->rate >= 0 &&
           config->rate <= LIMIT_RATE &&
           (unsigned)config->transport <= MX_TRANSPORT_TCP &&
           config->concurrency >= 1 && config->concurrency <= LIMIT_CONCURRENCY &&
           config->rules.max_exchanges >= 1 &&
           config->rules.max_exchanges <= MX_LIMIT_EXCHANGES &&
           config->rules.max_addresses >= 1 &&
           config->rules.max_addresses <= MX_LIMIT_ADDRESSES;
}

/* With the cache of `first`, or one of its own. */
static mx_status
make(const mx_resolver_config *config, mx_resolver *first, mx_resolver **out)
{
    mx_resolver *resolver;
    mx_status status;

    if (!is_usable(config)) {
        return MX_INVALID;
    }
    resolver = mx_calloc(1, sizeof(*resolver));
    if (resolver == NULL) {
        return MX_NOMEM;
    }
    status = mx_rng_seed_system(&resolver->rng);
    if (status != MX_OK) {
        goto fail;
    }
    if (first != NULL) {
        resolver->first = mx_resolver_ref(first);
        resolver->cache = first->cache;
    }
    else {
        status = mx_cache_new(config->cache_size, &resolver->cache);
        if (status != MX_OK) {
            goto fail;
        }
    }
    atomic_init(&resolver->references, 1);
    resolver->config = *config;
    (void)mx_self_ref(config->rules.self);
    if (config->server_count > 0) {
        mx_nameservers_init(&resolver->nameservers, config->servers,
                            config->server_count);
    }
    else {
        mx_nameservers_init_file(&resolver->nameservers, NULL);
    }
    mx_list_init(&resolver->of_engine);
    mx_list_init(&resolver->closing);
    mx_list_init(&resolver->waiting);
    mx_list_init(&resolver->waiting_bulk);
    mx_list_init(&resolver->admitted);
    resolver->first_quick = &resolver->admitted;
    mx_list_init(&resolver->queued);
    mx_list_init(&resolver->repeating);
    mx_list_init(&resolver->held);
    mx_list_init(&resolver->silent);
    mx_rate_init(&resolver->limit, config->rate, 0);
    mx_window_init(&resolver->window, config->attempt_timeout, 0);
    mx_outage_init(&resolver->outage, 0);
    mx_resolver_show_path(resolver, 0);
    mx_list_init(&resolver->settled);
    mx_heap_init(&resolver->deadlines);
    mx_heap_init(&resolver->retries);
    mx_table_init(&resolver->queries);
    *out = resolver;
    return MX_OK;
fail:
    mx_free(resolver);
    return status;
}

mx_status
mx_resolver_new(const mx_resolver_config *config, mx_resolver **out)
{
    return make(config, NULL, out);
}

mx_status
mx_resolver_new_shard(mx_resolver *first, const mx_resolver_config *config,
                      unsigned number, mx_resolver **out)
{
    mx_status status = make(config, first, out);

    if (status == MX_OK) {
        (*out)->shard = number;
    }
    return status;
}

mx_resolver *
mx_resolver_ref(mx_resolver *resolver)
{
    atomic_fetch_add_explicit(&resolver->references, 1, memory_order_relaxed);
    return resolver;
}

void
mx_resolver_unref(mx_resolver *resolver)
{
    if (resolver == NULL || atomic_fetch_sub_explicit(&resolver->references, 1,
                                                      memory_order_acq_rel) != 1) {
        return;
    }
    /* The engine gave its part back when it let go of its reference. */
    mx_heap_fini(&resolver->deadlines);
    mx_heap_fini(&resolver->retries);
    mx_table_fini(&resolver->queries);
    if (resolver->first == NULL) {
        mx_cache_free(resolver->cache);
    }
    mx_resolver_unref(resolver->first);
    mx_self_unref(resolver->config.rules.self);
    mx_free(resolver);
}

const mx_resolver_config *
mx_resolver_get_config(const mx_resolver *resolver)
{
    return &resolver->config;
}

void
mx_resolver_get_stats(mx_resolver *resolver, mx_resolver_stats *out)
{
    uint64_t counts[MX_COUNTERS];

    for (int i = 0; i < MX_COUNTERS; i++) {
        counts[i] = atomic_load_explicit(&resolver->counters[i], memory_order_relaxed);
    }
    *out = (mx_resolver_stats){
        .lookups = counts[MX_COUNT_LOOKUPS],
        .queries = counts[MX_COUNT_QUERIES],
        .tcp_queries = counts[MX_COUNT_TCP_QUERIES],
        .retries = counts[MX_COUNT_RETRIES],
        .joins = counts[MX_COUNT_JOINS],
        .in_progress = counts[MX_COUNT_IN_PROGRESS],
        .waiting = counts[MX_COUNT_WAITING],
        .window = counts[MX_COUNT_WINDOW],
        .pace = counts[MX_COUNT_PACE],
        .losses = counts[MX_COUNT_LOSSES],
        .outages = counts[MX_COUNT_OUTAGES],
        .paused = (mx_usec)counts[MX_COUNT_PAUSED],
        .cache = mx_cache_get_stats(resolver->cache),
    };
}

void
mx_resolver_stats_add(mx_resolver_stats *sum, const mx_resolver_stats *more)
{
    sum->lookups += more->lookups;
    sum->queries += more->queries;
    sum->tcp_queries += more->tcp_queries;
    sum->retries += more->retries;
    sum->joins += more->joins;
    sum->in_progress += more->in_progress;
    sum->waiting += more->waiting;
    sum->window += more->window;
    sum->pace += more->pace;
    sum->losses += more->losses;
    if (more->outages > sum->outages) {
        sum->outages = more->outages;
    }
    if (more->paused > sum->paused) {
        sum->paused = more->paused;
    }
}

void
mx_resolver_clear_cache(mx_resolver *resolver)
{
    mx_cache_clear(resolver->cache);
}
