/* SPDX-License-Identifier: MIT */
/* interfaces.h - the addresses of this machine, for finding it in lists of exchanges
 * (RFC 5321 5.1, rule O8). What other machines hold for it, behind a translator of
 * addresses, it cannot know.
 */
#ifndef MX_INTERFACES_H
#define MX_INTERFACES_H

#include "core/address.h"
#include "core/status.h"

#include <stddef.h>

struct ifaddrs;

/* The IPv4 and IPv6 addresses of all interfaces, loopback too, each once, IPv4 before
 * IPv6, by value; zone ids are left out. The caller frees `*out`, which is not NULL
 * when there are none. MX_SYS: errno says why, e.g. no descriptor is left. */
MX_MUST_CHECK mx_status mx_interfaces_list(mx_address **out, size_t *count);
/* The same from what getifaddrs() gave. */
MX_MUST_CHECK mx_status mx_interfaces_read(const struct ifaddrs *first,
                                           mx_address **out, size_t *count);

#endif
