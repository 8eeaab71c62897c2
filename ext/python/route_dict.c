/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/exchange_type.h"
#include "python/excluded_type.h"
#include "python/route_object.h"
#include "python/step_type.h"
#include "python/target_type.h"

#include <string.h>

PyObject *
pymx_route_input_text(PyObject *self)
{
    const pymx_route *route = (pymx_route *)self;
    if (PyUnicode_Check(route->input)) {
        return Py_NewRef(route->input);
    }
    return PyUnicode_Check(route->destination) ? Py_NewRef(route->destination)
                                               : PyObject_Repr(route->destination);
}

static PyObject *
input_to_text(PyObject *self, PyObject *Py_UNUSED(input))
{
    return pymx_route_input_text(self);
}

static PyObject *
to_list(PyObject *Py_UNUSED(self), PyObject *tuple)
{
    return PySequence_List(tuple);
}

static PyObject *
to_dicts(PyObject *tuple, PyObject *(*to_dict)(PyObject *self, PyObject *ignored))
{
    Py_ssize_t count = PyTuple_GET_SIZE(tuple);
    PyObject *list = PyList_New(count);
    for (Py_ssize_t i = 0; list != NULL && i < count; i++) {
        PyObject *dict = to_dict(PyTuple_GET_ITEM(tuple, i), NULL);
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
exchanges_to_dicts(PyObject *Py_UNUSED(self), PyObject *tuple)
{
    return to_dicts(tuple, pymx_exchange_to_dict);
}

static PyObject *
targets_to_dicts(PyObject *Py_UNUSED(self), PyObject *tuple)
{
    return to_dicts(tuple, pymx_target_to_dict);
}

static PyObject *
excluded_to_dicts(PyObject *Py_UNUSED(self), PyObject *tuple)
{
    return to_dicts(tuple, pymx_excluded_to_dict);
}

static PyObject *
reply_to_dict(PyObject *Py_UNUSED(self), PyObject *reply)
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
    PyObject *(*convert)(PyObject *self, PyObject *value);
} conversions[] = {
    {"input", input_to_text},      {"exchanges", exchanges_to_dicts},
    {"targets", targets_to_dicts}, {"excluded", excluded_to_dicts},
    {"warnings", to_list},         {"smtp_reply", reply_to_dict},
};

static PyObject *
get_for_json(PyObject *self, const PyGetSetDef *field)
{
    PyObject *value = field->get(self, field->closure);
    if (value == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < Py_ARRAY_LENGTH(conversions); i++) {
        if (strcmp(field->name, conversions[i].name) == 0) {
            PyObject *converted = conversions[i].convert(self, value);
            Py_DECREF(value);
            return converted;
        }
    }
    return value;
}

static int
add_trace(PyObject *self, PyObject *dict)
{
    PyObject *trace = pymx_route_get_trace(self, NULL);
    PyObject *list = NULL;
    int result = -1;
    if (trace == Py_None) {
        result = 0;
    }
    else if (trace != NULL) {
        list = to_dicts(trace, pymx_step_to_dict);
        result = list == NULL ? -1 : PyDict_SetItemString(dict, "trace", list);
    }
    Py_XDECREF(list);
    Py_XDECREF(trace);
    return result;
}

PyObject *
pymx_route_to_dict(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    PyObject *dict = PyDict_New();
    for (size_t i = 0; dict != NULL && i < PYMX_ROUTE_JSON_FIELDS; i++) {
        const PyGetSetDef *field = &pymx_route_fields[i];
        PyObject *value = get_for_json(self, field);
        if (value == NULL || PyDict_SetItemString(dict, field->name, value) < 0) {
            Py_CLEAR(dict);
        }
        Py_XDECREF(value);
    }
    if (dict != NULL && add_trace(self, dict) < 0) {
        Py_CLEAR(dict);
    }
    return dict;
}
