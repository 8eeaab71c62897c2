/* SPDX-License-Identifier: MIT */
#include "core/near_misses.h"

#include "core/question.h"
#include "core/wire.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

void
mx_near_misses_forget(mx_near_misses *misses)
{
    misses->flights = NULL;
}

/* The chain of the question that a message begins with. Without a secret: however the
 * names were chosen, a chain holds no more than what is open on one socket. */
static bool
find_chain(const uint8_t *message, size_t length, size_t *out)
{
    mx_wire wire;
    mx_name name;
    uint32_t hash;

    mx_wire_init(&wire, message, length);
    mx_wire_skip(&wire, MX_WIRE_HEADER);
    mx_wire_name(&wire, &name);
    hash = mx_wire_u16(&wire);
    if (wire.failed) {
        return false;
    }
    for (size_t i = 0; i < name.length; i++) {
        hash = (hash ^ name.wire[i]) * UINT32_C(16777619); /* FNV-1a */
    }
    *out = (hash ^ hash >> 16) % MX_NEAR_MISS_PLACES;
    return true;
}

static void
arrange(mx_near_misses *misses, const mx_flights *flights)
{
    size_t chain;

    assert(flights->place_count <= MX_NEAR_MISS_PLACES);
    memset(misses->first, 0, sizeof(misses->first));
    misses->flights = flights;
    for (size_t i = 0; i < flights->place_count; i++) {
        const mx_flight *flight = flights->places[i];
        if (flight != NULL && find_chain(flight->query, flight->length, &chain)) {
            misses->next[i] = misses->first[chain];
            misses->first[chain] = (uint16_t)(i + 1);
        }
    }
}

mx_flight *
mx_near_misses_count(mx_near_misses *misses, const mx_flights *flights,
                     const uint8_t *message, size_t length)
{
    size_t chain;

    if (flights->count == 0 || !find_chain(message, length, &chain)) {
        return NULL;
    }
    if (misses->flights != flights) {
        arrange(misses, flights);
    }
    for (size_t place = misses->first[chain]; place != 0;
         place = misses->next[place - 1]) {
        mx_flight *flight = flights->places[place - 1]; /* it may be gone since */
        if (flight != NULL &&
            mx_reply_asks(flight->query, flight->length, message, length)) {
            flight->count++;
            return flight->count >= MX_NEAR_MISSES ? flight : NULL;
        }
    }
    return NULL;
}
