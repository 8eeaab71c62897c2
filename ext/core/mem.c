/* SPDX-License-Identifier: MIT */
#include "core/mem.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Up to here clearing what malloc gives is faster than calloc, which passes by the
 * blocks that glibc keeps at hand for each thread. */
enum { LARGE = 1024 };

static atomic_bool is_armed; /* all that an allocation reads outside of tests */
static atomic_size_t asked;
static atomic_size_t fail_at;
static atomic_bool fail_onward;

int
mx_mem_must_fail(void)
{
    if (!atomic_load_explicit(&is_armed, memory_order_relaxed)) {
        return false;
    }
    size_t number = atomic_fetch_add(&asked, 1) + 1;
    size_t at = atomic_load(&fail_at);
    return number == at || (number > at && atomic_load(&fail_onward));
}

/* The C library may answer a request for nothing with NULL, which here means that
 * memory is short. */
static size_t
at_least_one(size_t size)
{
    return size == 0 ? 1 : size;
}

static bool
overflows(size_t count, size_t size)
{
    return size != 0 && count > SIZE_MAX / size;
}

void *
mx_malloc(size_t size)
{
    return mx_mem_must_fail() ? NULL : malloc(at_least_one(size));
}

void *
mx_calloc(size_t count, size_t size)
{
    if (overflows(count, size) || mx_mem_must_fail()) {
        return NULL;
    }
    size_t bytes = at_least_one(count * size);
    if (bytes > LARGE) {
        return calloc(1, bytes);
    }
    void *memory = malloc(bytes);
    return memory == NULL ? NULL : memset(memory, 0, bytes);
}

void *
mx_realloc(void *old, size_t count, size_t size)
{
    if (overflows(count, size) || mx_mem_must_fail()) {
        return NULL;
    }
    return realloc(old, at_least_one(count * size));
}

void
mx_free(void *memory)
{
    free(memory);
}

size_t
mx_mem_fail(size_t nth, int onward)
{
    atomic_store(&is_armed, false);
    atomic_store(&fail_at, nth);
    atomic_store(&fail_onward, onward != 0);
    size_t count = atomic_exchange(&asked, 0);
    atomic_store(&is_armed, nth != 0);
    return count;
}
