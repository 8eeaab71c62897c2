/* SPDX-License-Identifier: MIT */
/* flights.h - the open flights of one socket by their ids.
 *
 * An id is drawn at random (RFC 5452 9.1) among those whose place is free, and its place
 * is what its low bits say: finding the flight of a reply is one look. Belongs to the
 * engine's thread.
 */
#ifndef MX_FLIGHTS_H
#define MX_FLIGHTS_H

#include "core/rng.h"
#include "core/status.h"
#include "core/transport.h"

#include <stddef.h>
#include <stdint.h>

typedef struct mx_flights {
    mx_flight **places; /* a power of two of them, NULL where free */
    size_t place_count;
    size_t count;
} mx_flights;

/* Sees to it that `count` flights have room. MX_NOMEM leaves all as it was. */
MX_MUST_CHECK mx_status mx_flights_reserve(mx_flights *flights, size_t count);
void mx_flights_fini(mx_flights *flights); /* leaves the flights alone */

/* Gives a flight an id that is unique here and writes it into the query. There must be
 * room. MX_SYS, with errno, when the system has no random bytes. */
MX_MUST_CHECK mx_status mx_flights_add(mx_flights *flights, mx_pool *ids,
                                       mx_flight *flight);
void mx_flights_remove(mx_flights *flights, mx_flight *flight);
/* The flight that a message replies to, NULL when it is stray. */
mx_flight *mx_flights_match(const mx_flights *flights, const uint8_t *message,
                            size_t length);
/* Begins to bring from memory what mx_flights_match, and taking the reply, will read. */
void mx_flights_prefetch(const mx_flights *flights, const uint8_t *message,
                         size_t length);
/* Any flight at or after place `*from`, which moves behind it; NULL when there is none.
 */
mx_flight *mx_flights_next(const mx_flights *flights, size_t *from);

#endif
