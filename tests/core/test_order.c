/* SPDX-License-Identifier: MIT */
#include "core/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 5000 };

static mx_order_key keys[MANY], scratch[MANY], sorted[MANY];

/* Checks that `keys` are all there and in order; equals by index when `is_stable`. */
static void
assert_ordered(size_t count, bool is_stable)
{
    static bool is_seen[MANY];
    memset(is_seen, 0, sizeof is_seen);
    for (size_t i = 0; i < count; i++) {
        assert_in_range(keys[i].index, 0, count - 1);
        assert_false(is_seen[keys[i].index]);
        is_seen[keys[i].index] = true;
        if (i == 0) {
            continue;
        }
        assert_true(keys[i - 1].preference <= keys[i].preference);
        if (is_stable && keys[i - 1].preference == keys[i].preference) {
            assert_true(keys[i - 1].index < keys[i].index);
        }
    }
}

static void
fill(size_t count, uint32_t preferences, mx_rng *rng)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t preference = (uint16_t)mx_rng_below(rng, preferences);
        keys[i] = (mx_order_key){.preference = preference, .index = (uint32_t)i};
    }
}

/* Rule O1 */
static void
test_all_16_bits_of_a_preference_count(void **state)
{
    (void)state;
    static const uint16_t preferences[] = {65535, 32768, 0, 256, 32767, 1, 255, 10};
    static const uint16_t expected[] = {0, 1, 10, 255, 256, 32767, 32768, 65535};
    mx_rng rng;
    mx_rng_seed(&rng, 1);
    for (int shuffled = 0; shuffled < 2; shuffled++) {
        for (uint32_t i = 0; i < 8; i++) {
            keys[i] = (mx_order_key){.preference = preferences[i], .index = i};
        }
        mx_order_keys(keys, 8, shuffled ? &rng : NULL, scratch);
        for (size_t i = 0; i < 8; i++) {
            assert_int_equal(keys[i].preference, expected[i]);
            assert_int_equal(preferences[keys[i].index], expected[i]);
        }
    }
}

/* Every count around the lengths where the sort changes its ways. */
static void
test_equals_keep_their_order_without_random_numbers(void **state)
{
    (void)state;
    mx_rng rng;
    mx_rng_seed(&rng, 2);
    for (size_t count = 0; count <= 200; count++) {
        for (uint32_t preferences = 1; preferences <= 65536; preferences *= 16) {
            fill(count, preferences, &rng);
            mx_order_keys(keys, count, NULL, scratch);
            assert_ordered(count, true);
        }
    }
}

static void
test_shuffled_keys_are_sorted_too(void **state)
{
    (void)state;
    mx_rng rng;
    mx_rng_seed(&rng, 3);
    for (size_t count = 0; count <= 200; count++) {
        fill(count, 5, &rng);
        mx_order_keys(keys, count, &rng, scratch);
        assert_ordered(count, false);
    }
}

/* Fault C14: the largest message holds fewer exchanges than this. */
static void
test_five_thousand_keys(void **state)
{
    (void)state;
    mx_rng rng;
    mx_rng_seed(&rng, 4);
    static const uint32_t preferences[] = {1, 2, 100, 65536};
    for (size_t i = 0; i < sizeof preferences / sizeof *preferences; i++) {
        fill(MANY, preferences[i], &rng);
        mx_order_keys(keys, MANY, NULL, scratch);
        assert_ordered(MANY, true);
        mx_order_keys(keys, MANY, &rng, scratch);
        assert_ordered(MANY, false);
    }
}

static void
test_the_same_seed_gives_the_same_order(void **state)
{
    (void)state;
    mx_rng rng;
    mx_rng_seed(&rng, 5);
    fill(50, 3, &rng);
    memcpy(sorted, keys, 50 * sizeof *keys);
    mx_rng_seed(&rng, 77);
    mx_order_keys(keys, 50, &rng, scratch);
    mx_rng_seed(&rng, 77);
    mx_order_keys(sorted, 50, &rng, scratch);
    for (size_t i = 0; i < 50; i++) {
        assert_int_equal(keys[i].index, sorted[i].index);
    }
}

/* Which of the n! orders of `count` keys this is. */
static unsigned
number_of_order(const mx_order_key *order, unsigned count)
{
    unsigned number = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned smaller = 0;
        for (unsigned j = i + 1; j < count; j++) {
            smaller += order[j].index < order[i].index;
        }
        number = number * (count - i) + smaller;
    }
    return number;
}

/* Pearson's sum for `runs` shuffles of `count` equals in a list that also has a better
 * and a worse key. */
static double
chi_square(unsigned count, unsigned orders, unsigned runs, uint64_t seed)
{
    unsigned seen[120] = {0};
    double expected = (double)runs / orders, sum = 0;
    mx_rng rng;
    mx_rng_seed(&rng, seed);
    for (unsigned run = 0; run < runs; run++) {
        keys[0] = (mx_order_key){.preference = 20, .index = 100};
        for (uint32_t i = 0; i < count; i++) {
            keys[1 + i] = (mx_order_key){.preference = 10, .index = i};
        }
        keys[1 + count] = (mx_order_key){.preference = 5, .index = 101};
        mx_order_keys(keys, count + 2, &rng, scratch);
        assert_int_equal(keys[0].index, 101);
        assert_int_equal(keys[count + 1].index, 100);
        unsigned number = number_of_order(keys + 1, count);
        assert_in_range(number, 0, orders - 1);
        seen[number]++;
    }
    for (unsigned i = 0; i < orders; i++) {
        sum += (seen[i] - expected) * (seen[i] - expected) / expected;
    }
    return sum;
}

