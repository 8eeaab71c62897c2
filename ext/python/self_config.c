/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/self_config.h"

#include "python/errors.h"

static int
read_own_name(PyObject *text, Py_ssize_t index, mx_name *out)
{
    Py_ssize_t length;
    const char *utf8 = PyUnicode_AsUTF8AndSize(text, &length);
    mx_address address;
    if (utf8 == NULL) {
        return -1;
    }
    if (mx_address_from_text(utf8, (size_t)length, &address)) {
        pymx_raise_value("self_names[%zd]=%R: is an address: name it in self_addresses",
                         index, text);
        return -1;
    }
    mx_reason reason = mx_name_from_text(utf8, (size_t)length, out);
    if (reason != MX_REASON_NONE) {
        /* The text of this one speaks of a destination. */
        const char *why =
            reason == MX_REASON_EMPTY ? "it is empty" : mx_reason_text(reason);
        pymx_raise_value("self_names[%zd]=%R: must be a host name: %s", index, text,
                         why);
        return -1;
    }
    return 0;
}

static int
read_own_address(PyObject *text, Py_ssize_t index, mx_address *out)
{
    Py_ssize_t length;
    const char *utf8 = PyUnicode_AsUTF8AndSize(text, &length);
    if (utf8 == NULL && !pymx_forget_error(PyExc_UnicodeError)) {
        return -1;
    }
    if (utf8 == NULL || !mx_address_from_text(utf8, (size_t)length, out)) {
        pymx_raise_value("self_addresses[%zd]=%R: must be an IPv4 or IPv6 address, "
                         "without a zone id",
                         index, text);
        return -1;
    }
    return 0;
}

int
pymx_read_self(PyObject *names, PyObject *addresses, mx_self **out)
{
    Py_ssize_t name_count = PyTuple_GET_SIZE(names);
    Py_ssize_t address_count = PyTuple_GET_SIZE(addresses);
    mx_name *own_names = PyMem_Calloc((size_t)name_count + 1, sizeof(*own_names));
    mx_address *own_addresses =
        PyMem_Calloc((size_t)address_count + 1, sizeof(*own_addresses));
    mx_status status = MX_NOMEM;
    int result = own_names == NULL || own_addresses == NULL ? -1 : 0;
    if (result < 0) {
        pymx_raise_memory();
    }
    for (Py_ssize_t i = 0; i < name_count && result == 0; i++) {
        result = read_own_name(PyTuple_GET_ITEM(names, i), i, &own_names[i]);
    }
    for (Py_ssize_t i = 0; i < address_count && result == 0; i++) {
        result = read_own_address(PyTuple_GET_ITEM(addresses, i), i, &own_addresses[i]);
    }
    *out = NULL;
    if (result == 0 && name_count + address_count > 0) {
        status = mx_self_new(own_names, (size_t)name_count, own_addresses,
                             (size_t)address_count, out);
        if (status == MX_NOMEM) {
            pymx_raise_memory();
            result = -1;
        }
        else if (status != MX_OK) {
            pymx_raise_value("self_names, self_addresses: %s", mx_status_text(status));
            result = -1;
        }
    }
    PyMem_Free(own_names);
    PyMem_Free(own_addresses);
    return result;
}
