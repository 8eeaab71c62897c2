/* SPDX-License-Identifier: MIT */
/* nameservers.h - the name servers of one resolver: the caller's, or the system's, read
 * anew when the system's configuration changes (fault S29).
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
    uint64_t version; /* another one, another list: places in the old mean nothing */
    const char *path; /* of the configuration, NULL when the caller gave the servers */
    mx_usec next_check;
    uint64_t stamp; /* of the configuration that was read last */
} mx_nameservers;

/* The caller's servers, at least one. */
void mx_nameservers_init(mx_nameservers *nameservers, const mx_server *list,
                         size_t count);
/* Those of a configuration in the form of resolv.conf(5); `path` NULL is the system's,
 * any other must live on. Reads nothing yet. */
void mx_nameservers_init_file(mx_nameservers *nameservers, const char *path);
/* Looks at the configuration, at most every MX_NAMESERVERS_CHECK. One that is missing,
 * cannot be read or names no server never replaces a good set. False when there is no
 * server at all. */
bool mx_nameservers_refresh(mx_nameservers *nameservers, mx_usec now);

#endif
