/* SPDX-License-Identifier: MIT */
/* self_config.h - self_names and self_addresses as the core's mx_self. */
#ifndef PYMX_SELF_CONFIG_H
#define PYMX_SELF_CONFIG_H

#include <Python.h>

#include "core/self.h"

/* Both are tuples of str. NULL for nobody; the caller unrefs `*out`. -1 with ValueError
 * that names the argument and its place. */
int pymx_read_self(PyObject *names, PyObject *addresses, mx_self **out);

#endif
