/* SPDX-License-Identifier: MIT */
/* cache.h - answers kept for their TTL (rules T1 to T3, fault S25).
 *
 * Positive and negative answers live for their TTL, failures that a server spoke (an
 * rcode) for 5 s, doubling to 60 s while they go on (RFC 9520); timeouts, damaged
 * replies and local trouble are never kept. The oldest answers make room, but those that
 * were used meanwhile get another round ("second chance"): using an answer costs no
 * place in a list, and names that are asked once do not drive out those asked again and
 * again (fault L10). Any thread may call; every function takes the cache's own mutex and
 * none calls back. The cache holds a reference to each answer; get() hands out a new one.
 */
#ifndef MX_CACHE_H
#define MX_CACHE_H

#include "core/answer.h"
#include "core/clock.h"
#include "core/question.h"
#include "core/status.h"

#include <stddef.h>
#include <stdint.h>

#define MX_FAILURE_LIFE (5 * MX_USEC_PER_SEC)
#define MX_MAX_FAILURE_LIFE (60 * MX_USEC_PER_SEC)

typedef struct mx_cache mx_cache;

typedef struct mx_cache_stats {
    size_t answers, bytes, capacity;
    uint64_t hits, misses, evictions;
} mx_cache_stats;

/* `capacity` in bytes; 0 makes every get() miss and every put() a no-op. */
MX_MUST_CHECK mx_status mx_cache_new(size_t capacity, mx_cache **out);
void mx_cache_free(mx_cache *cache); /* NULL is fine */

/* What the cache finds a question by; the same as long as the cache lives, and nobody
 * outside can choose questions that share one. The other functions take it so that it is
 * computed once. */
uint64_t mx_cache_hash(const mx_cache *cache, const mx_question *question);
/* Begins to bring from memory what get() with each of these hashes reads first. */
void mx_cache_prefetch(mx_cache *cache, const uint64_t *hashes, size_t count);
/* A new reference, or NULL when absent or expired at `now`. `*ttl` gets the seconds it
 * still has to live, which the route reports instead of the original TTL. */
mx_answer *mx_cache_get(mx_cache *cache, const mx_question *question, uint64_t hash,
                        mx_usec now, uint32_t *ttl);
/* Keeps `answer` if its kind may be kept. Short memory only means it is not kept. */
void mx_cache_put(mx_cache *cache, const mx_question *question, uint64_t hash,
                  mx_answer *answer, mx_usec now);
void mx_cache_clear(mx_cache *cache);
mx_cache_stats mx_cache_get_stats(mx_cache *cache);

#endif
