/* SPDX-License-Identifier: MIT */
/* wake.h - a descriptor that is readable while it is raised: how a thread that waits in
 * poll, or an event loop, is told that there is work.
 *
 * Any thread may raise and lower; init and fini are its owner's. Close-on-exec and
 * non-blocking.
 */
#ifndef MX_WAKE_H
#define MX_WAKE_H

#include "core/status.h"

typedef struct mx_wake {
    int reader; /* to be watched; -1 for MX_WAKE_NONE */
    int writer;
} mx_wake;

/* Nobody to be told: raising, lowering and fini do nothing. */
#define MX_WAKE_NONE ((mx_wake){-1, -1})

/* MX_SYS with errno in `*os_error`. */
MX_MUST_CHECK mx_status mx_wake_init(mx_wake *wake, int *os_error);
void mx_wake_fini(mx_wake *wake); /* leaves MX_WAKE_NONE behind */
/* Never blocks and never fails; raising twice is as good as once. */
void mx_wake_raise(const mx_wake *wake);
void mx_wake_lower(const mx_wake *wake);

#endif
