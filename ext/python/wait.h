/* SPDX-License-Identifier: MIT */
/* wait.h - waiting for finished lookups with the GIL released, and awake for signals.
 */
#ifndef PYMX_WAIT_H
#define PYMX_WAIT_H

#include <Python.h>

#include "core/completions.h"
#include "python/module.h"

#include <stdbool.h>
#include <stddef.h>

/* As mx_completions_take; the caller holds a reference to `completions`, and the GIL.
 * Ends early with 0 once another thread has closed the queue and set `*is_closed` (may
 * be NULL). -1 with an exception: a signal handler raised one (Ctrl-C is noticed within
 * 50 ms), or forked and we are in the child, where nothing will come. */
Py_ssize_t pymx_wait(pymx_state *state, mx_completions *completions, mx_completion *out,
                     size_t capacity, mx_usec wait, const bool *is_closed);

#endif
