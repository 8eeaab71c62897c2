/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/attribute.h"

PyObject *
pymx_get_attribute(PyObject *object, const char *name)
{
    PyObject *interned = PyUnicode_InternFromString(name);
    if (interned == NULL) {
        return NULL;
    }
    PyObject *attribute = PyObject_GetAttr(object, interned);
    Py_DECREF(interned);
    return attribute;
}

PyObject *
pymx_import_attribute(const char *module, const char *name)
{
    PyObject *imported = PyImport_ImportModule(module);
    if (imported == NULL) {
        return NULL;
    }
    PyObject *attribute = pymx_get_attribute(imported, name);
    Py_DECREF(imported);
    return attribute;
}
