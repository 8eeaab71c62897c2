/* SPDX-License-Identifier: MIT */
/* table.h - a hash table of pointers, chained through links inside the objects.
 *
 * The table owns its buckets, never the objects. An object embeds a mx_table_link and
 * computes its hash itself (hash.h). Not thread-safe. Inserting may grow the buckets;
 * if memory for that is short the table stays correct and only gets slower, so an
 * insert fails only when there are no buckets at all.
 */
#ifndef MX_TABLE_H
#define MX_TABLE_H

#include "core/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct mx_table_link {
    struct mx_table_link *next;
    uint64_t hash;
} mx_table_link;

/* In a large table both the bucket and what is in it are far away in memory. `hints` has
 * a bit for each hash that is in the bucket, so that most searches for what is not there
 * end at the bucket. */
typedef struct mx_table_bucket {
    mx_table_link *first;
    uint64_t hints;
} mx_table_bucket;

typedef struct mx_table {
    mx_table_bucket *buckets;
    size_t bucket_count; /* 0 or a power of two */
    size_t count;
    size_t first; /* internal: no bucket before it holds a link */
} mx_table;

enum { MX_TABLE_FIRST_BUCKETS = 16 }; /* once anything is in it */

void mx_table_init(mx_table *table); /* allocates nothing */
void mx_table_fini(mx_table *table); /* leaves the objects alone */
MX_MUST_CHECK mx_status mx_table_insert(mx_table *table, mx_table_link *link,
                                        uint64_t hash);
/* The link must be in the table. */
void mx_table_remove(mx_table *table, mx_table_link *link);
/* First link with this hash, or NULL; follow mx_table_next for the others. The caller
 * compares keys. */
mx_table_link *mx_table_first(const mx_table *table, uint64_t hash);
mx_table_link *mx_table_next(const mx_table_link *link);
/* Begins to read the bucket that links with this hash are in. */
static inline void
mx_table_prefetch(const mx_table *table, uint64_t hash)
{
    if (table->bucket_count > 0) {
        __builtin_prefetch(&table->buckets[(size_t)hash & (table->bucket_count - 1)]);
    }
}
/* Any link, or NULL when empty; emptying a table with it takes linear time. */
mx_table_link *mx_table_any(mx_table *table);

/* The object that embeds `link` as `member`. */
#define MX_CONTAINER(link, type, member)                                               \
    ((type *)(void *)((char *)(link)-offsetof(type, member)))

#endif
