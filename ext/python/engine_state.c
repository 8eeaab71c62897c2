/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* nanosleep */
#include <Python.h>

#include "python/engine_state.h"

#include "core/descriptors.h"
#include "core/process.h"
#include "python/attribute.h"
#include "python/errors.h"
#include "python/module.h"

#include <errno.h>
#include <time.h>

/* The engine is our parent's: its thread did not come with us, and its locks may be
 * held for ever. The next lookup makes one of our own. */
static void
forget_engine(pymx_state *state)
{
    state->engine.engine = NULL;
    state->engine.generation++;
    state->is_rng_seeded = false; /* or parent and child would shuffle alike */
}

static bool
is_forker(const pymx_engine_state *engine)
{
    return engine->forks > 0 && engine->forker == PyThread_get_thread_ident();
}

/* The forking thread needs the GIL to end its fork. */
static void
wait_a_moment(void)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    PyThreadState *saved = PyEval_SaveThread();
    nanosleep(&moment, NULL);
    PyEval_RestoreThread(saved);
}

/* Without an engine too: one may be starting, which opens descriptors. The GIL is given
 * up, as who holds the locks may be a fork in another interpreter that needs it. */
static void
lock_for_fork(pymx_engine_state *engine)
{
    engine->locked = engine->engine;
    PyThreadState *saved = PyEval_SaveThread();
    if (engine->locked != NULL) {
        mx_engine_fork_before(engine->locked);
    }
    else {
        mx_descriptors_fork_lock();
    }
    PyEval_RestoreThread(saved);
}

static void
unlock_in_parent(pymx_engine_state *engine)
{
    if (engine->locked != NULL) {
        mx_engine_fork_after_parent(engine->locked);
    }
    else {
        mx_descriptors_fork_unlock();
    }
    engine->locked = NULL;
}

static void
unlock_in_child(pymx_engine_state *engine)
{
    if (engine->locked != NULL) {
        mx_engine_fork_after_child(engine->locked);
    }
    else {
        mx_descriptors_close_all_in_child();
        mx_descriptors_fork_unlock();
    }
    engine->locked = NULL;
}

static PyObject *
before_fork(PyObject *module, PyObject *Py_UNUSED(ignored))
{
    pymx_engine_state *engine = &pymx_state_of_module(module)->engine;
    while (engine->forks > 0 && !is_forker(engine)) {
        wait_a_moment();
    }
    engine->forker = PyThread_get_thread_ident();
    if (engine->forks++ == 0) {
        lock_for_fork(engine);
    }
    Py_RETURN_NONE;
}

/* A hook that was registered while a fork was under way hears only of its end. */
static PyObject *
after_fork_in_parent(PyObject *module, PyObject *Py_UNUSED(ignored))
{
    pymx_engine_state *engine = &pymx_state_of_module(module)->engine;
    if (is_forker(engine) && --engine->forks == 0) {
        unlock_in_parent(engine);
    }
    Py_RETURN_NONE;
}

static PyObject *
after_fork_in_child(PyObject *module, PyObject *Py_UNUSED(ignored))
{
    pymx_state *state = pymx_state_of_module(module);
    pymx_engine_state *engine = &state->engine;
    if (is_forker(engine)) {
        unlock_in_child(engine);
        if (--engine->forks > 0) {
            mx_descriptors_fork_lock(); /* the outer fork is still to come */
        }
    }
    forget_engine(state);
    Py_RETURN_NONE;
}

static PyMethodDef hooks[] = {
    {"before", before_fork, METH_NOARGS, NULL},
    {"after_in_parent", after_fork_in_parent, METH_NOARGS, NULL},
    {"after_in_child", after_fork_in_child, METH_NOARGS, NULL},
};

static int
watch_forks(PyObject *module)
{
    PyObject *watch = NULL, *nothing = NULL, *done = NULL;
    PyObject *keywords = PyDict_New();
    if (keywords == NULL) {
        return -1;
    }
    for (size_t i = 0; i < Py_ARRAY_LENGTH(hooks); i++) {
        PyObject *hook = PyCFunction_NewEx(&hooks[i], module, NULL);
        if (hook == NULL) {
            goto done;
        }
        int result = PyDict_SetItemString(keywords, hooks[i].ml_name, hook);
        Py_DECREF(hook);
        if (result < 0) {
            goto done;
        }
    }
    watch = pymx_import_attribute("os", "register_at_fork");
    nothing = watch == NULL ? NULL : PyTuple_New(0);
    done = nothing == NULL ? NULL : PyObject_Call(watch, nothing, keywords);
done:
    Py_XDECREF(nothing);
    Py_XDECREF(watch);
    Py_DECREF(keywords);
    Py_XDECREF(done);
    return done == NULL ? -1 : 0;
}

