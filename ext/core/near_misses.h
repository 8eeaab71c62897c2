/* SPDX-License-Identifier: MIT */
/* near_misses.h - who guesses ids gives himself away (faults S16, N31): a reply to a live
 * question on its very socket, but under a wrong id.
 *
 * Only stray datagrams cost anything: the first after a flush has the flights of its
 * socket arranged by question, so that a flood of them is not compared with each. Belongs
 * to the engine's thread.
 */
#ifndef MX_NEAR_MISSES_H
#define MX_NEAR_MISSES_H

#include "core/flights.h"

#include <stddef.h>
#include <stdint.h>

enum {
    /* With the second the question is no longer left to datagrams. One may be chance: a
     * late reply that meets the same question asked again. */
    MX_NEAR_MISSES = 2,
    MX_NEAR_MISS_PLACES = 256 /* of the flights of one socket */
};

/* Zeroed is empty. */
typedef struct mx_near_misses {
    const mx_flights *flights; /* that are arranged, NULL when none are */
    /* Chains of those with the same hash, as their places plus 1; 0 ends one. */
    uint16_t first[MX_NEAR_MISS_PLACES];
    uint16_t next[MX_NEAR_MISS_PLACES];
} mx_near_misses;

/* To be called when flights were added somewhere, or a socket is gone. */
void mx_near_misses_forget(mx_near_misses *misses);
/* A stray message on the socket of `flights`, which has at most MX_NEAR_MISS_PLACES.
 * Returns the flight that has now been missed once too often, or NULL. */
mx_flight *mx_near_misses_count(mx_near_misses *misses, const mx_flights *flights,
                                const uint8_t *message, size_t length);

#endif
