/* SPDX-License-Identifier: MIT */
/* route_object.h - the body of a Route, shared by its files and by nobody else:
 *
 *   route_type.c    the object, its fields and methods
 *   route_lists.c   exchanges, targets, excluded, trace: tuples made when asked for
 *   route_dict.c    to_dict()
 *   route_pickle.c  __reduce__ and the way back
 *   ndjson.c        lines of JSON
 *   hosts.c         the names of exchanges
 */
#ifndef PYMX_ROUTE_OBJECT_H
#define PYMX_ROUTE_OBJECT_H

#include <Python.h>

#include "core/route.h"

typedef struct pymx_route {
    PyObject ob_base;
    mx_route *route;
    PyObject *input;       /* the caller's, any object */
    PyObject *destination; /* what was resolved, often the same object */
    PyObject *exchanges;   /* NULL until asked for, as the next two */
    PyObject *targets;
    PyObject *excluded;
} pymx_route;

/* Getters of the tuples. */
PyObject *pymx_route_get_exchanges(PyObject *self, void *closure);
PyObject *pymx_route_get_targets(PyObject *self, void *closure);
PyObject *pymx_route_get_excluded(PyObject *self, void *closure);
/* Made anew each time: a route that is traced is looked at, not kept by the million. */
PyObject *pymx_route_get_trace(PyObject *self, void *closure);

/* What JSON can hold of the input, a str: a row of the caller's is told by its
 * destination. */
PyObject *pymx_route_input_text(PyObject *self);

/* Methods. */
PyObject *pymx_route_to_dict(PyObject *self, PyObject *ignored);
PyObject *pymx_route_reduce(PyObject *self, PyObject *ignored);

/* The getset table; its first so many are the JSON keys, in their order. */
enum { PYMX_ROUTE_JSON_FIELDS = 19 };
extern PyGetSetDef pymx_route_fields[];

#endif
