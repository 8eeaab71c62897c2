/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* nanosleep */
#include <Python.h>

#include "core/descriptors.h"
#include "python/attribute.h"
#include "python/engine_state.h"
#include "python/module.h"

#include <time.h>

/* The forking thread needs the GIL to end its fork. */
void
pymx_engine_wait_a_moment(void)
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
    engine->locked = engine->count;
    PyThreadState *saved = PyEval_SaveThread();
    mx_descriptors_fork_lock();
    for (size_t i = 0; i < engine->locked; i++) {
        mx_engine_fork_before(engine->engines[i]);
    }
    PyEval_RestoreThread(saved);
}

static void
unlock_in_parent(pymx_engine_state *engine)
{
    for (size_t i = engine->locked; i > 0; i--) {
        mx_engine_fork_after_parent(engine->engines[i - 1]);
    }
    mx_descriptors_fork_unlock();
    engine->locked = 0;
}

static void
unlock_in_child(pymx_engine_state *engine)
{
    mx_descriptors_close_all_in_child();
    for (size_t i = engine->locked; i > 0; i--) {
        mx_engine_fork_after_child(engine->engines[i - 1]);
    }
    mx_descriptors_fork_unlock();
    engine->locked = 0;
}

static PyObject *
before_fork(PyObject *module, PyObject *Py_UNUSED(ignored))
{
    pymx_engine_state *engine = &pymx_state_of_module(module)->engine;
    while (engine->forks > 0 && !pymx_engine_is_forker(engine)) {
        pymx_engine_wait_a_moment();
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
    if (pymx_engine_is_forker(engine) && --engine->forks == 0) {
        unlock_in_parent(engine);
    }
    Py_RETURN_NONE;
}

static PyObject *
after_fork_in_child(PyObject *module, PyObject *Py_UNUSED(ignored))
{
    pymx_state *state = pymx_state_of_module(module);
    pymx_engine_state *engine = &state->engine;
    if (pymx_engine_is_forker(engine)) {
        unlock_in_child(engine);
        if (--engine->forks > 0) {
            mx_descriptors_fork_lock(); /* the outer fork is still to come */
        }
    }
    pymx_engine_forget(state);
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
