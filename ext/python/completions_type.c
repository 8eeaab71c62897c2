/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/completions_type.h"

#include "core/table.h"
#include "python/args.h"
#include "python/convert.h"
#include "python/errors.h"
#include "python/offline.h"
#include "python/resolver_type.h"
#include "python/route_type.h"
#include "python/wait.h"

enum { BATCH = 256 }; /* completions taken over from the engine at a time */

typedef struct pymx_completions {
    PyObject ob_base;
    mx_completions *queue;
    mx_list in_flight;  /* requests, in order of submission */
    mx_list finished;   /* requests with their routes, or paused, not yet taken */
    Py_ssize_t pending; /* of both */
    unsigned generation;
    bool is_closed;
    bool is_taking;
} pymx_completions;

static pymx_request *
first_request(const mx_list *list)
{
    return MX_CONTAINER(list->next, pymx_request, link);
}

static PyObject *
completions_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"descriptor", NULL};
    pymx_state *state = PyType_GetModuleState(type);
    int has_descriptor = 0, os_error = 0;
    mx_completions *queue;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "|$p:Completions", names,
                                     &has_descriptor)) {
        return NULL;
    }
    mx_status status = mx_completions_new(has_descriptor != 0, &queue, &os_error);
    if (status != MX_OK) {
        return pymx_raise_status(state, status, os_error,
                                 "make a queue for finished lookups");
    }
    pymx_completions *self = PyObject_GC_New(pymx_completions, type);
    if (self == NULL) {
        mx_completions_unref(queue);
        return NULL;
    }
    self->queue = queue;
    mx_list_init(&self->in_flight);
    mx_list_init(&self->finished);
    self->pending = 0;
    self->generation = state->engine.generation;
    self->is_closed = self->is_taking = false;
    PyObject_GC_Track(self);
    return (PyObject *)self;
}

static void
drop_request(pymx_completions *self, pymx_request *request)
{
    mx_list_remove(&request->link);
    self->pending--;
    Py_DECREF(request);
}

/* Nothing is posted any more once the queue is closed, so the engine may forget. */
static void
close_queue(pymx_completions *self)
{
    self->is_closed = true;
    mx_completions_close(self->queue);
    while (!mx_list_is_empty(&self->in_flight)) {
        pymx_request *request = first_request(&self->in_flight);
        /* Out of the list first: releasing it runs code that may come back here. */
        Py_INCREF(request);
        drop_request(self, request);
        pymx_request_cancel(request);
        Py_DECREF(request);
    }
    while (!mx_list_is_empty(&self->finished)) {
        pymx_request *request = first_request(&self->finished);
        if (request->status == MX_RANKS_WANTED) {
            mx_request_abandon(request->handle);
        }
        drop_request(self, request);
    }
}

static int
visit_requests(const mx_list *list, visitproc visit, void *arg)
{
    for (const mx_list *link = list->next; link != list; link = link->next) {
        Py_VISIT((PyObject *)MX_CONTAINER(link, pymx_request, link));
    }
    return 0;
}

static int
completions_traverse(PyObject *self, visitproc visit, void *arg)
{
    const pymx_completions *completions = (pymx_completions *)self;
    Py_VISIT(Py_TYPE(self));
    int result = visit_requests(&completions->in_flight, visit, arg);
    return result != 0 ? result : visit_requests(&completions->finished, visit, arg);
}

static int
completions_clear(PyObject *self)
{
    close_queue((pymx_completions *)self);
    return 0;
}

static void
completions_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    close_queue((pymx_completions *)self);
    mx_completions_unref(((pymx_completions *)self)->queue);
    type->tp_free(self);
    Py_DECREF(type);
}

static int
check_open(pymx_state *state, const pymx_completions *self)
{
    if (self->is_closed) {
        pymx_raise_closed(state, "the completions are closed");
        return -1;
    }
    if (self->generation != state->engine.generation) {
        pymx_raise_closed(state,
                          "the completions belong to the parent of this process");
        return -1;
    }
    return 0;
}

mx_completions *
pymx_completions_queue(pymx_state *state, PyObject *completions)
{
    pymx_completions *self = (pymx_completions *)completions;
    return check_open(state, self) < 0 ? NULL : self->queue;
}

uint64_t
pymx_completions_token(const pymx_request *request)
{
    return (uint64_t)(uintptr_t)request;
}

void
pymx_completions_add(PyObject *completions, pymx_request *request)
{
    pymx_completions *self = (pymx_completions *)completions;
    Py_INCREF(request);
    mx_list_append(&self->in_flight, &request->link);
    self->pending++;
}

