/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/ndjson.h"

#include "core/route_json.h"
#include "python/args.h"
#include "python/errors.h"
#include "python/module.h"
#include "python/route_object.h"

#include <string.h>

const char pymx_ndjson_doc[] =
    "ndjson($module, /, routes, numbers, members=None)\n--\n\n"
    "Return a line of JSON for each Route: its number, then Route.to_dict() without\n"
    "a trace, then members of its own.\n\n"
    "`numbers` are those of the lines, 0 or more. `members` are bytes such as\n"
    "b'\"id\":7,\"name\":\"x\"' or b'', and must be JSON. All three are lists of one "
    "length.\n"
    "The lines are ASCII without blanks. Raises TypeError, ValueError,\n"
    "and OverflowError for a number beyond 64 bits.";

/* The text of a str, of which `*owner` may be a new object to release afterwards. */
static int
read_text(PyObject *object, mx_utf8 *out, PyObject **owner)
{
    Py_ssize_t length;
    out->bytes = PyUnicode_AsUTF8AndSize(object, &length);
    if (out->bytes == NULL) {
        /* A lone surrogate, as of input that is no UTF-8. */
        if (!pymx_forget_error(PyExc_UnicodeEncodeError)) {
            return -1;
        }
        PyObject *bytes = PyUnicode_AsEncodedString(object, "utf-8", "surrogatepass");
        if (bytes == NULL) {
            return -1;
        }
        Py_XSETREF(*owner, bytes);
        out->bytes = PyBytes_AS_STRING(bytes);
        length = PyBytes_GET_SIZE(bytes);
    }
    out->length = (size_t)length;
    return 0;
}

/* As read_text(), of an attribute of the route. */
static int
read_attribute(PyObject *route, const char *name, mx_utf8 *out, PyObject **owner)
{
    *owner = PyObject_GetAttrString(route, name);
    if (*owner == NULL) {
        return -1;
    }
    if (*owner == Py_None) {
        *out = (mx_utf8){.bytes = NULL};
        return 0;
    }
    return read_text(*owner, out, owner);
}

/* Has another text in Unicode, if not every one that has. */
static bool
is_international(const char *domain)
{
    /* Most have no hyphen, which is found faster. */
    return strchr(domain, '-') != NULL && strstr(domain, "xn--") != NULL;
}

static int
write_route(PyObject *object, mx_json *json)
{
    const mx_route *route = ((pymx_route *)object)->route;
    mx_route_words words = {.domain_unicode = {.bytes = NULL}};
    PyObject *unicode = NULL, *message = NULL, *bytes = NULL;
    int result = -1;
    PyObject *input = pymx_route_input_text(object);
    if (input == NULL || read_text(input, &words.input, &bytes) < 0) {
        goto done;
    }
    if (is_international(route->domain) &&
        read_attribute(object, "domain_unicode", &words.domain_unicode, &unicode) < 0) {
        goto done;
    }
    /* It repeats the destination, which the core does not know. */
    if (route->verdict == MX_VERDICT_INVALID &&
        read_attribute(object, "message", &words.message, &message) < 0) {
        goto done;
    }
    mx_route_json(route, &words, json);
    result = 0;
done:
    Py_XDECREF(input);
    Py_XDECREF(bytes);
    Py_XDECREF(unicode);
    Py_XDECREF(message);
    return result;
}

static int
write_number(PyObject *number, mx_json *json)
{
    unsigned long long value = PyLong_AsUnsignedLongLong(number);
    if (value == (unsigned long long)-1 && PyErr_Occurred() != NULL) {
        return -1;
    }
    MX_JSON_LITERAL(json, "{\"number\":");
    mx_json_number(json, value);
    MX_JSON_LITERAL(json, ",");
    return 0;
}

static int
write_members(PyObject *members, mx_json *json)
{
    if (!PyBytes_Check(members)) {
        pymx_raise_type("members must be bytes, not %s", Py_TYPE(members)->tp_name);
        return -1;
    }
    if (PyBytes_GET_SIZE(members) > 0) {
        MX_JSON_LITERAL(json, ",");
        mx_json_raw(json, PyBytes_AS_STRING(members),
                    (size_t)PyBytes_GET_SIZE(members));
    }
    return 0;
}

/* Calls Python for some routes: the lists may have changed since their sizes were
 * compared. */
static PyObject *
item_at(PyObject *list, Py_ssize_t index)
{
    if (index >= PyList_GET_SIZE(list)) {
        return pymx_raise_runtime("a list changed while its routes were written");
    }
    return Py_NewRef(PyList_GET_ITEM(list, index));
}

static int
write_line(PyObject *routes, PyObject *numbers, PyObject *members, Py_ssize_t index,
           const pymx_state *state, mx_json *json)
{
    int result = -1;
    PyObject *number = NULL, *own = NULL;
    PyObject *route = item_at(routes, index);
    if (route == NULL || (number = item_at(numbers, index)) == NULL ||
        (members != NULL && (own = item_at(members, index)) == NULL)) {
        goto done;
    }
    if (!Py_IS_TYPE(route, state->route_type)) {
        pymx_raise_type("routes[%zd] must be a Route, not %s", index,
                        Py_TYPE(route)->tp_name);
        goto done;
    }
    if (write_number(number, json) < 0 || write_route(route, json) < 0 ||
        (own != NULL && write_members(own, json) < 0)) {
        goto done;
    }
    MX_JSON_LITERAL(json, "}\n");
    result = 0;
done:
    Py_XDECREF(route);
    Py_XDECREF(number);
    Py_XDECREF(own);
    return result;
}

static int
check_lists(PyObject *const *lists, const char *const *names)
{
    for (Py_ssize_t i = 0; i < 3 && lists[i] != NULL; i++) {
        if (!PyList_Check(lists[i])) {
            pymx_raise_type("%s must be a list, not %s", names[i],
                            Py_TYPE(lists[i])->tp_name);
            return -1;
        }
        if (PyList_GET_SIZE(lists[i]) != PyList_GET_SIZE(lists[0])) {
            pymx_raise_value("there are %zd routes and %zd %s",
                             PyList_GET_SIZE(lists[0]), PyList_GET_SIZE(lists[i]),
                             names[i]);
            return -1;
        }
    }
    return 0;
}

PyObject *
pymx_ndjson(PyObject *module, PyObject *const *args, Py_ssize_t count,
            PyObject *keywords)
{
    static const char *const names[] = {"routes", "numbers", "members"};
    static const pymx_signature signature = {"ndjson", names, 3, 3, 2};
    const pymx_state *state = pymx_state_of_module(module);
    PyObject *lists[3];
    PyObject *text = NULL;
    mx_json json;
    if (pymx_args_sort(&signature, args, count, keywords, lists) < 0) {
        return NULL;
    }
    if (lists[2] == Py_None) {
        lists[2] = NULL;
    }
    if (check_lists(lists, names) < 0) {
        return NULL;
    }
    mx_json_init(&json);
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(lists[0]); i++) {
        if (write_line(lists[0], lists[1], lists[2], i, state, &json) < 0) {
            goto done;
        }
    }
    text = json.has_failed
               ? pymx_raise_memory()
               : PyBytes_FromStringAndSize(json.text, (Py_ssize_t)json.length);
done:
    mx_json_fini(&json);
    return text;
}
