/* SPDX-License-Identifier: MIT */
#include "core/heap.h"

#include "core/mem.h"

#include <stdint.h>

enum { FIRST_CAPACITY = 64 };

void
mx_heap_init(mx_heap *heap)
{
    heap->entries = NULL;
    heap->count = heap->capacity = 0;
}

void
mx_heap_fini(mx_heap *heap)
{
    mx_free(heap->entries);
    mx_heap_init(heap);
}

/* Positions count from 1, so that 0 can mean "not set" in a timer. */
static void
place(mx_heap *heap, mx_heap_entry entry, size_t position)
{
    heap->entries[position - 1] = entry;
    entry.timer->position = position;
}

static void
sift_up(mx_heap *heap, mx_heap_entry entry, size_t position)
{
    while (position > 1) {
        mx_heap_entry parent = heap->entries[position / 2 - 1];
        if (parent.at <= entry.at) {
            break;
        }
        place(heap, parent, position);
        position /= 2;
    }
    place(heap, entry, position);
}

static void
sift_down(mx_heap *heap, mx_heap_entry entry, size_t position)
{
    for (;;) {
        size_t child = 2 * position;
        if (child > heap->count) {
            break;
        }
        mx_heap_entry earlier = heap->entries[child - 1];
        if (child < heap->count && heap->entries[child].at < earlier.at) {
            earlier = heap->entries[child];
            child++;
        }
        if (entry.at <= earlier.at) {
            break;
        }
        place(heap, earlier, position);
        position = child;
    }
    place(heap, entry, position);
}

/* Puts `entry` where it belongs, starting from a free place. */
static void
settle(mx_heap *heap, mx_heap_entry entry, size_t position)
{
    if (position > 1 && heap->entries[position / 2 - 1].at > entry.at) {
        sift_up(heap, entry, position);
    }
    else {
        sift_down(heap, entry, position);
    }
}

mx_status
mx_heap_reserve(mx_heap *heap, size_t count)
{
    if (count <= heap->capacity) {
        return MX_OK;
    }
    size_t capacity = heap->capacity == 0 ? FIRST_CAPACITY : heap->capacity;
    while (capacity < count) {
        if (capacity > SIZE_MAX / 2) {
            return MX_NOMEM;
        }
        capacity *= 2;
    }
    mx_heap_entry *entries = mx_realloc(heap->entries, capacity, sizeof(*entries));
    if (entries == NULL) {
        return MX_NOMEM;
    }
    heap->entries = entries;
    heap->capacity = capacity;
    return MX_OK;
}

mx_status
mx_heap_set(mx_heap *heap, mx_timer *timer, mx_usec at)
{
    if (!mx_timer_is_set(timer)) {
        mx_status status = mx_heap_reserve(heap, heap->count + 1);
        if (status != MX_OK) {
            return status;
        }
        heap->count++;
        timer->at = at;
        sift_up(heap, (mx_heap_entry){at, timer}, heap->count);
        return MX_OK;
    }
    timer->at = at;
    settle(heap, (mx_heap_entry){at, timer}, timer->position);
    return MX_OK;
}

void
mx_heap_unset(mx_heap *heap, mx_timer *timer)
{
    if (!mx_timer_is_set(timer)) {
        return;
    }
    size_t position = timer->position;
    timer->position = 0;
    mx_heap_entry last = heap->entries[heap->count - 1];
    heap->count--;
    if (last.timer != timer) {
        settle(heap, last, position);
    }
}

mx_usec
mx_heap_next(const mx_heap *heap)
{
    return heap->count == 0 ? MX_NEVER : heap->entries[0].at;
}

mx_timer *
mx_heap_pop(mx_heap *heap, mx_usec now)
{
    if (heap->count == 0 || heap->entries[0].at > now) {
        return NULL;
    }
    mx_timer *timer = heap->entries[0].timer;
    mx_heap_unset(heap, timer);
    return timer;
}
