/* SPDX-License-Identifier: MIT */
#include "core/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
test_numbers_are_those_of_the_published_generator(void **state)
{
    (void)state;
    /* The first outputs of xoshiro256** from the state 1, 2, 3, 4. */
    mx_rng rng = {{1, 2, 3, 4}};
    const uint64_t expected[] = {11520, 0, 1509978240, UINT64_C(1215971899390074240)};
    for (size_t i = 0; i < 4; i++) {
        assert_true(mx_rng_next(&rng) == expected[i]);
    }
}

static void
test_a_seed_is_spread_by_splitmix(void **state)
{
    (void)state;
    mx_rng rng;
    mx_rng_seed(&rng, 0);
    assert_true(rng.state[0] == UINT64_C(0xe220a8397b1dcdaf));
    assert_true(rng.state[1] == UINT64_C(0x6e789e6aa1b965f4));
    assert_true(rng.state[2] == UINT64_C(0x06c45d188009454f));
    assert_true(rng.state[3] == UINT64_C(0xf88bb8a8724c81ec));
}

/* What the same seed gives is a promise to users of Resolver(seed=...). */
static void
test_the_same_seed_gives_the_same_choices_for_ever(void **state)
{
    (void)state;
    const uint32_t expected[] = {7, 2, 8, 9, 9, 8, 0, 1, 4, 1, 5, 7};
    mx_rng rng;
    mx_rng_seed(&rng, 7);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        assert_int_equal(mx_rng_below(&rng, 10), expected[i]);
    }
}

static void
test_choices_stay_below_their_bound(void **state)
{
    (void)state;
    const uint32_t bounds[] = {1, 2, 3, 10, 1000, UINT32_C(0x80000001), UINT32_MAX};
    mx_rng rng;
    mx_rng_seed(&rng, 1);
    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
        for (size_t j = 0; j < 1000; j++) {
            assert_true(mx_rng_below(&rng, bounds[i]) < bounds[i]);
        }
    }
}

static void
test_choices_are_uniform(void **state)
{
    (void)state;
    enum { BOUND = 6, DRAWS = 60000 };
    uint32_t seen[BOUND] = {0};
    mx_rng rng;
    mx_rng_seed(&rng, 42);
    for (size_t i = 0; i < DRAWS; i++) {
        seen[mx_rng_below(&rng, BOUND)]++;
    }
    double sum = 0;
    for (size_t i = 0; i < BOUND; i++) {
        double off = (double)seen[i] - (double)DRAWS / BOUND;
        sum += off * off / ((double)DRAWS / BOUND);
    }
    assert_true(sum < 20.5); /* chi square, 5 degrees of freedom, 0.1 % */
}

/* 3 * 2^30 parts 2^32 so badly that, without drawing the surplus again, every third
 * number would come up twice as often as the others. */
static void
test_a_large_bound_has_no_bias(void **state)
{
    (void)state;
    enum { DRAWS = 30000 };
    uint32_t thirds[3] = {0};
    mx_rng rng;
    mx_rng_seed(&rng, 3);
    for (size_t i = 0; i < DRAWS; i++) {
        thirds[mx_rng_below(&rng, UINT32_C(3) << 30) % 3]++;
    }
    for (size_t i = 0; i < 3; i++) {
        assert_in_range(thirds[i], DRAWS / 3 - 400, DRAWS / 3 + 400);
    }
}

static void
test_system_bytes_fill_the_whole_buffer_anew(void **state)
{
    (void)state;
    /* More than getrandom() promises to give at once. */
    static unsigned char first[5000], second[5000];
    assert_int_equal(mx_rng_system_bytes(first, sizeof(first) - 8), MX_OK);
    assert_int_equal(mx_rng_system_bytes(second, sizeof(second) - 8), MX_OK);
    assert_memory_not_equal(first, second, 16);
    assert_memory_not_equal(first + 4976, second + 4976, 16);
    assert_memory_equal(first + 4992, "\0\0\0\0\0\0\0\0", 8);
    assert_int_equal(mx_rng_system_bytes(first, 0), MX_OK);
}

static void
test_system_seeds_differ(void **state)
{
    (void)state;
    mx_rng first, second;
    assert_int_equal(mx_rng_seed_system(&first), MX_OK);
    assert_int_equal(mx_rng_seed_system(&second), MX_OK);
    assert_memory_not_equal(&first, &second, sizeof(first));
}

static void
test_a_pool_gives_no_byte_twice(void **state)
{
    (void)state;
    mx_pool pool = {.left = 0};
    uint16_t ids[1024];
    unsigned repeats = 0;
    for (size_t i = 0; i < 1024; i++) {
        assert_int_equal(mx_pool_draw(&pool, &ids[i], sizeof(ids[i])), MX_OK);
    }
    for (size_t i = 0; i + 256 < 1024; i++) {
        repeats += ids[i] == ids[i + 256]; /* one system call further */
    }
    /* By chance one of 65,536 is equal: six would be once in a billion runs. */
    assert_true(repeats < 6);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_pool_gives_no_byte_twice),
        cmocka_unit_test(test_numbers_are_those_of_the_published_generator),
        cmocka_unit_test(test_a_seed_is_spread_by_splitmix),
        cmocka_unit_test(test_the_same_seed_gives_the_same_choices_for_ever),
        cmocka_unit_test(test_choices_stay_below_their_bound),
        cmocka_unit_test(test_choices_are_uniform),
        cmocka_unit_test(test_a_large_bound_has_no_bias),
        cmocka_unit_test(test_system_bytes_fill_the_whole_buffer_anew),
        cmocka_unit_test(test_system_seeds_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
