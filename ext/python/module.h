/* SPDX-License-Identifier: MIT */
/* module.h - what one interpreter's copy of pymx._native holds.
 *
 * Nothing here is shared between interpreters: each has its own types, words, engine
 * and random numbers. Every object keeps its type alive and the type its module, so the
 * state outlives them all. The caller holds the GIL.
 */
#ifndef PYMX_MODULE_H
#define PYMX_MODULE_H

#include <Python.h>

#include "core/rng.h"
#include "python/engine_state.h"
#include "python/words.h"

#include <stdbool.h>

typedef struct pymx_state {
    PyTypeObject *target_type, *exchange_type, *excluded_type, *route_type, *step_type;
    PyTypeObject *request_type, *completions_type, *resolver_type;
    PyTypeObject *route_iterator_type, *bulk_type;
    pymx_words words;
    PyObject *closed_error; /* pymx.errors.ClosedError, NULL until it is needed */
    pymx_engine_state engine;
    mx_rng rng; /* of order() without a seed */
    bool is_rng_seeded;
} pymx_state;

pymx_state *pymx_state_of_module(PyObject *module);
/* Of an instance of one of our types. */
pymx_state *pymx_state_of(PyObject *self);

/* Makes a type of this module and publishes it under the last part of its name. */
int pymx_add_type(PyObject *module, PyType_Spec *spec, PyTypeObject **out);

#endif
