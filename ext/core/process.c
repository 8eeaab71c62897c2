/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* pthread_atfork */
#include "core/process.h"

#include "core/descriptors.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

static atomic_uint generation;
static atomic_bool is_watching;

static void
begin_generation(void)
{
    mx_descriptors_begin_in_child();
    atomic_fetch_add_explicit(&generation, 1, memory_order_relaxed);
}

mx_status
mx_process_watch(void)
{
    if (atomic_load(&is_watching)) {
        return MX_OK;
    }
    /* Two threads at once may both do it: a fork child counts one more then. */
    if (pthread_atfork(NULL, NULL, begin_generation) != 0) {
        return MX_NOMEM;
    }
    atomic_store(&is_watching, true);
    return MX_OK;
}

unsigned
mx_process_generation(void)
{
    return atomic_load_explicit(&generation, memory_order_relaxed);
}
