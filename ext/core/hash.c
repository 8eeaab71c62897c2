/* SPDX-License-Identifier: MIT */
/* SipHash (Aumasson and Bernstein, 2012) with one round a word and three at the end:
 * what CPython and Rust use for their tables. */
#include "core/hash.h"

#include <string.h>

enum { WORD_ROUNDS = 1, LAST_ROUNDS = 3 };

static inline uint64_t
rotate_left(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static inline void
mix(uint64_t v[4], unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++) {
        v[0] += v[1];
        v[1] = rotate_left(v[1], 13) ^ v[0];
        v[0] = rotate_left(v[0], 32);
        v[2] += v[3];
        v[3] = rotate_left(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotate_left(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotate_left(v[1], 17) ^ v[2];
        v[2] = rotate_left(v[2], 32);
    }
}

/* `count` bytes, at most 8, the first one lowest: the same number on every machine. */
static inline uint64_t
read_word(const uint8_t *bytes, size_t count)
{
    uint64_t word = 0;
    for (size_t i = 0; i < count; i++) {
        word |= (uint64_t)bytes[i] << (8 * i);
    }
    return word;
}

static inline uint64_t
read_whole_word(const uint8_t *bytes)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    return word;
#else
    return read_word(bytes, 8);
#endif
}

uint64_t
mx_hash(const mx_hash_key *key, const void *bytes, size_t length)
{
    uint64_t v[4] = {
        key->k0 ^ UINT64_C(0x736f6d6570736575),
        key->k1 ^ UINT64_C(0x646f72616e646f6d),
        key->k0 ^ UINT64_C(0x6c7967656e657261),
        key->k1 ^ UINT64_C(0x7465646279746573),
    };
    const uint8_t *next = bytes;
    size_t left = length;
    for (; left >= 8; next += 8, left -= 8) {
        uint64_t word = read_whole_word(next);
        v[3] ^= word;
        mix(v, WORD_ROUNDS);
        v[0] ^= word;
    }
    uint64_t last = (uint64_t)length << 56 | read_word(next, left);
    v[3] ^= last;
    mix(v, WORD_ROUNDS);
    v[0] ^= last;
    v[2] ^= 0xff;
    mix(v, LAST_ROUNDS);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
