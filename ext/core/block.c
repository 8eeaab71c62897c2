/* SPDX-License-Identifier: MIT */
#include "core/block.h"

#include "core/mem.h"

/* Memory checkers must see each use of a block as an allocation of its own. */
#if !defined(MX_KEEP_BLOCKS) && (defined(MX_DEBUG) || defined(__SANITIZE_ADDRESS__) || \
                                 defined(__SANITIZE_THREAD__))

void *
mx_block_take(mx_block_kind kind)
{
    (void)kind;
    return mx_malloc(MX_BLOCK_SIZE);
}

void
mx_block_give(void *block, mx_block_kind kind)
{
    (void)kind;
    mx_free(block);
}

#else

#    include <pthread.h>
#    include <stdatomic.h>
#    include <stddef.h>

/* Of each kind, for the next taker: what some thousand lookups at a time need. */
enum { MAX_KEPT = 8192 };

typedef union kept_block {
    union kept_block *next;
    max_align_t aligned;
    unsigned char bytes[MX_BLOCK_SIZE];
} kept_block;

/* What was given back, by all threads. It is only ever taken as a whole, so that a
 * block which comes and goes meanwhile cannot be mistaken for an unchanged stack. */
static _Atomic(kept_block *) given[MX_BLOCK_KINDS];
static atomic_size_t kept[MX_BLOCK_KINDS]; /* in all stores too */
/* The rest of the whole that this thread took last. It goes back when the thread ends. */
static _Thread_local kept_block *in_store[MX_BLOCK_KINDS];
static pthread_key_t at_end;
static pthread_once_t has_key = PTHREAD_ONCE_INIT;
static int key_error;

static void
put_back(kept_block *block, mx_block_kind kind)
{
    _Atomic(kept_block *) *stack = &given[kind];
    block->next = atomic_load_explicit(stack, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(
        stack, &block->next, block, memory_order_release, memory_order_relaxed)) {
    }
}

static void
put_stores_back(void *unused)
{
    (void)unused;
    for (int kind = 0; kind < MX_BLOCK_KINDS; kind++) {
        while (in_store[kind] != NULL) {
            kept_block *block = in_store[kind];
            in_store[kind] = block->next;
            put_back(block, (mx_block_kind)kind);
        }
    }
}

static void
make_key(void)
{
    key_error = pthread_key_create(&at_end, put_stores_back);
}

/* Whether this thread will give its stores back. */
static int
may_have_store(void)
{
    return pthread_once(&has_key, make_key) == 0 && key_error == 0 &&
           (pthread_getspecific(at_end) != NULL ||
            pthread_setspecific(at_end, &at_end) == 0);
}

static kept_block *
take_kept(mx_block_kind kind)
{
    kept_block **store = &in_store[kind], *taken;
    if (*store == NULL &&
        atomic_load_explicit(&given[kind], memory_order_relaxed) != NULL &&
        may_have_store()) {
        *store = atomic_exchange_explicit(&given[kind], NULL, memory_order_acquire);
    }
    taken = *store;
    if (taken != NULL) {
        *store = taken->next;
        __builtin_prefetch(*store); /* whoever takes the next one reads its link */
        atomic_fetch_sub_explicit(&kept[kind], 1, memory_order_relaxed);
    }
    return taken;
}

void *
mx_block_take(mx_block_kind kind)
{
    kept_block *taken = take_kept(kind);
    if (taken == NULL) {
        return mx_malloc(MX_BLOCK_SIZE);
    }
    if (mx_mem_must_fail()) {
        mx_block_give(taken, kind);
        return NULL;
    }
    return taken;
}

void
mx_block_give(void *block, mx_block_kind kind)
{
    if (atomic_fetch_add_explicit(&kept[kind], 1, memory_order_relaxed) < MAX_KEPT) {
        put_back(block, kind);
        return;
    }
    atomic_fetch_sub_explicit(&kept[kind], 1, memory_order_relaxed);
    mx_free(block);
}

#endif
