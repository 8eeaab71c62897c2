/* SPDX-License-Identifier: MIT */
/* rng.h - random numbers for shuffling, choice of ports and hash keys.
 *
 * A small fast generator (xoshiro256**) with its state in the caller's storage; not for
 * secrets. Not thread-safe. Seeded from the system it differs between fork children.
 */
#ifndef MX_RNG_H
#define MX_RNG_H

#include "core/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct mx_rng {
    uint64_t state[4];
} mx_rng;

/* The same seed gives the same numbers on every machine and in every version. */
void mx_rng_seed(mx_rng *rng, uint64_t seed);
/* Seeds from getrandom() or /dev/urandom; MX_SYS when neither can be read. */
MX_MUST_CHECK mx_status mx_rng_seed_system(mx_rng *rng);
uint64_t mx_rng_next(mx_rng *rng);
/* Uniform in 0 .. bound-1, without modulo bias; `bound` is at least 1. */
uint32_t mx_rng_below(mx_rng *rng, uint32_t bound);
/* Fills `bytes` straight from the system's generator; for hash keys and seeds. */
MX_MUST_CHECK mx_status mx_rng_system_bytes(void *bytes, size_t length);

#endif
