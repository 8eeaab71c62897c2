/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/words.h"

#include <string.h>

int
pymx_words_init(pymx_words *words)
{
    for (int i = 0; i < MX_VERDICT_COUNT; i++) {
        words->statuses[i] = PyUnicode_InternFromString(mx_verdict_word((mx_verdict)i));
        if (words->statuses[i] == NULL) {
            return -1;
        }
    }
    words->reasons[MX_REASON_NONE] = Py_NewRef(Py_None);
    for (int i = MX_REASON_NONE + 1; i < MX_REASON_COUNT; i++) {
        words->reasons[i] = PyUnicode_InternFromString(mx_reason_code((mx_reason)i));
        if (words->reasons[i] == NULL) {
            return -1;
        }
    }
    words->ipv4 = PyUnicode_InternFromString("ipv4");
    words->ipv6 = PyUnicode_InternFromString("ipv6");
    return words->ipv4 == NULL || words->ipv6 == NULL ? -1 : 0;
}

void
pymx_words_clear(pymx_words *words)
{
    for (int i = 0; i < MX_VERDICT_COUNT; i++) {
        Py_CLEAR(words->statuses[i]);
    }
    for (int i = 0; i < MX_REASON_COUNT; i++) {
        Py_CLEAR(words->reasons[i]);
    }
    Py_CLEAR(words->ipv4);
    Py_CLEAR(words->ipv6);
}

PyObject *
pymx_status_word(const pymx_words *words, mx_verdict verdict)
{
    return Py_NewRef(words->statuses[verdict]);
}

PyObject *
pymx_reason_word(const pymx_words *words, mx_reason reason)
{
    return Py_NewRef(words->reasons[reason]);
}

PyObject *
pymx_family_word(const pymx_words *words, const mx_address *address)
{
    return Py_NewRef(address->family == MX_IPV4 ? words->ipv4 : words->ipv6);
}

PyObject *
pymx_deliverable_value(mx_verdict verdict)
{
    mx_deliverable deliverable = mx_verdict_deliverable(verdict);
    if (deliverable == MX_UNKNOWN) {
        Py_RETURN_NONE;
    }
    return PyBool_FromLong(deliverable == MX_DELIVERABLE);
}

bool
pymx_status_from_word(const char *word, mx_verdict *out)
{
    for (int i = 0; i < MX_VERDICT_COUNT; i++) {
        if (strcmp(word, mx_verdict_word((mx_verdict)i)) == 0) {
            *out = (mx_verdict)i;
            return true;
        }
    }
    return false;
}

bool
pymx_reason_from_word(const char *word, mx_reason *out)
{
    if (word == NULL) {
        *out = MX_REASON_NONE;
        return true;
    }
    for (int i = MX_REASON_NONE + 1; i < MX_REASON_COUNT; i++) {
        if (strcmp(word, mx_reason_code((mx_reason)i)) == 0) {
            *out = (mx_reason)i;
            return true;
        }
    }
    return false;
}

static int
set_item(PyObject *dict, PyObject *key, PyObject *value)
{
    int result = value == NULL ? -1 : PyDict_SetItem(dict, key, value);
    Py_XDECREF(value);
    return result;
}

PyObject *
pymx_reasons_dict(const pymx_words *words)
{
    PyObject *dict = PyDict_New();
    if (dict == NULL) {
        return NULL;
    }
    for (int i = MX_REASON_NONE + 1; i < MX_REASON_COUNT; i++) {
        PyObject *text = PyUnicode_FromString(mx_reason_text((mx_reason)i));
        if (set_item(dict, words->reasons[i], text) < 0) {
            Py_DECREF(dict);
            return NULL;
        }
    }
    return dict;
}

PyObject *
pymx_statuses_dict(const pymx_words *words)
{
    PyObject *dict = PyDict_New();
    if (dict == NULL) {
        return NULL;
    }
    for (int i = 0; i < MX_VERDICT_COUNT; i++) {
        PyObject *deliverable = pymx_deliverable_value((mx_verdict)i);
        if (set_item(dict, words->statuses[i], deliverable) < 0) {
            Py_DECREF(dict);
            return NULL;
        }
    }
    return dict;
}
