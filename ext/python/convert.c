/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/convert.h"

#include "python/attribute.h"
#include "python/errors.h"

static const double most_seconds = 1e9; /* so that microseconds fit 64 bits with ease */

static void
set_invalid(mx_destination *destination, mx_reason reason)
{
    *destination = (mx_destination){
        .kind = MX_DESTINATION_INVALID,
        .reason = reason,
    };
}

/* `flag` may be NULL. */
static PyObject *
call_destination(const char *name, PyObject *domain, PyObject *flag)
{
    PyObject *function = pymx_import_attribute("pymx.destination", name);
    if (function == NULL) {
        return NULL;
    }
    PyObject *result = PyObject_CallFunctionObjArgs(function, domain, flag, NULL);
    Py_DECREF(function);
    if (result != NULL && !PyUnicode_Check(result)) {
        pymx_raise_type("pymx.destination.%s() returned %s, not str", name,
                        Py_TYPE(result)->tp_name);
        Py_CLEAR(result);
    }
    return result;
}

static int
map_international(const mx_destination_rules *rules, bool is_strict_idna,
                  pymx_destination *out)
{
    bool is_address = out->read.is_address;
    PyObject *ascii;
    PyObject *domain = PyUnicode_DecodeUTF8(out->read.domain,
                                            (Py_ssize_t)out->read.domain_length, NULL);

    if (domain == NULL) {
        return -1;
    }
    ascii = call_destination("to_ascii", domain, is_strict_idna ? Py_True : Py_False);
    Py_DECREF(domain);
    if (ascii == NULL) {
        if (!pymx_forget_error(PyExc_ValueError)) {
            return -1;
        }
        set_invalid(&out->read, MX_REASON_BAD_IDNA);
        return 0;
    }
    Py_ssize_t length;
    const char *text = PyUnicode_AsUTF8AndSize(ascii, &length);
    if (text == NULL) {
        Py_DECREF(ascii);
        return -1;
    }
    mx_destination_read(text, (size_t)length, rules, &out->read);
    out->text = ascii;
    /* A mapping that makes new syntax out of look-alike characters is none. */
    if (out->read.kind == MX_DESTINATION_IDNA || out->read.is_address) {
        set_invalid(&out->read, MX_REASON_BAD_IDNA);
    }
    out->read.is_address = is_address;
    return 0;
}

int
pymx_destination_read(PyObject *object, const mx_destination_rules *rules,
                      bool is_strict_idna, pymx_destination *out)
{
    out->text = NULL;
    if (!PyUnicode_Check(object)) {
        set_invalid(&out->read, MX_REASON_NOT_TEXT);
        return 0;
    }
    Py_ssize_t length;
    const char *text = PyUnicode_AsUTF8AndSize(object, &length);
    if (text == NULL) {
        /* A lone surrogate: no character of any name. */
        if (!pymx_forget_error(PyExc_UnicodeEncodeError)) {
            return -1;
        }
        set_invalid(&out->read, MX_REASON_BAD_CHARACTER);
        return 0;
    }
    mx_destination_read(text, (size_t)length, rules, &out->read);
    return out->read.kind == MX_DESTINATION_IDNA
               ? map_international(rules, is_strict_idna, out)
               : 0;
}

void
pymx_destination_clear(pymx_destination *destination)
{
    Py_CLEAR(destination->text);
}

PyObject *
pymx_domain_to_unicode(PyObject *domain)
{
    return call_destination("to_unicode", domain, NULL);
}

PyObject *
pymx_address_text(const mx_address *address)
{
    char text[MX_ADDRESS_TEXT_SIZE];
    size_t length = mx_address_to_text(address, text);
    return PyUnicode_FromStringAndSize(text, (Py_ssize_t)length);
}

int
pymx_read_whole(PyObject *value, const char *name, uint64_t most, uint64_t *out)
{
    PyObject *number;
    if (!PyIndex_Check(value)) {
        pymx_raise_type("%s must be a whole number, not %s", name,
                        Py_TYPE(value)->tp_name);
        return -1;
    }
    number = PyNumber_Index(value);
    if (number == NULL) {
        return -1;
    }
    unsigned long long found = PyLong_AsUnsignedLongLong(number);
    Py_DECREF(number);
    if (found == (unsigned long long)-1 && PyErr_Occurred()) {
        if (!pymx_forget_error(PyExc_OverflowError)) {
            return -1;
        }
    }
    else if (found <= most) {
        *out = found;
        return 0;
    }
    pymx_raise_value("%s=%R: must be a whole number from 0 to %llu", name, value,
                     (unsigned long long)most);
    return -1;
}

int
pymx_read_seconds(PyObject *value, const char *name, mx_usec *out)
{
    double seconds = PyFloat_AsDouble(value);
    if (seconds == -1.0 && PyErr_Occurred()) {
        if (pymx_forget_error(PyExc_TypeError)) {
            pymx_raise_type("%s must be seconds, not %s", name,
                            Py_TYPE(value)->tp_name);
        }
        return -1;
    }
    if (!(seconds >= 0)) { /* nor is NaN */
        pymx_raise_value("%s=%R: must be 0 seconds or more", name, value);
        return -1;
    }
    seconds = seconds < most_seconds ? seconds : most_seconds;
    *out = (mx_usec)(seconds * (double)MX_USEC_PER_SEC);
    return 0;
}

int
pymx_read_seed(PyObject *value, bool *has_seed, uint64_t *out)
{
    *has_seed = value != NULL && value != Py_None;
    return *has_seed ? pymx_read_whole(value, "seed", UINT64_MAX, out) : 0;
}
