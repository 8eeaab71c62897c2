/* SPDX-License-Identifier: MIT */
#include "core/request.h"

#include "core/resolver_state.h"

#include <assert.h>
#include <string.h>

mx_request *
mx_request_ref(mx_request *request)
{
    atomic_fetch_add_explicit(&request->references, 1, memory_order_relaxed);
    return request;
}

void
mx_request_release(mx_request *request)
{
    if (request == NULL ||
        atomic_fetch_sub_explicit(&request->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    if (request->is_paused) {
        mx_request_abandon(request);
    }
    mx_resolver *resolver = request->resolver;
    mx_completions *completions = request->completions;
    mx_lookup_free(request->lookup); /* and so the request */
    mx_resolver_unref(resolver);
    mx_completions_unref(completions);
}

mx_status
mx_request_new(mx_resolver *resolver, const mx_destination *destination, uint64_t seed,
               uint32_t levels, mx_completions *completions, uint64_t token,
               mx_request **out)
{
    mx_lookup *lookup;
    mx_request *request;
    mx_status status =
        mx_lookup_new(&resolver->config.rules, destination, seed, levels, &lookup);

    if (status != MX_OK) {
        return status;
    }
    request = mx_arena_alloc(mx_lookup_arena(lookup), 1, sizeof(*request));
    if (request == NULL) {
        mx_lookup_free(lookup);
        return MX_NOMEM;
    }
    memset(request, 0, sizeof(*request));
    request->lookup = lookup;
    if (!mx_lookup_is_done(lookup)) {
        mx_question first = {.type = MX_TYPE_MX};
        mx_name_copy(&first.name, &destination->name);
        request->first_hash = mx_cache_hash(resolver->cache, &first);
    }
    atomic_init(&request->references, 1);
    atomic_init(&request->is_finished, false);
    atomic_init(&request->is_cancelled, false);
    mx_list_init(&request->place);
    mx_list_init(&request->cancelling);
    mx_list_init(&request->subscriptions);
    request->resolver = mx_resolver_ref(resolver);
    request->completions = mx_completions_ref(completions);
    request->token = token;
    *out = request;
    return MX_OK;
}

mx_subscription *
mx_request_first_subscription(const mx_request *request)
{
    return mx_list_is_empty(&request->subscriptions)
               ? NULL
               : MX_CONTAINER(request->subscriptions.next, mx_subscription, of_request);
}

void
mx_request_end_subscription(mx_subscription *subscription)
{
    mx_query_unsubscribe(subscription);
    mx_list_remove(&subscription->of_request);
}

void
mx_request_wait(mx_request *request, mx_list *place)
{
    if (!request->is_waiting) {
        request->is_waiting = true;
        mx_resolver_count(request->resolver, MX_COUNT_WAITING, 1);
    }
    mx_list_remove(&request->place);
    mx_list_append(place, &request->place);
}

void
mx_request_stop_waiting(mx_request *request)
{
    if (request->is_waiting) {
        request->is_waiting = false;
        mx_resolver_count(request->resolver, MX_COUNT_WAITING, -1);
    }
}

/* Once, by whoever has it: the engine, or of a paused one its submitter. */
static void
count_finished(mx_request *request)
{
    if (request->is_admitted) {
        mx_resolver_count(request->resolver, MX_COUNT_IN_PROGRESS, -1);
    }
    mx_resolver_count(request->resolver, MX_COUNT_LOOKUPS, 1);
    atomic_store_explicit(&request->is_finished, true, memory_order_release);
}

void
mx_request_abandon(mx_request *request)
{
    if (!atomic_load_explicit(&request->is_finished, memory_order_acquire)) {
        count_finished(request);
    }
}

void
mx_request_post_take(mx_request *request, mx_status status, mx_route *route)
{
    mx_outbox *outbox = request->outbox;
    mx_completion item = {request->token, status, route};

    request->outbox = NULL;
    if (outbox == NULL) {
        mx_completions_post_all_take(request->completions, &item, 1);
    }
    else {
        mx_outbox_add_take(outbox, request->completions, item);
    }
}

static void
end(mx_request *request, mx_status status, mx_route *route)
{
    mx_subscription *subscription;

    while ((subscription = mx_request_first_subscription(request)) != NULL) {
        mx_request_end_subscription(subscription);
    }
    mx_heap_unset(&request->resolver->deadlines, &request->deadline);
    mx_request_stop_waiting(request);
    if (request->is_admitted && !request->is_paused) {
        mx_request_leave(request);
    }
    mx_list_remove(&request->place);
    count_finished(request);
    /* Here and now, for the answers are shared by what this thread does. */
    mx_lookup_clear(request->lookup);
    mx_request_post_take(request, status, route);
    mx_request_release(request);
}

void
mx_request_finish(mx_request *request, mx_usec now)
{
    mx_route *route = NULL;
    mx_usec elapsed = request->is_admitted ? now - request->admitted_at : 0;
    mx_status status = mx_lookup_finish(request->lookup, elapsed, &route);

    end(request, status, route);
}

void
mx_request_finish_with_fault(mx_request *request, mx_status fault)
{
    end(request, fault, NULL);
}

/* What was sent for questions that will never be answered. */
static void
trace_open_questions(mx_request *request)
{
    if (!request->resolver->config.rules.trace) {
        return;
    }
    for (mx_list *place = request->subscriptions.next; place != &request->subscriptions;
         place = place->next) {
        const mx_subscription *subscription =
            MX_CONTAINER(place, mx_subscription, of_request);
        mx_lookup_note_messages(request->lookup, subscription->number,
                                subscription->query == NULL
                                    ? subscription->trace
                                    : mx_query_get_trace(subscription->query));
    }
}

void
mx_request_end_cancelled(mx_request *request, mx_usec now)
{
    trace_open_questions(request);
    mx_lookup_cancel(request->lookup);
    mx_request_finish(request, now);
}
