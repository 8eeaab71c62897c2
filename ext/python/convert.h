/* SPDX-License-Identifier: MIT */
/* convert.h - Python objects read as values of the core, and back.
 *
 * The int functions return 0, or -1 with an exception that names the argument.
 */
#ifndef PYMX_CONVERT_H
#define PYMX_CONVERT_H

#include <Python.h>

#include "core/address.h"
#include "core/clock.h"
#include "core/destination.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct pymx_destination {
    mx_destination read; /* borrows from the caller's object, or from `text` */
    PyObject *text;      /* the A-labels that an international domain became, or NULL */
} pymx_destination;

/* Any object is a destination: one that cannot be used reads as INVALID with its reason
 * (one that is no str: NOT_TEXT). International domains are mapped by
 * pymx.destination.to_ascii, so Python code may run. Clear `out` after success. */
int pymx_destination_read(PyObject *object, const mx_destination_rules *rules,
                          bool is_strict_idna, pymx_destination *out);
void pymx_destination_clear(pymx_destination *destination);
/* The domain as people write it, by pymx.destination.to_unicode; `domain` is a str. */
PyObject *pymx_domain_to_unicode(PyObject *domain);

PyObject *pymx_address_text(const mx_address *address);

/* A whole number from 0 to `most`. */
int pymx_read_whole(PyObject *value, const char *name, uint64_t most, uint64_t *out);
/* Seconds, none or more; what is beyond decades counts as decades. */
int pymx_read_seconds(PyObject *value, const char *name, mx_usec *out);
/* None (also NULL) or a whole number of 64 bits. */
int pymx_read_seed(PyObject *value, bool *has_seed, uint64_t *out);

#endif
