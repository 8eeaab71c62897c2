/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* clock_gettime */
#include "core/clock.h"

#include <stddef.h>
#include <time.h>

static mx_usec
read_system(void *context)
{
    (void)context;
    struct timespec time;
    /* Cannot fail: POSIX demands this clock of every system pymx builds on. */
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (mx_usec)time.tv_sec * MX_USEC_PER_SEC + (mx_usec)time.tv_nsec / 1000;
}

static mx_usec
read_fake(void *context)
{
    const mx_usec *time = context;
    return *time;
}

mx_clock
mx_clock_system(void)
{
    return (mx_clock){read_system, NULL};
}

mx_clock
mx_clock_fake(mx_usec *time)
{
    return (mx_clock){read_fake, time};
}

mx_usec
mx_clock_now(const mx_clock *clock)
{
    return clock->now(clock->context);
}
