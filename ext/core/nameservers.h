/* SPDX-License-Identifier: MIT */
/* nameservers.h - the name servers of one resolver: the caller's, or the system's, read
 * anew when the system's configuration changes (FAULTS S29).
 *
 * Belongs to the engine's thread.
 */
#ifndef MX_NAMESERVERS_H
#define MX_NAMESERVERS_H

#include "core/clock.h"
#include "core/server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MX_NAMESERVERS_CHECK (5 * MX_USEC_PER_SEC)

typedef struct mx_nameservers {
    mx_servers servers;
    bool is_system;
    mx_usec next_check;
    uint64_t stamp; /* of the configuration that was read last */
} mx_nameservers;

/* `count` 0: the system's. Reads nothing yet. */
void mx_nameservers_init(mx_nameservers *nameservers, const mx_server *list,
                         size_t count);
/* Looks at the system's configuration, at most every MX_NAMESERVERS_CHECK; a set that
 * cannot be read or is empty never replaces a good one. False when there is no server
 * at all. */
bool mx_nameservers_refresh(mx_nameservers *nameservers, mx_usec now);

#endif
