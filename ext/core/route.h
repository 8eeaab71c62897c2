/* SPDX-License-Identifier: MIT */
/* route.h - the result of one lookup: the whole ordered plan, and why what was dropped
 * was dropped.
 *
 * Built by conclude.c in one arena, then immutable and reference-counted; any thread may
 * hold one. All text is NUL-terminated, lower-case, escaped where a hostile name needed
 * it, and owned by the route.
 */
#ifndef MX_ROUTE_H
#define MX_ROUTE_H

#include "core/address.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/reason.h"
#include "core/status.h"
#include "core/trace.h"
#include "core/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mx_route_exchange {
    const char *host;            /* as published, lower-cased */
    const char *canonical;       /* the end of its CNAME chain, usually `host` */
    const mx_address *addresses; /* in delivery order */
    size_t address_count;
    uint32_t ttl;
    uint16_t preference;
    uint16_t group;     /* internal: exchanges that shuffle as one have the same */
    mx_verdict verdict; /* MX_VERDICT_OK with addresses; NO_ADDRESS, REFUSED or a
                           temporary one without */
    mx_reason reason;
} mx_route_exchange;

typedef struct mx_target {
    uint32_t exchange; /* index into mx_route.exchanges */
    mx_address address;
} mx_target;

typedef struct mx_excluded {
    const char *host;
    uint16_t preference;
    bool has_address; /* false: the whole exchange was dropped */
    mx_address address;
    mx_reason reason;
} mx_excluded;

typedef struct mx_route {
    mx_verdict verdict;
    mx_reason reason;      /* NONE when ok */
    const char *domain;    /* A-labels; "" when the destination is invalid; the literal
                              in brackets when it is one */
    const char *canonical; /* the end of the domain's CNAME chain; "" when invalid */
    const char *server;    /* text of the name server that failed us, or "" */
    bool implicit;
    bool complete;      /* false if any failure was temporary */
    bool has_more;      /* levels beyond those asked for are not resolved (lookup.h) */
    bool cached;        /* every answer came from the cache */
    bool authenticated; /* AD=1 in every answer; only ever true when asked for */
    uint32_t ttl;       /* seconds, smallest of all records used */
    mx_usec elapsed;
    const mx_route_exchange *exchanges; /* in delivery order */
    size_t exchange_count;
    const mx_target *targets; /* in delivery order, each address once */
    size_t target_count;
    const mx_excluded *excluded;
    size_t excluded_count;
    const mx_reason *warnings; /* each once, in the order they came up */
    size_t warning_count;
    mx_trace *trace; /* NULL unless the lookup was traced */
    /* internal: */
    uint32_t references;
    mx_arena arena; /* of the route itself too */
} mx_route;

/* An empty route with one reference; only its builder writes to it. */
MX_MUST_CHECK mx_status mx_route_new(mx_route **out);
mx_route *mx_route_ref(mx_route *route); /* returns `route` */
void mx_route_unref(mx_route *route);    /* NULL is fine */

enum { MX_ROUTE_MESSAGE_SIZE = 512 };
/* One line for people: what was wrong, where, and for ok what was found. Returns the
 * length; `text` has MX_ROUTE_MESSAGE_SIZE bytes. */
size_t mx_route_message(const mx_route *route, char *text);

#endif
