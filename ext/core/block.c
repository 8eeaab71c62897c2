/* SPDX-License-Identifier: MIT */
#include "core/block.h"

#include "core/mem.h"

/* Memory checkers must see each use of a block as an allocation of its own. */
#if !defined(MX_KEEP_BLOCKS) && (defined(MX_DEBUG) || defined(__SANITIZE_ADDRESS__) || \
                                 defined(__SANITIZE_THREAD__))

void *
mx_block_take(void)
{
    return mx_malloc(MX_BLOCK_SIZE);
}

void
mx_block_give(void *block)
{
    mx_free(block);
}

#else

#    include <stdatomic.h>
#    include <stddef.h>

/* Kept for the next taker: what some thousand lookups at a time need. */
enum { MAX_KEPT = 16384 };

typedef union kept_block {
    union kept_block *next;
    max_align_t aligned;
    unsigned char bytes[MX_BLOCK_SIZE];
} kept_block;

/* What was given back, by all threads. It is only ever taken as a whole, so that a
 * block which comes and goes meanwhile cannot be mistaken for an unchanged stack. */
static _Atomic(kept_block *) given;
static atomic_size_t kept;
/* The rest of the last whole, and who is at it. The others go without; in a child that
 * was forked meanwhile all do. */
static kept_block *in_store;
static atomic_flag is_busy = ATOMIC_FLAG_INIT;

static kept_block *
take_kept(void)
{
    kept_block *taken;
    if (atomic_flag_test_and_set_explicit(&is_busy, memory_order_acquire)) {
        return NULL;
    }
    if (in_store == NULL &&
        atomic_load_explicit(&given, memory_order_relaxed) != NULL) {
        in_store = atomic_exchange_explicit(&given, NULL, memory_order_acquire);
    }
    taken = in_store;
    if (taken != NULL) {
        in_store = taken->next;
        __builtin_prefetch(in_store); /* whoever takes the next one reads its link */
        atomic_fetch_sub_explicit(&kept, 1, memory_order_relaxed);
    }
    atomic_flag_clear_explicit(&is_busy, memory_order_release);
    return taken;
}

void *
mx_block_take(void)
{
    kept_block *taken = take_kept();
    if (taken == NULL) {
        return mx_malloc(MX_BLOCK_SIZE);
    }
    if (mx_mem_must_fail()) {
        mx_block_give(taken);
        return NULL;
    }
    return taken;
}

void
mx_block_give(void *block)
{
    kept_block *first = block;
    if (atomic_fetch_add_explicit(&kept, 1, memory_order_relaxed) >= MAX_KEPT) {
        atomic_fetch_sub_explicit(&kept, 1, memory_order_relaxed);
        mx_free(block);
        return;
    }
    first->next = atomic_load_explicit(&given, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(
        &given, &first->next, first, memory_order_release, memory_order_relaxed)) {
    }
}

#endif
