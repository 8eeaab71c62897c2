/* SPDX-License-Identifier: MIT */
#include "core/address.h"

#include <arpa/inet.h>
#include <string.h>

/* How far a range can be reached: what a policy must be at least. */
enum {
    PUBLIC = MX_ADDRESSES_PUBLIC,
    PRIVATE = MX_ADDRESSES_PRIVATE,
    ANY = MX_ADDRESSES_ANY,
    NEVER /* beyond them all */
};

typedef struct range {
    uint8_t prefix[16];
    uint8_t bits;
    uint8_t reach;
    uint8_t reason; /* what a narrower policy gives as mx_reason */
} range;

/* The first range that holds an address decides, so a part stands before the whole.
 *
 * Source: IANA IPv4 Special-Purpose Address Registry; PUBLIC is its "Globally
 * Reachable: True", and what it does not list. Where it says False, mail may go to
 * networks that people run (PRIVATE), or only where any address will do (ANY). */
/* clang-format off */
static const range ipv4_ranges[] = {
    {{0}, 8, NEVER, MX_REASON_UNSPECIFIED_ADDRESS},           /* RFC 791 3.2 */
    {{10}, 8, PRIVATE, MX_REASON_PRIVATE_ADDRESS},            /* RFC 1918 */
    {{100, 64}, 10, PRIVATE, MX_REASON_PRIVATE_ADDRESS},      /* RFC 6598, shared */
    {{127}, 8, ANY, MX_REASON_LOOPBACK_ADDRESS},              /* RFC 1122 3.2.1.3 */
    {{169, 254}, 16, ANY, MX_REASON_LINK_LOCAL_ADDRESS},      /* RFC 3927 */
    {{172, 16}, 12, PRIVATE, MX_REASON_PRIVATE_ADDRESS},      /* RFC 1918 */
    {{192, 0, 0, 9}, 32, PUBLIC, MX_REASON_NONE},             /* RFC 7723 */
    {{192, 0, 0, 10}, 32, PUBLIC, MX_REASON_NONE},            /* RFC 8155 */
    {{192, 0, 0}, 24, ANY, MX_REASON_RESERVED_ADDRESS},       /* RFC 6890, 7335, 7600 */
    {{192, 0, 2}, 24, PRIVATE, MX_REASON_PRIVATE_ADDRESS},    /* RFC 5737, examples */
    {{192, 88, 99}, 24, ANY, MX_REASON_RESERVED_ADDRESS},     /* RFC 7526, 6to4 */
    {{192, 168}, 16, PRIVATE, MX_REASON_PRIVATE_ADDRESS},     /* RFC 1918 */
    {{198, 18}, 15, PRIVATE, MX_REASON_PRIVATE_ADDRESS},      /* RFC 2544, benchmarks */
    {{198, 51, 100}, 24, PRIVATE, MX_REASON_PRIVATE_ADDRESS}, /* RFC 5737, examples */
    {{203, 0, 113}, 24, PRIVATE, MX_REASON_PRIVATE_ADDRESS},  /* RFC 5737, examples */
    {{224}, 4, NEVER, MX_REASON_MULTICAST_ADDRESS},           /* RFC 5771 */
    {{240}, 4, NEVER, MX_REASON_RESERVED_ADDRESS},            /* RFC 1112 4, RFC 919 */
    {{0}, 0, PUBLIC, MX_REASON_NONE},
};

/* Source: IANA IPv6 Special-Purpose Address Registry, in the same way; beyond it only
 * 2000::/3 is given out (IANA Internet Protocol Version 6 Address Space). Mapped and
 * v4-compatible addresses, Teredo and 6to4 are judged as the IPv4 addresses in them
 * (RFC 4291 2.5.5, RFC 4380 5, RFC 3056 2), which mx_address_judge looks at first.
 * Local-use NAT64 (RFC 8215), discard-only (RFC 6666), the dummy prefix (RFC 9780),
 * segment routing (RFC 9602) and site-local addresses fall to the last line. */
static const range ipv6_ranges[] = {
    {{0}, 128, NEVER, MX_REASON_UNSPECIFIED_ADDRESS},             /* RFC 4291 2.5.2 */
    {{[15] = 1}, 128, ANY, MX_REASON_LOOPBACK_ADDRESS},           /* RFC 4291 2.5.3 */
    {{0}, 96, PUBLIC, MX_REASON_NONE},                            /* v4-compatible */
    {{[10] = 0xff, 0xff}, 96, PUBLIC, MX_REASON_NONE},            /* RFC 4291, mapped */
    {{0, 0x64, 0xff, 0x9b}, 96, PUBLIC, MX_REASON_NONE},          /* RFC 6052, NAT64 */
    {{0x20, 0x01}, 32, PUBLIC, MX_REASON_NONE},                   /* RFC 4380, Teredo */
    {{0x20, 0x01, 0, 1, [15] = 1}, 128, PUBLIC, MX_REASON_NONE},  /* RFC 7723 */
    {{0x20, 0x01, 0, 1, [15] = 2}, 128, PUBLIC, MX_REASON_NONE},  /* RFC 8155 */
    {{0x20, 0x01, 0, 1, [15] = 3}, 128, PUBLIC, MX_REASON_NONE},  /* RFC 9665 */
    {{0x20, 0x01, 0, 2}, 48, PRIVATE, MX_REASON_PRIVATE_ADDRESS}, /* RFC 5180 */
    {{0x20, 0x01, 0, 3}, 32, PUBLIC, MX_REASON_NONE},             /* RFC 7450 */
    {{0x20, 0x01, 0, 4, 1, 0x12}, 48, PUBLIC, MX_REASON_NONE},    /* RFC 7535 */
    {{0x20, 0x01, 0, 0x20}, 28, PUBLIC, MX_REASON_NONE},          /* RFC 7343 */
    {{0x20, 0x01, 0, 0x30}, 28, PUBLIC, MX_REASON_NONE},          /* RFC 9374 */
    {{0x20, 0x01}, 23, ANY, MX_REASON_RESERVED_ADDRESS},          /* RFC 2928, 4843 */
    {{0x20, 0x01, 0xd, 0xb8}, 32, PRIVATE, MX_REASON_PRIVATE_ADDRESS}, /* RFC 3849 */
    {{0x3f, 0xff}, 20, PRIVATE, MX_REASON_PRIVATE_ADDRESS},       /* RFC 9637 */
    {{0x20}, 3, PUBLIC, MX_REASON_NONE},                          /* RFC 4291 2.5.4 */
    {{0xfc}, 7, PRIVATE, MX_REASON_PRIVATE_ADDRESS},              /* RFC 4193 */
    {{0xfe, 0x80}, 10, ANY, MX_REASON_LINK_LOCAL_ADDRESS},        /* RFC 4291 2.5.6 */
    {{0xff}, 8, NEVER, MX_REASON_MULTICAST_ADDRESS},              /* RFC 4291 2.7 */
    {{0}, 0, ANY, MX_REASON_RESERVED_ADDRESS},
};
/* clang-format on */

