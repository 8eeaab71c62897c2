/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/wait.h"

#include "python/attribute.h"
#include "python/errors.h"

/* Only the main thread runs signal handlers, but the signal may have been delivered to
 * any thread: no interrupted system call tells us of it, so we look every so often. */
#define SIGNAL_INTERVAL (20 * MX_USEC_PER_MSEC)

static mx_usec
read_clock(void)
{
    mx_clock clock = mx_clock_system();
    return mx_clock_now(&clock);
}

static Py_ssize_t
take(mx_completions *completions, mx_completion *out, size_t capacity, mx_usec wait)
{
    PyThreadState *saved = PyEval_SaveThread();
    size_t count = mx_completions_take(completions, out, capacity, wait);
    PyEval_RestoreThread(saved);
    return (Py_ssize_t)count;
}

/* 1, 0, or -1 with an exception. */
static int
is_main_thread(void)
{
    PyObject *threading = PyDict_GetItemString(PyImport_GetModuleDict(), "threading");
    if (threading == NULL) {
        /* Hardly any thread but the main one then. Not imported here: it would take
         * this thread for the main one. */
        return 1;
    }
    int result = -1;
    Py_INCREF(threading);
    PyObject *find = pymx_get_attribute(threading, "main_thread");
    PyObject *thread = find == NULL ? NULL : PyObject_CallNoArgs(find);
    PyObject *ident = thread == NULL ? NULL : pymx_get_attribute(thread, "ident");
    PyObject *ours =
        ident == NULL ? NULL : PyLong_FromUnsignedLong(PyThread_get_thread_ident());
    if (ours != NULL) {
        result = PyObject_RichCompareBool(ident, ours, Py_EQ);
    }
    Py_XDECREF(ours);
    Py_XDECREF(ident);
    Py_XDECREF(thread);
    Py_XDECREF(find);
    Py_DECREF(threading);
    return result;
}

static int
check_signals(pymx_state *state, unsigned generation)
{
    if (pymx_check_signals() < 0) {
        return -1;
    }
    if (state->engine.generation != generation) {
        pymx_raise_closed(state, "the lookup was begun by the parent of this process");
        return -1;
    }
    return 0;
}

Py_ssize_t
pymx_wait(pymx_state *state, mx_completions *completions, mx_completion *out,
          size_t capacity, mx_usec wait, const bool *is_closed)
{
    unsigned generation = state->engine.generation;
    size_t ready = mx_completions_take(completions, out, capacity, 0);
    if (ready > 0 || wait == 0) {
        return (Py_ssize_t)ready;
    }
    int is_main = is_main_thread();
    if (is_main < 0) {
        return -1;
    }
    if (!is_main) {
        return take(completions, out, capacity, wait);
    }
    mx_usec deadline = wait == MX_NEVER ? MX_NEVER : read_clock() + wait;
    while (wait > 0) {
        mx_usec slice = wait < SIGNAL_INTERVAL ? wait : SIGNAL_INTERVAL;
        Py_ssize_t count = take(completions, out, capacity, slice);
        if (count > 0) {
            return count;
        }
        if (check_signals(state, generation) < 0) {
            return -1;
        }
        if (is_closed != NULL && *is_closed) {
            return 0;
        }
        if (wait != MX_NEVER) {
            wait = deadline - read_clock();
        }
    }
    return 0;
}
