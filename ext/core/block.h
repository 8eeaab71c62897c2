/* SPDX-License-Identifier: MIT */
/* block.h - blocks of memory of one size that go round.
 *
 * Every lookup, query and route is one. They are taken by one thread and given back by
 * another, whoever lets go of a route last: what a general allocator is slowest at. Any
 * thread may call. Nothing waits for a lock, so that a fork at any moment leaves the
 * child a sound state; it does without what other threads had in store.
 */
#ifndef MX_BLOCK_H
#define MX_BLOCK_H

/* An ordinary lookup or route fits. */
enum { MX_BLOCK_SIZE = 1024 };

/* What it is for. Those of each kind go round among themselves: the threads that take
 * them differ, and one that takes few must not have in store what another one needs. */
typedef enum mx_block_kind {
    MX_BLOCK_LOOKUP, /* taken by who submits */
    MX_BLOCK_QUERY,  /* by the engine, as all others */
    MX_BLOCK_ROUTE,
    MX_BLOCK_MORE, /* where one block of a lookup or a route was not enough */
    MX_BLOCK_KINDS
} mx_block_kind;

/* MX_BLOCK_SIZE bytes, aligned for any object, not zeroed; NULL when out of memory. */
void *mx_block_take(mx_block_kind kind);
void mx_block_give(void *block, mx_block_kind kind);

#endif
