/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/args.h"
#include "python/completions_object.h"
#include "python/convert.h"
#include "python/errors.h"
#include "python/offline.h"
#include "python/resolver_type.h"
#include "python/route_type.h"
#include "python/wait.h"

enum { BATCH = 256 }; /* completions taken over from the engine at a time */

/* Moves what the engine has finished to `finished`, waiting for the first: the number,
 * or -1 with an exception. */
static Py_ssize_t
collect(pymx_state *state, pymx_completions *self, size_t limit, mx_usec wait)
{
    mx_completion done[BATCH];
    size_t capacity = limit < BATCH ? limit : BATCH;
    mx_completions *queue = mx_completions_ref(self->queue);
    Py_ssize_t count = pymx_wait(state, queue, done, capacity, wait, &self->is_closed);
    mx_completions_unref(queue);
    for (Py_ssize_t i = 0; i < count; i++) {
        if (self->is_closed) {
            /* While we waited; the requests may be gone. */
            mx_route_unref(done[i].route);
            continue;
        }
        pymx_request *request = (pymx_request *)(uintptr_t)done[i].token;
        request->status = done[i].status;
        request->route = done[i].route;
        mx_list_remove(&request->link);
        mx_list_append(&self->finished, &request->link);
    }
    return count < 0 || pymx_completions_check_open(state, self) < 0 ? -1 : count;
}

/* A lookup that ended without a route, for want of memory, still gets one. */
static int
make_up_route(pymx_state *state, pymx_request *request)
{
    pymx_destination destination;
    if (request->route != NULL) {
        return 0;
    }
    if (pymx_resolver_read_destination(request->resolver, request->destination,
                                       &destination) < 0) {
        return -1;
    }
    mx_status status = pymx_resolve_offline(pymx_resolver_rules(request->resolver),
                                            &destination.read, &request->route);
    pymx_destination_clear(&destination);
    if (status != MX_OK) {
        pymx_raise_status(state, status, 0, "make a route");
        return -1;
    }
    return 0;
}

static PyObject *
make_pair(pymx_state *state, pymx_request *request)
{
    if (make_up_route(state, request) < 0) {
        return NULL;
    }
    PyObject *route = pymx_route_new_take(state, mx_route_ref(request->route),
                                          request->input, request->destination);
    if (route == NULL) {
        return NULL;
    }
    PyObject *pair = PyTuple_Pack(2, request->token, route);
    Py_DECREF(route);
    return pair;
}

/* Appends (token, Route) of the oldest finished request, which leaves us only then:
 * what fails for want of memory is there to be taken again. */
static int
take_first(pymx_state *state, pymx_completions *self, PyObject *list)
{
    pymx_request *request = pymx_first_request(&self->finished);
    Py_INCREF(request);
    PyObject *pair = make_pair(state, request);
    int result = pair == NULL ? -1 : PyList_Append(list, pair);
    Py_XDECREF(pair);
    /* Allocating may run the collector, and that whoever closes us. */
    if (result == 0 && !self->is_closed) {
        pymx_completions_forget(self, request);
    }
    Py_DECREF(request);
    return result;
}

/* Appends (token, exception) of a request whose exchanges could not be ranked. */
static int
take_error(pymx_completions *self, pymx_request *request, PyObject *list)
{
    if (self->is_closed) {
        return -1; /* it is nobody's any more but the caller's */
    }
    PyObject *error = pymx_take_error();
    PyObject *pair = error == NULL ? NULL : PyTuple_Pack(2, request->token, error);
    Py_XDECREF(error);
    int result = pair == NULL ? -1 : PyList_Append(list, pair);
    Py_XDECREF(pair);
    if (result == 0 && !self->is_closed) {
        mx_request_abandon(request->handle);
        pymx_completions_forget(self, request);
    }
    return result;
}

