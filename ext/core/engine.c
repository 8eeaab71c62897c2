/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* pthread_setname_np */
#include "core/engine.h"

#include "core/channel.h"
#include "core/descriptors.h"
#include "core/engine_state.h"
#include "core/mem.h"
#include "core/process.h"
#include "core/request.h"
#include "core/resolver_state.h"
#include "core/rng.h"

#include <signal.h>

static mx_status
init_locks(mx_engine *engine, int *os_error)
{
    *os_error = pthread_mutex_init(&engine->lock, NULL);
    if (*os_error != 0) {
        return MX_SYS;
    }
    *os_error = pthread_mutex_init(&engine->ending, NULL);
    if (*os_error != 0) {
        pthread_mutex_destroy(&engine->lock);
        return MX_SYS;
    }
    return MX_OK;
}

static void
destroy_locks(mx_engine *engine)
{
    pthread_mutex_destroy(&engine->ending);
    pthread_mutex_destroy(&engine->lock);
}

mx_status
mx_engine_new(const mx_engine_config *config, mx_engine **out, int *os_error)
{
    mx_engine *engine = mx_calloc(1, sizeof(*engine));
    mx_status status;

    *os_error = 0;
    if (engine == NULL) {
        return MX_NOMEM;
    }
    if (mx_process_watch() != MX_OK) {
        mx_free(engine);
        return MX_NOMEM;
    }
    engine->config = *config;
    atomic_init(&engine->is_stopping, false);
    atomic_init(&engine->is_asleep, false);
    atomic_init(&engine->seeds, 0);
    mx_list_init(&engine->submitted);
    mx_list_init(&engine->cancelling);
    mx_list_init(&engine->closing);
    mx_list_init(&engine->resolvers);
    status = mx_rng_system_bytes(&engine->seed_key, sizeof(engine->seed_key));
    if (status != MX_OK) {
        goto fail;
    }
    if (config->transport == NULL) {
        status = mx_channel_library_init();
        if (status != MX_OK) {
            goto fail;
        }
    }
    status = init_locks(engine, os_error);
    if (status != MX_OK) {
        goto fail;
    }
    status = mx_wake_init(&engine->wake, os_error);
    if (status != MX_OK) {
        destroy_locks(engine);
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

/* The inbox was locked and something was put into it. The thread looks into it before
 * it goes to sleep, so only one that sleeps has to be told. */
static void
unlock_and_wake(mx_engine *engine)
{
    pthread_mutex_unlock(&engine->lock);
    if (atomic_load(&engine->is_asleep) && atomic_exchange(&engine->is_asleep, false)) {
        mx_wake_raise(&engine->wake);
    }
}

uint64_t
mx_engine_next_seed(mx_engine *engine)
{
    uint64_t number =
        atomic_fetch_add_explicit(&engine->seeds, 1, memory_order_relaxed);
    return mx_hash(&engine->seed_key, &number, sizeof(number));
}

bool
mx_engine_is_stopping(const mx_engine *engine)
{
    return atomic_load(&engine->is_stopping);
}

bool
mx_engine_receive(mx_engine *engine, mx_list *requests)
{
    pthread_mutex_lock(&engine->lock);
    if (atomic_load(&engine->is_stopping)) {
        pthread_mutex_unlock(&engine->lock);
        return false;
    }
    mx_list_move_all(&engine->submitted, requests);
    unlock_and_wake(engine);
    return true;
}

void
mx_request_cancel(mx_engine *engine, mx_request *request)
{
    if (atomic_load_explicit(&request->is_finished, memory_order_acquire)) {
        return;
    }
    atomic_store(&request->is_cancelled, true);
    pthread_mutex_lock(&engine->lock);
    /* A stopping engine reads its inbox for the last time and cancels all anyway. */
    if (!atomic_load(&engine->is_stopping) && mx_list_is_empty(&request->cancelling)) {
        mx_list_append(&engine->cancelling, &mx_request_ref(request)->cancelling);
    }
    unlock_and_wake(engine);
}

bool
mx_request_is_cancelled(const mx_request *request)
{
    return atomic_load(&request->is_cancelled) ||
           atomic_load(&request->resolver->is_closed);
}

unsigned
mx_request_get_shard(const mx_request *request)
{
    return request->resolver->shard;
}

mx_lookup *
mx_request_get_lookup(mx_request *request)
{
    return request->lookup;
}

mx_status
mx_engine_resume(mx_engine *engine, mx_request *request)
{
    mx_status status = mx_completions_reserve(request->completions, 1);
    mx_list resumed;

    if (status != MX_OK) {
        return status;
    }
    mx_list_init(&resumed);
    mx_list_append(&resumed, &mx_request_ref(request)->place);
    if (!mx_engine_receive(engine, &resumed)) {
        mx_request_end_cancelled(request, mx_clock_now(&engine->config.clock));
    }
    return MX_OK;
}

void
mx_engine_close_resolver(mx_engine *engine, mx_resolver *resolver)
{
    pthread_mutex_lock(&engine->lock);
    if (!atomic_exchange(&resolver->is_closed, true) &&
        !atomic_load(&engine->is_stopping)) {
        mx_list_append(&engine->closing, &mx_resolver_ref(resolver)->closing);
    }
    unlock_and_wake(engine);
}

void
mx_engine_sweep(mx_engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    engine->has_closed = true;
    unlock_and_wake(engine);
}

mx_status
mx_engine_turn(mx_engine *engine, mx_usec wait)
{
    mx_status status = mx_engine_prepare(engine);

    if (status != MX_OK) {
        return status;
    }
    return mx_engine_loop_once(engine, wait) ? MX_OK : MX_CLOSED;
}

static void *
run(void *argument)
{
    mx_engine *engine = argument;

    while (mx_engine_loop_once(engine, MX_NEVER)) {
    }
    mx_engine_end_all(engine);
    return NULL;
}

mx_status
mx_engine_start(mx_engine *engine, int *os_error)
{
    mx_status status = mx_engine_prepare(engine);
    sigset_t all, before;

    *os_error = 0;
    if (status != MX_OK) {
        return status;
    }
    /* The thread inherits the mask: signals are for the program's own threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    *os_error = pthread_create(&engine->thread, NULL, run, engine);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (*os_error != 0) {
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
    pthread_mutex_lock(&engine->lock);
    atomic_store(&engine->is_stopping, true);
    unlock_and_wake(engine);
    pthread_mutex_lock(&engine->ending);
    if (!engine->has_ended) {
        if (engine->has_thread) {
            pthread_join(engine->thread, NULL);
        }
        else {
            mx_engine_end_all(engine);
        }
        engine->has_ended = true;
    }
    pthread_mutex_unlock(&engine->ending);
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
    destroy_locks(engine);
    mx_free(engine->descriptors);
    mx_free(engine);
}

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
