/* SPDX-License-Identifier: MIT */
/* order.h - in which order: preferences, equals, families (docs/rules.rst, Order).
 *
 * Pure functions of their arguments and the random numbers.
 */
#ifndef MX_ORDER_H
#define MX_ORDER_H

#include "core/address.h"
#include "core/rng.h"

#include <stddef.h>
#include <stdint.h>

typedef enum mx_shuffle {
    MX_SHUFFLE_HOSTS,     /* equal exchanges, RFC 5321 5.1 (default) */
    MX_SHUFFLE_ADDRESSES, /* all addresses of a level, as Postfix does */
    MX_SHUFFLE_NONE       /* as published */
} mx_shuffle;

typedef enum mx_families {
    MX_FAMILIES_ANY,  /* IPv4 and IPv6 in turn, IPv4 first */
    MX_FAMILIES_IPV4, /* only */
    MX_FAMILIES_IPV6, /* only */
    MX_FAMILIES_IPV4_FIRST,
    MX_FAMILIES_IPV6_FIRST,
    MX_FAMILIES_INTERLEAVE /* IPv6 and IPv4 in turn, IPv6 first (RFC 8305 4) */
} mx_families;

typedef struct mx_order_key {
    uint16_t preference;
    uint32_t index; /* the caller's; published place */
} mx_order_key;

/* Lowest preference first. Equal preferences keep their order when `rng` is NULL, else
 * every order of them is equally likely (a stable sort, then Fisher-Yates in each run
 * of equals). `scratch` has room for `count` keys too. */
void mx_order_keys(mx_order_key *keys, size_t count, mx_rng *rng,
                   mx_order_key *scratch);

/* Merges the addresses of one host, each family in published order (O3), into `out`,
 * which has room for both. Returns how many were written: a family not asked for is
 * left out. */
size_t mx_order_families(const mx_address *ipv4, size_t ipv4_count,
                         const mx_address *ipv6, size_t ipv6_count,
                         mx_families families, mx_address *out);

#endif
