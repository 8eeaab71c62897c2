/* SPDX-License-Identifier: MIT */
/* shards.h - one configuration on the threads of several engines: a resolver for each of
 * them, all with one cache.
 *
 * The domain decides which shard a destination belongs to, so that lookups of one domain
 * join each other as they do on one thread; only an exchange that domains of different
 * shards share may be asked for by both, until its answer is in the cache. What a
 * resolver may do at a time is divided among its shards. Immutable; any thread may call.
 */
#ifndef MX_SHARDS_H
#define MX_SHARDS_H

#include "core/destination.h"
#include "core/resolver.h"
#include "core/status.h"

#include <stddef.h>

enum { MX_MAX_SHARDS = 64 };

typedef struct mx_shards mx_shards;

/* `count`: 1 to MX_MAX_SHARDS, but never more than may be in progress. */
MX_MUST_CHECK mx_status mx_shards_new(const mx_resolver_config *config, size_t count,
                                      mx_shards **out);
void mx_shards_free(mx_shards *shards); /* NULL is fine */

size_t mx_shards_count(const mx_shards *shards);
/* The one that a destination belongs to, below the count. */
size_t mx_shards_find(const mx_shards *shards, const mx_destination *destination);
mx_resolver *mx_shards_get(const mx_shards *shards, size_t number); /* borrowed */
/* As it was given. */
const mx_resolver_config *mx_shards_get_config(const mx_shards *shards);
/* The sums. */
void mx_shards_get_stats(const mx_shards *shards, mx_resolver_stats *out);
void mx_shards_clear_cache(const mx_shards *shards);

#endif
