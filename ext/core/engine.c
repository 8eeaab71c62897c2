/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* pthread_setname_np */
#include "core/engine.h"

#include "core/channel.h"
#include "core/descriptors.h"
#include "core/hash.h"
#include "core/list.h"
#include "core/mem.h"
#include "core/query.h"
#include "core/request.h"
#include "core/resolver_state.h"
#include "core/rng.h"
#include "core/wake.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

struct mx_engine {
    mx_engine_config config;

    /* The inbox: everything under `lock`, filled by any thread. */
    pthread_mutex_t lock;
    mx_list submitted;  /* requests */
    mx_list cancelling; /* requests, with a reference each */
    mx_list closing;    /* resolvers, with a reference each */
    mx_rng rng;         /* seeds of lookups */

    atomic_bool is_stopping;
    bool has_thread;

    mx_wake wake;
    pthread_t thread;

    /* The engine's thread only. */
    mx_list resolvers;
    struct pollfd *descriptors;
    size_t descriptor_capacity;
};

mx_status
mx_engine_new(const mx_engine_config *config, mx_engine **out)
{
    mx_engine *engine = mx_calloc(1, sizeof(*engine));
    mx_status status;
    int os_error;

    if (engine == NULL) {
        return MX_NOMEM;
    }
    engine->config = *config;
    atomic_init(&engine->is_stopping, false);
    mx_list_init(&engine->submitted);
    mx_list_init(&engine->cancelling);
    mx_list_init(&engine->closing);
    mx_list_init(&engine->resolvers);
    status = mx_rng_seed_system(&engine->rng);
    if (status != MX_OK) {
        goto fail;
    }
    if (config->transport == NULL) {
        status = mx_channel_library_init();
        if (status != MX_OK) {
            goto fail;
        }
    }
    if (pthread_mutex_init(&engine->lock, NULL) != 0) {
        status = MX_NOMEM;
        goto fail;
    }
    status = mx_wake_init(&engine->wake, &os_error);
    if (status != MX_OK) {
        pthread_mutex_destroy(&engine->lock);
        errno = os_error; /* for the caller */
        goto fail;
    }
    mx_descriptor_opened(engine->wake.reader);
    mx_descriptor_opened(engine->wake.writer);
    *out = engine;
    return MX_OK;
fail:
    mx_free(engine);
    return status;
}

/* The inbox was locked and something was put into it. */
static void
unlock_and_wake(mx_engine *engine)
{
    pthread_mutex_unlock(&engine->lock);
    mx_wake_raise(&engine->wake);
}

/* -- any thread ----------------------------------------------------------------- */

static uint64_t
choose_seed(mx_engine *engine, const mx_resolver *resolver,
            const mx_submission *submission)
{
    const mx_name *name = &submission->destination->name;
    mx_hash_key key = {0};
    uint64_t seed;

    if (submission->has_seed || resolver->config.has_seed) {
        /* By domain too, so that equal seeds do not order all domains alike. */
        key.k0 = submission->has_seed ? submission->seed : resolver->config.seed;
        return submission->destination->kind == MX_DESTINATION_DOMAIN
                   ? mx_hash(&key, name->wire, name->length)
                   : key.k0;
    }
    pthread_mutex_lock(&engine->lock);
    seed = mx_rng_next(&engine->rng);
    pthread_mutex_unlock(&engine->lock);
    return seed;
}

mx_status
mx_engine_submit(mx_engine *engine, mx_resolver *resolver,
                 const mx_submission *submission, mx_completions *completions,
                 mx_request **request)
{
    mx_request *made;
    mx_status status;

    if (atomic_load(&resolver->is_closed) || atomic_load(&engine->is_stopping)) {
        return MX_CLOSED;
    }
    status = mx_request_new(resolver, submission->destination,
                            choose_seed(engine, resolver, submission),
                            submission->levels, completions, submission->token, &made);
    if (status != MX_OK) {
        return status;
    }
    status = mx_completions_reserve(completions);
    if (status != MX_OK) {
        mx_request_release(made);
        return status;
    }
    if (request != NULL) {
        *request = mx_request_ref(made);
    }
    if (mx_lookup_is_done(made->lookup)) {
        mx_request_finish(made, 0);
        return MX_OK;
    }
    pthread_mutex_lock(&engine->lock);
    if (atomic_load(&engine->is_stopping)) {
        pthread_mutex_unlock(&engine->lock);
        mx_request_end_cancelled(made, 0);
        return MX_OK;
    }
    mx_request_wait(made, &engine->submitted);
    unlock_and_wake(engine);
    return MX_OK;
}

