/* SPDX-License-Identifier: MIT */
/* arena.h - memory that lives and dies with one object (a lookup, a route).
 *
 * Not thread-safe: the owner of the arena allocates. Blocks never move; there is no
 * free of a single allocation.
 */
#ifndef MX_ARENA_H
#define MX_ARENA_H

#include "core/block.h"

#include <stddef.h>

struct mx_arena_block;

typedef struct mx_arena {
    struct mx_arena_block *blocks;
    size_t bytes; /* taken from mem.h by this arena */
    mx_block_kind kind;
} mx_arena;

/* Allocates nothing. `kind` is that of its first block. */
void mx_arena_init(mx_arena *arena, mx_block_kind kind);
void mx_arena_fini(mx_arena *arena);
/* Aligned for any object, not zeroed; NULL when out of memory. */
void *mx_arena_alloc(mx_arena *arena, size_t count, size_t size);
/* A NUL-terminated copy of `length` bytes of `text`. */
char *mx_arena_text(mx_arena *arena, const char *text, size_t length);

#endif
