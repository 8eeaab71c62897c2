/* SPDX-License-Identifier: MIT */
/* offline.h - routes that need no DNS, and so no engine, thread or socket. */
#ifndef PYMX_OFFLINE_H
#define PYMX_OFFLINE_H

#include "core/destination.h"
#include "core/lookup.h"
#include "core/route.h"
#include "core/status.h"

#include <stdbool.h>

/* A literal is its own answer, and what is invalid is never asked for. */
bool pymx_is_offline(const mx_destination *destination);

/* The route of such a destination. Of any other: as if each query had failed with
 * LOCAL_ERROR, for when memory ran out in the middle of it. */
MX_MUST_CHECK mx_status pymx_resolve_offline(const mx_lookup_rules *rules,
                                             const mx_destination *destination,
                                             mx_route **out);

#endif
