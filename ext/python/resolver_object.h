/* SPDX-License-Identifier: MIT */
/* resolver_object.h - the body of a Resolver, shared by its files and by nobody else:
 *
 *   resolver_type.c     the object, its fields and other methods
 *   resolver_resolve.c  resolve(): one lookup, waited for
 *   resolver_submit.c   submit(): one lookup among many
 */
#ifndef PYMX_RESOLVER_OBJECT_H
#define PYMX_RESOLVER_OBJECT_H

#include <Python.h>

#include "core/destination.h"
#include "core/route.h"
#include "core/shards.h"

#include <stdbool.h>

typedef struct pymx_resolver {
    PyObject ob_base;
    PyObject *module; /* a type that is collected with us loses its own first */
    mx_shards *shards;
    PyObject *prefer;    /* a dict or a callable; NULL if nothing is preferred */
    unsigned generation; /* of the engines that may know `shards` */
    bool is_strict_idna;
    bool is_closed;
} pymx_resolver;

/* -1 with ClosedError. */
int pymx_resolver_check_open(const pymx_resolver *self);
/* The shards as this process may use them, and an engine for each; borrowed. NULL with
 * an exception. */
const mx_shards *pymx_resolver_start(pymx_resolver *self);
/* The route of a destination that needs no DNS, or NULL with an exception. */
mx_route *pymx_resolver_answer_offline(pymx_resolver *self,
                                       const mx_destination *destination);

/* Methods, PYMX_FASTCALL. */
PyObject *pymx_resolver_resolve(PyObject *object, PyObject *const *args,
                                Py_ssize_t count, PyObject *keywords);
PyObject *pymx_resolver_submit(PyObject *object, PyObject *const *args,
                               Py_ssize_t count, PyObject *keywords);

#endif
