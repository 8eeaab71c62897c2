/* SPDX-License-Identifier: MIT */
#include "core/table.h"

#include "core/mem.h"

void
mx_table_init(mx_table *table)
{
    table->buckets = NULL;
    table->bucket_count = table->count = table->first = 0;
}

void
mx_table_fini(mx_table *table)
{
    mx_free(table->buckets);
    mx_table_init(table);
}

static mx_table_bucket *
find_bucket(const mx_table *table, uint64_t hash)
{
    return &table->buckets[(size_t)hash & (table->bucket_count - 1)];
}

/* By other bits of the hash than those that chose the bucket. */
static uint64_t
hint_of(uint64_t hash)
{
    return UINT64_C(1) << (hash >> 58);
}

static void
push(mx_table *table, mx_table_link *link)
{
    size_t index = (size_t)link->hash & (table->bucket_count - 1);
    mx_table_bucket *bucket = &table->buckets[index];
    link->next = bucket->first;
    bucket->first = link;
    bucket->hints |= hint_of(link->hash);
    if (index < table->first) {
        table->first = index;
    }
}

/* Doubles the buckets; without memory for that the table stays as it is. */
static void
grow(mx_table *table)
{
    mx_table grown = {.count = table->count};
    grown.bucket_count =
        table->bucket_count == 0 ? MX_TABLE_FIRST_BUCKETS : table->bucket_count * 2;
    grown.buckets = mx_calloc(grown.bucket_count, sizeof(*grown.buckets));
    if (grown.buckets == NULL) {
        return;
    }
    for (size_t i = 0; i < table->bucket_count; i++) {
        mx_table_link *link = table->buckets[i].first;
        while (link != NULL) {
            mx_table_link *next = link->next;
            push(&grown, link);
            link = next;
        }
    }
    mx_free(table->buckets);
    *table = grown;
}

mx_status
mx_table_insert(mx_table *table, mx_table_link *link, uint64_t hash)
{
    if (table->count >= table->bucket_count) {
        grow(table);
    }
    if (table->bucket_count == 0) {
        return MX_NOMEM;
    }
    link->hash = hash;
    push(table, link);
    table->count++;
    return MX_OK;
}

void
mx_table_remove(mx_table *table, mx_table_link *link)
{
    mx_table_bucket *bucket = find_bucket(table, link->hash);
    mx_table_link **place = &bucket->first;
    while (*place != link) {
        place = &(*place)->next;
    }
    *place = link->next;
    table->count--;
    if (bucket->first == NULL) { /* else a hint too many costs little */
        bucket->hints = 0;
    }
}

static mx_table_link *
skip_to(mx_table_link *link, uint64_t hash)
{
    while (link != NULL && link->hash != hash) {
        link = link->next;
    }
    return link;
}

mx_table_link *
mx_table_first(const mx_table *table, uint64_t hash)
{
    if (table->count == 0) {
        return NULL;
    }
    const mx_table_bucket *bucket = find_bucket(table, hash);
    return (bucket->hints & hint_of(hash)) == 0 ? NULL : skip_to(bucket->first, hash);
}

mx_table_link *
mx_table_next(const mx_table_link *link)
{
    return skip_to(link->next, link->hash);
}

mx_table_link *
mx_table_any(mx_table *table)
{
    if (table->count == 0) {
        return NULL;
    }
    while (table->buckets[table->first].first == NULL) {
        table->first++;
    }
    return table->buckets[table->first].first;
}
