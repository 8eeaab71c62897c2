/* SPDX-License-Identifier: MIT */
/* block.h - blocks of memory of one size that go round.
 *
 * Every lookup and every route needs one. They are taken by the threads that do lookups
 * and given back by whoever lets go of a route last, often another thread: what a
 * general allocator is slowest at. Any thread may call; nothing waits for a lock, so a
 * fork at any moment leaves the child a sound state.
 */
#ifndef MX_BLOCK_H
#define MX_BLOCK_H

/* An ordinary lookup or route fits. */
enum { MX_BLOCK_SIZE = 1024 };

/* MX_BLOCK_SIZE bytes, aligned for any object, not zeroed; NULL when out of memory. */
void *mx_block_take(void);
void mx_block_give(void *block);
/* Frees what the calling thread has in store; for a thread that ends. */
void mx_blocks_trim(void);

#endif
