/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/args.h"

#include "python/errors.h"

static int
take_keyword(const pymx_signature *signature, PyObject *name, PyObject *value,
             PyObject **values)
{
    for (Py_ssize_t i = 0; i < signature->count; i++) {
        if (PyUnicode_CompareWithASCIIString(name, signature->names[i]) != 0) {
            continue;
        }
        if (values[i] != NULL) {
            pymx_raise_type("%s() got multiple values for argument '%U'",
                            signature->function, name);
            return -1;
        }
        values[i] = value;
        return 0;
    }
    pymx_raise_type("%s() got an unexpected keyword argument '%U'", signature->function,
                    name);
    return -1;
}

int
pymx_args_sort(const pymx_signature *signature, PyObject *const *args,
               Py_ssize_t positional, PyObject *keywords, PyObject **values)
{
    if (positional > signature->positional) {
        pymx_raise_type("%s() takes at most %zd positional arguments (%zd given)",
                        signature->function, signature->positional, positional);
        return -1;
    }
    for (Py_ssize_t i = 0; i < signature->count; i++) {
        values[i] = i < positional ? args[i] : NULL;
    }
    Py_ssize_t given = keywords == NULL ? 0 : PyTuple_GET_SIZE(keywords);
    for (Py_ssize_t i = 0; i < given; i++) {
        PyObject *name = PyTuple_GET_ITEM(keywords, i);
        if (take_keyword(signature, name, args[positional + i], values) < 0) {
            return -1;
        }
    }
    for (Py_ssize_t i = 0; i < signature->required; i++) {
        if (values[i] == NULL) {
            pymx_raise_type("%s() missing required argument '%s'", signature->function,
                            signature->names[i]);
            return -1;
        }
    }
    return 0;
}
