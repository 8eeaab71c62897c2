/* SPDX-License-Identifier: MIT */
/* A pickled route is plain tuples, words and numbers, so that one version of pymx reads
 * what another wrote. Rebuilding checks what memory safety needs; beyond that a pickle
 * is trusted, as every pickle is. */
#include <Python.h>

#include "core/arena.h"
#include "python/errors.h"
#include "python/exchange_type.h"
#include "python/excluded_type.h"
#include "python/plain.h"
#include "python/route_object.h"
#include "python/route_type.h"
#include "python/step_type.h"
#include "python/values.h"

#include <string.h>

/* The same `plain` form of each object of a tuple; takes over `objects`. */
static PyObject *
to_plain_take(PyObject *objects, PyObject *(*plain)(PyObject *))
{
    if (objects == NULL) {
        return NULL;
    }
    Py_ssize_t count = PyTuple_GET_SIZE(objects);
    PyObject *result = PyTuple_New(count);
    for (Py_ssize_t i = 0; result != NULL && i < count; i++) {
        PyObject *tuple = plain(PyTuple_GET_ITEM(objects, i));
        if (tuple == NULL) {
            Py_CLEAR(result);
        }
        else {
            PyTuple_SET_ITEM(result, i, tuple);
        }
    }
    Py_DECREF(objects);
    return result;
}

static PyObject *
reduce_targets(const mx_route *route)
{
    PyObject *result = PyTuple_New((Py_ssize_t)route->target_count);
    for (size_t i = 0; result != NULL && i < route->target_count; i++) {
        char address[MX_ADDRESS_TEXT_SIZE];
        mx_address_to_text(&route->targets[i].address, address);
        PyObject *target =
            Py_BuildValue("(Is)", (unsigned)route->targets[i].exchange, address);
        if (target == NULL) {
            Py_CLEAR(result);
        }
        else {
            PyTuple_SET_ITEM(result, (Py_ssize_t)i, target);
        }
    }
    return result;
}

static PyObject *
reduce_warnings(const mx_route *route)
{
    PyObject *result = PyTuple_New((Py_ssize_t)route->warning_count);
    for (size_t i = 0; result != NULL && i < route->warning_count; i++) {
        PyObject *code = PyUnicode_FromString(mx_reason_code(route->warnings[i]));
        if (code == NULL) {
            Py_CLEAR(result);
        }
        else {
            PyTuple_SET_ITEM(result, (Py_ssize_t)i, code);
        }
    }
    return result;
}

static PyObject *
reduce_facts(const mx_route *route)
{
    const char *reason = mx_reason_code(route->reason);
    return Py_BuildValue(
        "(szsssiiiiiIL)", mx_verdict_word(route->verdict),
        reason[0] == '\0' ? NULL : reason, route->domain, route->canonical,
        route->server, route->implicit, route->complete, route->has_more, route->cached,
        route->authenticated, (unsigned)route->ttl, (long long)route->elapsed);
}

static PyObject *
reduce_trace(PyObject *self)
{
    PyObject *trace = pymx_route_get_trace(self, NULL);
    return trace == Py_None ? trace : to_plain_take(trace, pymx_step_plain);
}

PyObject *
pymx_route_reduce(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    const pymx_route *object = (pymx_route *)self;
    const mx_route *route = object->route;
    PyObject *parts[6] = {NULL};
    PyObject *arguments = NULL;

    if ((parts[0] = reduce_facts(route)) != NULL &&
        (parts[1] = to_plain_take(pymx_route_get_exchanges(self, NULL),
                                  pymx_exchange_plain)) != NULL &&
        (parts[2] = reduce_targets(route)) != NULL &&
        (parts[3] = to_plain_take(pymx_route_get_excluded(self, NULL),
                                  pymx_excluded_plain)) != NULL &&
        (parts[4] = reduce_warnings(route)) != NULL &&
        (parts[5] = reduce_trace(self)) != NULL) {
        /* Without a trace, as versions before there were any read and wrote it. */
        arguments = PyTuple_Pack(route->trace == NULL ? 7 : 8, object->input,
                                 object->destination, parts[0], parts[1], parts[2],
                                 parts[3], parts[4], parts[5]);
    }
    for (size_t i = 0; i < Py_ARRAY_LENGTH(parts); i++) {
        Py_XDECREF(parts[i]);
    }
    return pymx_reduce_take(self, "_rebuild_route", arguments);
}

