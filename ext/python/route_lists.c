/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/exchange_type.h"
#include "python/excluded_type.h"
#include "python/module.h"
#include "python/route_object.h"
#include "python/step_type.h"
#include "python/target_type.h"
#include "python/values.h"

/* Stores `item` (taken over, may be NULL) at `index`; on failure frees the tuple. */
static int
put_item(PyObject *tuple, size_t index, PyObject *item)
{
    if (item == NULL) {
        Py_DECREF(tuple);
        return -1;
    }
    PyTuple_SET_ITEM(tuple, (Py_ssize_t)index, item);
    return 0;
}

static PyObject *
make_exchanges(PyObject *self)
{
    pymx_state *state = pymx_state_of(self);
    mx_route *route = ((pymx_route *)self)->route;
    PyObject *tuple = PyTuple_New((Py_ssize_t)route->exchange_count);
    if (tuple == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < route->exchange_count; i++) {
        if (put_item(tuple, i, pymx_exchange_new(state, route, i)) < 0) {
            return NULL;
        }
    }
    return tuple;
}

static PyObject *
make_target(PyObject *self, PyObject *exchanges, const mx_target *target)
{
    const mx_route *route = ((pymx_route *)self)->route;
    PyObject *exchange = PyTuple_GET_ITEM(exchanges, (Py_ssize_t)target->exchange);
    return pymx_target_new(
        pymx_state_of(self), pymx_exchange_host(exchange), &target->address,
        route->exchanges[target->exchange].preference, route->implicit);
}

/* Its strings are those of the exchanges. */
static PyObject *
make_targets(PyObject *self)
{
    const mx_route *route = ((pymx_route *)self)->route;
    PyObject *exchanges = pymx_route_get_exchanges(self, NULL);
    if (exchanges == NULL) {
        return NULL;
    }
    PyObject *tuple = PyTuple_New((Py_ssize_t)route->target_count);
    for (size_t i = 0; tuple != NULL && i < route->target_count; i++) {
        if (put_item(tuple, i, make_target(self, exchanges, &route->targets[i])) < 0) {
            tuple = NULL;
        }
    }
    Py_DECREF(exchanges);
    return tuple;
}

static PyObject *
make_excluded(PyObject *self)
{
    pymx_state *state = pymx_state_of(self);
    const mx_route *route = ((pymx_route *)self)->route;
    PyObject *tuple = PyTuple_New((Py_ssize_t)route->excluded_count);
    if (tuple == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < route->excluded_count; i++) {
        if (put_item(tuple, i, pymx_excluded_new(state, &route->excluded[i])) < 0) {
            return NULL;
        }
    }
    return tuple;
}

PyObject *
pymx_route_get_exchanges(PyObject *self, void *Py_UNUSED(closure))
{
    return pymx_make_once(self, &((pymx_route *)self)->exchanges, make_exchanges);
}

PyObject *
pymx_route_get_targets(PyObject *self, void *Py_UNUSED(closure))
{
    return pymx_make_once(self, &((pymx_route *)self)->targets, make_targets);
}

PyObject *
pymx_route_get_excluded(PyObject *self, void *Py_UNUSED(closure))
{
    return pymx_make_once(self, &((pymx_route *)self)->excluded, make_excluded);
}

PyObject *
pymx_route_get_trace(PyObject *self, void *Py_UNUSED(closure))
{
    pymx_state *state = pymx_state_of(self);
    mx_route *route = ((pymx_route *)self)->route;
    if (route->trace == NULL) {
        Py_RETURN_NONE;
    }
    PyObject *tuple = PyTuple_New((Py_ssize_t)route->trace->count);
    if (tuple == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < route->trace->count; i++) {
        if (put_item(tuple, i, pymx_step_new(state, route, i)) < 0) {
            return NULL;
        }
    }
    return tuple;
}
