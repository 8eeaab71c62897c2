/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/hosts.h"

#include "python/errors.h"
#include "python/module.h"
#include "python/route_object.h"

const char pymx_hosts_doc[] =
    "hosts($module, routes, /)\n--\n\n"
    "Return the hosts of all exchanges of a list of Route, without making the\n"
    "exchanges. Raises TypeError.";

static int
append_hosts(const mx_route *route, PyObject *list)
{
    for (size_t i = 0; i < route->exchange_count; i++) {
        PyObject *host = PyUnicode_FromString(route->exchanges[i].host);
        int result = host == NULL ? -1 : PyList_Append(list, host);
        Py_XDECREF(host);
        if (result < 0) {
            return -1;
        }
    }
    return 0;
}

PyObject *
pymx_hosts(PyObject *module, PyObject *routes)
{
    const pymx_state *state = pymx_state_of_module(module);
    if (!PyList_Check(routes)) {
        return pymx_raise_type("routes must be a list, not %s",
                               Py_TYPE(routes)->tp_name);
    }
    PyObject *list = PyList_New(0);
    for (Py_ssize_t i = 0; list != NULL && i < PyList_GET_SIZE(routes); i++) {
        PyObject *route = PyList_GET_ITEM(routes, i);
        if (!Py_IS_TYPE(route, state->route_type)) {
            pymx_raise_type("routes[%zd] must be a Route, not %s", i,
                            Py_TYPE(route)->tp_name);
            Py_CLEAR(list);
        }
        else if (append_hosts(((pymx_route *)route)->route, list) < 0) {
            Py_CLEAR(list);
        }
    }
    return list;
}
