/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* pthread_condattr_setclock */
#include "core/completions.h"

#include "core/mem.h"
#include "core/process.h"
#include "core/wake.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum { FIRST_CAPACITY = 16 };

/* `wake` is raised exactly while `count` is not 0: both change under the mutex. */
struct mx_completions {
    atomic_uint references;
    unsigned generation; /* of the process that made it */
    pthread_mutex_t mutex;
    pthread_cond_t posted;
    mx_wake wake;
    atomic_bool is_closed; /* changes under the mutex */
    mx_completion *ring;   /* oldest at `first`, wrapping at `capacity` */
    size_t capacity, first, count;
    size_t reserved; /* places promised and not posted to yet */
};

/* Waiting is measured on the monotonic clock, so that a wall clock that is set does not
 * stretch it. macOS cannot bind a condition to that clock but waits relative to now. */
static int
init_condition(pthread_cond_t *condition)
{
#ifdef __APPLE__
    return pthread_cond_init(condition, NULL);
#else
    pthread_condattr_t attributes;
    int failure = pthread_condattr_init(&attributes);
    if (failure != 0) {
        return failure;
    }
    failure = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (failure == 0) {
        failure = pthread_cond_init(condition, &attributes);
    }
    pthread_condattr_destroy(&attributes);
    return failure;
#endif
}

static mx_usec
read_clock(void)
{
    mx_clock clock = mx_clock_system();
    return mx_clock_now(&clock);
}

static struct timespec
to_timespec(mx_usec time)
{
    return (struct timespec){
        .tv_sec = (time_t)(time / MX_USEC_PER_SEC),
        .tv_nsec = (long)(time % MX_USEC_PER_SEC) * 1000,
    };
}

/* False once `deadline` has passed. The mutex is held. */
static bool
wait_for_post(mx_completions *completions, mx_usec deadline)
{
    pthread_cond_t *posted = &completions->posted;
    pthread_mutex_t *mutex = &completions->mutex;
    if (deadline == MX_NEVER) {
        return pthread_cond_wait(posted, mutex) == 0;
    }
#ifdef __APPLE__
    mx_usec left = deadline - read_clock();
    if (left <= 0) {
        return false;
    }
    struct timespec time = to_timespec(left);
    return pthread_cond_timedwait_relative_np(posted, mutex, &time) == 0;
#else
    struct timespec time = to_timespec(deadline);
    return pthread_cond_timedwait(posted, mutex, &time) == 0;
#endif
}

static int
init_lock(mx_completions *completions)
{
    int failure = pthread_mutex_init(&completions->mutex, NULL);
    if (failure != 0) {
        return failure;
    }
    failure = init_condition(&completions->posted);
    if (failure != 0) {
        pthread_mutex_destroy(&completions->mutex);
    }
    return failure;
}

mx_status
mx_completions_new(bool with_descriptor, mx_completions **out, int *os_error)
{
    mx_completions *completions = mx_calloc(1, sizeof(*completions));
    if (completions == NULL) {
        return MX_NOMEM;
    }
    if (mx_process_watch() != MX_OK) {
        mx_free(completions);
        return MX_NOMEM;
    }
    atomic_init(&completions->is_closed, false);
    completions->wake = MX_WAKE_NONE;
    if (with_descriptor && mx_wake_init(&completions->wake, os_error) != MX_OK) {
        goto fail;
    }
    *os_error = init_lock(completions);
    if (*os_error != 0) {
        goto fail;
    }
    atomic_init(&completions->references, 1);
    completions->generation = mx_process_generation();
    *out = completions;
    return MX_OK;
fail:
    mx_wake_fini(&completions->wake);
    mx_free(completions);
    return MX_SYS;
}

/* In a fork child the threads that shared the queue are gone. One of them may have held
 * the mutex or been half-way through a change, and the descriptor is still that of the
 * parent: nothing of the queue is touched any more but to close it. */
static bool
is_foreign(const mx_completions *completions)
{
    return completions->generation != mx_process_generation();
}

mx_completions *
mx_completions_ref(mx_completions *completions)
{
    atomic_fetch_add_explicit(&completions->references, 1, memory_order_relaxed);
    return completions;
}

void
mx_completions_unref(mx_completions *completions)
{
    if (completions == NULL || atomic_fetch_sub_explicit(&completions->references, 1,
                                                         memory_order_acq_rel) != 1) {
        return;
    }
    mx_completions_close(completions);
    if (is_foreign(completions)) {
        return; /* lost with what is queued; the parent has its own */
    }
    pthread_cond_destroy(&completions->posted);
    pthread_mutex_destroy(&completions->mutex);
    mx_free(completions);
}

int
mx_completions_descriptor(const mx_completions *completions)
{
    return completions->wake.reader;
}

static size_t
next_place(const mx_completions *completions, size_t place)
{
    return place + 1 == completions->capacity ? 0 : place + 1;
}

