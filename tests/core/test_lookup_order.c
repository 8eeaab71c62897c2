/* SPDX-License-Identifier: MIT */
/* What is random in a route (rules O2, O7), over many seeds. Everything that a
 * single route shows is a scenario (test_scenarios.c). */
#include "core/lookup.h"
#include "script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static mx_route *
look_up(const script_line *zone, const mx_lookup_rules *rules, uint64_t seed)
{
    script_run run = {.rules = *rules, .seed = seed};
    uint32_t asked;

    return script_lookup(&run, zone, "a.test", &asked);
}

static mx_lookup_rules
default_rules(void)
{
    mx_lookup_rules rules;

    mx_lookup_rules_init(&rules);
    return rules;
}

static const script_line three_equal[] = {
    {"a.test", "MX", "10 m1.test, 10 m2.test, 10 m3.test"},
    {"m1.test", "A", "192.0.2.1"},
    {"m2.test", "A", "192.0.2.2"},
    {"m3.test", "A", "192.0.2.3"},
    {"*", "AAAA", "NODATA"},
    {NULL, NULL, NULL}};

/* Six orders are equally likely: chi-square with 5 degrees of freedom. One run in a
 * thousand would exceed 20.5; the seeds are always the same. */
static bool
are_even(const unsigned counts[6], unsigned rounds)
{
    double chi_square = 0;

    for (int i = 0; i < 6; i++) {
        double off = (double)counts[i] - rounds / 6.0;
        chi_square += off * off / (rounds / 6.0);
    }
    return chi_square < 20.5;
}

/* Which of the six orders of three hosts a route has. */
static int
order_of(const mx_route *route)
{
    int first = route->exchanges[0].host[1] - '1';
    int second = route->exchanges[1].host[1] - '1';

    return first * 2 + (second > 3 - first - second);
}

static void
test_equal_exchanges_come_in_every_order(void **state)
{
    enum { ROUNDS = 12000 };
    mx_lookup_rules rules = default_rules();
    unsigned counts[6] = {0};

    (void)state;
    for (uint64_t seed = 0; seed < ROUNDS; seed++) {
        mx_route *route = look_up(three_equal, &rules, seed);
        counts[order_of(route)]++;
        mx_route_unref(route);
    }
    assert_true(are_even(counts, ROUNDS));
}

static void
test_same_seed_same_route(void **state)
{
    mx_lookup_rules rules = default_rules();
    char text[SCRIPT_TEXT], again[SCRIPT_TEXT];

    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        mx_route *route = look_up(three_equal, &rules, seed);
        script_describe(route, text);
        mx_route_unref(route);
        route = look_up(three_equal, &rules, seed);
        script_describe(route, again);
        mx_route_unref(route);
        assert_string_equal(text, again);
    }
}

/* Last octets of the targets, in order. */
static void
octets_of(mx_route *route, unsigned octets[16])
{
    assert_in_range(route->target_count, 1, 16);
    for (size_t i = 0; i < route->target_count; i++) {
        octets[i] = route->targets[i].address.bytes[3];
    }
    mx_route_unref(route);
}

static const script_line two_levels[] = {
    {"a.test", "MX", "10 m1.test, 10 m2.test, 20 m3.test"},
    {"m1.test", "A", "192.0.2.1, 192.0.2.2"},
    {"m2.test", "A", "192.0.2.3"},
    {"m3.test", "A", "192.0.2.4, 192.0.2.5"},
    {"*", "AAAA", "NODATA"},
    {NULL, NULL, NULL}};

static void
test_shuffled_addresses_come_in_every_order(void **state)
{
    enum { ROUNDS = 6000 };
    mx_lookup_rules rules = default_rules();
    unsigned counts[6] = {0}, last[2] = {0};

    (void)state;
    rules.shuffle = MX_SHUFFLE_ADDRESSES;
    for (uint64_t seed = 0; seed < ROUNDS; seed++) {
        unsigned octets[16];
        octets_of(look_up(two_levels, &rules, seed), octets);
        /* Preference beats the shuffle. */
        assert_in_range(octets[0], 1, 3);
        assert_in_range(octets[1], 1, 3);
        assert_in_range(octets[2], 1, 3);
        assert_in_range(octets[3], 4, 5);
        counts[(octets[0] - 1) * 2 + (octets[1] > 6 - octets[0] - octets[1])]++;
        last[octets[3] - 4]++;
    }
    assert_true(are_even(counts, ROUNDS));
    assert_in_range(last[0], ROUNDS / 2 - 150, ROUNDS / 2 + 150);
}

