/* SPDX-License-Identifier: MIT */
#include "core/cache.h"

#include "core/hash.h"
#include "core/list.h"
#include "core/mem.h"
#include "core/rng.h"
#include "core/table.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

/* How long after its end a failure is remembered, so that the next one lives longer: as
 * long as RFC 9520 3.2 lets a failure be kept at most. */
#define FAILURE_MEMORY (300 * MX_USEC_PER_SEC)

typedef struct kept_answer {
    mx_table_link link;
    mx_list order; /* in mx_cache.order */
    mx_answer *answer;
    mx_usec expires;
    uint32_t failure_life; /* of a failure, microseconds, else 0 */
    uint32_t bytes;
    bool was_used; /* since it came to the end of the order */
    uint16_t type;
    uint8_t name[]; /* a kept name (name.h) */
} kept_answer;

struct mx_cache {
    pthread_mutex_t mutex;
    mx_hash_key key;
    size_t capacity;
    size_t bytes; /* of the kept answers, without the table's buckets */
    mx_table table;
    mx_list order; /* the next to go first */
    uint64_t hits, misses, evictions;
};

mx_status
mx_cache_new(size_t capacity, mx_cache **out)
{
    mx_cache *cache = mx_calloc(1, sizeof(*cache));
    if (cache == NULL) {
        return MX_NOMEM;
    }
    mx_status status = mx_rng_system_bytes(&cache->key, sizeof(cache->key));
    if (status != MX_OK) {
        goto fail;
    }
    if (pthread_mutex_init(&cache->mutex, NULL) != 0) {
        status = MX_SYS;
        goto fail;
    }
    cache->capacity = capacity;
    mx_table_init(&cache->table);
    mx_list_init(&cache->order);
    *out = cache;
    return MX_OK;
fail:
    mx_free(cache);
    return status;
}

void
mx_cache_free(mx_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    mx_cache_clear(cache);
    pthread_mutex_destroy(&cache->mutex);
    mx_free(cache);
}

static void
drop(kept_answer *kept)
{
    mx_answer_unref(kept->answer);
    mx_free(kept);
}

static void
forget(mx_cache *cache, kept_answer *kept)
{
    mx_table_remove(&cache->table, &kept->link);
    mx_list_remove(&kept->order);
    cache->bytes -= kept->bytes;
    drop(kept);
}

static kept_answer *
find(const mx_cache *cache, const mx_question *question, uint64_t hash)
{
    mx_table_link *link = mx_table_first(&cache->table, hash);
    for (; link != NULL; link = mx_table_next(link)) {
        kept_answer *kept = MX_CONTAINER(link, kept_answer, link);
        if (kept->type == question->type &&
            memcmp(kept->name, &question->name, mx_name_size(&question->name)) == 0) {
            return kept;
        }
    }
    return NULL;
}

static mx_usec
add_times(mx_usec time, mx_usec life)
{
    return time > MX_NEVER - life ? MX_NEVER : time + life;
}

/* Expired for good: not even remembered as a failure. */
static bool
is_stale(const kept_answer *kept, mx_usec now)
{
    mx_usec memory = kept->failure_life > 0 ? FAILURE_MEMORY : 0;
    return now >= add_times(kept->expires, memory);
}

uint64_t
mx_cache_hash(const mx_cache *cache, const mx_question *question)
{
    return mx_question_hash(question, &cache->key);
}

void
mx_cache_prefetch(mx_cache *cache, const uint64_t *hashes, size_t count)
{
    pthread_mutex_lock(&cache->mutex);
    for (size_t i = 0; i < count; i++) {
        mx_table_prefetch(&cache->table, hashes[i]);
    }
    pthread_mutex_unlock(&cache->mutex);
}

mx_answer *
mx_cache_get(mx_cache *cache, const mx_question *question, uint64_t hash, mx_usec now,
             uint32_t *ttl)
{
    mx_answer *answer = NULL;
    pthread_mutex_lock(&cache->mutex);
    kept_answer *kept = find(cache, question, hash);
    if (kept != NULL && now < kept->expires) {
        kept->was_used = true;
        answer = mx_answer_ref(kept->answer);
        mx_usec seconds = (kept->expires - now) / MX_USEC_PER_SEC;
        *ttl = seconds < UINT32_MAX ? (uint32_t)seconds : UINT32_MAX;
        cache->hits++;
    }
    else {
        if (kept != NULL && is_stale(kept, now)) {
            forget(cache, kept);
        }
        cache->misses++;
    }
    pthread_mutex_unlock(&cache->mutex);
    return answer;
}

/* Failures that a server spoke; the others say more about the way to it (fault S25). */
static bool
is_spoken(mx_reason reason)
{
    switch (reason) {
    case MX_REASON_SERVFAIL:
    case MX_REASON_SERVER_REFUSED:
    case MX_REASON_FORMERR:
    case MX_REASON_NOTIMP:
    case MX_REASON_OTHER_RCODE:
        return true;
    default:
        return false;
    }
}

/* How long `answer` lives; 0 when it is not kept. `old` is what is kept for its
 * question, or NULL. */
