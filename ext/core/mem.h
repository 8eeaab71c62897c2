/* SPDX-License-Identifier: MIT */
/* mem.h - the only allocator of the core, so that tests can make any allocation fail.
 *
 * Any thread may call. Sizes are checked for overflow; NULL means out of memory.
 */
#ifndef MX_MEM_H
#define MX_MEM_H

#include <stddef.h>

void *mx_malloc(size_t size);
/* Zeroed memory for `count` objects of `size` bytes. */
void *mx_calloc(size_t count, size_t size);
/* Grows or shrinks to `count` objects of `size` bytes; `old` stays valid on failure. */
void *mx_realloc(void *old, size_t count, size_t size);
void mx_free(void *memory); /* NULL is fine */

/* Failure injection for tests, process-wide and off by default: the allocation `nth`
 * from now (1 is the next) fails, and when `onward` is not 0 all after it too; 0 turns
 * it off. Returns how many allocations were asked for since it was turned on (0 when it
 * was off): a sweep over all sites ends when that is less than `nth`. */
size_t mx_mem_fail(size_t nth, int onward);
/* For memory that is handed out of a larger piece, which counts as an allocation too:
 * whether it is this one's turn to fail. */
int mx_mem_must_fail(void);

#endif
