/* SPDX-License-Identifier: MIT */
#include "core/block.h"

#include "core/mem.h"

#include <stdatomic.h>
#include <stddef.h>

/* Memory checkers must see each use of a block as an allocation of its own. */
#if defined(MX_DEBUG) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

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

void
mx_blocks_trim(void)
{
}

#else

/* Kept for the next taker, 16 MiB: what a window of some thousand lookups needs. */
enum { MAX_KEPT = 16384 };

typedef union free_block {
    union free_block *next;
    max_align_t aligned;
    unsigned char bytes[MX_BLOCK_SIZE];
} free_block;

/* What was given back, by all threads. It is only ever taken as a whole, so that a
 * block which comes and goes meanwhile cannot be mistaken for an unchanged stack. */
static _Atomic(free_block *) given;
static atomic_size_t kept;
/* Those of the last whole. */
static _Thread_local free_block *in_store;

void *
mx_block_take(void)
{
    if (in_store == NULL &&
        atomic_load_explicit(&given, memory_order_relaxed) != NULL) {
        in_store = atomic_exchange_explicit(&given, NULL, memory_order_acquire);
    }
    if (in_store == NULL || mx_mem_is_failing()) {
        return mx_malloc(MX_BLOCK_SIZE);
    }
    free_block *taken = in_store;
    in_store = taken->next;
    atomic_fetch_sub_explicit(&kept, 1, memory_order_relaxed);
    return taken;
}

void
mx_block_give(void *block)
{
    if (atomic_fetch_add_explicit(&kept, 1, memory_order_relaxed) >= MAX_KEPT) {
        atomic_fetch_sub_explicit(&kept, 1, memory_order_relaxed);
        mx_free(block);
        return;
    }
    free_block *first = block;
    first->next = atomic_load_explicit(&given, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(
        &given, &first->next, first, memory_order_release, memory_order_relaxed)) {
    }
}

void
mx_blocks_trim(void)
{
    while (in_store != NULL) {
        free_block *next = in_store->next;
        mx_free(in_store);
        in_store = next;
        atomic_fetch_sub_explicit(&kept, 1, memory_order_relaxed);
    }
}

#endif
