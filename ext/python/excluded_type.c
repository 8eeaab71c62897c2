/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/excluded_type.h"

#include "python/convert.h"
#include "python/errors.h"
#include "python/values.h"

typedef struct pymx_excluded {
    PyObject ob_base;
    PyObject *host;
    PyObject *address; /* None: the whole exchange */
    uint16_t preference;
    mx_reason reason;
} pymx_excluded;

static PyObject *
make_excluded(pymx_state *state, PyObject *host_taken, PyObject *address_taken,
              uint16_t preference, mx_reason reason)
{
    pymx_excluded *self = NULL;
    if (host_taken != NULL && address_taken != NULL) {
        self = PyObject_New(pymx_excluded, state->excluded_type);
    }
    if (self == NULL) {
        Py_XDECREF(host_taken);
        Py_XDECREF(address_taken);
        return NULL;
    }
    self->host = host_taken;
    self->address = address_taken;
    self->preference = preference;
    self->reason = reason;
    return (PyObject *)self;
}

PyObject *
pymx_excluded_new(pymx_state *state, const mx_excluded *excluded)
{
    PyObject *address = excluded->has_address ? pymx_address_text(&excluded->address)
                                              : Py_NewRef(Py_None);
    if (address == NULL) {
        return NULL;
    }
    return make_excluded(state, PyUnicode_FromString(excluded->host), address,
                         excluded->preference, excluded->reason);
}

PyObject *
pymx_excluded_rebuild(PyObject *module, PyObject *arguments)
{
    const char *host, *address, *word;
    unsigned short preference;
    mx_reason reason;
    if (!PyArg_ParseTuple(arguments, "sHzs:_rebuild_excluded", &host, &preference,
                          &address, &word)) {
        return NULL;
    }
    if (!pymx_reason_from_word(word, &reason)) {
        return pymx_raise_value("this pymx does not know the reason '%s'", word);
    }
    PyObject *text =
        address == NULL ? Py_NewRef(Py_None) : PyUnicode_FromString(address);
    if (text == NULL) {
        return NULL;
    }
    return make_excluded(pymx_state_of_module(module), PyUnicode_FromString(host), text,
                         preference, reason);
}

static void
excluded_dealloc(PyObject *self)
{
    pymx_excluded *excluded = (pymx_excluded *)self;
    PyTypeObject *type = Py_TYPE(self);
    Py_DECREF(excluded->host);
    Py_DECREF(excluded->address);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *
excluded_get_host(PyObject *self, void *Py_UNUSED(closure))
{
    return Py_NewRef(((pymx_excluded *)self)->host);
}

static PyObject *
excluded_get_preference(PyObject *self, void *Py_UNUSED(closure))
{
    return PyLong_FromLong(((pymx_excluded *)self)->preference);
}

static PyObject *
excluded_get_address(PyObject *self, void *Py_UNUSED(closure))
{
    return Py_NewRef(((pymx_excluded *)self)->address);
}

static PyObject *
excluded_get_reason(PyObject *self, void *Py_UNUSED(closure))
{
    return pymx_reason_word(&pymx_state_of(self)->words,
                            ((pymx_excluded *)self)->reason);
}

static PyGetSetDef fields[] = {
    {"host", excluded_get_host, NULL,
     PyDoc_STR("Name of the exchange as published, odd bytes escaped as \\DDD."), NULL},
    {"preference", excluded_get_preference, NULL,
     PyDoc_STR("Of the exchange, 0 to 65535."), NULL},
    {"address", excluded_get_address, NULL,
     PyDoc_STR("The one address that is not used; None for the whole exchange."), NULL},
    {"reason", excluded_get_reason, NULL, PyDoc_STR("Why, as a code of pymx.REASONS."),
     NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

enum { FIELDS = sizeof(fields) / sizeof(fields[0]) - 1 };

PyObject *
pymx_excluded_plain(PyObject *excluded)
{
    return pymx_fields_tuple(excluded, fields, FIELDS);
}

static PyObject *
excluded_richcompare(PyObject *self, PyObject *other, int operation)
{
    return pymx_compare_by(pymx_excluded_plain, self, other, operation);
}

static Py_hash_t
excluded_hash(PyObject *self)
{
    return pymx_hash_by(pymx_excluded_plain, self);
}

static PyObject *
excluded_repr(PyObject *self)
{
    const pymx_excluded *excluded = (pymx_excluded *)self;
    return PyUnicode_FromFormat(
        "<Excluded host=%R preference=%d address=%R reason='%s'>", excluded->host,
        (int)excluded->preference, excluded->address, mx_reason_code(excluded->reason));
}

PyObject *
pymx_excluded_to_dict(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return pymx_fields_dict(self, fields, FIELDS);
}

static PyObject *
excluded_reduce(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return pymx_reduce_take(self, "_rebuild_excluded", pymx_excluded_plain(self));
}

PyDoc_STRVAR(to_dict_doc, "to_dict($self, /)\n--\n\n"
                          "Return all fields, ready for JSON.");

static PyMethodDef methods[] = {
    {"to_dict", pymx_excluded_to_dict, METH_NOARGS, to_dict_doc},
    {"__reduce__", excluded_reduce, METH_NOARGS, NULL},
    PYMX_COPY_METHODS,
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(
    excluded_doc,
    "A mail exchange, or one address of it, that a route leaves out, and why.\n\n"
    "Made by pymx only. Immutable, hashable, equal by its fields.");

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)excluded_doc},
    {Py_tp_dealloc, excluded_dealloc},
    {Py_tp_repr, excluded_repr},
    {Py_tp_hash, excluded_hash},
    {Py_tp_richcompare, excluded_richcompare},
    {Py_tp_getset, fields},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "pymx.Excluded",
    .basicsize = sizeof(pymx_excluded),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE |
             Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots,
};

int
pymx_excluded_setup(PyObject *module, pymx_state *state)
{
    return pymx_add_type(module, &spec, &state->excluded_type);
}
