/* SPDX-License-Identifier: MIT */
#include "core/arena.h"

#include "core/mem.h"

#include <stdint.h>
#include <string.h>

/* Blocks grow from one that holds an ordinary route to one that makes large arenas
 * cheap, so an arena is a handful of allocations whatever its size. */
enum { FIRST_BLOCK = 1024, LARGEST_BLOCK = 16384 };

struct mx_arena_block {
    struct mx_arena_block *next;
    size_t used, capacity; /* of bytes */
    _Alignas(max_align_t) unsigned char bytes[];
};

void
mx_arena_init(mx_arena *arena)
{
    arena->blocks = NULL;
    arena->bytes = 0;
}

void
mx_arena_fini(mx_arena *arena)
{
    struct mx_arena_block *block = arena->blocks;
    while (block != NULL) {
        struct mx_arena_block *next = block->next;
        mx_free(block);
        block = next;
    }
    mx_arena_init(arena);
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
    size_t ordinary = FIRST_BLOCK - sizeof(*first);
    if (first != NULL) {
        ordinary = LARGEST_BLOCK - sizeof(*first);
        if (arena->bytes < LARGEST_BLOCK) {
            ordinary = arena->bytes - sizeof(*first);
        }
    }
    size_t capacity = size > ordinary ? size : ordinary;
    if (capacity > SIZE_MAX - sizeof(*first)) {
        return NULL;
    }
    struct mx_arena_block *block = mx_malloc(sizeof(*block) + capacity);
    if (block == NULL) {
        return NULL;
    }
    block->used = 0;
    block->capacity = capacity;
    arena->bytes += sizeof(*block) + capacity;
    if (first != NULL && size == capacity) {
        block->next = first->next;
        first->next = block;
    }
    else {
        block->next = first;
        arena->blocks = block;
    }
    return block;
}

void *
mx_arena_alloc(mx_arena *arena, size_t count, size_t size)
{
    const size_t alignment = _Alignof(max_align_t);
    if (size != 0 && count > (SIZE_MAX - alignment) / size) {
        return NULL;
    }
    size_t needed = (count * size + alignment - 1) / alignment * alignment;
    struct mx_arena_block *block = arena->blocks;
    if (block == NULL || needed > block->capacity - block->used) {
        block = add_block(arena, needed);
    }
    return block == NULL ? NULL : take_from(block, needed);
}

char *
mx_arena_text(mx_arena *arena, const char *text, size_t length)
{
    if (length == SIZE_MAX) {
        return NULL;
    }
    char *copy = mx_arena_alloc(arena, length + 1, 1);
    if (copy == NULL) {
        return NULL;
    }
    if (length > 0) {
        memcpy(copy, text, length);
    }
    copy[length] = '\0';
    return copy;
}