static size_t
take_queued(mx_completions *completions, mx_completion *out, size_t capacity)
{
    size_t taken = completions->count < capacity ? completions->count : capacity;
    for (size_t i = 0; i < taken; i++) {
        out[i] = completions->ring[completions->first];
        completions->first = next_place(completions, completions->first);
    }
    completions->count -= taken;
    if (taken > 0 && completions->count == 0) {
        mx_wake_lower(&completions->wake);
    }
    return taken;
}

size_t
mx_completions_take(mx_completions *completions, mx_completion *out, size_t capacity,
                    mx_usec wait)
{
    if (is_foreign(completions)) {
        return 0;
    }
    mx_usec deadline = 0;
    if (wait > 0) {
        mx_usec now = read_clock();
        deadline = wait > MX_NEVER - now ? MX_NEVER : now + wait;
    }
    pthread_mutex_lock(&completions->mutex);
    bool may_wait = wait > 0 && capacity > 0;
    while (completions->count == 0 && !completions->is_closed && may_wait) {
        may_wait = wait_for_post(completions, deadline);
    }
    size_t taken = take_queued(completions, out, capacity);
    pthread_mutex_unlock(&completions->mutex);
    return taken;
}

/* Moves the ring to one of at least twice the room, its oldest to the start. */
static mx_status
grow(mx_completions *completions, size_t needed)
{
    size_t capacity = completions->capacity * 2;
    if (capacity == 0) {
        capacity = FIRST_CAPACITY;
    }
    if (capacity < needed) {
        capacity = needed;
    }
    mx_completion *ring = mx_realloc(NULL, capacity, sizeof(*ring));
    if (ring == NULL) {
        return MX_NOMEM;
    }
    for (size_t i = 0; i < completions->count; i++) {
        ring[i] = completions->ring[(completions->first + i) % completions->capacity];
    }
    mx_free(completions->ring);
    completions->ring = ring;
    completions->capacity = capacity;
    completions->first = 0;
    return MX_OK;
}

mx_status
mx_completions_reserve(mx_completions *completions, size_t count)
{
    mx_status status = MX_OK;
    pthread_mutex_lock(&completions->mutex);
    size_t needed = completions->count + completions->reserved + count;
    if (completions->is_closed) {
        status = MX_CLOSED;
    }
    else if (needed > completions->capacity) {
        status = grow(completions, needed);
    }
    if (status == MX_OK) {
        completions->reserved += count;
    }
    pthread_mutex_unlock(&completions->mutex);
    return status;
}

void
mx_completions_release(mx_completions *completions, size_t count)
{
    if (count == 0) {
        return;
    }
    pthread_mutex_lock(&completions->mutex);
    assert(completions->reserved >= count);
    completions->reserved -= count;
    pthread_mutex_unlock(&completions->mutex);
}

/* Into places that were reserved. The mutex is held and the queue open. */
static void
append(mx_completions *completions, const mx_completion *items, size_t count)
{
    size_t place = (completions->first + completions->count) % completions->capacity;
    for (size_t i = 0; i < count; i++) {
        completions->ring[place] = items[i];
        place = next_place(completions, place);
    }
    if (completions->count == 0) {
        mx_wake_raise(&completions->wake);
    }
    completions->count += count;
}

void
mx_completions_post_all_take(mx_completions *completions, const mx_completion *items,
                             size_t count)
{
    pthread_mutex_lock(&completions->mutex);
    assert(completions->reserved >= count);
    completions->reserved -= count;
    bool is_closed = completions->is_closed;
    if (!is_closed) {
        append(completions, items, count);
    }
    pthread_mutex_unlock(&completions->mutex);
    /* Not under the mutex, which who is woken wants at once. */
    pthread_cond_signal(&completions->posted);
    for (size_t i = 0; is_closed && i < count; i++) {
        mx_route_unref(items[i].route);
    }
}

void
mx_completions_post_take(mx_completions *completions, uint64_t token, mx_status status,
                         mx_route *route)
{
    const mx_completion item = {token, status, route};
    mx_completions_post_all_take(completions, &item, 1);
}

bool
mx_completions_is_closed(const mx_completions *completions)
{
    return atomic_load(&completions->is_closed);
}

void
mx_completions_close(mx_completions *completions)
{
    if (is_foreign(completions)) {
        mx_wake_fini(&completions->wake);
        return;
    }
    pthread_mutex_lock(&completions->mutex);
    completions->is_closed = true;
    mx_wake_fini(&completions->wake);
    mx_completion *ring = completions->ring;
    size_t capacity = completions->capacity;
    size_t first = completions->first;
    size_t count = completions->count;
    completions->ring = NULL;
    completions->capacity = completions->first = completions->count = 0;
    pthread_cond_broadcast(&completions->posted);
    pthread_mutex_unlock(&completions->mutex);
    for (size_t i = 0; i < count; i++) {
        mx_route_unref(ring[(first + i) % capacity].route);
    }
    mx_free(ring);
}