/* Rule O2: every order of equals is equally likely. */
static void
test_equals_are_shuffled_uniformly(void **state)
{
    (void)state;
    /* The 0.999 quantile of the chi-square distribution with n! - 1 degrees, and the
     * 0.001 quantile: too even is not random either. */
    static const struct {
        unsigned count, orders;
        double low, high;
    } cases[] = {
        {2, 2, 0.0000016, 10.83},
        {3, 6, 0.2102, 20.51},
        {4, 24, 7.529, 49.73},
        {5, 120, 76.95, 172.42},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (uint64_t seed = 1; seed <= 3; seed++) {
            unsigned runs = cases[i].orders * 500;
            double sum = chi_square(cases[i].count, cases[i].orders, runs, seed);
            if (sum < cases[i].low || sum > cases[i].high) {
                fail_msg("%u equals, seed %u: chi-square %f", cases[i].count,
                         (unsigned)seed, sum);
            }
        }
    }
}

/* The merge sort of long lists must keep what the shuffle did: every key of 40 equals
 * is equally likely to come first, and last. */
static void
test_long_lists_are_shuffled_uniformly(void **state)
{
    (void)state;
    enum { COUNT = 40, RUNS = 40 * 500 };
    unsigned first[COUNT] = {0}, last[COUNT] = {0};
    double first_sum = 0, last_sum = 0, expected = (double)RUNS / COUNT;
    mx_rng rng;
    mx_rng_seed(&rng, 6);
    for (int run = 0; run < RUNS; run++) {
        fill(COUNT, 1, &rng);
        mx_order_keys(keys, COUNT, &rng, scratch);
        first[keys[0].index]++;
        last[keys[COUNT - 1].index]++;
    }
    for (int i = 0; i < COUNT; i++) {
        first_sum += (first[i] - expected) * (first[i] - expected) / expected;
        last_sum += (last[i] - expected) * (last[i] - expected) / expected;
    }
    assert_true(first_sum > 17.26 && first_sum < 72.06); /* 39 degrees */
    assert_true(last_sum > 17.26 && last_sum < 72.06);
}

/* Addresses named by a letter: IPv4 in upper case. */
static mx_address
letter(char name)
{
    uint8_t bytes[16] = {(uint8_t)name};
    return name >= 'a' ? mx_address_ipv6(bytes) : mx_address_ipv4(bytes);
}

static void
assert_families(const char *ipv4, const char *ipv6, mx_families families,
                const char *expected)
{
    mx_address addresses4[4], addresses6[4];
    size_t count4 = strlen(ipv4), count6 = strlen(ipv6);
    /* As little room as is promised, so that a sanitizer sees one too many. */
    mx_address *out = test_calloc(count4 + count6, sizeof *out);
    char names[9] = "";
    for (size_t i = 0; i < count4; i++) {
        addresses4[i] = letter(ipv4[i]);
    }
    for (size_t i = 0; i < count6; i++) {
        addresses6[i] = letter(ipv6[i]);
    }
    size_t count =
        mx_order_families(addresses4, count4, addresses6, count6, families, out);
    for (size_t i = 0; i < count; i++) {
        names[i] = (char)out[i].bytes[0];
        mx_address same = letter(names[i]);
        assert_true(mx_address_equal(&out[i], &same));
    }
    assert_string_equal(names, expected);
    test_free(out);
}

/* Rules O3, O4 */
static void
test_families_are_merged_in_published_order(void **state)
{
    (void)state;
    assert_families("ABC", "xyz", MX_FAMILIES_ANY, "AxByCz");
    assert_families("ABC", "xyz", MX_FAMILIES_INTERLEAVE, "xAyBzC");
    assert_families("ABC", "xyz", MX_FAMILIES_IPV4, "ABC");
    assert_families("ABC", "xyz", MX_FAMILIES_IPV6, "xyz");
    assert_families("ABC", "xyz", MX_FAMILIES_IPV4_FIRST, "ABCxyz");
    assert_families("ABC", "xyz", MX_FAMILIES_IPV6_FIRST, "xyzABC");
}

static void
test_uneven_families_lose_nothing(void **state)
{
    (void)state;
    assert_families("A", "xyz", MX_FAMILIES_ANY, "Axyz");
    assert_families("ABC", "x", MX_FAMILIES_ANY, "AxBC");
    assert_families("A", "xyz", MX_FAMILIES_INTERLEAVE, "xAyz");
    assert_families("ABC", "x", MX_FAMILIES_INTERLEAVE, "xABC");
    assert_families("", "xy", MX_FAMILIES_ANY, "xy");
    assert_families("AB", "", MX_FAMILIES_INTERLEAVE, "AB");
    assert_families("AB", "", MX_FAMILIES_IPV6_FIRST, "AB");
    assert_families("", "xy", MX_FAMILIES_IPV4_FIRST, "xy");
    assert_families("AB", "", MX_FAMILIES_IPV6, "");
    assert_families("", "xy", MX_FAMILIES_IPV4, "");
    assert_families("", "", MX_FAMILIES_ANY, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_16_bits_of_a_preference_count),
        cmocka_unit_test(test_equals_keep_their_order_without_random_numbers),
        cmocka_unit_test(test_shuffled_keys_are_sorted_too),
        cmocka_unit_test(test_five_thousand_keys),
        cmocka_unit_test(test_the_same_seed_gives_the_same_order),
        cmocka_unit_test(test_equals_are_shuffled_uniformly),
        cmocka_unit_test(test_long_lists_are_shuffled_uniformly),
        cmocka_unit_test(test_families_are_merged_in_published_order),
        cmocka_unit_test(test_uneven_families_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
