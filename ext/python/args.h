/* SPDX-License-Identifier: MIT */
/* args.h - the arguments of calls that are made often (METH_FASTCALL | METH_KEYWORDS),
 * without the tuple and dict that PyArg_ParseTupleAndKeywords asks for.
 */
#ifndef PYMX_ARGS_H
#define PYMX_ARGS_H

#include <Python.h>

typedef struct pymx_signature {
    const char *function;     /* its name, for error texts */
    const char *const *names; /* of its parameters, in order */
    Py_ssize_t count;
    Py_ssize_t positional; /* so many, the first, may be given by position */
    Py_ssize_t required;   /* so many, the first, must be given */
} pymx_signature;

/* Writes the argument of each parameter to `values`, borrowed, NULL where none is
 * given; -1 with TypeError when they do not fit. */
int pymx_args_sort(const pymx_signature *signature, PyObject *const *args,
                   Py_ssize_t positional, PyObject *keywords, PyObject **values);

#define PYMX_FASTCALL (METH_FASTCALL | METH_KEYWORDS)
/* CPython's method tables hold functions of every kind under one type. */
#define PYMX_METHOD(function) ((PyCFunction)(void (*)(void))(function))

#endif
