/* SPDX-License-Identifier: MIT */
#include "core/order.h"

#include <stdbool.h>
#include <string.h>

enum { RUN = 16 }; /* up to here insertion sort wins, and a real MX list ends before */

static void
shuffle(mx_order_key *keys, size_t count, mx_rng *rng)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = mx_rng_below(rng, (uint32_t)i);
        mx_order_key other = keys[j];
        keys[j] = keys[i - 1];
        keys[i - 1] = other;
    }
}

/* Sorted keys need random numbers only where they are equal, and most are not. */
static void
shuffle_equals(mx_order_key *keys, size_t count, mx_rng *rng)
{
    for (size_t at = 0; at < count;) {
        size_t end = at + 1;
        while (end < count && keys[end].preference == keys[at].preference) {
            end++;
        }
        shuffle(keys + at, end - at, rng);
        at = end;
    }
}

static void
insertion_sort(mx_order_key *keys, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        mx_order_key key = keys[i];
        size_t j = i;
        for (; j > 0 && keys[j - 1].preference > key.preference; j--) {
            keys[j] = keys[j - 1];
        }
        keys[j] = key;
    }
}

/* Merges the sorted keys[0, middle) and keys[middle, count) into `out`, equals of the
 * first run before those of the second. */
static void
merge(const mx_order_key *keys, size_t middle, size_t count, mx_order_key *out)
{
    size_t left = 0, right = middle;
    for (size_t i = 0; i < count; i++) {
        bool from_left =
            left < middle &&
            (right == count || keys[left].preference <= keys[right].preference);
        out[i] = from_left ? keys[left++] : keys[right++];
    }
}

static void
merge_sort(mx_order_key *keys, size_t count, mx_order_key *scratch)
{
    mx_order_key *from = keys, *to = scratch;

    for (size_t at = 0; at < count; at += RUN) {
        insertion_sort(keys + at, count - at < RUN ? count - at : RUN);
    }
    for (size_t width = RUN; width < count; width *= 2) {
        for (size_t at = 0; at < count; at += 2 * width) {
            size_t left = count - at;
            size_t both = left < 2 * width ? left : 2 * width;
            merge(from + at, both < width ? both : width, both, to + at);
        }
        mx_order_key *other = from;
        from = to;
        to = other;
    }
    if (from != keys) {
        memcpy(keys, from, count * sizeof *keys);
    }
}

void
mx_order_keys(mx_order_key *keys, size_t count, mx_rng *rng, mx_order_key *scratch)
{
    if (count <= RUN) {
        insertion_sort(keys, count);
    }
    else {
        merge_sort(keys, count, scratch);
    }
    if (rng != NULL) {
        shuffle_equals(keys, count, rng);
    }
}

static size_t
take_turns(const mx_address *first, size_t first_count, const mx_address *second,
           size_t second_count, mx_address *out)
{
    size_t count = 0;
    for (size_t i = 0; i < first_count || i < second_count; i++) {
        if (i < first_count) {
            out[count++] = first[i];
        }
        if (i < second_count) {
            out[count++] = second[i];
        }
    }
    return count;
}

static size_t
append(const mx_address *addresses, size_t count, mx_address *out, size_t at)
{
    for (size_t i = 0; i < count; i++) {
        out[at + i] = addresses[i];
    }
    return at + count;
}

size_t
mx_order_families(const mx_address *ipv4, size_t ipv4_count, const mx_address *ipv6,
                  size_t ipv6_count, mx_families families, mx_address *out)
{
    size_t count;
    switch (families) {
    case MX_FAMILIES_IPV4:
        return append(ipv4, ipv4_count, out, 0);
    case MX_FAMILIES_IPV6:
        return append(ipv6, ipv6_count, out, 0);
    case MX_FAMILIES_IPV4_FIRST:
        count = append(ipv4, ipv4_count, out, 0);
        return append(ipv6, ipv6_count, out, count);
    case MX_FAMILIES_IPV6_FIRST:
        count = append(ipv6, ipv6_count, out, 0);
        return append(ipv4, ipv4_count, out, count);
    case MX_FAMILIES_INTERLEAVE:
        return take_turns(ipv6, ipv6_count, ipv4, ipv4_count, out);
    case MX_FAMILIES_ANY:
        break;
    }
    return take_turns(ipv4, ipv4_count, ipv6, ipv6_count, out);
}
