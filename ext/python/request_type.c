/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/request_type.h"

#include "python/resolver_type.h"

pymx_request *
pymx_request_new(pymx_state *state, PyObject *resolver, PyObject *token,
                 PyObject *destination, PyObject *input)
{
    pymx_request *self = PyObject_GC_New(pymx_request, state->request_type);
    if (self == NULL) {
        return NULL;
    }
    mx_list_init(&self->link);
    self->handle = NULL;
    self->generation = state->engine.generation;
    self->status = MX_OK;
    self->route = NULL;
    self->token = Py_NewRef(token);
    self->resolver = Py_NewRef(resolver);
    self->destination = Py_NewRef(destination);
    self->input = Py_NewRef(input);
    /* Strings cannot lead back to it, see Route, nor can a resolver that prefers
     * nothing. */
    if (PyObject_IS_GC(input) || PyObject_IS_GC(destination) || PyObject_IS_GC(token) ||
        PyObject_GC_IsTracked(resolver)) {
        PyObject_GC_Track(self);
    }
    return self;
}

void
pymx_request_cancel(pymx_request *request)
{
    pymx_state *state = pymx_resolver_state(request->resolver);
    /* One of our parent's means nothing to our engine. */
    if (request->handle != NULL && request->generation == state->engine.generation) {
        pymx_engine_cancel(state, request->handle);
    }
}

static int
request_traverse(PyObject *self, visitproc visit, void *arg)
{
    pymx_request *request = (pymx_request *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(request->token);
    Py_VISIT(request->resolver);
    Py_VISIT(request->destination);
    Py_VISIT(request->input);
    return 0;
}

/* No tp_clear: nothing in it changes, as in Route. */
static void
request_dealloc(PyObject *self)
{
    pymx_request *request = (pymx_request *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    mx_request_release(request->handle);
    mx_route_unref(request->route);
    Py_DECREF(request->token);
    Py_DECREF(request->resolver);
    Py_DECREF(request->destination);
    Py_DECREF(request->input);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *
request_cancel(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    pymx_request_cancel((pymx_request *)self);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(cancel_doc,
             "cancel($self, /)\n--\n\n"
             "End the lookup soon, unless it has finished.\n\n"
             "Its route comes all the same, most likely with status 'cancelled'.");

static PyMethodDef methods[] = {
    {"cancel", request_cancel, METH_NOARGS, cancel_doc},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(request_doc,
             "A lookup in progress, to cancel it by.\n\n"
             "Made by Resolver.submit() only. Forgetting it cancels nothing.");

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)request_doc},
    {Py_tp_dealloc, request_dealloc},
    {Py_tp_traverse, request_traverse},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "pymx._native.Request",
    .basicsize = sizeof(pymx_request),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_HAVE_GC |
             Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots,
};

int
pymx_request_setup(PyObject *module, pymx_state *state)
{
    return pymx_add_type(module, &spec, &state->request_type);
}
