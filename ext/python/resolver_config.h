/* SPDX-License-Identifier: MIT */
/* resolver_config.h - the arguments of _native.Resolver as a configuration of the core.
 *
 * pymx checked them and told the user what is wrong with them; the checks here keep the
 * core safe.
 */
#ifndef PYMX_RESOLVER_CONFIG_H
#define PYMX_RESOLVER_CONFIG_H

#include <Python.h>

#include "core/resolver.h"

#include <stdbool.h>

/* -1 with TypeError or ValueError. On success the caller unrefs out->rules.self.
 * `*prefer` is borrowed: None, a dict or a callable. */
int pymx_resolver_config_read(PyObject *arguments, PyObject *keywords,
                              mx_resolver_config *out, size_t *threads,
                              bool *is_strict_idna, PyObject **prefer);
/* "192.0.2.1", "[2001:db8::1]:53", ... as a server; -1 with ValueError. */
int pymx_read_server(PyObject *text, mx_server *out);
/* "192.0.2.1:53", "[2001:db8::1]:53". */
PyObject *pymx_server_text(const mx_server *server);

#endif
