/* SPDX-License-Identifier: MIT */
/* route_type.h - pymx.Route: the whole plan for one destination, or why there is none.
 */
#ifndef PYMX_ROUTE_TYPE_H
#define PYMX_ROUTE_TYPE_H

#include <Python.h>

#include "core/route.h"
#include "python/module.h"

int pymx_route_setup(PyObject *module, pymx_state *state);
/* Takes over the reference to `route`. `destination` is what was resolved, `input` what
 * the caller knows it by; both any object. */
PyObject *pymx_route_new_take(pymx_state *state, mx_route *route, PyObject *input,
                              PyObject *destination);
/* Module functions _rebuild_route and _rebuild_exchange, for pickle. */
PyObject *pymx_route_rebuild(PyObject *module, PyObject *arguments);
PyObject *pymx_exchange_rebuild(PyObject *module, PyObject *arguments);

#endif
