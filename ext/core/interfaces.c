/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* getifaddrs */
#include "core/interfaces.h"

#include "core/mem.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* False for what has no IP address: an interface that is down, a link layer's. */
static bool
read_address(const struct sockaddr *from, mx_address *out)
{
    if (from != NULL && from->sa_family == AF_INET) {
        struct sockaddr_in ipv4;
        uint8_t bytes[4];
        memcpy(&ipv4, from, sizeof(ipv4));
        memcpy(bytes, &ipv4.sin_addr, sizeof(bytes));
        *out = mx_address_ipv4(bytes);
        return true;
    }
    if (from != NULL && from->sa_family == AF_INET6) {
        struct sockaddr_in6 ipv6;
        memcpy(&ipv6, from, sizeof(ipv6));
        *out = mx_address_ipv6(ipv6.sin6_addr.s6_addr);
        return true;
    }
    return false;
}

/* The family comes first in mx_address, IPv4 before IPv6. */
static int
compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(mx_address));
}

/* An address may be on two interfaces, and fe80::1 on all. */
static size_t
drop_repeated(mx_address *sorted, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || !mx_address_equal(&sorted[kept - 1], &sorted[i])) {
            sorted[kept++] = sorted[i];
        }
    }
    return kept;
}

mx_status
mx_interfaces_read(const struct ifaddrs *first, mx_address **out, size_t *count)
{
    size_t room = 1, read = 0;
    for (const struct ifaddrs *at = first; at != NULL; at = at->ifa_next) {
        room++;
    }
    mx_address *addresses = mx_calloc(room, sizeof(*addresses));
    if (addresses == NULL) {
        return MX_NOMEM;
    }
    for (const struct ifaddrs *at = first; at != NULL; at = at->ifa_next) {
        read += read_address(at->ifa_addr, &addresses[read]);
    }
    qsort(addresses, read, sizeof(*addresses), compare);
    *count = drop_repeated(addresses, read);
    *out = addresses;
    return MX_OK;
}

mx_status
mx_interfaces_list(mx_address **out, size_t *count)
{
    struct ifaddrs *first;
    if (getifaddrs(&first) != 0) {
        return errno == ENOMEM ? MX_NOMEM : MX_SYS;
    }
    mx_status status = mx_interfaces_read(first, out, count);
    freeifaddrs(first);
    return status;
}
