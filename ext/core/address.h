/* SPDX-License-Identifier: MIT */
/* address.h - IP addresses: text, comparison, and which of them mail may go to.
 *
 * The ranges are those of the IANA IPv4 and IPv6 special-purpose address registries,
 * judged after unwrapping addresses that carry an IPv4 address inside (rule A8).
 */
#ifndef MX_ADDRESS_H
#define MX_ADDRESS_H

#include "core/reason.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MX_ADDRESS_TEXT_SIZE = 46 }; /* INET6_ADDRSTRLEN */

typedef enum mx_family { MX_IPV4 = 4, MX_IPV6 = 6 } mx_family;

typedef struct mx_address {
    uint8_t family;    /* MX_IPV4 or MX_IPV6 */
    uint8_t bytes[16]; /* network order; the first 4 for IPv4, the rest zero */
} mx_address;

typedef enum mx_address_policy {
    MX_ADDRESSES_PUBLIC,  /* globally reachable only */
    MX_ADDRESSES_PRIVATE, /* also RFC 1918, unique local, shared, documentation, test */
    MX_ADDRESSES_ANY      /* also loopback and link-local */
} mx_address_policy;

/* A dotted quad of four plain decimal numbers (no leading zeros, no octal, no 127.1) or
 * IPv6 text without zone id; exactly `length` bytes. False leaves `out` untouched. */
bool mx_address_from_text(const char *text, size_t length, mx_address *out);
/* RFC 5952 text with NUL into MX_ADDRESS_TEXT_SIZE bytes; returns its length. */
size_t mx_address_to_text(const mx_address *address, char *text);
mx_address mx_address_ipv4(const uint8_t bytes[4]);
mx_address mx_address_ipv6(const uint8_t bytes[16]);
bool mx_address_equal(const mx_address *a, const mx_address *b);
/* MX_REASON_NONE when the policy lets mail go there, else why not. 0/8, multicast,
 * 240/4, broadcast and :: are never allowed. */
mx_reason mx_address_judge(const mx_address *address, mx_address_policy policy);

#endif