static int
watch_exit(PyObject *module)
{
    PyObject *done = NULL;
    PyObject *watch = pymx_import_attribute("atexit", "register");
    PyObject *shutdown = watch == NULL ? NULL : pymx_get_attribute(module, "shutdown");
    if (shutdown != NULL) {
        done = PyObject_CallOneArg(watch, shutdown);
    }
    Py_XDECREF(shutdown);
    Py_XDECREF(watch);
    Py_XDECREF(done);
    return done == NULL ? -1 : 0;
}

int
pymx_engine_watch_process(PyObject *module)
{
    return watch_forks(module) < 0 || watch_exit(module) < 0 ? -1 : 0;
}

int
pymx_engine_check_sender(pymx_state *state)
{
    if (is_forker(&state->engine)) {
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
        wait_a_moment();
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

/* Without the GIL, as opening descriptors may have to wait for a fork in another
 * interpreter. Meanwhile other threads may do as much, fork, or shut us down. */
static mx_engine *
start_engine(pymx_state *state)
{
    mx_engine *engine = NULL;
    int os_error = 0;
    PyThreadState *saved = PyEval_SaveThread();
    mx_status status = make_engine(&engine, &os_error);
    PyEval_RestoreThread(saved);
    if (status != MX_OK) {
        pymx_raise_status(state, status, os_error, "start the resolver's thread");
        return NULL;
    }
    if (wait_for_fork(state) < 0 || pymx_engine_check_open(state) < 0) {
        discard_engine(engine);
        return NULL;
    }
    if (state->engine.engine != NULL) {
        discard_engine(engine);
        return state->engine.engine;
    }
    state->engine.engine = engine;
    state->engine.process = mx_process_generation();
    return engine;
}

/* False in the child of a fork in C, of which Python's hooks hear nothing. */
static bool
has_thread(const pymx_engine_state *engine)
{
    return engine->engine != NULL && engine->process == mx_process_generation();
}

mx_engine *
pymx_engine_get(pymx_state *state)
{
    pymx_engine_state *engine = &state->engine;
    if (engine->engine != NULL && !has_thread(engine) && !is_forker(engine)) {
        forget_engine(state);
        engine->forks = 0;
        engine->locked = NULL;
    }
    if (engine->engine == NULL && wait_for_fork(state) < 0) {
        return NULL;
    }
    if (pymx_engine_check_open(state) < 0) {
        return NULL;
    }
    return engine->engine != NULL ? engine->engine : start_engine(state);
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
pymx_engine_submit(pymx_state *state, mx_resolver *resolver,
                   const mx_submission *submission, mx_completions *completions,
                   mx_request **request)
{
    if (is_forker(&state->engine)) {
        return MX_CLOSED;
    }
    PyThreadState *saved = step_aside(&state->engine);
    mx_status status = mx_engine_submit(state->engine.engine, resolver, submission,
                                        completions, request);
    step_back(saved);
    return status;
}

void
pymx_engine_send(pymx_state *state, mx_batch *batch)
{
    PyThreadState *saved = step_aside(&state->engine);
    mx_batch_send(batch);
    step_back(saved);
}

mx_status
pymx_engine_resume(pymx_state *state, mx_request *request)
{
    /* What ranked the exchanges may have forked, in C even. */
    if (is_forker(&state->engine) || !has_thread(&state->engine)) {
        return MX_CLOSED;
    }
    PyThreadState *saved = step_aside(&state->engine);
    mx_status status = mx_engine_resume(state->engine.engine, request);
    step_back(saved);
    return status;
}

/* There is an engine that has something to end, and we would not wait for ourselves. */
static bool
may_tell(const pymx_engine_state *engine)
{
    return engine->engine != NULL && !engine->is_shut_down && !is_forker(engine);
}

void
pymx_engine_cancel(pymx_state *state, mx_request *request)
{
    if (may_tell(&state->engine)) {
        PyThreadState *saved = step_aside(&state->engine);
        mx_request_cancel(state->engine.engine, request);
        step_back(saved);
    }
}

void
pymx_engine_sweep(pymx_state *state)
{
    if (may_tell(&state->engine)) {
        PyThreadState *saved = step_aside(&state->engine);
        mx_engine_sweep(state->engine.engine);
        step_back(saved);
    }
}

void
pymx_engine_close_resolver(pymx_state *state, mx_resolver *resolver)
{
    if (may_tell(&state->engine)) {
        PyThreadState *saved = step_aside(&state->engine);
        mx_engine_close_resolver(state->engine.engine, resolver);
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
    if (has_thread(&state->engine)) {
        PyThreadState *saved = PyEval_SaveThread();
        mx_engine_stop(state->engine.engine);
        PyEval_RestoreThread(saved);
    }
}

void
pymx_engine_free(pymx_engine_state *state)
{
    if (has_thread(state)) {
        mx_engine_free(state->engine);
    }
    state->engine = NULL;
}
