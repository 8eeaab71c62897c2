/* SPDX-License-Identifier: MIT */
#include "core/heap.h"

#include "core/mem.h"

#include <stdint.h>

enum { FIRST_CAPACITY = 64 };

void
mx_heap_init(mx_heap *heap)
{
    heap->timers = NULL;
    heap->count = heap->capacity = 0;
}

void
mx_heap_fini(mx_heap *heap)
{
    mx_free(heap->timers);
    mx_heap_init(heap);
}

/* Positions count from 1, so that 0 can mean "not set" in a timer. */
static void
place(mx_heap *heap, mx_timer *timer, size_t position)
{
    heap->timers[position - 1] = timer;
    timer->position = position;
}

static void
sift_up(mx_heap *heap, mx_timer *timer, size_t position)
{
    while (position > 1) {
        mx_timer *parent = heap->timers[position / 2 - 1];
        if (parent->at <= timer->at) {
            break;
        }
        place(heap, parent, position);
        position /= 2;
    }
    place(heap, timer, position);
}

static void
sift_down(mx_heap *heap, mx_timer *timer, size_t position)
{
    for (;;) {
        size_t child = 2 * position;
        if (child > heap->count) {
            break;
        }
        mx_timer *earlier = heap->timers[child - 1];
        if (child < heap->count && heap->timers[child]->at < earlier->at) {
            earlier = heap->timers[child];
            child++;
        }
        if (timer->at <= earlier->at) {
            break;
        }
        place(heap, earlier, position);
        position = child;
    }
    place(heap, timer, position);
}

/* Puts `timer` where it belongs, starting from a free place. */
static void
settle(mx_heap *heap, mx_timer *timer, size_t position)
{
    if (position > 1 && heap->timers[position / 2 - 1]->at > timer->at) {
        sift_up(heap, timer, position);
    }
    else {
        sift_down(heap, timer, position);
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
    mx_timer **timers = mx_realloc(heap->timers, capacity, sizeof(mx_timer *));
    if (timers == NULL) {
        return MX_NOMEM;
    }
    heap->timers = timers;
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
        sift_up(heap, timer, heap->count);
        return MX_OK;
    }
    timer->at = at;
    settle(heap, timer, timer->position);
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
    mx_timer *last = heap->timers[heap->count - 1];
    heap->count--;
    if (last != timer) {
        settle(heap, last, position);
    }
}

mx_usec
mx_heap_next(const mx_heap *heap)
{
    return heap->count == 0 ? MX_NEVER : heap->timers[0]->at;
}

mx_timer *
mx_heap_pop(mx_heap *heap, mx_usec now)
{
    if (heap->count == 0 || heap->timers[0]->at > now) {
        return NULL;
    }
    mx_timer *timer = heap->timers[0];
    mx_heap_unset(heap, timer);
    return timer;
}
