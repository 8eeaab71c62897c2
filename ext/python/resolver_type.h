/* SPDX-License-Identifier: MIT */
/* resolver_type.h - the engine's side of one configuration. */
#ifndef PYMX_RESOLVER_TYPE_H
#define PYMX_RESOLVER_TYPE_H

#include <Python.h>

#include "core/engine.h"
#include "core/lookup.h"
#include "python/convert.h"
#include "python/module.h"

int pymx_resolver_setup(PyObject *module, pymx_state *state);

/* `resolver` is a Resolver. Its state is there to its very end, unlike that of other
 * objects, whose types the collector may have cleared before them. */
pymx_state *pymx_resolver_state(PyObject *resolver);
/* The rules are its own, borrowed. */
const mx_lookup_rules *pymx_resolver_rules(PyObject *resolver);
/* Ranks the exchanges of a paused lookup by what is preferred, unless it is cancelled;
 * may run any Python code. -1 with its exception. */
int pymx_resolver_rank(PyObject *resolver, mx_request *request);
/* As pymx_destination_read, by these rules. */
int pymx_resolver_read_destination(PyObject *resolver, PyObject *destination,
                                   pymx_destination *out);

#endif
