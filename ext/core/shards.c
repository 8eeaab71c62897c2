/* SPDX-License-Identifier: MIT */
#include "core/shards.h"

#include "core/hash.h"
#include "core/mem.h"
#include "core/rng.h"

struct mx_shards {
    mx_resolver_config config;
    mx_hash_key key;
    size_t count;
    mx_resolver *resolvers[]; /* the first has the cache */
};

/* So that the shards' shares add up to the whole. */
static size_t
share(size_t whole, size_t count, size_t number)
{
    return whole / count + (number < whole % count ? 1 : 0);
}

static mx_status
make_resolver(mx_shards *shards, size_t number)
{
    mx_resolver_config config = shards->config;
    mx_resolver **out = &shards->resolvers[number];

    config.concurrency = share(config.concurrency, shards->count, number);
    config.rate /= (double)shards->count;
    return number == 0 ? mx_resolver_new(&config, out)
                       : mx_resolver_new_shard(shards->resolvers[0], &config,
                                               (unsigned)number, out);
}

mx_status
mx_shards_new(const mx_resolver_config *config, size_t count, mx_shards **out)
{
    mx_shards *shards;
    mx_status status = MX_OK;

    if (count < 1 || count > MX_MAX_SHARDS || config->concurrency < 1) {
        return MX_INVALID;
    }
    count = count < config->concurrency ? count : config->concurrency;
    shards = mx_calloc(1, sizeof(*shards) + count * sizeof(mx_resolver *));
    if (shards == NULL) {
        return MX_NOMEM;
    }
    shards->config = *config;
    (void)mx_self_ref(config->rules.self);
    shards->count = count;
    if (count > 1) {
        status = mx_rng_system_bytes(&shards->key, sizeof(shards->key));
    }
    for (size_t i = 0; status == MX_OK && i < count; i++) {
        status = make_resolver(shards, i);
    }
    if (status != MX_OK) {
        mx_shards_free(shards);
        return status;
    }
    *out = shards;
    return MX_OK;
}

void
mx_shards_free(mx_shards *shards)
{
    if (shards == NULL) {
        return;
    }
    for (size_t i = 0; i < shards->count; i++) {
        mx_resolver_unref(shards->resolvers[i]);
    }
    mx_self_unref(shards->config.rules.self);
    mx_free(shards);
}

size_t
mx_shards_count(const mx_shards *shards)
{
    return shards->count;
}

size_t
mx_shards_find(const mx_shards *shards, const mx_destination *destination)
{
    const mx_name *name = &destination->name;

    if (shards->count == 1 || destination->kind != MX_DESTINATION_DOMAIN) {
        return 0;
    }
    return (size_t)(mx_hash(&shards->key, name->wire, name->length) % shards->count);
}

mx_resolver *
mx_shards_get(const mx_shards *shards, size_t number)
{
    return shards->resolvers[number];
}

const mx_resolver_config *
mx_shards_get_config(const mx_shards *shards)
{
    return &shards->config;
}

void
mx_shards_get_stats(const mx_shards *shards, mx_resolver_stats *out)
{
    mx_resolver_get_stats(shards->resolvers[0], out);
    for (size_t i = 1; i < shards->count; i++) {
        mx_resolver_stats more;
        mx_resolver_get_stats(shards->resolvers[i], &more);
        mx_resolver_stats_add(out, &more);
    }
}

void
mx_shards_clear_cache(const mx_shards *shards)
{
    mx_resolver_clear_cache(shards->resolvers[0]);
}