static const script_line two_families[] = {
    {"a.test", "MX", "10 m1.test, 10 m2.test, 20 m3.test"},
    {"m1.test", "A", "192.0.2.1, 192.0.2.2"},
    {"m2.test", "A", "192.0.2.3"},
    {"m3.test", "A", "192.0.2.4"},
    {"m1.test", "AAAA", "2001:db8::1"},
    {"m2.test", "AAAA", "2001:db8::2, 2001:db8::3"},
    {"m3.test", "AAAA", "2001:db8::4"},
    {NULL, NULL, NULL}};

/* Whether a route has the three targets of one family, the three of the other one, and
 * one each of the worse preference; counts the orders of the first and second three. */
static bool
has_family_first(mx_route *route, mx_family family, unsigned counts[2][6])
{
    bool is_first = route->target_count == 8;

    for (size_t i = 0; is_first && i < 8; i++) {
        bool is_ahead = i < 3 || i == 6;
        is_first =
            (route->targets[i].address.family == family) == is_ahead &&
            (route->exchanges[route->targets[i].exchange].preference == 10) == (i < 6);
    }
    for (size_t i = 0; is_first && i < 2; i++) {
        size_t last = family == MX_IPV6 ? 15 : 3;
        last = i == 0 ? last : 18 - last;
        unsigned a = route->targets[3 * i].address.bytes[last];
        unsigned b = route->targets[3 * i + 1].address.bytes[last];
        counts[i][(a - 1) * 2 + (b > 6 - a - b)]++;
    }
    mx_route_unref(route);
    return is_first;
}

/* As with Postfix's smtp_address_preference: preference, then family, then chance. */
static void
test_shuffled_addresses_keep_the_first_family(void **state)
{
    enum { ROUNDS = 6000 };
    static const mx_families families[] = {MX_FAMILIES_IPV4_FIRST,
                                           MX_FAMILIES_IPV6_FIRST};
    static const mx_family first[] = {MX_IPV4, MX_IPV6};
    mx_lookup_rules rules = default_rules();

    (void)state;
    rules.shuffle = MX_SHUFFLE_ADDRESSES;
    for (size_t i = 0; i < 2; i++) {
        unsigned counts[2][6] = {{0}};
        rules.families = families[i];
        for (uint64_t seed = 0; seed < ROUNDS; seed++) {
            mx_route *route = look_up(two_families, &rules, seed);
            assert_true(has_family_first(route, first[i], counts));
        }
        assert_true(are_even(counts[0], ROUNDS));
        assert_true(are_even(counts[1], ROUNDS));
    }
}

/* Addresses of one host stay together, as published, when hosts are shuffled. */
static void
test_shuffled_hosts_keep_their_addresses(void **state)
{
    mx_lookup_rules rules = default_rules();
    unsigned m1_first = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        static const unsigned orders[2][5] = {{1, 2, 3, 4, 5}, {3, 1, 2, 4, 5}};
        unsigned octets[16];
        octets_of(look_up(two_levels, &rules, seed), octets);
        assert_memory_equal(octets, orders[octets[0] == 3], sizeof(orders[0]));
        m1_first += octets[0] == 1;
    }
    assert_in_range(m1_first, 430, 570);
}

static void
test_limit_cuts_after_the_shuffle(void **state)
{
    static const script_line zone[] = {
        {"a.test", "MX", "10 m0.test, 10 m1.test, 10 m2.test, 10 m3.test"},
        {"*", "A", "192.0.2.1"},
        {"*", "AAAA", "NODATA"},
        {NULL, NULL, NULL}};
    mx_lookup_rules rules = default_rules();
    unsigned kept[4] = {0};

    (void)state;
    rules.max_exchanges = 1;
    for (uint64_t seed = 0; seed < 2000; seed++) {
        mx_route *route = look_up(zone, &rules, seed);
        assert_int_equal(route->exchange_count, 1);
        kept[route->exchanges[0].host[1] - '0']++;
        mx_route_unref(route);
    }
    for (int i = 0; i < 4; i++) {
        assert_in_range(kept[i], 420, 580);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_exchanges_come_in_every_order),
        cmocka_unit_test(test_same_seed_same_route),
        cmocka_unit_test(test_shuffled_addresses_come_in_every_order),
        cmocka_unit_test(test_shuffled_addresses_keep_the_first_family),
        cmocka_unit_test(test_shuffled_hosts_keep_their_addresses),
        cmocka_unit_test(test_limit_cuts_after_the_shuffle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
