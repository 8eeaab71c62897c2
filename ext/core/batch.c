/* SPDX-License-Identifier: MIT */
#include "core/batch.h"

#include "core/engine_state.h"
#include "core/hash.h"
#include "core/request.h"
#include "core/resolver_state.h"

enum { RESERVE = 64 }; /* places in the queue taken at a time */

void
mx_batch_init(mx_batch *batch, mx_engine *engine, mx_resolver *resolver,
              mx_completions *completions)
{
    *batch =
        (mx_batch){.engine = engine, .resolver = resolver, .completions = completions};
    mx_list_init(&batch->requests);
}

static uint64_t
choose_seed(mx_engine *engine, const mx_resolver *resolver,
            const mx_submission *submission)
{
    const mx_name *name = &submission->destination->name;
    mx_hash_key key = {0};

    if (submission->has_seed || resolver->config.has_seed) {
        /* By domain too, so that equal seeds do not order all domains alike. */
        key.k0 = submission->has_seed ? submission->seed : resolver->config.seed;
        return submission->destination->kind == MX_DESTINATION_DOMAIN
                   ? mx_hash(&key, name->wire, name->length)
                   : key.k0;
    }
    return mx_engine_next_seed(engine);
}

static mx_status
reserve(mx_batch *batch, size_t count)
{
    mx_status status;

    if (batch->reserved > 0) {
        return MX_OK;
    }
    status = mx_completions_reserve(batch->completions, count);
    if (status == MX_OK) {
        batch->reserved = count;
    }
    return status;
}

/* A batch of one takes no place that it does not need. */
static mx_status
add(mx_batch *batch, const mx_submission *submission, size_t places,
    mx_request **request)
{
    mx_resolver *resolver = batch->resolver;
    mx_request *made;
    mx_status status;

    if (atomic_load(&resolver->is_closed) || mx_engine_is_stopping(batch->engine) ||
        mx_completions_is_closed(batch->completions)) {
        return MX_CLOSED;
    }
    if (resolver->config.rules.has_ranks && request == NULL) {
        return MX_INVALID;
    }
    status = reserve(batch, places);
    if (status != MX_OK) {
        return status;
    }
    status = mx_request_new(resolver, submission->destination,
                            choose_seed(batch->engine, resolver, submission),
                            submission->levels, batch->completions, submission->token,
                            &made);
    if (status != MX_OK) {
        return status;
    }
    batch->reserved--;
    made->is_retry = submission->is_retry;
    made->is_bulk = submission->is_bulk;
    if (request != NULL) {
        *request = mx_request_ref(made);
    }
    if (mx_lookup_is_done(made->lookup)) {
        mx_request_finish(made, 0);
    }
    else {
        mx_request_wait(made, &batch->requests);
    }
    return MX_OK;
}

mx_status
mx_batch_add(mx_batch *batch, const mx_submission *submission, mx_request **request)
{
    return add(batch, submission, RESERVE, request);
}

void
mx_batch_send(mx_batch *batch)
{
    if (mx_list_is_empty(&batch->requests) ||
        mx_engine_receive(batch->engine, &batch->requests)) {
        return;
    }
    while (!mx_list_is_empty(&batch->requests)) {
        mx_request_end_cancelled(MX_CONTAINER(batch->requests.next, mx_request, place),
                                 0);
    }
}

mx_status
mx_engine_submit(mx_engine *engine, mx_resolver *resolver,
                 const mx_submission *submission, mx_completions *completions,
                 mx_request **request)
{
    mx_batch batch;
    mx_status status;

    mx_batch_init(&batch, engine, resolver, completions);
    status = add(&batch, submission, 1, request);
    if (status == MX_OK) {
        mx_batch_send(&batch);
    }
    else {
        mx_completions_release(completions, batch.reserved);
    }
    return status;
}
