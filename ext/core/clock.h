/* SPDX-License-Identifier: MIT */
/* clock.h - monotonic time, with a fake for tests.
 *
 * Only the engine reads a clock; every other module is told what time it is.
 */
#ifndef MX_CLOCK_H
#define MX_CLOCK_H

#include <stdint.h>

typedef int64_t mx_usec; /* microseconds */

#define MX_NEVER INT64_MAX
#define MX_USEC_PER_SEC INT64_C(1000000)
#define MX_USEC_PER_MSEC INT64_C(1000)

typedef struct mx_clock {
    mx_usec (*now)(void *context);
    void *context;
} mx_clock;

/* The system's monotonic clock. */
mx_clock mx_clock_system(void);

/* A clock that shows `*time`, which the test owns and moves. */
mx_clock mx_clock_fake(mx_usec *time);

mx_usec mx_clock_now(const mx_clock *clock);

#endif