void
mx_request_cancel(mx_engine *engine, mx_request *request)
{
    if (atomic_load_explicit(&request->is_finished, memory_order_acquire)) {
        return;
    }
    pthread_mutex_lock(&engine->lock);
    if (mx_list_is_empty(&request->cancelling)) {
        mx_list_append(&engine->cancelling, &mx_request_ref(request)->cancelling);
    }
    unlock_and_wake(engine);
}

void
mx_engine_close_resolver(mx_engine *engine, mx_resolver *resolver)
{
    pthread_mutex_lock(&engine->lock);
    if (!atomic_exchange(&resolver->is_closed, true)) {
        mx_list_append(&engine->closing, &mx_resolver_ref(resolver)->closing);
    }
    unlock_and_wake(engine);
}

/* -- the engine's thread ---------------------------------------------------------- */

/* Makes the resolver one of ours: from now on it has a transport. */
static mx_status
register_resolver(mx_engine *engine, mx_resolver *resolver)
{
    const mx_resolver_config *config = &resolver->config;
    mx_status status;

    if (resolver->is_registered) {
        return MX_OK;
    }
    if (engine->config.transport != NULL) {
        status = engine->config.transport(engine->config.transport_context, config,
                                          &resolver->transport);
    }
    else {
        uint64_t seed;
        status = mx_rng_system_bytes(&seed, sizeof(seed));
        if (status == MX_OK) {
            status = mx_channel_new(config->timeout, seed, &resolver->transport);
        }
    }
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
    cancel_all(&resolver->admitted, now);
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

    if (atomic_load(&resolver->is_closed)) {
        mx_request_end_cancelled(request, now);
        return;
    }
    status = register_resolver(engine, resolver);
    if (status != MX_OK) {
        mx_request_finish_with_fault(request, status);
        return;
    }
    mx_request_wait(request, &resolver->waiting);
}

