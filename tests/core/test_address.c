/* SPDX-License-Identifier: MIT */
#include "core/address.h"
#include "core/rng.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static mx_address
address_of(const char *text)
{
    mx_address address = {.family = 0};
    if (!mx_address_from_text(text, strlen(text), &address)) {
        fail_msg("not an address: %s", text);
    }
    return address;
}

static void
test_text_is_read_and_written(void **state)
{
    (void)state;
    static const struct {
        const char *read, *written; /* NULL: the same */
    } texts[] = {
        {"0.0.0.0", NULL},
        {"192.0.2.1", NULL},
        {"255.255.255.255", NULL},
        {"::", NULL},
        {"::1", NULL},
        {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},       /* RFC 5952 4.1, 4.2.1, 4.3 */
        {"2001:db8:0:1:1:1:1:1", NULL},                /* 4.2.2: one group stays */
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},       /* 4.2.3: the longest run */
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"}, /* 4.2.3: else the first */
        {"2001:db8::0001", "2001:db8::1"},
        {"::ffff:192.0.2.1", NULL}, /* 5 */
        {"::ffff:c000:201", "::ffff:192.0.2.1"},
        {"64:ff9b::192.0.2.1", "64:ff9b::c000:201"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
        {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *expected = texts[i].written ? texts[i].written : texts[i].read;
        char text[MX_ADDRESS_TEXT_SIZE];
        mx_address address = address_of(texts[i].read);
        size_t length = mx_address_to_text(&address, text);
        assert_string_equal(text, expected);
        assert_int_equal(length, strlen(expected));
        mx_address again = address_of(text);
        assert_true(mx_address_equal(&again, &address));
    }
}

static void
test_bytes_are_in_network_order(void **state)
{
    (void)state;
    static const uint8_t v4[16] = {192, 0, 2, 1};
    static const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 7};
    mx_address address = address_of("192.0.2.1");
    mx_address made = mx_address_ipv4(v4);
    assert_int_equal(address.family, MX_IPV4);
    assert_memory_equal(address.bytes, v4, 16);
    assert_true(mx_address_equal(&address, &made));
    address = address_of("2001:db8::7");
    made = mx_address_ipv6(v6);
    assert_int_equal(address.family, MX_IPV6);
    assert_memory_equal(address.bytes, v6, 16);
    assert_true(mx_address_equal(&address, &made));
}

/* Rule A6, fault C44: what inet_aton() would take is no address here. */
static void
test_other_text_is_no_address(void **state)
{
    (void)state;
    /* clang-format off */
    static const char *const texts[] = {
        "",          ".",           "1",           "127.1",       "1.2.3",
        "1.2.3.",    ".1.2.3",      "1..2.3",      "1.2.3.4.",    "1.2.3.4.5",
        "256.0.0.1", "1.2.3.256",   "1.2.3.1000",  "01.2.3.4",    "1.2.3.04",
        "00.0.0.0",  "0x7f.0.0.1",  "1.2.3.4 ",    " 1.2.3.4",    "1.2.3.-4",
        "+1.2.3.4",  "1.2.3.4/24",  "1.2.3.a",     "1,2,3,4",     "2130706433",
        ":",         ":::",         "1::2::3",     "fe80::1%lo",  "fe80::1%1",
        "[::1]",     "::g",         "12345::",     "1:2:3:4:5:6:7", "::1 ",
        " ::1",      "::1.2.3",     "::1.2.3.4.5", "::01.2.3.4",  "::256.0.0.1",
        "1:2:3:4:5:6:7:8:9",        "1.2.3.4::",   "::1/128",     "IPv6:::1",
        "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2550",
        "00000000000000000000000000000000000000000000::1",
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        mx_address address = {.family = 77};
        if (mx_address_from_text(texts[i], strlen(texts[i]), &address)) {
            fail_msg("taken as an address: \"%s\"", texts[i]);
        }
        assert_int_equal(address.family, 77);
    }
}

