/* SPDX-License-Identifier: MIT */
/* order_core.c - the ordering without Python, for ../order.py.
 *
 *     order_core ROUNDS PREFERENCE... , PREFERENCE... , ...
 *
 * Lists of preferences are separated by commas, all equally long. Prints how many
 * nanoseconds it takes to copy one and order it, on the average.
 */
#define _GNU_SOURCE /* clock_gettime */
#include "core/order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_LISTS = 64, MAX_KEYS = 64 };

static mx_order_key lists[MAX_LISTS][MAX_KEYS];

static double
now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* Fills `lists`; returns how many there are, and how long each is. */
static size_t
read_lists(char **words, int word_count, size_t *length)
{
    size_t list = 0, count = 0;
    for (int i = 0; i < word_count; i++) {
        if (strcmp(words[i], ",") == 0) {
            list++;
            count = 0;
        }
        else if (list < MAX_LISTS && count < MAX_KEYS) {
            lists[list][count].preference = (uint16_t)strtoul(words[i], NULL, 10);
            lists[list][count].index = (uint32_t)count;
            *length = ++count;
        }
    }
    return list + 1 < MAX_LISTS ? list + 1 : MAX_LISTS;
}

int
main(int argc, char **argv)
{
    mx_order_key keys[MAX_KEYS], scratch[MAX_KEYS];
    size_t length = 0;
    mx_rng rng;

    if (argc < 3) {
        fprintf(stderr, "usage: order_core ROUNDS PREFERENCE... , PREFERENCE...\n");
        return 2;
    }
    unsigned long rounds = strtoul(argv[1], NULL, 10);
    size_t list_count = read_lists(argv + 2, argc - 2, &length);
    mx_rng_seed(&rng, 1);
    double start = now();
    for (unsigned long round = 0; round < rounds; round++) {
        for (size_t i = 0; i < list_count; i++) {
            memcpy(keys, lists[i], length * sizeof(*keys));
            mx_order_keys(keys, length, &rng, scratch);
            /* So that no compiler leaves it out. */
            __asm__ volatile("" : : "r"(keys) : "memory");
        }
    }
    printf("%.2f\n", (now() - start) / (double)(rounds * list_count));
    return 0;
}
