/* SPDX-License-Identifier: MIT */
/* attribute.h - attributes of Python objects by names of C.
 *
 * PyObject_GetAttrString and PyObject_CallMethod make a new str for the name each time.
 * CPython's cache of type attributes then keeps each of them, thousands of equal ones,
 * and finds none of them again.
 */
#ifndef PYMX_ATTRIBUTE_H
#define PYMX_ATTRIBUTE_H

#include <Python.h>

/* A new reference, or NULL with an exception. */
PyObject *pymx_get_attribute(PyObject *object, const char *name);
/* The same of a module that is imported if need be. */
PyObject *pymx_import_attribute(const char *module, const char *name);

#endif
