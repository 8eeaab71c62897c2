/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/errors.h"

#include "python/attribute.h"

#include <stdarg.h>

int
pymx_prepare_closed_error(pymx_state *state)
{
    if (state->closed_error != NULL) {
        return 0;
    }
    PyObject *class = pymx_import_attribute("pymx.errors", "ClosedError");
    if (class == NULL) {
        return -1;
    }
    Py_XSETREF(state->closed_error, class); /* importing may let others be faster */
    return 0;
}

PyObject *
pymx_take_error(void)
{
#if PY_VERSION_HEX >= 0x030c0000
    return PyErr_GetRaisedException();
#else
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback != NULL) {
        PyException_SetTraceback(value, traceback);
    }
    Py_XDECREF(type);
    Py_XDECREF(traceback);
    return value;
#endif
}

PyObject *
pymx_raise_again_take(PyObject *error)
{
    PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    Py_DECREF(error);
    return NULL;
}

/* What OSError takes: (text), or (errno, text) by which it picks its subclass. */
static PyObject *
os_error_arguments(int os_error, const char *doing)
{
    if (os_error == 0) {
        return Py_BuildValue("(N)", PyUnicode_FromFormat("cannot %s", doing));
    }
    PyObject *describe = pymx_import_attribute("os", "strerror");
    if (describe == NULL) {
        return NULL;
    }
    PyObject *why = PyObject_CallFunction(describe, "i", os_error);
    Py_DECREF(describe);
    if (why == NULL) {
        return NULL;
    }
    PyObject *text = PyUnicode_FromFormat("cannot %s: %S", doing, why);
    Py_DECREF(why);
    return Py_BuildValue("(iN)", os_error, text);
}

static PyObject *
raise_os_error(int os_error, const char *doing)
{
    PyObject *arguments = os_error_arguments(os_error, doing);
    if (arguments != NULL) {
        PyErr_SetObject(PyExc_OSError, arguments);
        Py_DECREF(arguments);
    }
    return NULL;
}

PyObject *
pymx_raise_status(pymx_state *state, mx_status status, int os_error, const char *doing)
{
    switch (status) {
    case MX_NOMEM:
        return PyErr_NoMemory();
    case MX_SYS:
        return raise_os_error(os_error, doing);
    case MX_CLOSED:
        return pymx_raise_closed(state, mx_status_text(status));
    case MX_INVALID:
        return PyErr_Format(PyExc_ValueError, "cannot %s: %s", doing,
                            mx_status_text(status));
    case MX_OK:
    case MX_BUG:
    case MX_RANKS_WANTED:
        break;
    }
    return PyErr_Format(PyExc_SystemError, "cannot %s: %s", doing,
                        mx_status_text(MX_BUG));
}

PyObject *
pymx_raise_closed(pymx_state *state, const char *text)
{
    if (pymx_prepare_closed_error(state) == 0) {
        PyErr_SetString(state->closed_error, text);
    }
    return NULL;
}

static const char *
class_of_verdict(mx_verdict verdict)
{
    switch (verdict) {
    case MX_VERDICT_NULL_MX:
        return "NullMX";
    case MX_VERDICT_NO_DOMAIN:
        return "DomainNotFound";
    case MX_VERDICT_NO_MAIL:
        return "NoMailService";
    case MX_VERDICT_NO_ADDRESS:
        return "NoAddress";
    case MX_VERDICT_REFUSED:
        return "Refused";
    case MX_VERDICT_INVALID:
        return "InvalidDomain";
    case MX_VERDICT_TIMEOUT:
        return "ResolveTimeout";
    case MX_VERDICT_SERVER_FAILURE:
        return "ServerFailure";
    case MX_VERDICT_NO_SERVERS:
        return "NoServers";
    case MX_VERDICT_BAD_REPLY:
        return "BadReply";
    case MX_VERDICT_OK:
    case MX_VERDICT_CANCELLED:
    case MX_VERDICT_COUNT:
        break;
    }
    return "TemporaryError";
}

PyObject *
pymx_raise_verdict(mx_verdict verdict, PyObject *route)
{
    PyObject *class = pymx_import_attribute("pymx.errors", class_of_verdict(verdict));
    if (class != NULL) {
        PyErr_SetObject(class, route);
        Py_DECREF(class);
    }
    return NULL;
}

PyObject *
pymx_raise_type(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    PyErr_FormatV(PyExc_TypeError, format, arguments);
    va_end(arguments);
    return NULL;
}

PyObject *
pymx_raise_value(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    PyErr_FormatV(PyExc_ValueError, format, arguments);
    va_end(arguments);
    return NULL;
}

PyObject *
pymx_raise_runtime(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    PyErr_FormatV(PyExc_RuntimeError, format, arguments);
    va_end(arguments);
    return NULL;
}

PyObject *
pymx_raise_memory(void)
{
    return PyErr_NoMemory();
}

int
pymx_check_signals(void)
{
    return PyErr_CheckSignals();
}

bool
pymx_forget_error(PyObject *class)
{
    if (!PyErr_ExceptionMatches(class)) {
        return false;
    }
    PyErr_Clear();
    return true;
}
