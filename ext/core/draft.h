/* SPDX-License-Identifier: MIT */
/* draft.h - a route under construction, shared by the files that make it:
 *
 *   draft.c    room for all of it, what is left out
 *   weigh.c    one exchange: what its address questions came to
 *   targets.c  the flat list in delivery order
 *   conclude.c loops, the verdict, the finished route
 */
#ifndef MX_DRAFT_H
#define MX_DRAFT_H

#include "core/lookup_state.h"

enum { MX_DRAFT_FEW = 8 }; /* addresses of an ordinary exchange */

/* All arrays but the scratch are in the route's arena, with room for the most that can
 * come, so that only name texts and lists of addresses are allocated on the way. */
typedef struct mx_draft {
    mx_lookup *lookup;
    mx_route *route;
    mx_route_exchange *exchanges;
    mx_target *targets;
    mx_excluded *excluded;
    size_t exchange_count, target_count, excluded_count;
    size_t refused_count;             /* exchanges that fell to the address policy */
    const mx_route_exchange *unknown; /* the first that failed for a while only */

    mx_address *merged; /* scratch: the addresses of one exchange */
    mx_address *family[MX_CHASES];
    mx_address *many; /* where `few` is not enough for that */
    mx_address few[3 * MX_DRAFT_FEW];
} mx_draft;

/* Once every question is answered: how much there can be is known then. */
MX_MUST_CHECK mx_status mx_draft_init(mx_draft *draft, mx_lookup *lookup);
void mx_draft_fini(mx_draft *draft); /* the route stays the caller's */
/* In the route's arena; NULL when out of memory. */
const char *mx_draft_name(mx_draft *draft, const mx_name *name);
/* The same for the name of an exchange, which may be an address (lookup_state.h). */
const char *mx_draft_host(mx_draft *draft, const mx_exchange *exchange);
/* `host` lives as long as the route; `address` NULL is the whole exchange. */
void mx_draft_exclude(mx_draft *draft, const char *host, uint16_t preference,
                      const mx_address *address, mx_reason reason);

/* -- weigh.c -- */

/* Why an address is no target, or NONE. Of a family that is not wanted are only those
 * that were written out, in a literal or as an exchange. */
mx_reason mx_weigh_address(const mx_lookup *lookup, const mx_address *address);
/* Adds an exchange to the route, or excludes it. */
MX_MUST_CHECK mx_status mx_weigh_exchange(mx_draft *draft, const mx_exchange *exchange);

/* -- targets.c -- */

/* Lists the addresses of all exchanges in delivery order, each once, at its best place
 * (rule O6). */
MX_MUST_CHECK mx_status mx_list_targets(mx_draft *draft);

#endif
