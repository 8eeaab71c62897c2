/* SPDX-License-Identifier: MIT */
/* hash.h - keyed hash (SipHash-1-3) for tables whose keys come from the network: who
 * does not know the key cannot choose names that collide (fault C43).
 */
#ifndef MX_HASH_H
#define MX_HASH_H

#include <stddef.h>
#include <stdint.h>

typedef struct mx_hash_key {
    uint64_t k0, k1;
} mx_hash_key;

uint64_t mx_hash(const mx_hash_key *key, const void *bytes, size_t length);

#endif
