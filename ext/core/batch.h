/* SPDX-License-Identifier: MIT */
/* batch.h - submissions of one thread that go to the engine together: one lock and at
 * most one wake-up for all of them.
 *
 * Caller storage. Its engine, resolver and queue outlive it. Not for two threads at
 * once. In a fork child a batch is forgotten as it is.
 */
#ifndef MX_BATCH_H
#define MX_BATCH_H

#include "core/engine.h"
#include "core/list.h"

typedef struct mx_batch {
    mx_engine *engine;
    mx_resolver *resolver;
    mx_completions *completions;
    mx_list requests; /* not sent yet */
    size_t reserved;  /* places in the queue for those still to be added */
} mx_batch;

void mx_batch_init(mx_batch *batch, mx_engine *engine, mx_resolver *resolver,
                   mx_completions *completions);
/* As mx_engine_submit, but the engine knows of it once the batch is sent. */
MX_MUST_CHECK mx_status mx_batch_add(mx_batch *batch, const mx_submission *submission,
                                     mx_request **request);
/* Hands all that was added to the engine; of one that is stopping it comes back as
 * cancelled. Empty from then on: more may be added. */
void mx_batch_send(mx_batch *batch);

#endif