/* The text need not end where the buffer does, nor have a NUL. */
static void
test_exactly_length_bytes_are_read(void **state)
{
    (void)state;
    mx_address address;
    assert_true(mx_address_from_text("192.0.2.123", 10, &address));
    assert_int_equal(address.bytes[3], 12);
    assert_true(mx_address_from_text("::1f", 3, &address));
    assert_int_equal(address.bytes[15], 1);
    assert_false(mx_address_from_text("192.0.2.1\0", 10, &address));
    assert_false(mx_address_from_text("::1\0", 4, &address));
    assert_false(mx_address_from_text("::1\0::2", 7, &address));
    char *exact = test_malloc(9);
    memcpy(exact, "192.0.2.1", 9);
    assert_true(mx_address_from_text(exact, 9, &address));
    assert_false(mx_address_from_text(exact, 8, &address));
    assert_false(mx_address_from_text(exact, 0, &address));
    test_free(exact);
}

static void
test_families_differ(void **state)
{
    (void)state;
    mx_address zero4 = address_of("0.0.0.0"), zero6 = address_of("::");
    mx_address one6 = address_of("::1");
    assert_false(mx_address_equal(&zero4, &zero6));
    assert_false(mx_address_equal(&one6, &zero6));
}

/* `reach`: the narrowest policy that lets mail go there, NEVER beyond them all. */
enum { PUBLIC, PRIVATE, ANY, NEVER };

typedef struct row {
    const char *text;
    int reach;
    mx_reason reason;
} row;

#define GLOBAL PUBLIC, MX_REASON_NONE
#define UNSPECIFIED NEVER, MX_REASON_UNSPECIFIED_ADDRESS
#define MULTICAST NEVER, MX_REASON_MULTICAST_ADDRESS
#define RESERVED NEVER, MX_REASON_RESERVED_ADDRESS
#define UNREACHABLE ANY, MX_REASON_RESERVED_ADDRESS
#define LOOPBACK ANY, MX_REASON_LOOPBACK_ADDRESS
#define LINK_LOCAL ANY, MX_REASON_LINK_LOCAL_ADDRESS
#define INTERNAL PRIVATE, MX_REASON_PRIVATE_ADDRESS

