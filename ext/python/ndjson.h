/* SPDX-License-Identifier: MIT */
/* ndjson.h - many routes as lines of JSON, in one call: what bulk runs write.
 */
#ifndef PYMX_NDJSON_H
#define PYMX_NDJSON_H

#include <Python.h>

/* A function of the module, PYMX_FASTCALL. */
PyObject *pymx_ndjson(PyObject *module, PyObject *const *args, Py_ssize_t count,
                      PyObject *keywords);
extern const char pymx_ndjson_doc[];

#endif
