/* SPDX-License-Identifier: MIT */
/* target_type.h - pymx.Target: a host and one address of it, to connect to. */
#ifndef PYMX_TARGET_TYPE_H
#define PYMX_TARGET_TYPE_H

#include <Python.h>

#include "core/address.h"
#include "python/module.h"

#include <stdbool.h>
#include <stdint.h>

int pymx_target_setup(PyObject *module, pymx_state *state);
/* `host` is a str. */
PyObject *pymx_target_new(pymx_state *state, PyObject *host, const mx_address *address,
                          uint16_t preference, bool is_implicit);
/* Method to_dict(). */
PyObject *pymx_target_to_dict(PyObject *self, PyObject *ignored);
/* Module function _rebuild_target, for pickle. */
PyObject *pymx_target_rebuild(PyObject *module, PyObject *arguments);

#endif