/* Each range by its ends and what is just outside. */
/* clang-format off */
static const row rows[] = {
    {"0.0.0.0", UNSPECIFIED},
    {"0.255.255.255", UNSPECIFIED},
    {"1.0.0.0", GLOBAL},
    {"9.255.255.255", GLOBAL},
    {"10.0.0.0", INTERNAL},
    {"10.255.255.255", INTERNAL},
    {"11.0.0.0", GLOBAL},
    {"100.63.255.255", GLOBAL},
    {"100.64.0.0", INTERNAL},
    {"100.127.255.255", INTERNAL},
    {"100.128.0.0", GLOBAL},
    {"126.255.255.255", GLOBAL},
    {"127.0.0.0", LOOPBACK},
    {"127.0.0.1", LOOPBACK},
    {"127.255.255.255", LOOPBACK},
    {"128.0.0.0", GLOBAL},
    {"169.253.255.255", GLOBAL},
    {"169.254.0.0", LINK_LOCAL},
    {"169.254.169.254", LINK_LOCAL},
    {"169.254.255.255", LINK_LOCAL},
    {"169.255.0.0", GLOBAL},
    {"172.15.255.255", GLOBAL},
    {"172.16.0.0", INTERNAL},
    {"172.31.255.255", INTERNAL},
    {"172.32.0.0", GLOBAL},
    {"191.255.255.255", GLOBAL},
    {"192.0.0.0", UNREACHABLE},
    {"192.0.0.8", UNREACHABLE},
    {"192.0.0.9", GLOBAL},
    {"192.0.0.10", GLOBAL},
    {"192.0.0.11", UNREACHABLE},
    {"192.0.0.170", UNREACHABLE},
    {"192.0.0.255", UNREACHABLE},
    {"192.0.1.0", GLOBAL},
    {"192.0.2.0", INTERNAL},
    {"192.0.2.255", INTERNAL},
    {"192.0.3.0", GLOBAL},
    {"192.31.196.1", GLOBAL},
    {"192.52.193.1", GLOBAL},
    {"192.88.98.255", GLOBAL},
    {"192.88.99.0", UNREACHABLE},
    {"192.88.99.255", UNREACHABLE},
    {"192.88.100.0", GLOBAL},
    {"192.167.255.255", GLOBAL},
    {"192.168.0.0", INTERNAL},
    {"192.168.255.255", INTERNAL},
    {"192.169.0.0", GLOBAL},
    {"192.175.48.1", GLOBAL},
    {"198.17.255.255", GLOBAL},
    {"198.18.0.0", INTERNAL},
    {"198.19.255.255", INTERNAL},
    {"198.20.0.0", GLOBAL},
    {"198.51.99.255", GLOBAL},
    {"198.51.100.0", INTERNAL},
    {"198.51.100.255", INTERNAL},
    {"198.51.101.0", GLOBAL},
    {"203.0.112.255", GLOBAL},
    {"203.0.113.0", INTERNAL},
    {"203.0.113.255", INTERNAL},
    {"203.0.114.0", GLOBAL},
    {"223.255.255.255", GLOBAL},
    {"224.0.0.0", MULTICAST},
    {"239.255.255.255", MULTICAST},
    {"240.0.0.0", RESERVED},
    {"255.255.255.254", RESERVED},
    {"255.255.255.255", RESERVED},

    {"::", UNSPECIFIED},
    {"::1", LOOPBACK},
    {"100::1", UNREACHABLE},                                 /* discard-only */
    {"100:0:0:1::1", UNREACHABLE},                           /* dummy prefix */
    {"1fff:ffff::1", UNREACHABLE},
    {"2000::", GLOBAL},
    {"2001:1::", UNREACHABLE},
    {"2001:1::1", GLOBAL},
    {"2001:1::2", GLOBAL},
    {"2001:1::3", GLOBAL},
    {"2001:1::4", UNREACHABLE},
    {"2001:2::1", INTERNAL},                                 /* benchmarking */
    {"2001:2:0:ffff:ffff:ffff:ffff:ffff", INTERNAL},
    {"2001:2:1::", UNREACHABLE},
    {"2001:3::1", GLOBAL},
    {"2001:3:ffff:ffff:ffff:ffff:ffff:ffff", GLOBAL},
    {"2001:4::1", UNREACHABLE},
    {"2001:4:112::1", GLOBAL},
    {"2001:4:113::1", UNREACHABLE},
    {"2001:10::1", UNREACHABLE},                             /* ORCHID, deprecated */
    {"2001:20::1", GLOBAL},
    {"2001:2f:ffff::1", GLOBAL},
    {"2001:30::1", GLOBAL},
    {"2001:3f:ffff::1", GLOBAL},
    {"2001:40::1", UNREACHABLE},
    {"2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", UNREACHABLE},
    {"2001:200::", GLOBAL},
    {"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", GLOBAL},
    {"2001:db8::", INTERNAL},
    {"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", INTERNAL},
    {"2001:db9::", GLOBAL},
    {"2620:4f:8000::1", GLOBAL},
    {"2a00:1450::1", GLOBAL},
    {"3ffe:ffff::1", GLOBAL},
    {"3fff::", INTERNAL},
    {"3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", INTERNAL},
    {"3fff:1000::", GLOBAL},
    {"4000::", UNREACHABLE},
    {"5f00::1", UNREACHABLE},                                /* segment routing */
    {"fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", UNREACHABLE},
    {"fc00::", INTERNAL},
    {"fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", INTERNAL},
    {"fe00::", UNREACHABLE},
    {"fe80::", LINK_LOCAL},
    {"febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", LINK_LOCAL},
    {"fec0::1", UNREACHABLE},                                /* site-local, RFC 3879 */
    {"ff00::", MULTICAST},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", MULTICAST},
};