/* Has the exchanges of a paused request ranked, and the engine go on with it. */
static int
go_on(pymx_state *state, pymx_completions *self, pymx_request *request, PyObject *list)
{
    /* This runs any Python code, which may close us. */
    if (pymx_resolver_rank(request->resolver, request->handle) < 0) {
        return take_error(self, request, list);
    }
    if (pymx_completions_check_open(state, self) < 0) {
        return -1;
    }
    mx_list_remove(&request->link);
    mx_list_append(&self->in_flight, &request->link);
    mx_status status = pymx_engine_resume(state, request->handle);
    if (status == MX_OK || self->is_closed) {
        return pymx_completions_check_open(state, self);
    }
    mx_list_remove(&request->link);
    mx_list_append(&self->finished, &request->link);
    pymx_raise_status(state, status, 0, "go on with a lookup");
    return -1;
}

/* Of the oldest finished request, which is paused. */
static int
rank_first(pymx_state *state, pymx_completions *self, PyObject *list)
{
    pymx_request *request = pymx_first_request(&self->finished);
    Py_INCREF(request);
    int result = go_on(state, self, request, list);
    Py_DECREF(request);
    return result;
}

/* 0 and MX_NEVER, by which most consumers wait, need no clock. */
static mx_usec
find_deadline(mx_usec wait)
{
    mx_clock clock = mx_clock_system();
    if (wait == 0 || wait == MX_NEVER) {
        return wait;
    }
    mx_usec now = mx_clock_now(&clock);
    return wait > MX_NEVER - now ? MX_NEVER : now + wait;
}

static mx_usec
time_left(mx_usec deadline)
{
    mx_clock clock = mx_clock_system();
    if (deadline == 0 || deadline == MX_NEVER) {
        return deadline;
    }
    mx_usec now = mx_clock_now(&clock);
    return deadline > now ? deadline - now : 0;
}

static int
take_all(pymx_state *state, pymx_completions *self, size_t limit, mx_usec wait,
         PyObject *list)
{
    mx_usec deadline = find_deadline(wait);
    while ((size_t)PyList_GET_SIZE(list) < limit && self->pending > 0) {
        if (mx_list_is_empty(&self->finished)) {
            size_t room = limit - (size_t)PyList_GET_SIZE(list);
            Py_ssize_t count = collect(state, self, room, wait);
            if (count <= 0) {
                return (int)count;
            }
        }
        bool is_paused = pymx_first_request(&self->finished)->status == MX_RANKS_WANTED;
        int result =
            is_paused ? rank_first(state, self, list) : take_first(state, self, list);
        if (result < 0) {
            return -1;
        }
        wait = PyList_GET_SIZE(list) > 0 ? 0 : time_left(deadline);
    }
    return 0;
}

PyObject *
pymx_completions_take(PyObject *object, PyObject *const *args, Py_ssize_t count,
                      PyObject *keywords)
{
    static const char *const names[] = {"limit", "timeout"};
    static const pymx_signature signature = {"take", names, 2, 2, 0};
    pymx_completions *self = (pymx_completions *)object;
    pymx_state *state = pymx_state_of(object);
    PyObject *values[2];
    uint64_t limit = BATCH;
    mx_usec wait = MX_NEVER;
    if (pymx_args_sort(&signature, args, count, keywords, values) < 0 ||
        (values[0] != NULL &&
         pymx_read_whole(values[0], "limit", PY_SSIZE_T_MAX, &limit) < 0) ||
        (values[1] != NULL && values[1] != Py_None &&
         pymx_read_seconds(values[1], "timeout", &wait) < 0) ||
        pymx_completions_check_open(state, self) < 0) {
        return NULL;
    }
    if (self->is_taking) {
        return pymx_raise_runtime(
            "another thread is taking completions: a queue has one "
            "consumer");
    }
    PyObject *list = PyList_New(0);
    if (list == NULL) {
        return NULL;
    }
    self->is_taking = true;
    int result = take_all(state, self, (size_t)limit, wait, list);
    self->is_taking = false;
    /* What was taken must not be lost; the fault, if it lasts, comes up next time. */
    if (result < 0 &&
        (PyList_GET_SIZE(list) == 0 || !pymx_forget_error(PyExc_Exception))) {
        Py_CLEAR(list);
    }
    return list;
}
