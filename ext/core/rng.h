/* SPDX-License-Identifier: MIT */
/* rng.h - random numbers.
 *
 * mx_rng is a small fast generator (xoshiro256**) for what may be foretold without harm:
 * shuffles and the choice among sockets. Whoever sees some of its numbers knows the
 * rest. Seeded from the system it differs between fork children. mx_pool and
 * mx_rng_system_bytes are for what must not be foretold: query ids, seeds, hash keys.
 * Nothing here is thread-safe but mx_rng_system_bytes.
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
/* Bytes of the system's generator kept at hand, for many small numbers that nobody who saw
 * the ones before may foretell (query ids, RFC 5452). Zeroed is empty. */
typedef struct mx_pool {
    uint8_t bytes[512];
    size_t left;
} mx_pool;

/* `length` bytes, at most the size of the pool, none of them given twice. */
MX_MUST_CHECK mx_status mx_pool_draw(mx_pool *pool, void *bytes, size_t length);

/* Fills `bytes` straight from the system's generator; for hash keys and seeds. */
MX_MUST_CHECK mx_status mx_rng_system_bytes(void *bytes, size_t length);

#endif
