/* SPDX-License-Identifier: MIT */
/* bulk_type.h - routes for an input of any length: pymx.RouteIterator for callers that
 * block, Bulk for event loops.
 */
#ifndef PYMX_BULK_TYPE_H
#define PYMX_BULK_TYPE_H

#include <Python.h>

#include "python/module.h"

/* Both types. */
int pymx_bulk_setup(PyObject *module, pymx_state *state);

/* Methods of Resolver, PYMX_FASTCALL. */
PyObject *pymx_resolver_resolve_many(PyObject *resolver, PyObject *const *args,
                                     Py_ssize_t count, PyObject *keywords);
PyObject *pymx_resolver_feed(PyObject *resolver, PyObject *const *args,
                             Py_ssize_t count, PyObject *keywords);

#endif