/* IPv6 addresses are judged by the IPv4 addresses they carry (rule A8). */
static const row carriers[] = {
    {"::ffff:8.8.8.8", GLOBAL},
    {"::ffff:0.0.0.0", UNSPECIFIED},
    {"::ffff:127.0.0.1", LOOPBACK},
    {"::ffff:10.0.0.1", INTERNAL},
    {"::ffff:169.254.169.254", LINK_LOCAL},
    {"::ffff:224.0.0.1", MULTICAST},
    {"::ffff:255.255.255.255", RESERVED},
    {"::8.8.8.8", GLOBAL}, /* v4-compatible */
    {"::10.0.0.1", INTERNAL},
    {"::7f00:1", LOOPBACK},
    {"::0.0.0.2", UNSPECIFIED},
    {"::0.0.1.1", UNSPECIFIED},
    {"64:ff9b::8.8.8.8", GLOBAL},
    {"64:ff9b::7f00:1", LOOPBACK},
    {"64:ff9b::10.0.0.1", INTERNAL},
    {"64:ff9b::0.0.0.0", UNSPECIFIED},
    {"64:ff9b:0:0:0:1::", UNREACHABLE}, /* beside 64:ff9b::/96 */
    {"64:ff9b:1::8.8.8.8", UNREACHABLE},
    {"2002:808:808::1", GLOBAL},
    {"2002:7f00:1::", LOOPBACK},
    {"2002:a00:1::1", INTERNAL},
    {"2002:e000:1::1", MULTICAST},
    {"2002::", UNSPECIFIED},
    {"2001:0:808:808:0:ffff:f7f7:f7f7", GLOBAL},
    {"2001:0:808:808:0:ffff:80ff:fffe", LOOPBACK},   /* client 127.0.0.1 */
    {"2001:0:7f00:1:0:ffff:f7f7:f7f7", LOOPBACK},    /* server 127.0.0.1 */
    {"2001:0:808:808:0:ffff:f5ff:fffe", INTERNAL},   /* client 10.0.0.1 */
    {"2001::1", UNSPECIFIED},
};
/* clang-format on */

static void
assert_judged(const row *judged)
{
    static const mx_address_policy policies[] = {
        MX_ADDRESSES_PUBLIC, MX_ADDRESSES_PRIVATE, MX_ADDRESSES_ANY};
    mx_address address = address_of(judged->text);
    for (int i = 0; i < 3; i++) {
        mx_reason expected = i >= judged->reach ? MX_REASON_NONE : judged->reason;
        mx_reason reason = mx_address_judge(&address, policies[i]);
        if (reason != expected) {
            fail_msg("%s under policy %d: \"%s\", expected \"%s\"", judged->text, i,
                     mx_reason_code(reason), mx_reason_code(expected));
        }
    }
}

static void
test_ranges_are_those_of_the_registries(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_judged(&rows[i]);
    }
}

static void
test_addresses_inside_addresses_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof carriers / sizeof *carriers; i++) {
        assert_judged(&carriers[i]);
    }
}

/* 192.0.0.9 is globally reachable and 192.0.0.8 is not: all octets are looked at. */
static void
test_addresses_inside_addresses_are_read_whole(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"::ffff:192.0.0.9", "::ffff:192.0.0.8"},
        {"64:ff9b::192.0.0.9", "64:ff9b::192.0.0.8"},
        {"2002:c000:9::1", "2002:c000:8::1"},
        /* Teredo's server, then its client, the bits of which are inverted */
        {"2001:0:c000:9:0:ffff:f7f7:f7f7", "2001:0:c000:8:0:ffff:f7f7:f7f7"},
        {"2001:0:808:808:0:ffff:3fff:fff6", "2001:0:808:808:0:ffff:3fff:fff7"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        mx_address reachable = address_of(pairs[i][0]);
        mx_address reserved = address_of(pairs[i][1]);
        assert_int_equal(mx_address_judge(&reachable, MX_ADDRESSES_PUBLIC),
                         MX_REASON_NONE);
        assert_int_equal(mx_address_judge(&reserved, MX_ADDRESSES_PUBLIC),
                         MX_REASON_RESERVED_ADDRESS);
    }
}

