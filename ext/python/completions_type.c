/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/completions_type.h"

#include "python/args.h"
#include "python/completions_object.h"
#include "python/errors.h"

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

void
pymx_completions_forget(pymx_completions *self, pymx_request *request)
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
        pymx_request *request = pymx_first_request(&self->in_flight);
        /* Out of the list first: releasing it runs code that may come back here. */
        Py_INCREF(request);
        pymx_completions_forget(self, request);
        pymx_request_cancel(request);
        Py_DECREF(request);
    }
    while (!mx_list_is_empty(&self->finished)) {
        pymx_request *request = pymx_first_request(&self->finished);
        if (request->status == MX_RANKS_WANTED) {
            mx_request_abandon(request->handle);
        }
        pymx_completions_forget(self, request);
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

int
pymx_completions_check_open(pymx_state *state, const pymx_completions *self)
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
    return pymx_completions_check_open(state, self) < 0 ? NULL : self->queue;
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
        pymx_completions_forget((pymx_completions *)completions, request);
    }
}

static PyObject *
completions_fileno(PyObject *object, PyObject *Py_UNUSED(ignored))
{
    const pymx_completions *self = (pymx_completions *)object;
    if (pymx_completions_check_open(pymx_state_of(object), self) < 0) {
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
    {"take", PYMX_METHOD(pymx_completions_take), PYMX_FASTCALL, take_doc},
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
