/* SPDX-License-Identifier: MIT */
/* request_type.h - a lookup that was submitted: what it takes to cancel it, and to make
 * its Route when it is finished.
 *
 * Its Completions keeps it alive until its route is taken; it keeps its Resolver alive.
 */
#ifndef PYMX_REQUEST_TYPE_H
#define PYMX_REQUEST_TYPE_H

#include <Python.h>

#include "core/engine.h"
#include "core/list.h"
#include "core/status.h"
#include "python/module.h"

typedef struct pymx_request {
    PyObject ob_base;
    mx_list link;       /* in one of the lists of its Completions, or alone */
    mx_request *handle; /* NULL when the engine never saw it */
    unsigned generation;
    mx_status status; /* once finished, with the route if it is MX_OK */
    mx_route *route;
    PyObject *token; /* these four are the caller's */
    PyObject *resolver;
    PyObject *destination;
    PyObject *input;
} pymx_request;

int pymx_request_setup(PyObject *module, pymx_state *state);
pymx_request *pymx_request_new(pymx_state *state, PyObject *resolver, PyObject *token,
                               PyObject *destination, PyObject *input);
/* The lookup ends as cancelled soon, unless it has finished. */
void pymx_request_cancel(pymx_request *request);

#endif
