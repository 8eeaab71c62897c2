/* SPDX-License-Identifier: MIT */
/* interfaces.h - pymx.own_addresses(): the addresses of this machine. */
#ifndef PYMX_INTERFACES_H
#define PYMX_INTERFACES_H

#include <Python.h>

extern const char pymx_own_addresses_doc[];
/* METH_NOARGS. */
PyObject *pymx_own_addresses(PyObject *module, PyObject *ignored);

#endif
