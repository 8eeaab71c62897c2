/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/ranking.h"

#include "python/errors.h"

#include <math.h>

int
pymx_ranking_check(PyObject *prefer)
{
    if (prefer != Py_None && !PyDict_Check(prefer) && !PyCallable_Check(prefer)) {
        pymx_raise_type("prefer must be None, a dict or callable, not %s",
                        Py_TYPE(prefer)->tp_name);
        return -1;
    }
    return 0;
}

/* -1 with an exception. */
static int
refuse(PyObject *value, PyObject *host, bool is_number)
{
    static const char format[] = "prefer: %R for %R is no rank: give %s (the lowest is "
                                 "tried first), or None";
    if (is_number) {
        pymx_raise_value(format, value, host, "a finite number");
    }
    else {
        pymx_raise_type(format, value, host, "an int or a float");
    }
    return -1;
}

static int
read_rank(PyObject *value, PyObject *host, double *out)
{
    if (value == NULL || value == Py_None) {
        *out = INFINITY;
        return 0;
    }
    /* True for "this one" would be the rank 1, behind 0: a slip to speak of. */
    if (PyBool_Check(value) || (!PyFloat_Check(value) && !PyLong_Check(value))) {
        return refuse(value, host, false);
    }
    *out = PyFloat_Check(value) ? PyFloat_AS_DOUBLE(value) : PyLong_AsDouble(value);
    if (*out == -1 && PyErr_Occurred()) {
        if (!pymx_forget_error(PyExc_OverflowError)) {
            return -1;
        }
        *out = INFINITY;
    }
    return isfinite(*out) ? 0 : refuse(value, host, true);
}

/* NULL, without an exception, for what a dict does not have. */
static PyObject *
ask(PyObject *prefer, PyObject *host)
{
    if (PyDict_Check(prefer)) {
        return Py_XNewRef(PyDict_GetItemWithError(prefer, host));
    }
    return PyObject_CallOneArg(prefer, host);
}

static int
rank(PyObject *prefer, const char *name, mx_lookup *lookup)
{
    int result = -1;
    double value = INFINITY;
    PyObject *host = PyUnicode_FromString(name);
    if (host == NULL) {
        return -1;
    }
    PyObject *answer = ask(prefer, host);
    if (answer != NULL || !PyErr_Occurred()) {
        result = read_rank(answer, host, &value);
    }
    Py_XDECREF(answer);
    Py_DECREF(host);
    if (result == 0) {
        mx_lookup_set_rank(lookup, value);
    }
    return result;
}

int
pymx_ranking_ask(PyObject *prefer, mx_lookup *lookup)
{
    const char *name;
    while ((name = mx_lookup_next_unranked(lookup)) != NULL) {
        if (rank(prefer, name, lookup) < 0) {
            return -1;
        }
    }
    return 0;
}
