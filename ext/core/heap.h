/* SPDX-License-Identifier: MIT */
/* heap.h - deadlines: a binary heap of timers that live inside the objects they wake.
 *
 * The heap owns its array, never the timers. Not thread-safe. A timer that is set is in
 * exactly one heap.
 */
#ifndef MX_HEAP_H
#define MX_HEAP_H

#include "core/clock.h"
#include "core/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct mx_timer {
    mx_usec at;
    size_t position; /* 1-based place in the heap; 0 when not set */
} mx_timer;

/* With a copy of its time, so that comparing reads no timer, which may be far away. */
typedef struct mx_heap_entry {
    mx_usec at;
    mx_timer *timer;
} mx_heap_entry;

typedef struct mx_heap {
    mx_heap_entry *entries;
    size_t count, capacity;
} mx_heap;

void mx_heap_init(mx_heap *heap); /* allocates nothing */
void mx_heap_fini(mx_heap *heap);
/* Room for `count` timers in all, so that as many can be set without failing. */
MX_MUST_CHECK mx_status mx_heap_reserve(mx_heap *heap, size_t count);
/* Sets or moves the timer. Moving never fails; setting fails with MX_NOMEM. */
MX_MUST_CHECK mx_status mx_heap_set(mx_heap *heap, mx_timer *timer, mx_usec at);
void mx_heap_unset(mx_heap *heap, mx_timer *timer); /* no-op when not set */
static inline bool
mx_timer_is_set(const mx_timer *timer)
{
    return timer->position != 0;
}
/* When the first timer is due, MX_NEVER when there is none. */
mx_usec mx_heap_next(const mx_heap *heap);
/* Removes and returns the first timer if it is due at `now`, else NULL. */
mx_timer *mx_heap_pop(mx_heap *heap, mx_usec now);

#endif
