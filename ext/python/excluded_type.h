/* SPDX-License-Identifier: MIT */
/* excluded_type.h - pymx.Excluded: an exchange or an address that mail will not use. */
#ifndef PYMX_EXCLUDED_TYPE_H
#define PYMX_EXCLUDED_TYPE_H

#include <Python.h>

#include "core/route.h"
#include "python/module.h"

int pymx_excluded_setup(PyObject *module, pymx_state *state);
PyObject *pymx_excluded_new(pymx_state *state, const mx_excluded *excluded);
/* (host, preference, address, reason): what pickle keeps. */
PyObject *pymx_excluded_plain(PyObject *excluded);
/* Method to_dict(). */
PyObject *pymx_excluded_to_dict(PyObject *self, PyObject *ignored);
/* Module function _rebuild_excluded, for pickle. */
PyObject *pymx_excluded_rebuild(PyObject *module, PyObject *arguments);

#endif
