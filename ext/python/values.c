/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/values.h"

#include "python/attribute.h"

PyObject *
pymx_fields_dict(PyObject *self, const PyGetSetDef *fields, size_t count)
{
    PyObject *dict = PyDict_New();
    if (dict == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        PyObject *value = fields[i].get(self, fields[i].closure);
        if (value == NULL || PyDict_SetItemString(dict, fields[i].name, value) < 0) {
            Py_XDECREF(value);
            Py_DECREF(dict);
            return NULL;
        }
        Py_DECREF(value);
    }
    return dict;
}

PyObject *
pymx_fields_tuple(PyObject *self, const PyGetSetDef *fields, size_t count)
{
    PyObject *tuple = PyTuple_New((Py_ssize_t)count);
    if (tuple == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        PyObject *value = fields[i].get(self, fields[i].closure);
        if (value == NULL) {
            Py_DECREF(tuple);
            return NULL;
        }
        PyTuple_SET_ITEM(tuple, (Py_ssize_t)i, value);
    }
    return tuple;
}

PyObject *
pymx_make_once(PyObject *self, PyObject **slot, PyObject *(*make)(PyObject *self))
{
    if (*slot == NULL) {
        PyObject *made = make(self);
        if (made == NULL) {
            return NULL;
        }
        if (*slot == NULL) {
            *slot = made;
        }
        else {
            /* Allocating may run the collector, and that other threads: one of them was
             * faster. */
            Py_DECREF(made);
        }
    }
    return Py_NewRef(*slot);
}

PyObject *
pymx_compare_by(PyObject *(*key)(PyObject *self), PyObject *self, PyObject *other,
                int operation)
{
    if (!Py_IS_TYPE(other, Py_TYPE(self)) ||
        (operation != Py_EQ && operation != Py_NE)) {
        Py_RETURN_NOTIMPLEMENTED;
    }
    if (self == other) {
        return PyBool_FromLong(operation == Py_EQ);
    }
    PyObject *result = NULL;
    PyObject *mine = key(self);
    PyObject *theirs = mine == NULL ? NULL : key(other);
    if (theirs != NULL) {
        result = PyObject_RichCompare(mine, theirs, operation);
    }
    Py_XDECREF(theirs);
    Py_XDECREF(mine);
    return result;
}

Py_hash_t
pymx_hash_by(PyObject *(*key)(PyObject *self), PyObject *self)
{
    PyObject *mine = key(self);
    if (mine == NULL) {
        return -1;
    }
    Py_hash_t hash = PyObject_Hash(mine);
    Py_DECREF(mine);
    return hash;
}

PyObject *
pymx_reduce_take(PyObject *self, const char *function, PyObject *arguments)
{
    if (arguments == NULL) {
        return NULL;
    }
    PyObject *module = PyType_GetModule(Py_TYPE(self));
    PyObject *rebuild = module == NULL ? NULL : pymx_get_attribute(module, function);
    if (rebuild == NULL) {
        Py_DECREF(arguments);
        return NULL;
    }
    return Py_BuildValue("(NN)", rebuild, arguments);
}

PyObject *
pymx_return_self(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return Py_NewRef(self);
}