/* Each policy names the first thing that it refuses. */
static void
test_every_part_of_an_address_must_pass(void **state)
{
    (void)state;
    /* Teredo by the server 10.0.0.1 for the client 127.0.0.1 */
    mx_address address = address_of("2001:0:a00:1:0:ffff:80ff:fffe");
    assert_int_equal(mx_address_judge(&address, MX_ADDRESSES_PUBLIC),
                     MX_REASON_PRIVATE_ADDRESS);
    assert_int_equal(mx_address_judge(&address, MX_ADDRESSES_PRIVATE),
                     MX_REASON_LOOPBACK_ADDRESS);
    assert_int_equal(mx_address_judge(&address, MX_ADDRESSES_ANY), MX_REASON_NONE);
}

/* Fault C24: the row of the catalogue, under the default policy. */
static void
test_hostile_addresses_are_refused_by_default(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0.0.0.0",
        "127.0.0.1",
        "127.8.9.10",
        "169.254.169.254",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "::7f00:1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "::ffff:127.0.0.1",
        "2001:0:7f00:1::",
        "2001:0:808:808::80ff:fffe",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        mx_address address = address_of(texts[i]);
        if (mx_address_judge(&address, MX_ADDRESSES_PRIVATE) == MX_REASON_NONE) {
            fail_msg("%s is let through", texts[i]);
        }
    }
    /* 10/8 and fc00::/7 fall only to the public policy. */
    mx_address private4 = address_of("10.0.0.1"), private6 = address_of("fc00::1");
    assert_int_equal(mx_address_judge(&private4, MX_ADDRESSES_PRIVATE), MX_REASON_NONE);
    assert_int_equal(mx_address_judge(&private6, MX_ADDRESSES_PRIVATE), MX_REASON_NONE);
    assert_int_equal(mx_address_judge(&private4, MX_ADDRESSES_PUBLIC),
                     MX_REASON_PRIVATE_ADDRESS);
    assert_int_equal(mx_address_judge(&private6, MX_ADDRESSES_PUBLIC),
                     MX_REASON_PRIVATE_ADDRESS);
}

static void
assert_written_as_the_system_does(const mx_address *address)
{
    char ours[MX_ADDRESS_TEXT_SIZE], theirs[MX_ADDRESS_TEXT_SIZE];
    int family = address->family == MX_IPV4 ? AF_INET : AF_INET6;
    assert_non_null(inet_ntop(family, address->bytes, theirs, sizeof theirs));
    assert_int_equal(mx_address_to_text(address, ours), strlen(theirs));
    assert_string_equal(ours, theirs);
}

static void
test_text_is_that_of_the_system(void **state)
{
    (void)state;
    mx_rng rng;
    mx_rng_seed(&rng, 7);
    for (unsigned i = 0; i < 256; i++) {
        uint8_t quad[4] = {(uint8_t)i, (uint8_t)(255 - i), 0, 10};
        mx_address address = mx_address_ipv4(quad);
        assert_written_as_the_system_does(&address);
    }
    /* Every pattern of zero groups, with groups of one to four digits between. */
    for (unsigned pattern = 0; pattern < 256; pattern++) {
        for (unsigned digits = 0; digits < 8; digits++) {
            uint8_t bytes[16] = {0};
            for (unsigned group = 0; group < 8; group++) {
                unsigned value = 1 + (unsigned)mx_rng_below(&rng, 0xffff);
                value = digits == 7 ? 0xffff : 1 + (value >> 2 * digits) % 0xffff;
                if (pattern >> group & 1) {
                    bytes[2 * group] = (uint8_t)(value >> 8);
                    bytes[2 * group + 1] = (uint8_t)value;
                }
            }
            mx_address address = mx_address_ipv6(bytes);
            assert_written_as_the_system_does(&address);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_is_read_and_written),
        cmocka_unit_test(test_text_is_that_of_the_system),
        cmocka_unit_test(test_bytes_are_in_network_order),
        cmocka_unit_test(test_other_text_is_no_address),
        cmocka_unit_test(test_exactly_length_bytes_are_read),
        cmocka_unit_test(test_families_differ),
        cmocka_unit_test(test_ranges_are_those_of_the_registries),
        cmocka_unit_test(test_addresses_inside_addresses_are_judged),
        cmocka_unit_test(test_addresses_inside_addresses_are_read_whole),
        cmocka_unit_test(test_every_part_of_an_address_must_pass),
        cmocka_unit_test(test_hostile_addresses_are_refused_by_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
