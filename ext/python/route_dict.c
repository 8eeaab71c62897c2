/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/route_object.h"
#include "python/values.h"

#include <string.h>

/* What JSON can hold of the input: a row of the caller's is told by its destination. */
static PyObject *
input_to_text(PyObject *self)
{
    const pymx_route *route = (pymx_route *)self;
    if (PyUnicode_Check(route->input)) {
        return Py_NewRef(route->input);
    }
    return PyUnicode_Check(route->destination) ? Py_NewRef(route->destination)
                                               : PyObject_Repr(route->destination);
}

static PyObject *
to_list(PyObject *tuple)
{
    return PySequence_List(tuple);
}

/* A tuple of our objects as a list of their dicts. */
static PyObject *
to_dicts(PyObject *tuple)
{
    Py_ssize_t count = PyTuple_GET_SIZE(tuple);
    PyObject *list = PyList_New(count);
    for (Py_ssize_t i = 0; list != NULL && i < count; i++) {
        PyObject *dict =
            PyObject_CallMethod(PyTuple_GET_ITEM(tuple, i), "to_dict", NULL);
        if (dict == NULL) {
            Py_CLEAR(list);
        }
        else {
            PyList_SET_ITEM(list, i, dict);
        }
    }
    return list;
}

static PyObject *
reply_to_dict(PyObject *reply)
{
    if (reply == Py_None) {
        Py_RETURN_NONE;
    }
    return Py_BuildValue("{sOsOsO}", "code", PyTuple_GET_ITEM(reply, 0), "enhanced",
                         PyTuple_GET_ITEM(reply, 1), "text",
                         PyTuple_GET_ITEM(reply, 2));
}

/* Fields that JSON has no type for. */
static const struct {
    const char *name;
    PyObject *(*convert)(PyObject *value);
} conversions[] = {
    {"exchanges", to_dicts}, {"targets", to_dicts},         {"excluded", to_dicts},
    {"warnings", to_list},   {"smtp_reply", reply_to_dict},
};

static int
convert_field(PyObject *dict, const char *name, PyObject *(*convert)(PyObject *value))
{
    PyObject *value = PyDict_GetItemString(dict, name);
    PyObject *converted = convert(value);
    int result = converted == NULL ? -1 : PyDict_SetItemString(dict, name, converted);
    Py_XDECREF(converted);
    return result;
}

PyObject *
pymx_route_to_dict(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    PyObject *dict = pymx_fields_dict(self, pymx_route_fields, PYMX_ROUTE_JSON_FIELDS);
    if (dict == NULL) {
        return NULL;
    }
    PyObject *input = input_to_text(self);
    if (input == NULL || PyDict_SetItemString(dict, "input", input) < 0) {
        Py_CLEAR(dict);
    }
    Py_XDECREF(input);
    for (size_t i = 0; dict != NULL && i < Py_ARRAY_LENGTH(conversions); i++) {
        if (convert_field(dict, conversions[i].name, conversions[i].convert) < 0) {
            Py_CLEAR(dict);
        }
    }
    return dict;
}