static mx_usec
find_life(const mx_answer *answer, const kept_answer *old, mx_usec now)
{
    switch (answer->kind) {
    case MX_ANSWER_RECORDS:
    case MX_ANSWER_NODATA:
    case MX_ANSWER_NXDOMAIN:
    case MX_ANSWER_ALIAS:
        return (mx_usec)answer->ttl * MX_USEC_PER_SEC;
    case MX_ANSWER_TRUNCATED:
        return 0;
    case MX_ANSWER_FAILURE:
        break;
    }
    if (!is_spoken(answer->reason)) {
        return 0;
    }
    if (old == NULL || is_stale(old, now)) {
        return MX_FAILURE_LIFE;
    }
    if (now < old->expires) {
        return old->failure_life; /* and 0 against an answer that still holds */
    }
    mx_usec doubled = 2 * (mx_usec)old->failure_life;
    return doubled < MX_MAX_FAILURE_LIFE ? doubled : MX_MAX_FAILURE_LIFE;
}

static size_t
count_bytes(const mx_cache *cache)
{
    return cache->bytes + cache->table.bucket_count * sizeof(mx_table_bucket);
}

static kept_answer *
next_to_go(const mx_cache *cache)
{
    return MX_CONTAINER(cache->order.next, kept_answer, order);
}

/* What is next to go was not touched for long. It comes from memory while other work is
 * done; waiting for it, and for what it leads to, is most of what an eviction costs. */
static void
fetch_next_to_go(const mx_cache *cache)
{
    if (!mx_list_is_empty(&cache->order)) {
        const kept_answer *kept = next_to_go(cache);
        __builtin_prefetch(kept->answer);
        __builtin_prefetch(kept->order.next);
        mx_table_prefetch(&cache->table, kept->link.hash);
    }
}

/* Drops the oldest that were not used until `needed` more bytes fit. */
static void
make_room(mx_cache *cache, size_t needed)
{
    size_t limit = cache->capacity - needed;
    if (count_bytes(cache) <= limit) {
        return;
    }
    while (count_bytes(cache) > limit && !mx_list_is_empty(&cache->order)) {
        kept_answer *kept = next_to_go(cache);
        if (kept->was_used) {
            kept->was_used = false;
            mx_list_remove(&kept->order);
            mx_list_append(&cache->order, &kept->order);
        }
        else {
            forget(cache, kept);
            cache->evictions++;
        }
    }
    fetch_next_to_go(cache);
}

static void
keep(mx_cache *cache, const mx_question *question, uint64_t hash, mx_answer *answer,
     mx_usec expires, mx_usec failure_life)
{
    const mx_name *name = &question->name;
    size_t size = sizeof(kept_answer) + mx_name_size(name);
    size_t bytes = size + mx_answer_bytes(answer);
    /* What can never fit beside the buckets must not empty the cache in vain. */
    size_t buckets = count_bytes(cache) - cache->bytes;
    if (buckets == 0) {
        buckets = MX_TABLE_FIRST_BUCKETS * sizeof(mx_table_bucket);
    }
    if (buckets > cache->capacity || bytes > cache->capacity - buckets) {
        return;
    }
    make_room(cache, bytes);
    kept_answer *kept = mx_malloc(size);
    if (kept == NULL) {
        return;
    }
    if (mx_table_insert(&cache->table, &kept->link, hash) != MX_OK) {
        mx_free(kept);
        return;
    }
    mx_list_append(&cache->order, &kept->order);
    kept->answer = mx_answer_ref(answer);
    kept->expires = expires;
    kept->failure_life = (uint32_t)failure_life;
    kept->bytes = (uint32_t)bytes;
    kept->was_used = false;
    kept->type = question->type;
    memcpy(kept->name, name, mx_name_size(name));
    cache->bytes += bytes;
    make_room(cache, 0); /* the table may have grown */
}

void
mx_cache_put(mx_cache *cache, const mx_question *question, uint64_t hash,
             mx_answer *answer, mx_usec now)
{
    if (cache->capacity == 0) {
        return;
    }
    pthread_mutex_lock(&cache->mutex);
    kept_answer *old = find(cache, question, hash);
    mx_usec life = find_life(answer, old, now);
    if (life > 0) {
        if (old != NULL) {
            forget(cache, old);
        }
        bool is_failure = answer->kind == MX_ANSWER_FAILURE;
        keep(cache, question, hash, answer, add_times(now, life),
             is_failure ? life : 0);
    }
    pthread_mutex_unlock(&cache->mutex);
}

void
mx_cache_clear(mx_cache *cache)
{
    mx_list dropped;
    mx_list_init(&dropped);
    pthread_mutex_lock(&cache->mutex);
    mx_table_fini(&cache->table);
    mx_list_move_all(&dropped, &cache->order);
    cache->bytes = 0;
    pthread_mutex_unlock(&cache->mutex);
    /* Freeing a full cache takes too long to keep the engine waiting for the lock. */
    while (!mx_list_is_empty(&dropped)) {
        kept_answer *kept = MX_CONTAINER(dropped.next, kept_answer, order);
        mx_list_remove(&kept->order);
        drop(kept);
    }
}

mx_cache_stats
mx_cache_get_stats(mx_cache *cache)
{
    pthread_mutex_lock(&cache->mutex);
    mx_cache_stats stats = {
        .answers = cache->table.count,
        .bytes = count_bytes(cache),
        .capacity = cache->capacity,
        .hits = cache->hits,
        .misses = cache->misses,
        .evictions = cache->evictions,
    };
    pthread_mutex_unlock(&cache->mutex);
    return stats;
}
