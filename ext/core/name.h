/* SPDX-License-Identifier: MIT */
/* name.h - domain names: check, normalise, compare, wire form and text.
 *
 * A mx_name holds the uncompressed wire form (RFC 1035 3.1), always lower-cased (names
 * are compared without case, RFC 4343), always absolute: there is no search list.
 */
#ifndef MX_NAME_H
#define MX_NAME_H

#include "core/reason.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    MX_MAX_NAME = 255,      /* wire octets with the root byte, RFC 1035 2.3.4 */
    MX_MAX_LABEL = 63,      /* RFC 1035 2.3.4 */
    MX_MAX_NAME_TEXT = 253, /* text octets without the trailing dot */
    /* Room for the text of any name, every octet escaped as \DDD, and the NUL. */
    MX_NAME_TEXT_SIZE = 4 * MX_MAX_NAME + 1
};

typedef struct mx_name {
    uint8_t length; /* of wire, root byte included: 1 for the root, at most 255 */
    uint8_t wire[MX_MAX_NAME];
} mx_name;

/* What a name takes where it is kept, which is a tenth of what mx_name has room for. A
 * kept name is a const mx_name that ends early: whoever wants an mx_name of it calls
 * mx_name_copy, never assigns. */
static inline size_t
mx_name_size(const mx_name *name)
{
    return 1u + name->length;
}

static inline void
mx_name_copy(mx_name *out, const mx_name *name)
{
    memcpy(out, name, mx_name_size(name));
}

/* Reads host name text: letters, digits, hyphen, underscore and dots, one trailing dot
 * dropped (rule I4). MX_REASON_NONE on success; otherwise MX_REASON_EMPTY, _ROOT,
 * _EMPTY_LABEL, _LABEL_TOO_LONG, _NAME_TOO_LONG, _BAD_CHARACTER or _BAD_HYPHEN, and
 * `out` is untouched. Non-ASCII bytes are _BAD_CHARACTER: IDNA happened before. */
mx_reason mx_name_from_text(const char *text, size_t length, mx_name *out);

/* Takes an uncompressed wire name of `length` octets, checks its shape, lower-cases it.
 * False when it is not exactly one well-formed name. */
bool mx_name_from_wire(const uint8_t *wire, size_t length, mx_name *out);

/* Text without a trailing dot, "." for the root; octets that are not host name bytes
 * are escaped as \DDD so that hostile names cannot break an output format. Returns the
 * length written without the NUL; `text` has MX_NAME_TEXT_SIZE bytes. */
size_t mx_name_to_text(const mx_name *name, char *text);

bool mx_name_equal(const mx_name *a, const mx_name *b);
bool mx_name_is_root(const mx_name *name);
/* Only letters, digits, hyphen and underscore in its labels, text within 253 octets,
 * and not the root (rule A7, fault S24). */
bool mx_name_is_hostname(const mx_name *name);
bool mx_name_has_underscore(const mx_name *name);
/* A label begins or ends with a hyphen (against RFC 952). */
bool mx_name_has_bad_hyphen(const mx_name *name);
/* Labels without the root: 0 for the root, 2 for "example.com". */
unsigned mx_name_label_count(const mx_name *name);
/* The top label consists of digits only, as in "10" or "127.0.0.1" (RFC 3696 2). */
bool mx_name_has_numeric_top(const mx_name *name);
/* `name` is `ancestor` or lies below it. */
bool mx_name_is_within(const mx_name *name, const mx_name *ancestor);
/* The top label is `label` (lower-case text, e.g. "onion"). */
bool mx_name_has_top(const mx_name *name, const char *label);

#endif
