/* SPDX-License-Identifier: MIT */
/* hosts.h - the exchanges of many routes by name, in one call: what bulk runs count.
 */
#ifndef PYMX_HOSTS_H
#define PYMX_HOSTS_H

#include <Python.h>

/* A function of the module, METH_O. */
PyObject *pymx_hosts(PyObject *module, PyObject *routes);
extern const char pymx_hosts_doc[];

#endif