/* Empties the inbox. Returns false when the engine is to stop. */
static bool
read_inbox(mx_engine *engine, mx_usec now)
{
    mx_list submitted, cancelling, closing;

    mx_list_init(&submitted);
    mx_list_init(&cancelling);
    mx_list_init(&closing);
    pthread_mutex_lock(&engine->lock);
    mx_list_move_all(&submitted, &engine->submitted);
    mx_list_move_all(&cancelling, &engine->cancelling);
    mx_list_move_all(&closing, &engine->closing);
    pthread_mutex_unlock(&engine->lock);

    while (!mx_list_is_empty(&submitted)) {
        receive_request(engine, MX_CONTAINER(submitted.next, mx_request, place), now);
    }
    while (!mx_list_is_empty(&cancelling)) {
        mx_request *request = MX_CONTAINER(cancelling.next, mx_request, cancelling);
        pthread_mutex_lock(&engine->lock);
        mx_list_remove(&request->cancelling);
        pthread_mutex_unlock(&engine->lock);
        if (!atomic_load(&request->is_finished)) {
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

static void
admit(mx_resolver *resolver, mx_usec now)
{
    size_t limit = resolver->config.concurrency;

    while (!mx_list_is_empty(&resolver->waiting) && resolver->deadlines.count < limit) {
        mx_request *request = MX_CONTAINER(resolver->waiting.next, mx_request, place);
        if (mx_nameservers_refresh(&resolver->nameservers, now)) {
            mx_request_admit(request, now);
        }
        else {
            mx_request_end_failed(request, MX_REASON_LOCAL_ERROR, now);
        }
    }
}

/* Everything that can be done without waiting. */
static void
work(mx_resolver *resolver, mx_usec now)
{
    mx_timer *timer;

    mx_query_take_time(resolver, now);
    for (;;) {
        while (!mx_list_is_empty(&resolver->settled)) {
            mx_request_take_answer(
                MX_CONTAINER(resolver->settled.next, mx_subscription, of_query), now);
        }
        timer = mx_heap_pop(&resolver->deadlines, now);
        if (timer == NULL) {
            break;
        }
        mx_request_time_out(MX_CONTAINER(timer, mx_request, deadline), now);
    }
    admit(resolver, now);
}

/* True when there was any. */
static bool
take_replies(mx_resolver *resolver, mx_usec now)
{
    mx_transport *transport = resolver->transport;
    bool has_any = false;
    mx_reply reply;

    while (transport->type->take(transport, &reply)) {
        mx_query_take_reply(resolver, &reply, now);
        has_any = true;
    }
    return has_any;
}

static mx_resolver *
next_resolver(const mx_engine *engine, const mx_list *place)
{
    return place->next == &engine->resolvers
               ? NULL
               : MX_CONTAINER(place->next, mx_resolver, of_engine);
}

static void
work_all(mx_engine *engine, mx_usec now)
{
    mx_resolver *resolver = next_resolver(engine, &engine->resolvers);

    for (; resolver != NULL; resolver = next_resolver(engine, &resolver->of_engine)) {
        (void)take_replies(resolver, now);
        do {
            work(resolver, now);
            /* What a send reports at once no descriptor would tell us. */
        } while (take_replies(resolver, now));
    }
}

/* Room for `needed` descriptors; without memory for more the rest waits for a turn. */
static void
make_room(mx_engine *engine, size_t needed)
{
    struct pollfd *grown;
    size_t capacity = engine->descriptor_capacity;

    if (needed <= capacity) {
        return;
    }
    capacity = needed + needed / 2;
    grown = mx_realloc(engine->descriptors, capacity, sizeof(*grown));
    if (grown != NULL) {
        engine->descriptors = grown;
        engine->descriptor_capacity = capacity;
    }
}

/* Fills engine->descriptors: the wake-up first, then each resolver's in turn. */
static size_t
gather_descriptors(mx_engine *engine)
{
    mx_resolver *resolver = next_resolver(engine, &engine->resolvers);
    size_t count = 1;

    for (; resolver != NULL; resolver = next_resolver(engine, &resolver->of_engine)) {
        mx_transport *transport = resolver->transport;
        size_t wanted =
            transport->type->descriptors(transport, engine->descriptors + count,
                                         engine->descriptor_capacity - count);
        if (wanted > engine->descriptor_capacity - count) {
            make_room(engine, count + wanted);
            wanted =
                transport->type->descriptors(transport, engine->descriptors + count,
                                             engine->descriptor_capacity - count);
        }
        if (wanted > engine->descriptor_capacity - count) {
            wanted = engine->descriptor_capacity - count;
        }
        resolver->descriptor_count = wanted;
        count += wanted;
    }
    return count;
}

static mx_usec
next_event(const mx_engine *engine)
{
    mx_resolver *resolver = next_resolver(engine, &engine->resolvers);
    mx_usec next = MX_NEVER;

    for (; resolver != NULL; resolver = next_resolver(engine, &resolver->of_engine)) {
        mx_usec times[3] = {
            mx_heap_next(&resolver->retries),
            mx_heap_next(&resolver->deadlines),
            resolver->transport->type->next_wake(resolver->transport),
        };
        for (int i = 0; i < 3; i++) {
            next = times[i] < next ? times[i] : next;
        }
    }
    return next;
}

/* Whole milliseconds for poll(), rounded up so that it does not wake too early. */
static int
poll_timeout(mx_usec wait)
{
    mx_usec longest = 3600 * MX_USEC_PER_SEC;

    if (wait <= 0) {
        return 0;
    }
    wait = wait < longest ? wait : longest;
    return (int)((wait + MX_USEC_PER_MSEC - 1) / MX_USEC_PER_MSEC);
}

static void
process_transports(mx_engine *engine, mx_usec now)
{
    mx_resolver *resolver = next_resolver(engine, &engine->resolvers);
    size_t place = 1;

    for (; resolver != NULL; resolver = next_resolver(engine, &resolver->of_engine)) {
        resolver->transport->type->process(resolver->transport,
                                           engine->descriptors + place,
                                           resolver->descriptor_count, now);
        place += resolver->descriptor_count;
    }
}

/* False when the engine is to stop. */
static bool
turn(mx_engine *engine, mx_usec wait)
{
    mx_usec now = mx_clock_now(&engine->config.clock);
    mx_usec next;
    size_t count;

    if (!read_inbox(engine, now)) {
        return false;
    }
    work_all(engine, now);

    next = next_event(engine);
    if (next != MX_NEVER) {
        next = next > now ? next - now : 0;
        wait = next < wait ? next : wait;
    }
    count = gather_descriptors(engine);
    engine->descriptors[0].fd = engine->wake.reader;
    engine->descriptors[0].events = POLLIN;
    engine->descriptors[0].revents = 0;
    if (poll(engine->descriptors, (nfds_t)count, poll_timeout(wait)) < 0) {
        /* EINTR cannot be (all signals are blocked); EINVAL and ENOMEM must not make a
         * busy loop of false events. */
        for (size_t i = 0; i < count; i++) {
            engine->descriptors[i].revents = 0;
        }
    }
    if (engine->descriptors[0].revents != 0) {
        mx_wake_lower(&engine->wake);
    }
    now = mx_clock_now(&engine->config.clock);
    process_transports(engine, now);
    work_all(engine, now);
    return true;
}

static void
end_everything(mx_engine *engine)
{
    mx_usec now = mx_clock_now(&engine->config.clock);
    mx_resolver *resolver;

    (void)read_inbox(engine, now);
    while ((resolver = next_resolver(engine, &engine->resolvers)) != NULL) {
        atomic_store(&resolver->is_closed, true);
        unregister_resolver(resolver, now);
    }
}

mx_status
mx_engine_turn(mx_engine *engine, mx_usec wait)
{
    make_room(engine, 1);
    if (engine->descriptors == NULL) {
        return MX_NOMEM;
    }
    return turn(engine, wait) ? MX_OK : MX_CLOSED;
}

static void *
run(void *argument)
{
    mx_engine *engine = argument;

    while (turn(engine, MX_NEVER)) {
    }
    end_everything(engine);
    return NULL;
}

mx_status
mx_engine_start(mx_engine *engine, int *os_error)
{
    sigset_t all, before;
    int error;

    make_room(engine, 64);
    if (engine->descriptors == NULL) {
        return MX_NOMEM;
    }
    /* The thread inherits the mask: signals are for the program's own threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&engine->thread, NULL, run, engine);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0) {
        *os_error = error;
        return MX_SYS;
    }
#ifdef __linux__
    (void)pthread_setname_np(engine->thread, "pymx-engine");
#endif
    engine->has_thread = true;
    return MX_OK;
}

void
mx_engine_stop(mx_engine *engine)
{
    bool was_stopping;

    pthread_mutex_lock(&engine->lock);
    was_stopping = atomic_exchange(&engine->is_stopping, true);
    unlock_and_wake(engine);
    if (was_stopping) {
        return;
    }
    if (engine->has_thread) {
        pthread_join(engine->thread, NULL);
        engine->has_thread = false;
    }
    else {
        end_everything(engine);
    }
}

void
mx_engine_free(mx_engine *engine)
{
    if (engine == NULL) {
        return;
    }
    mx_engine_stop(engine);
    mx_descriptor_forget(engine->wake.reader);
    mx_descriptor_forget(engine->wake.writer);
    mx_wake_fini(&engine->wake);
    pthread_mutex_destroy(&engine->lock);
    mx_free(engine->descriptors);
    mx_free(engine);
}

/* -- fork -------------------------------------------------------------------------- */

void
mx_engine_fork_before(mx_engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    mx_descriptors_fork_lock();
}

void
mx_engine_fork_after_parent(mx_engine *engine)
{
    mx_descriptors_fork_unlock();
    pthread_mutex_unlock(&engine->lock);
}

void
mx_engine_fork_after_child(mx_engine *engine)
{
    mx_descriptors_close_all_in_child();
    mx_descriptors_fork_unlock();
    pthread_mutex_unlock(&engine->lock);
}
