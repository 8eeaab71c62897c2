/* SPDX-License-Identifier: MIT */
/* outbox.h - completions on their way from an engine's thread to their queues, a run
 * for one queue at a time: one lock and one wake-up for all of it.
 *
 * What is in it nobody else sees yet: its owner flushes it before it waits. One thread.
 */
#ifndef MX_OUTBOX_H
#define MX_OUTBOX_H

#include "core/completions.h"

enum { MX_OUTBOX_SIZE = 256 };

typedef struct mx_outbox {
    mx_completions *queue; /* our reference, NULL while it is empty */
    size_t count;
    mx_completion items[MX_OUTBOX_SIZE];
} mx_outbox; /* zeroed is empty */

/* As mx_completions_post_take, now or at the next flush. */
void mx_outbox_add_take(mx_outbox *outbox, mx_completions *queue, mx_completion item);
void mx_outbox_flush(mx_outbox *outbox);

#endif
