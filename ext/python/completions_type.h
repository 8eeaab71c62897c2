/* SPDX-License-Identifier: MIT */
/* completions_type.h - the finished lookups of one consumer, for Python to take. */
#ifndef PYMX_COMPLETIONS_TYPE_H
#define PYMX_COMPLETIONS_TYPE_H

#include <Python.h>

#include "core/completions.h"
#include "python/module.h"
#include "python/request_type.h"

int pymx_completions_setup(PyObject *module, pymx_state *state);

/* The queue to submit to; borrowed. NULL with ClosedError (also in a fork child: the
 * queue is our parent's). `completions` is a Completions. */
mx_completions *pymx_completions_queue(pymx_state *state, PyObject *completions);
/* What the engine calls this request by in the queue. */
uint64_t pymx_completions_token(const pymx_request *request);
/* Keeps the request until its route is taken, or the other way: its lookup could not be
 * submitted. */
void pymx_completions_add(PyObject *completions, pymx_request *request);
void pymx_completions_drop(PyObject *completions, pymx_request *request);

#endif
