/* SPDX-License-Identifier: MIT */
/* ordering.h - pymx.order(): the ordering alone, for exchanges one already has. */
#ifndef PYMX_ORDERING_H
#define PYMX_ORDERING_H

#include <Python.h>

extern const char pymx_order_doc[];
/* PYMX_FASTCALL. */
PyObject *pymx_order(PyObject *module, PyObject *const *args, Py_ssize_t count,
                     PyObject *keywords);

#endif