/* Each of the functions below returns 0, or -1 with an exception; what they allocate is
 * in the route's arena. */

static void *
make_room(mx_route *route, Py_ssize_t count, size_t size)
{
    size_t room = count > 0 ? (size_t)count : 1;
    void *memory = mx_arena_alloc(&route->arena, room, size);
    if (memory == NULL) {
        pymx_raise_memory();
        return NULL;
    }
    memset(memory, 0, room * size);
    return memory;
}

static int
read_addresses(mx_route *route, PyObject *tuple, mx_route_exchange *out)
{
    Py_ssize_t count = PyTuple_GET_SIZE(tuple);
    mx_address *addresses = make_room(route, count, sizeof(*addresses));
    if (addresses == NULL) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        const char *text = PyUnicode_AsUTF8(PyTuple_GET_ITEM(tuple, i));
        if (text == NULL || pymx_plain_address(text, &addresses[i]) < 0) {
            return -1;
        }
    }
    out->addresses = addresses;
    out->address_count = (size_t)count;
    return 0;
}

static int
read_exchange(mx_route *route, PyObject *plain, mx_route_exchange *out)
{
    const char *host, *canonical, *status, *reason;
    unsigned ttl;
    PyObject *addresses;
    if (!PyArg_ParseTuple(plain, "ssHO!Isz", &host, &canonical, &out->preference,
                          &PyTuple_Type, &addresses, &ttl, &status, &reason) ||
        pymx_plain_status(status, &out->verdict) < 0 ||
        pymx_plain_reason(reason, &out->reason) < 0 ||
        pymx_plain_text(&route->arena, host, &out->host) < 0 ||
        pymx_plain_text(&route->arena, canonical, &out->canonical) < 0) {
        return -1;
    }
    out->ttl = ttl;
    return read_addresses(route, addresses, out);
}

static int
read_exchanges(mx_route *route, PyObject *tuple)
{
    Py_ssize_t count = PyTuple_GET_SIZE(tuple);
    mx_route_exchange *exchanges = make_room(route, count, sizeof(*exchanges));
    if (exchanges == NULL) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        if (read_exchange(route, PyTuple_GET_ITEM(tuple, i), &exchanges[i]) < 0) {
            return -1;
        }
    }
    route->exchanges = exchanges;
    route->exchange_count = (size_t)count;
    return 0;
}

static int
read_targets(mx_route *route, PyObject *tuple)
{
    Py_ssize_t count = PyTuple_GET_SIZE(tuple);
    mx_target *targets = make_room(route, count, sizeof(*targets));
    if (targets == NULL) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        const char *address;
        unsigned exchange;
        if (!PyArg_ParseTuple(PyTuple_GET_ITEM(tuple, i), "Is", &exchange, &address) ||
            pymx_plain_address(address, &targets[i].address) < 0) {
            return -1;
        }
        if (exchange >= route->exchange_count) {
            pymx_raise_value("a target of exchange %u, but there are %zu", exchange,
                             route->exchange_count);
            return -1;
        }
        targets[i].exchange = exchange;
    }
    route->targets = targets;
    route->target_count = (size_t)count;
    return 0;
}

