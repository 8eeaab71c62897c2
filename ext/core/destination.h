/* SPDX-License-Identifier: MIT */
/* destination.h - what a caller wrote, read as a domain, a mail address or an address
 * literal (docs/rules.rst, Input; RFC 5321 4.1.2 and 4.1.3). No query is made here.
 */
#ifndef MX_DESTINATION_H
#define MX_DESTINATION_H

#include "core/address.h"
#include "core/name.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum mx_destination_kind {
    MX_DESTINATION_DOMAIN,
    MX_DESTINATION_LITERAL,
    MX_DESTINATION_INVALID,
    MX_DESTINATION_IDNA /* non-ASCII: map `domain` to A-labels and read those */
} mx_destination_kind;

typedef struct mx_destination {
    mx_destination_kind kind;
    mx_reason reason;   /* of INVALID */
    mx_name name;       /* of DOMAIN */
    mx_address address; /* of LITERAL */
    /* The domain part inside the caller's text, blanks trimmed; borrowed from it. */
    const char *domain;
    size_t domain_length;
    bool is_address; /* had a local part */
} mx_destination;

typedef struct mx_destination_rules {
    bool lenient_literals; /* bare and untagged IP addresses are literals too */
    bool strict_names;     /* an underscore makes the name invalid */
} mx_destination_rules;

/* Never fails: what cannot be used is INVALID with its reason. `text` is UTF-8 and may
 * hold any byte. */
void mx_destination_read(const char *text, size_t length,
                         const mx_destination_rules *rules, mx_destination *out);

#endif
