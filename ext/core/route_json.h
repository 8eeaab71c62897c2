/* SPDX-License-Identifier: MIT */
/* route_json.h - a route as the members of a JSON object, those of Route.to_dict() in
 * Python, in the same order and without a trace.
 */
#ifndef MX_ROUTE_JSON_H
#define MX_ROUTE_JSON_H

#include "core/json.h"
#include "core/route.h"

#include <stddef.h>

/* UTF-8, not terminated. */
typedef struct mx_utf8 {
    const char *bytes;
    size_t length;
} mx_utf8;

/* What the core does not know of its route. */
typedef struct mx_route_words {
    mx_utf8 input;          /* what the caller knows it by */
    mx_utf8 domain_unicode; /* NULL: there is none but `domain` */
    mx_utf8 message;        /* NULL: that of mx_route_message() */
} mx_route_words;

/* "input":...,"domain":... to "smtp_reply":..., without the braces around them. */
void mx_route_json(const mx_route *route, const mx_route_words *words, mx_json *json);

#endif