void
pymx_completions_drop(PyObject *completions, pymx_request *request)
{
    /* Unless closing did. */
    if (!mx_list_is_empty(&request->link)) {
        drop_request((pymx_completions *)completions, request);
    }
}

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
    return count < 0 || check_open(state, self) < 0 ? -1 : count;
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
    pymx_request *request = first_request(&self->finished);
    Py_INCREF(request);
    PyObject *pair = make_pair(state, request);
    int result = pair == NULL ? -1 : PyList_Append(list, pair);
    Py_XDECREF(pair);
    /* Allocating may run the collector, and that whoever closes us. */
    if (result == 0 && !self->is_closed) {
        drop_request(self, request);
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
        drop_request(self, request);
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
    if (check_open(state, self) < 0) {
        return -1;
    }
    mx_list_remove(&request->link);
    mx_list_append(&self->in_flight, &request->link);
    mx_status status = pymx_engine_resume(state, request->handle);
    if (status == MX_OK || self->is_closed) {
        return check_open(state, self);
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
    pymx_request *request = first_request(&self->finished);
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
        bool is_paused = first_request(&self->finished)->status == MX_RANKS_WANTED;
        int result =
            is_paused ? rank_first(state, self, list) : take_first(state, self, list);
        if (result < 0) {
            return -1;
        }
        wait = PyList_GET_SIZE(list) > 0 ? 0 : time_left(deadline);
    }
    return 0;
}

static PyObject *
completions_take(PyObject *object, PyObject *const *args, Py_ssize_t count,
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
        check_open(state, self) < 0) {
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

static PyObject *
completions_fileno(PyObject *object, PyObject *Py_UNUSED(ignored))
{
    const pymx_completions *self = (pymx_completions *)object;
    if (check_open(pymx_state_of(object), self) < 0) {
        return NULL;
    }
    int descriptor = mx_completions_descriptor(self->queue);
    if (descriptor < 0) {
        return pymx_raise_value("these completions have no descriptor: make them with "
                                "Completions(descriptor=True)");
    }
    return PyLong_FromLong(descriptor);
}

static PyObject *
completions_close(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    close_queue((pymx_completions *)self);
    Py_RETURN_NONE;
}

static PyObject *
completions_get_pending(PyObject *self, void *Py_UNUSED(closure))
{
    return PyLong_FromSsize_t(((pymx_completions *)self)->pending);
}

static PyGetSetDef fields[] = {
    {"pending", completions_get_pending, NULL,
     PyDoc_STR("Lookups that were submitted and not taken yet, finished or not."),
     NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyDoc_STRVAR(
    take_doc,
    "take($self, /, limit=256, timeout=None)\n--\n\n"
    "Return up to `limit` finished lookups, oldest first, as (token, Route), or\n"
    "(token, exception) where the resolver's `prefer` raised one.\n\n"
    "Waits for the first one, at most `timeout` seconds (None: as long as it\n"
    "takes), unless none is pending. Raises ClosedError, also when another\n"
    "thread closes the queue meanwhile or in a forked child; RuntimeError while\n"
    "another thread is taking.");

PyDoc_STRVAR(
    fileno_doc,
    "fileno($self, /)\n--\n\n"
    "Return the descriptor that is readable while a finished lookup is queued.\n\n"
    "Raises ValueError without one and ClosedError.");

PyDoc_STRVAR(close_doc,
             "close($self, /)\n--\n\n"
             "Cancel what is in flight, drop what is queued, close the descriptor.");

static PyMethodDef methods[] = {
    {"take", PYMX_METHOD(completions_take), PYMX_FASTCALL, take_doc},
    {"fileno", completions_fileno, METH_NOARGS, fileno_doc},
    {"close", completions_close, METH_NOARGS, close_doc},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(
    completions_doc,
    "Completions(*, descriptor=False)\n--\n\n"
    "Finished lookups of one consumer, in the order in which they finish.\n\n"
    "Each submitted lookup comes out once. With a descriptor, which is readable\n"
    "while one is there, an event loop can watch it. A forked child cannot use\n"
    "its parent's.");

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)completions_doc},
    {Py_tp_new, completions_new},
    {Py_tp_dealloc, completions_dealloc},
    {Py_tp_traverse, completions_traverse},
    {Py_tp_clear, completions_clear},
    {Py_tp_getset, fields},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "pymx._native.Completions",
    .basicsize = sizeof(pymx_completions),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};

int
pymx_completions_setup(PyObject *module, pymx_state *state)
{
    return pymx_add_type(module, &spec, &state->completions_type);
}
