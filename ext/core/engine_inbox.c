/* SPDX-License-Identifier: MIT */
/* What comes to the engine, and how all of it ends. */
#include "core/channel.h"
#include "core/datagram.h"
#include "core/engine_state.h"
#include "core/request.h"
#include "core/resolver_state.h"

static mx_status
make_transport(mx_engine *engine, mx_resolver *resolver)
{
    const mx_engine_config *config = &engine->config;
    mx_status status;
    uint64_t seed;

    if (config->transport != NULL) {
        return config->transport(config->transport_context, &resolver->config,
                                 &resolver->transport);
    }
    status = mx_rng_system_bytes(&seed, sizeof(seed));
    if (status != MX_OK) {
        return status;
    }
    if (resolver->config.transport == MX_TRANSPORT_C_ARES) {
        return mx_channel_new(resolver->config.timeout, seed, &resolver->transport);
    }
    return mx_datagram_new(resolver->config.transport == MX_TRANSPORT_TCP, seed,
                           &resolver->transport);
}

/* Makes the resolver one of ours: from now on it has a transport. */
static mx_status
register_resolver(mx_engine *engine, mx_resolver *resolver)
{
    mx_status status;

    if (resolver->is_registered) {
        return MX_OK;
    }
    status = make_transport(engine, resolver);
    if (status != MX_OK) {
        return status;
    }
    resolver->is_registered = true;
    mx_list_append(&engine->resolvers, &mx_resolver_ref(resolver)->of_engine);
    return MX_OK;
}

static void
cancel_all(mx_list *requests, mx_usec now)
{
    while (!mx_list_is_empty(requests)) {
        mx_request_end_cancelled(MX_CONTAINER(requests->next, mx_request, place), now);
    }
}

static void
unregister_resolver(mx_resolver *resolver, mx_usec now)
{
    if (!resolver->is_registered) {
        return;
    }
    cancel_all(&resolver->waiting, now);
    cancel_all(&resolver->waiting_bulk, now);
    cancel_all(&resolver->admitted, now);
    mx_query_drop_probe(resolver);
    resolver->transport->type->free(resolver->transport);
    resolver->transport = NULL;
    resolver->is_registered = false;
    mx_list_remove(&resolver->of_engine);
    mx_resolver_unref(resolver);
}

static void
receive_request(mx_engine *engine, mx_request *request, mx_usec now)
{
    mx_resolver *resolver = request->resolver;
    mx_status status;

    request->outbox = &engine->outbox;
    if (mx_request_is_cancelled(request)) {
        mx_request_end_cancelled(request, now);
        return;
    }
    if (request->is_paused) {
        mx_request_go_on(request, now); /* its resolver is one of ours */
        return;
    }
    status = register_resolver(engine, resolver);
    if (status == MX_OK) {
        mx_request_prefetch(request);
        mx_request_wait(request, request->is_bulk ? &resolver->waiting_bulk
                                                  : &resolver->waiting);
    }
    else if (status == MX_NOMEM) {
        mx_request_finish_with_fault(request, status);
    }
    else {
        /* This machine's trouble; the next submission tries again (fault P22). */
        mx_request_end_failed(request, MX_REASON_LOCAL_ERROR, now);
    }
}

mx_resolver *
mx_engine_next_resolver(const mx_engine *engine, const mx_list *place)
{
    return place->next == &engine->resolvers
               ? NULL
               : MX_CONTAINER(place->next, mx_resolver, of_engine);
}

static void
sweep(mx_list *requests, mx_usec now)
{
    mx_list *place = requests->next;

    while (place != requests) {
        mx_request *request = MX_CONTAINER(place, mx_request, place);
        place = place->next;
        if (mx_completions_is_closed(request->completions)) {
            mx_request_end_cancelled(request, now);
        }
    }
}

/* Ends the lookups that nobody wants any more. */
static void
sweep_all(mx_engine *engine, mx_usec now)
{
    mx_resolver *resolver = mx_engine_next_resolver(engine, &engine->resolvers);

    for (; resolver != NULL;
         resolver = mx_engine_next_resolver(engine, &resolver->of_engine)) {
        sweep(&resolver->waiting, now);
        sweep(&resolver->waiting_bulk, now);
        sweep(&resolver->admitted, now);
    }
}

bool
mx_engine_read_inbox(mx_engine *engine, mx_usec now)
{
    mx_list submitted, cancelling, closing;
    bool has_closed;

    mx_list_init(&submitted);
    mx_list_init(&cancelling);
    mx_list_init(&closing);
    pthread_mutex_lock(&engine->lock);
    mx_list_move_all(&submitted, &engine->submitted);
    mx_list_move_all(&cancelling, &engine->cancelling);
    mx_list_move_all(&closing, &engine->closing);
    has_closed = engine->has_closed;
    engine->has_closed = false;
    pthread_mutex_unlock(&engine->lock);

    while (!mx_list_is_empty(&submitted)) {
        receive_request(engine, MX_CONTAINER(submitted.next, mx_request, place), now);
    }
    if (has_closed) {
        sweep_all(engine, now);
    }
    while (!mx_list_is_empty(&cancelling)) {
        mx_request *request = MX_CONTAINER(cancelling.next, mx_request, cancelling);
        pthread_mutex_lock(&engine->lock);
        mx_list_remove(&request->cancelling);
        pthread_mutex_unlock(&engine->lock);
        /* Of a paused one the flag is heeded when it comes back. */
        if (!request->is_paused && !atomic_load(&request->is_finished)) {
            mx_request_end_cancelled(request, now);
        }
        mx_request_release(request);
    }
    while (!mx_list_is_empty(&closing)) {
        mx_resolver *resolver = MX_CONTAINER(closing.next, mx_resolver, closing);
        mx_list_remove(&resolver->closing);
        unregister_resolver(resolver, now);
        mx_resolver_unref(resolver);
    }
    return !atomic_load(&engine->is_stopping);
}

void
mx_engine_end_all(mx_engine *engine)
{
    mx_usec now = mx_clock_now(&engine->config.clock);
    mx_resolver *resolver;

    (void)mx_engine_read_inbox(engine, now);
    while ((resolver = mx_engine_next_resolver(engine, &engine->resolvers)) != NULL) {
        atomic_store(&resolver->is_closed, true);
        unregister_resolver(resolver, now);
    }
    mx_outbox_flush(&engine->outbox);
}
