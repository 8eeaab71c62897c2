/* SPDX-License-Identifier: MIT */
/* The way back from the plain form of steps (pymx_step_plain). Checked is what memory
 * safety needs, as in route_pickle.c. */
#include <Python.h>

#include "python/errors.h"
#include "python/plain.h"
#include "python/resolver_config.h"
#include "python/route_type.h"
#include "python/step_type.h"

#include <string.h>

/* The functions below return 0, or -1 with an exception. */

static int
read_event(const char *word, mx_event *out)
{
    for (int i = 0; i < MX_EVENT_COUNT; i++) {
        if (strcmp(word, mx_event_word((mx_event)i)) == 0) {
            *out = (mx_event)i;
            return 0;
        }
    }
    pymx_raise_value("this pymx does not know the event '%s'", word);
    return -1;
}

static int
read_verdict(const char *word, int *out)
{
    mx_verdict verdict;
    if (word == NULL) {
        return 0;
    }
    if (pymx_plain_status(word, &verdict) < 0) {
        return -1;
    }
    *out = (int)verdict;
    return 0;
}

static int
read_server(PyObject *text, mx_server *out)
{
    return PyUnicode_GET_LENGTH(text) == 0 ? 0 : pymx_read_server(text, out);
}

static int
read_address(const char *text, mx_address *out)
{
    return text[0] == '\0' ? 0 : pymx_plain_address(text, out);
}

static int
check_figures(const mx_step *step)
{
    if (step->protocol < MX_STEP_NONE || step->protocol > MX_TCP ||
        step->rcode < MX_STEP_NONE || step->rcode > UINT16_MAX) {
        pymx_raise_value("protocol %d or rcode %d of a step is none", step->protocol,
                         step->rcode);
        return -1;
    }
    return 0;
}

static int
read_step(mx_trace *trace, PyObject *plain, mx_step *out)
{
    const char *event, *name, *reason, *status, *host, *address;
    PyObject *server;
    long long at, elapsed, count, ttl;
    int ede, preference;
    if (!PyArg_ParseTuple(plain, "LssHUiiiiLzzLLisis:_rebuild_step", &at, &event, &name,
                          &out->type, &server, &out->protocol, &out->edns, &out->rcode,
                          &ede, &elapsed, &reason, &status, &count, &ttl, &out->cached,
                          &host, &preference, &address) ||
        check_figures(out) < 0 || read_event(event, &out->event) < 0 ||
        read_server(server, &out->server) < 0 ||
        pymx_plain_reason(reason, &out->reason) < 0 ||
        read_verdict(status, &out->verdict) < 0 ||
        read_address(address, &out->address) < 0 ||
        pymx_plain_text(&trace->arena, name, &out->name) < 0 ||
        pymx_plain_text(&trace->arena, host, &out->host) < 0) {
        return -1;
    }
    out->at = at;
    out->elapsed = elapsed;
    out->count = count;
    out->ttl = ttl;
    out->ede = ede;
    out->preference = preference;
    return 0;
}

int
pymx_trace_read(mx_route *route, PyObject *tuple)
{
    size_t count = (size_t)PyTuple_GET_SIZE(tuple);
    mx_status status = mx_trace_restore(count, &route->trace);
    if (status == MX_INVALID) {
        pymx_raise_value("a trace of %zu steps is too long", count);
        return -1;
    }
    if (status != MX_OK) {
        pymx_raise_memory();
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        PyObject *plain = PyTuple_GET_ITEM(tuple, (Py_ssize_t)i);
        if (!PyTuple_Check(plain)) {
            pymx_raise_type("a step is not a tuple but %s", Py_TYPE(plain)->tp_name);
            return -1;
        }
        if (read_step(route->trace, plain, &route->trace->steps[i]) < 0) {
            return -1;
        }
    }
    return 0;
}

PyObject *
pymx_step_rebuild(PyObject *module, PyObject *arguments)
{
    mx_route *route;
    PyObject *result = NULL;
    if (mx_route_new(&route) != MX_OK) {
        pymx_raise_memory();
        return NULL;
    }
    PyObject *only = PyTuple_Pack(1, arguments);
    if (only != NULL && pymx_trace_read(route, only) == 0) {
        result = pymx_step_new(pymx_state_of_module(module), route, 0);
    }
    Py_XDECREF(only);
    mx_route_unref(route);
    return result;
}
