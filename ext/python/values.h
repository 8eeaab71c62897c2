/* SPDX-License-Identifier: MIT */
/* values.h - what the immutable results (Route, Exchange, Target, Excluded) share.
 *
 * The getset table of such a type lists its public fields in the order of the JSON
 * keys, so that to_dict(), comparison and pickling are read off it.
 */
#ifndef PYMX_VALUES_H
#define PYMX_VALUES_H

#include <Python.h>

/* The first `count` fields as {name: value}, and as (value, ...). */
PyObject *pymx_fields_dict(PyObject *self, const PyGetSetDef *fields, size_t count);
PyObject *pymx_fields_tuple(PyObject *self, const PyGetSetDef *fields, size_t count);

/* A new reference to `*slot`, which `make` fills when it is first asked for. */
PyObject *pymx_make_once(PyObject *self, PyObject **slot,
                         PyObject *(*make)(PyObject *self));

/* Equality and hash by what `key` returns; there is no order. */
PyObject *pymx_compare_by(PyObject *(*key)(PyObject *self), PyObject *self,
                          PyObject *other, int operation);
Py_hash_t pymx_hash_by(PyObject *(*key)(PyObject *self), PyObject *self);

/* __reduce__: (the module's `function`, `arguments`). Takes over `arguments`, which may
 * be NULL with an exception set. */
PyObject *pymx_reduce_take(PyObject *self, const char *function, PyObject *arguments);

/* __copy__ and __deepcopy__ of what cannot change. */
PyObject *pymx_return_self(PyObject *self, PyObject *ignored);

#define PYMX_COPY_METHODS                                                              \
    {"__copy__", pymx_return_self, METH_NOARGS, NULL},                                 \
    {                                                                                  \
        "__deepcopy__", pymx_return_self, METH_O, NULL                                 \
    }

#endif
