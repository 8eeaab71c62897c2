/* SPDX-License-Identifier: MIT */
/* xoshiro256** and splitmix64 as published by Blackman and Vigna,
 * "Scrambled linear pseudorandom number generators" (2018), prng.di.unimi.it/ */
#define _GNU_SOURCE /* getrandom */
#include "core/rng.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#    include <sys/random.h>
#endif

static uint64_t
rotate_left(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

void
mx_rng_seed(mx_rng *rng, uint64_t seed)
{
    /* splitmix64 never leaves all four words zero, the one state that xoshiro must not
     * have, and keeps the sequences of neighbouring seeds apart. */
    for (size_t i = 0; i < 4; i++) {
        seed += UINT64_C(0x9e3779b97f4a7c15);
        uint64_t mixed = seed;
        mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
        rng->state[i] = mixed ^ mixed >> 31;
    }
}

mx_status
mx_rng_seed_system(mx_rng *rng)
{
    uint64_t seed;
    mx_status status = mx_rng_system_bytes(&seed, sizeof(seed));
    if (status == MX_OK) {
        mx_rng_seed(rng, seed);
    }
    return status;
}

uint64_t
mx_rng_next(mx_rng *rng)
{
    uint64_t *state = rng->state;
    uint64_t number = rotate_left(state[1] * 5, 7) * 9;
    uint64_t shifted = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate_left(state[3], 45);
    return number;
}

uint32_t
mx_rng_below(mx_rng *rng, uint32_t bound)
{
    /* Lemire, "Fast random integer generation in an interval" (2019): the products
     * whose low half is below 2^32 mod bound are the surplus, and are drawn again. */
    uint64_t product = (mx_rng_next(rng) >> 32) * bound;
    if ((uint32_t)product < bound) {
        uint32_t surplus = (0 - bound) % bound;
        while ((uint32_t)product < surplus) {
            product = (mx_rng_next(rng) >> 32) * bound;
        }
    }
    return (uint32_t)(product >> 32);
}

static mx_status
read_device(unsigned char *bytes, size_t length)
{
    int descriptor;
    do {
        descriptor = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    } while (descriptor < 0 && errno == EINTR);
    if (descriptor < 0) {
        return MX_SYS;
    }
    mx_status status = MX_OK;
    int os_error = 0;
    while (length > 0) {
        ssize_t count = read(descriptor, bytes, length);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            os_error = count < 0 ? errno : EIO;
            status = MX_SYS;
            break;
        }
        bytes += count;
        length -= (size_t)count;
    }
    close(descriptor);
    if (status != MX_OK) {
        errno = os_error;
    }
    return status;
}

mx_status
mx_rng_system_bytes(void *bytes, size_t length)
{
    unsigned char *next = bytes;
#ifdef __linux__
    while (length > 0) {
        ssize_t count = getrandom(next, length, 0);
        if (count > 0) {
            next += count;
            length -= (size_t)count;
        }
        else if (errno != EINTR) {
            break; /* ENOSYS in old sandboxes: the device may still do */
        }
    }
#endif
    return length == 0 ? MX_OK : read_device(next, length);
}

mx_status
mx_pool_draw(mx_pool *pool, void *bytes, size_t length)
{
    if (pool->left < length) {
        mx_status status = mx_rng_system_bytes(pool->bytes, sizeof(pool->bytes));
        if (status != MX_OK) {
            return status;
        }
        pool->left = sizeof(pool->bytes);
    }
    pool->left -= length;
    memcpy(bytes, pool->bytes + pool->left, length);
    return MX_OK;
}
