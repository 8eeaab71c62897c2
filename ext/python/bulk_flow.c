/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "core/mem.h"
#include "python/bulk_object.h"
#include "python/errors.h"
#include "python/resolver_type.h"
#include "python/wait.h"

#define REPORT_INTERVAL (100 * MX_USEC_PER_MSEC)

static mx_usec
read_clock(void)
{
    mx_clock clock = mx_clock_system();
    return mx_clock_now(&clock);
}

PyObject *
pymx_bulk_new(PyTypeObject *type, PyObject *resolver, bool has_descriptor,
              size_t concurrency)
{
    pymx_state *state = pymx_resolver_state(resolver);
    mx_completions *queue;
    int os_error = 0;
    mx_status status = mx_completions_new(has_descriptor, &queue, &os_error);
    if (status != MX_OK) {
        return pymx_raise_status(state, status, os_error,
                                 "make a queue for finished lookups");
    }
    pymx_bulk *self = (pymx_bulk *)type->tp_alloc(type, 0);
    if (self == NULL) {
        mx_completions_unref(queue);
        return NULL;
    }
    self->resolver = Py_NewRef(resolver);
    self->queue = queue;
    self->generation = state->engine.generation;
    self->free_row = PYMX_NO_ROW;
    self->line.first = self->held.first = self->paused.first = PYMX_NO_ROW;
    self->concurrency = concurrency;
    self->quota = 1;
    self->report_at = read_clock() + REPORT_INTERVAL;
    return (PyObject *)self;
}

int
pymx_bulk_traverse(PyObject *object, visitproc visit, void *arg)
{
    const pymx_bulk *self = (pymx_bulk *)object;
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->resolver);
    Py_VISIT(self->rows);
    Py_VISIT(self->key);
    Py_VISIT(self->report);
    Py_VISIT(self->failure);
    for (uint32_t place = 0; place < self->capacity; place++) {
        Py_VISIT(self->table[place].input);
        Py_VISIT(self->table[place].destination);
        Py_VISIT(self->table[place].error);
    }
    return 0;
}

/* Nothing is posted any more, so the engine may forget. */
static void
close_queue(pymx_bulk *self)
{
    pymx_state *state = pymx_resolver_state(self->resolver);
    self->is_closed = true;
    mx_completions_close(self->queue);
    if (self->in_flight > 0 && self->generation == state->engine.generation) {
        pymx_engine_sweep(state);
    }
}

void
pymx_bulk_close(pymx_bulk *self)
{
    close_queue(self);
    if (self->is_running) {
        return;
    }
    self->is_fed = false;
    pymx_bulk_drop_rows(self);
    Py_CLEAR(self->rows);
    Py_CLEAR(self->key);
    Py_CLEAR(self->report);
    Py_CLEAR(self->failure);
}

int
pymx_bulk_clear(PyObject *self)
{
    pymx_bulk_close((pymx_bulk *)self);
    return 0;
}

void
pymx_bulk_dealloc(PyObject *object)
{
    pymx_bulk *self = (pymx_bulk *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    pymx_bulk_close(self);
    mx_completions_unref(self->queue);
    mx_free(self->batches);
    Py_DECREF(self->resolver);
    type->tp_free(object);
    Py_DECREF(type);
}

int
pymx_bulk_enter(pymx_bulk *self)
{
    if (self->is_running) {
        pymx_raise_value("the iterator is in use already, by another thread or by what "
                         "it calls");
        return -1;
    }
    self->is_running = true;
    return 0;
}

void
pymx_bulk_leave(pymx_bulk *self)
{
    self->is_running = false;
    if (self->is_closed) {
        PyObject *error = PyErr_Occurred() ? pymx_take_error() : NULL;
        pymx_bulk_close(self);
        if (error != NULL) {
            pymx_raise_again_take(error);
        }
    }
}

/* Takes what the engine has finished, waiting for the first. -1 with an exception. */
static int
collect(pymx_bulk *self, mx_usec wait)
{
    mx_completion done[PYMX_BULK_BATCH];
    pymx_state *state = pymx_resolver_state(self->resolver);
    Py_ssize_t count;
    do {
        /* Without the GIL the queue may be closed, but not freed: `self` has it. */
        count = pymx_wait(state, self->queue, done, PYMX_BULK_BATCH, wait,
                          &self->is_closed);
        for (Py_ssize_t i = 0; i < count; i++) {
            pymx_bulk_settle(self, &done[i]);
        }
        wait = 0;
    } while (count == PYMX_BULK_BATCH);
    return count < 0 ? -1 : 0;
}

/* Whether the input may be read now: not while routes are ready and it is slow. */
static bool
may_read(const pymx_bulk *self)
{
    return self->rows != NULL && pymx_bulk_room(self) > 0 &&
           !(self->is_slow && pymx_bulk_is_ready(self));
}

/* What can be done without waiting. */
static int
advance(pymx_bulk *self)
{
    if ((self->in_flight > 0 || self->is_poked) && collect(self, 0) < 0) {
        return -1;
    }
    if (pymx_bulk_rank(self) < 0) {
        return -1;
    }
    pymx_bulk_retry(self);
    return may_read(self) ? pymx_bulk_read(self) : 0;
}

int
pymx_bulk_work(pymx_bulk *self, mx_usec wait)
{
    if (pymx_engine_check_sender(pymx_resolver_state(self->resolver)) < 0) {
        return -1;
    }
    for (;;) {
        int result = pymx_bulk_check(self);
        if (result <= 0) {
            return result;
        }
        if (advance(self) < 0) {
            return -1;
        }
        if (pymx_bulk_is_ready(self) || pymx_bulk_is_done(self) || self->is_closed) {
            return 0;
        }
        if (may_read(self)) {
            continue;
        }
        if (wait == 0) {
            return 0;
        }
        if (self->in_flight > 0 && collect(self, wait) < 0) {
            return -1;
        }
    }
}

int
pymx_bulk_report(pymx_bulk *self, bool is_last)
{
    if (self->report == NULL || self->is_closed) {
        return 0;
    }
    mx_usec now = read_clock();
    if (!is_last && now < self->report_at) {
        return 0;
    }
    self->report_at = now + REPORT_INTERVAL;
    PyObject *report = Py_NewRef(self->report);
    PyObject *result =
        PyObject_CallFunction(report, "KK", (unsigned long long)self->yielded,
                              (unsigned long long)self->read);
    Py_DECREF(report);
    Py_XDECREF(result);
    return result == NULL ? -1 : 0;
}

PyObject *
pymx_bulk_pop_many(pymx_bulk *self, size_t limit)
{
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list != NULL && i < limit && pymx_bulk_is_ready(self); i++) {
        /* An exception comes alone, the next time. */
        if (i > 0 && self->table[self->line.first].error != NULL) {
            break;
        }
        PyObject *route = pymx_bulk_pop(self);
        if (route == NULL || PyList_Append(list, route) < 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(route);
    }
    return list;
}

int
pymx_bulk_finish(pymx_bulk *self)
{
    if (self->failure != NULL) {
        PyObject *failure = self->failure;
        self->failure = NULL;
        self->is_closed = true;
        pymx_raise_again_take(failure);
        return -1;
    }
    if (self->is_closed) {
        return 0;
    }
    int result = pymx_bulk_report(self, true);
    self->is_closed = true;
    return result;
}
