/* SPDX-License-Identifier: MIT */
/* block.h - blocks of memory of one size that go round.
 *
 * Every lookup, query and route is one. They are taken by one thread and given back by
 * another, whoever lets go of a route last: what a general allocator is slowest at. Any
 * thread may call. Nothing waits for a lock, so that a fork at any moment leaves the
 * child a sound state.
 */
#ifndef MX_BLOCK_H
#define MX_BLOCK_H

/* An ordinary lookup or route fits. */
enum { MX_BLOCK_SIZE = 1024 };

/* MX_BLOCK_SIZE bytes, aligned for any object, not zeroed; NULL when out of memory. */
void *mx_block_take(void);
void mx_block_give(void *block);

#endif
