/* SPDX-License-Identifier: MIT */
/* exchange_type.h - pymx.Exchange: one mail exchange of a route, with its addresses. */
#ifndef PYMX_EXCHANGE_TYPE_H
#define PYMX_EXCHANGE_TYPE_H

#include <Python.h>

#include "core/route.h"
#include "python/module.h"

int pymx_exchange_setup(PyObject *module, pymx_state *state);
/* Exchange `index` of `route`, of which it keeps a reference. */
PyObject *pymx_exchange_new(pymx_state *state, mx_route *route, size_t index);
/* Its host as a str; borrowed. */
PyObject *pymx_exchange_host(PyObject *exchange);
/* (host, canonical, preference, addresses, ttl, status, reason): what pickle keeps. */
PyObject *pymx_exchange_plain(PyObject *exchange);
/* Method to_dict(). */
PyObject *pymx_exchange_to_dict(PyObject *self, PyObject *ignored);

#endif
