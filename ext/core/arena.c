/* SPDX-License-Identifier: MIT */
#include "core/arena.h"

#include "core/block.h"
#include "core/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Blocks grow from one that holds an ordinary route to one that makes large arenas
 * cheap, so an arena is a handful of allocations whatever its size. */
enum { LARGEST_BLOCK = 16384 };

struct mx_arena_block {
    struct mx_arena_block *next; /* NULL: it was the first */
    size_t used, capacity; /* of bytes; a capacity of FIRST_CAPACITY is of block.h */
    _Alignas(max_align_t) unsigned char bytes[];
};

enum {
    ALIGNMENT = _Alignof(max_align_t),
    FIRST_CAPACITY = MX_BLOCK_SIZE - sizeof(struct mx_arena_block)
};

/* Capacities are multiples of the alignment, so what is used can be rounded up. */
_Static_assert(FIRST_CAPACITY % ALIGNMENT == 0 && LARGEST_BLOCK % ALIGNMENT == 0 &&
                   sizeof(struct mx_arena_block) % ALIGNMENT == 0,
               "blocks hold whole units");

static size_t
round_up(size_t size)
{
    return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

void
mx_arena_init(mx_arena *arena, mx_block_kind kind)
{
    arena->kind = kind;
    arena->blocks = NULL;
    arena->bytes = 0;
}

void
mx_arena_fini(mx_arena *arena)
{
    struct mx_arena_block *block = arena->blocks;
    while (block != NULL) {
        struct mx_arena_block *next = block->next;
        if (block->capacity == FIRST_CAPACITY) {
            mx_block_give(block, next == NULL ? arena->kind : MX_BLOCK_MORE);
        }
        else {
            mx_free(block);
        }
        block = next;
    }
    mx_arena_init(arena, arena->kind);
}

static void *
take_from(struct mx_arena_block *block, size_t size)
{
    void *memory = block->bytes + block->used;
    block->used += size;
    return memory;
}

/* A block with room for `size` bytes, made the arena's first. One that `size` fills up
 * at once goes second, so that the room left in the first is not lost. */
static struct mx_arena_block *
add_block(mx_arena *arena, size_t size)
{
    struct mx_arena_block *first = arena->blocks;
    size_t ordinary = FIRST_CAPACITY;
    if (first != NULL) {
        ordinary = LARGEST_BLOCK - sizeof(*first);
        if (arena->bytes < LARGEST_BLOCK) {
            ordinary = arena->bytes - sizeof(*first);
        }
    }
    if (size > SIZE_MAX - sizeof(*first) - ALIGNMENT) {
        return NULL;
    }
    mx_block_kind kind = first == NULL ? arena->kind : MX_BLOCK_MORE;
    bool is_filled = size >= ordinary;
    size_t capacity = is_filled ? round_up(size) : ordinary;
    struct mx_arena_block *block = capacity == FIRST_CAPACITY
                                       ? mx_block_take(kind)
                                       : mx_malloc(sizeof(*block) + capacity);
    if (block == NULL) {
        return NULL;
    }
    block->used = 0;
    block->capacity = capacity;
    arena->bytes += sizeof(*block) + capacity;
    if (first != NULL && is_filled) {
        block->next = first->next;
        first->next = block;
    }
    else {
        block->next = first;
        arena->blocks = block;
    }
    return block;
}

static void *
allocate(mx_arena *arena, size_t size)
{
    struct mx_arena_block *block = arena->blocks;
    if (block == NULL || size > block->capacity - block->used) {
        block = add_block(arena, size);
    }
    else if (mx_mem_must_fail()) {
        block = NULL; /* as if a block had been due: any allocation may be the one */
    }
    return block == NULL ? NULL : take_from(block, size);
}

/* Text may have left any number of bytes used. */
static void
align(mx_arena *arena)
{
    if (arena->blocks != NULL) {
        arena->blocks->used = round_up(arena->blocks->used);
    }
}

void *
mx_arena_alloc(mx_arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > (SIZE_MAX - ALIGNMENT) / size) {
        return NULL;
    }
    align(arena);
    return allocate(arena, round_up(count * size));
}

char *
mx_arena_text(mx_arena *arena, const char *text, size_t length)
{
    if (length == SIZE_MAX) {
        return NULL;
    }
    char *copy = allocate(arena, length + 1);
    if (copy == NULL) {
        return NULL;
    }
    if (length > 0) {
        memcpy(copy, text, length);
    }
    copy[length] = '\0';
    return copy;
}
