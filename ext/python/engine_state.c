/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/engine_state.h"

#include "core/process.h"
#include "python/errors.h"
#include "python/module.h"

/* The engines are our parent's: their threads did not come with us, and their locks may
 * be held for ever. The next lookup makes some of our own. */
void
pymx_engine_forget(pymx_state *state)
{
    state->engine.count = 0;
    state->engine.generation++;
    state->is_rng_seeded = false; /* or parent and child would shuffle alike */
}

bool
pymx_engine_is_forker(const pymx_engine_state *engine)
{
    return engine->forks > 0 && engine->forker == PyThread_get_thread_ident();
}

int
pymx_engine_check_sender(pymx_state *state)
{
    if (pymx_engine_is_forker(&state->engine)) {
        pymx_raise_closed(state, "no lookup can start from an at-fork hook");
        return -1;
    }
    return 0;
}

/* An engine that started between the hook and fork() would be half there in the child.
 */
static int
wait_for_fork(pymx_state *state)
{
    while (state->engine.forks > 0) {
        if (pymx_engine_check_sender(state) < 0) {
            return -1;
        }
        pymx_engine_wait_a_moment();
    }
    return 0;
}

int
pymx_engine_check_open(pymx_state *state)
{
    if (state->engine.is_shut_down) {
        pymx_raise_closed(state, "pymx is shut down: the interpreter is ending");
        return -1;
    }
    return 0;
}

static mx_status
make_engine(mx_engine **engine, int *os_error)
{
    const mx_engine_config config = {.clock = mx_clock_system()};
    mx_status status = mx_engine_new(&config, engine, os_error);
    if (status == MX_OK) {
        status = mx_engine_start(*engine, os_error);
        if (status != MX_OK) {
            mx_engine_free(*engine);
        }
    }
    return status;
}

static void
discard_engine(mx_engine *engine)
{
    PyThreadState *saved = PyEval_SaveThread();
    mx_engine_stop(engine);
    mx_engine_free(engine);
    PyEval_RestoreThread(saved);
}

/* One more. Without the GIL, as opening descriptors may have to wait for a fork in
 * another interpreter. Meanwhile other threads may do as much, fork, or shut us down. */
static int
start_engine(pymx_state *state)
{
    pymx_engine_state *all = &state->engine;
    size_t before = all->count;
    mx_engine *engine = NULL;
    int os_error = 0;
    PyThreadState *saved = PyEval_SaveThread();
    mx_status status = make_engine(&engine, &os_error);
    PyEval_RestoreThread(saved);
    if (status != MX_OK) {
        pymx_raise_status(state, status, os_error, "start the resolver's thread");
        return -1;
    }
    if (wait_for_fork(state) < 0 || pymx_engine_check_open(state) < 0) {
        discard_engine(engine);
        return -1;
    }
    if (all->count != before) {
        discard_engine(engine);
        return 0;
    }
    all->engines[all->count++] = engine;
    all->process = mx_process_generation();
    return 0;
}

/* False in the child of a fork in C, of which Python's hooks hear nothing. */
static bool
has_threads(const pymx_engine_state *engine)
{
    return engine->count > 0 && engine->process == mx_process_generation();
}

int
pymx_engine_start(pymx_state *state, size_t count)
{
    pymx_engine_state *engine = &state->engine;
    if (engine->count > 0 && !has_threads(engine) && !pymx_engine_is_forker(engine)) {
        pymx_engine_forget(state);
        engine->forks = 0;
        engine->locked = 0;
    }
    if (engine->count < count && wait_for_fork(state) < 0) {
        return -1;
    }
    if (pymx_engine_check_open(state) < 0) {
        return -1;
    }
    while (engine->count < count) {
        if (start_engine(state) < 0) {
            return -1;
        }
    }
    return 0;
}

static mx_engine *
engine_of(const pymx_state *state, const mx_request *request)
{
    return state->engine.engines[mx_request_get_shard(request)];
}

/* While another thread forks it holds the engine's lock, and needs the GIL to end that.
 */
static PyThreadState *
step_aside(const pymx_engine_state *engine)
{
    return engine->forks > 0 ? PyEval_SaveThread() : NULL;
}

static void
step_back(PyThreadState *saved)
{
    if (saved != NULL) {
        PyEval_RestoreThread(saved);
    }
}

mx_status
pymx_engine_submit(pymx_state *state, const mx_shards *shards,
                   const mx_submission *submission, mx_completions *completions,
                   mx_request **request)
{
    size_t number = mx_shards_find(shards, submission->destination);
    if (pymx_engine_is_forker(&state->engine)) {
        return MX_CLOSED;
    }
    PyThreadState *saved = step_aside(&state->engine);
    mx_status status =
        mx_engine_submit(state->engine.engines[number], mx_shards_get(shards, number),
                         submission, completions, request);
    step_back(saved);
    return status;
}

void
pymx_engine_send(pymx_state *state, mx_batch *batches, size_t count)
{
    PyThreadState *saved = step_aside(&state->engine);
    for (size_t i = 0; i < count; i++) {
        mx_batch_send(&batches[i]);
    }
    step_back(saved);
}

mx_status
pymx_engine_resume(pymx_state *state, mx_request *request)
{
    /* What ranked the exchanges may have forked, in C even. */
    if (pymx_engine_is_forker(&state->engine) || !has_threads(&state->engine)) {
        return MX_CLOSED;
    }
    PyThreadState *saved = step_aside(&state->engine);
    mx_status status = mx_engine_resume(engine_of(state, request), request);
    step_back(saved);
    return status;
}

/* There are engines that have something to end, and we would not wait for ourselves. */
static bool
may_tell(const pymx_engine_state *engine)
{
    return engine->count > 0 && !engine->is_shut_down && !pymx_engine_is_forker(engine);
}

void
pymx_engine_cancel(pymx_state *state, mx_request *request)
{
    if (may_tell(&state->engine)) {
        PyThreadState *saved = step_aside(&state->engine);
        mx_request_cancel(engine_of(state, request), request);
        step_back(saved);
    }
}

void
pymx_engine_sweep(pymx_state *state)
{
    if (may_tell(&state->engine)) {
        PyThreadState *saved = step_aside(&state->engine);
        for (size_t i = 0; i < state->engine.count; i++) {
            mx_engine_sweep(state->engine.engines[i]);
        }
        step_back(saved);
    }
}

void
pymx_engine_close_resolver(pymx_state *state, const mx_shards *shards)
{
    if (may_tell(&state->engine)) {
        PyThreadState *saved = step_aside(&state->engine);
        for (size_t i = 0; i < mx_shards_count(shards) && i < state->engine.count;
             i++) {
            mx_engine_close_resolver(state->engine.engines[i],
                                     mx_shards_get(shards, i));
        }
        step_back(saved);
    }
}

void
pymx_engine_shut_down(pymx_state *state)
{
    if (state->engine.is_shut_down) {
        return;
    }
    state->engine.is_shut_down = true;
    if (has_threads(&state->engine)) {
        PyThreadState *saved = PyEval_SaveThread();
        for (size_t i = 0; i < state->engine.count; i++) {
            mx_engine_stop(state->engine.engines[i]);
        }
        PyEval_RestoreThread(saved);
    }
}

void
pymx_engine_free(pymx_engine_state *state)
{
    if (has_threads(state)) {
        for (size_t i = 0; i < state->count; i++) {
            mx_engine_free(state->engines[i]);
        }
    }
    state->count = 0;
}