static int
read_excluded(mx_route *route, PyObject *tuple)
{
    Py_ssize_t count = PyTuple_GET_SIZE(tuple);
    mx_excluded *excluded = make_room(route, count, sizeof(*excluded));
    if (excluded == NULL) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        const char *host, *address, *reason;
        if (!PyArg_ParseTuple(PyTuple_GET_ITEM(tuple, i), "sHzs", &host,
                              &excluded[i].preference, &address, &reason) ||
            pymx_plain_reason(reason, &excluded[i].reason) < 0 ||
            pymx_plain_text(&route->arena, host, &excluded[i].host) < 0) {
            return -1;
        }
        excluded[i].has_address = address != NULL;
        if (address != NULL && pymx_plain_address(address, &excluded[i].address) < 0) {
            return -1;
        }
    }
    route->excluded = excluded;
    route->excluded_count = (size_t)count;
    return 0;
}

static int
read_warnings(mx_route *route, PyObject *tuple)
{
    Py_ssize_t count = PyTuple_GET_SIZE(tuple);
    mx_reason *warnings = make_room(route, count, sizeof(*warnings));
    if (warnings == NULL) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        const char *code = PyUnicode_AsUTF8(PyTuple_GET_ITEM(tuple, i));
        if (code == NULL || pymx_plain_reason(code, &warnings[i]) < 0) {
            return -1;
        }
    }
    route->warnings = warnings;
    route->warning_count = (size_t)count;
    return 0;
}

static int
read_facts(mx_route *route, PyObject *facts)
{
    const char *status, *reason, *domain, *canonical, *server;
    int implicit, complete, has_more, cached, authenticated;
    unsigned ttl;
    long long elapsed;
    if (!PyArg_ParseTuple(facts, "szsssiiiiiIL", &status, &reason, &domain, &canonical,
                          &server, &implicit, &complete, &has_more, &cached,
                          &authenticated, &ttl, &elapsed) ||
        pymx_plain_status(status, &route->verdict) < 0 ||
        pymx_plain_reason(reason, &route->reason) < 0 ||
        pymx_plain_text(&route->arena, domain, &route->domain) < 0 ||
        pymx_plain_text(&route->arena, canonical, &route->canonical) < 0 ||
        pymx_plain_text(&route->arena, server, &route->server) < 0) {
        return -1;
    }
    route->implicit = implicit != 0;
    route->complete = complete != 0;
    route->has_more = has_more != 0;
    route->cached = cached != 0;
    route->authenticated = authenticated != 0;
    route->ttl = ttl;
    route->elapsed = elapsed;
    return 0;
}

static mx_route *
start_route(void)
{
    mx_route *route;
    if (mx_route_new(&route) != MX_OK) {
        pymx_raise_memory();
        return NULL;
    }
    return route;
}

PyObject *
pymx_route_rebuild(PyObject *module, PyObject *arguments)
{
    PyObject *input, *destination, *facts, *exchanges, *targets, *excluded, *warnings;
    PyObject *trace = NULL;
    if (!PyArg_ParseTuple(arguments, "OOO!O!O!O!O!|O!:_rebuild_route", &input,
                          &destination, &PyTuple_Type, &facts, &PyTuple_Type,
                          &exchanges, &PyTuple_Type, &targets, &PyTuple_Type, &excluded,
                          &PyTuple_Type, &warnings, &PyTuple_Type, &trace)) {
        return NULL;
    }
    mx_route *route = start_route();
    if (route == NULL) {
        return NULL;
    }
    if (read_facts(route, facts) < 0 || read_exchanges(route, exchanges) < 0 ||
        read_targets(route, targets) < 0 || read_excluded(route, excluded) < 0 ||
        read_warnings(route, warnings) < 0 ||
        (trace != NULL && pymx_trace_read(route, trace) < 0)) {
        mx_route_unref(route);
        return NULL;
    }
    return pymx_route_new_take(pymx_state_of_module(module), route, input, destination);
}

PyObject *
pymx_exchange_rebuild(PyObject *module, PyObject *arguments)
{
    PyObject *result = NULL;
    mx_route *route = start_route();
    PyObject *only = route == NULL ? NULL : PyTuple_Pack(1, arguments);
    if (only != NULL && read_exchanges(route, only) == 0) {
        result = pymx_exchange_new(pymx_state_of_module(module), route, 0);
    }
    Py_XDECREF(only);
    mx_route_unref(route);
    return result;
}
