/* SPDX-License-Identifier: MIT */
#include "core/outbox.h"

void
mx_outbox_flush(mx_outbox *outbox)
{
    mx_completions *queue = outbox->queue;
    size_t count = outbox->count;

    if (queue == NULL) {
        return;
    }
    outbox->queue = NULL;
    outbox->count = 0;
    mx_completions_post_all_take(queue, outbox->items, count);
    mx_completions_unref(queue);
}

void
mx_outbox_add_take(mx_outbox *outbox, mx_completions *queue, mx_completion item)
{
    if (outbox->queue != queue || outbox->count == MX_OUTBOX_SIZE) {
        mx_outbox_flush(outbox);
        outbox->queue = mx_completions_ref(queue);
    }
    outbox->items[outbox->count++] = item;
}
