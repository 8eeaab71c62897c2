/* SPDX-License-Identifier: MIT */
/* errors.h - every exception that pymx's C code raises is made here.
 *
 * A fault of the core becomes MemoryError, OSError, SystemError, ValueError or
 * ClosedError, in pymx_raise_status alone. What DNS said is a value, and an exception
 * in pymx_raise_verdict alone. Each pymx_raise function returns NULL, so that its
 * caller can return its result. Texts name what was wrong, where, and what to do.
 */
#ifndef PYMX_ERRORS_H
#define PYMX_ERRORS_H

#include <Python.h>

#include "core/status.h"
#include "core/verdict.h"
#include "python/module.h"

#include <stdbool.h>

/* `doing` completes "cannot ...". `os_error` is the errno of MX_SYS, 0 if unknown. */
PyObject *pymx_raise_status(pymx_state *state, mx_status status, int os_error,
                            const char *doing);
/* pymx.errors.ClosedError; its classes are Python's, so that users can read them. */
PyObject *pymx_raise_closed(pymx_state *state, const char *text);
/* Imports it, so that it can be raised later whatever happens; -1 with an exception. */
int pymx_prepare_closed_error(pymx_state *state);
/* The class of pymx.errors that belongs to `verdict`, which is not OK, with the route.
 */
PyObject *pymx_raise_verdict(mx_verdict verdict, PyObject *route);

/* Formats are those of PyUnicode_FromFormat. */
PyObject *pymx_raise_type(const char *format, ...);
PyObject *pymx_raise_value(const char *format, ...);
PyObject *pymx_raise_runtime(const char *format, ...);
PyObject *pymx_raise_memory(void);

/* Runs the handlers of signals that came in; -1 when one of them raised. Does nothing
 * outside of the main thread. */
int pymx_check_signals(void);
/* The exception that is set, which is from now on not: ours. */
PyObject *pymx_take_error(void);
/* Raises one that was taken. */
PyObject *pymx_raise_again_take(PyObject *error);
/* Forgets the exception that is set if it is of `class`; true if it was. */
bool pymx_forget_error(PyObject *class);

#endif
