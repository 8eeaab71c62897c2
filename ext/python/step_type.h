/* SPDX-License-Identifier: MIT */
/* step_type.h - pymx.TraceStep: one step of a lookup that was traced. */
#ifndef PYMX_STEP_TYPE_H
#define PYMX_STEP_TYPE_H

#include <Python.h>

#include "core/route.h"
#include "python/module.h"

int pymx_step_setup(PyObject *module, pymx_state *state);
/* Step `index` of the trace of `route`, of which it keeps a reference. */
PyObject *pymx_step_new(pymx_state *state, mx_route *route, size_t index);
/* What pickle keeps: plain words and numbers. */
PyObject *pymx_step_plain(PyObject *self);
/* Gives `route` the trace that a tuple of such tuples tells of. -1 with an exception. */
int pymx_trace_read(mx_route *route, PyObject *tuple);
/* Module function _rebuild_step, for pickle. */
PyObject *pymx_step_rebuild(PyObject *module, PyObject *arguments);
/* Method to_dict(). */
PyObject *pymx_step_to_dict(PyObject *self, PyObject *ignored);
/* The words of all events, as a tuple. */
PyObject *pymx_events_tuple(void);

#endif