mx_address
mx_address_ipv4(const uint8_t bytes[4])
{
    mx_address address = {.family = MX_IPV4};
    memcpy(address.bytes, bytes, 4);
    return address;
}

mx_address
mx_address_ipv6(const uint8_t bytes[16])
{
    mx_address address = {.family = MX_IPV6};
    memcpy(address.bytes, bytes, 16);
    return address;
}

bool
mx_address_equal(const mx_address *a, const mx_address *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* inet_pton() agrees on Linux but not everywhere about leading zeros. */
static bool
read_ipv4(const char *text, size_t length, uint8_t bytes[4])
{
    size_t at = 0;
    for (int i = 0; i < 4; i++) {
        unsigned number = 0;
        size_t start = at;
        while (at < length && at - start < 3 && text[at] >= '0' && text[at] <= '9') {
            number = number * 10 + (unsigned)(text[at++] - '0');
        }
        bool is_plain = at == start + 1 || (at > start + 1 && text[start] != '0');
        if (!is_plain || number > 255) {
            return false;
        }
        bytes[i] = (uint8_t)number;
        if (i < 3 && (at == length || text[at++] != '.')) {
            return false;
        }
    }
    return at == length;
}

static bool
read_ipv6(const char *text, size_t length, uint8_t bytes[16])
{
    char copy[MX_ADDRESS_TEXT_SIZE];
    if (length >= sizeof copy || memchr(text, '\0', length) != NULL) {
        return false;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    return inet_pton(AF_INET6, copy, bytes) == 1;
}

bool
mx_address_from_text(const char *text, size_t length, mx_address *out)
{
    uint8_t bytes[16];
    if (read_ipv4(text, length, bytes)) {
        *out = mx_address_ipv4(bytes);
        return true;
    }
    if (read_ipv6(text, length, bytes)) {
        *out = mx_address_ipv6(bytes);
        return true;
    }
    return false;
}

static bool
has_prefix(const uint8_t *bytes, const uint8_t *prefix, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    if (whole > 0 && bytes[0] != prefix[0]) { /* most ranges, at a glance */
        return false;
    }
    if (memcmp(bytes, prefix, whole) != 0) {
        return false;
    }
    return rest == 0 || (bytes[whole] ^ prefix[whole]) >> (8 - rest) == 0;
}

static mx_reason
judge(const range *ranges, const uint8_t *bytes, mx_address_policy policy)
{
    while (!has_prefix(bytes, ranges->prefix, ranges->bits)) {
        ranges++;
    }
    return ranges->reach <= policy ? MX_REASON_NONE : (mx_reason)ranges->reason;
}

/* Writes the IPv4 addresses an IPv6 address carries; returns how many, at most 2. */
static size_t
unwrap(const uint8_t *bytes, uint8_t inner[2][4])
{
    static const uint8_t zeros[15] = {0};
    static const uint8_t mapped[12] = {[10] = 0xff, 0xff};
    static const uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b};

    bool is_special = memcmp(bytes, zeros, 15) == 0 && bytes[15] <= 1; /* ::, ::1 */
    bool is_compatible = memcmp(bytes, zeros, 12) == 0 && !is_special;
    if (is_compatible || memcmp(bytes, mapped, 12) == 0 ||
        memcmp(bytes, nat64, 12) == 0) {
        memcpy(inner[0], bytes + 12, 4);
        return 1;
    }
    if (bytes[0] == 0x20 && bytes[1] == 0x02) { /* 6to4 */
        memcpy(inner[0], bytes + 2, 4);
        return 1;
    }
    if (memcmp(bytes, "\x20\x01\0\0", 4) == 0) { /* Teredo */
        memcpy(inner[0], bytes + 4, 4);          /* its server */
        for (int i = 0; i < 4; i++) {
            inner[1][i] = (uint8_t)~bytes[12 + i]; /* its client, RFC 4380 4 */
        }
        return 2;
    }
    return 0;
}

mx_reason
mx_address_judge(const mx_address *address, mx_address_policy policy)
{
    if (address->family == MX_IPV4) {
        return judge(ipv4_ranges, address->bytes, policy);
    }
    uint8_t inner[2][4];
    size_t count = unwrap(address->bytes, inner);
    for (size_t i = 0; i < count; i++) {
        mx_reason reason = judge(ipv4_ranges, inner[i], policy);
        if (reason != MX_REASON_NONE) {
            return reason;
        }
    }
    return judge(ipv6_ranges, address->bytes, policy);
}
