/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/interfaces.h"

#include "core/interfaces.h"
#include "core/mem.h"
#include "python/convert.h"
#include "python/errors.h"
#include "python/module.h"

#include <errno.h>

const char pymx_own_addresses_doc[] =
    "own_addresses($module, /)\n--\n\n"
    "Return the IPv4 and IPv6 addresses of this machine's interfaces, as text.\n\n"
    "Loopback ones too, each once, IPv4 before IPv6, by value, without zone ids. For\n"
    "a mail server that may find itself among the exchanges (RFC 5321 5.1):\n\n"
    "    Resolver(self_addresses=pymx.own_addresses(),\n"
    "             self_names=[socket.getfqdn()])\n\n"
    "An address that a router translates is none of the machine's: add it. Raises\n"
    "OSError when the interfaces cannot be listed.\n\n"
    ">>> '127.0.0.1' in pymx.own_addresses()\n"
    "True";

static PyObject *
tuple_of(const mx_address *addresses, size_t count)
{
    PyObject *tuple = PyTuple_New((Py_ssize_t)count);
    for (size_t i = 0; tuple != NULL && i < count; i++) {
        PyObject *text = pymx_address_text(&addresses[i]);
        if (text == NULL) {
            Py_CLEAR(tuple);
        }
        else {
            PyTuple_SET_ITEM(tuple, (Py_ssize_t)i, text);
        }
    }
    return tuple;
}

PyObject *
pymx_own_addresses(PyObject *module, PyObject *Py_UNUSED(ignored))
{
    mx_address *addresses;
    size_t count;
    mx_status status;
    int os_error;

    Py_BEGIN_ALLOW_THREADS /* the kernel is asked, over a socket */
        status = mx_interfaces_list(&addresses, &count);
    os_error = errno;
    Py_END_ALLOW_THREADS if (status != MX_OK)
    {
        return pymx_raise_status(pymx_state_of_module(module), status, os_error,
                                 "list the addresses of this machine");
    }
    PyObject *tuple = tuple_of(addresses, count);
    mx_free(addresses);
    return tuple;
}
