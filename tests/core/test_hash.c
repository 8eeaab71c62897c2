/* SPDX-License-Identifier: MIT */
#include "core/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The key 00 01 .. 0f of the paper. */
static const mx_hash_key key = {
    UINT64_C(0x0706050403020100),
    UINT64_C(0x0f0e0d0c0b0a0908),
};

/* SipHash-1-3 of the first `length` bytes of 00 01 02 ..: every length of the last
 * word, none to two whole words before it, and a long one. */
static const struct {
    size_t length;
    uint64_t hash;
} vectors[] = {
    {0, UINT64_C(0xabac0158050fc4dc)},  {1, UINT64_C(0xc9f49bf37d57ca93)},
    {2, UINT64_C(0x82cb9b024dc7d44d)},  {3, UINT64_C(0x8bf80ab8e7ddf7fb)},
    {4, UINT64_C(0xcf75576088d38328)},  {5, UINT64_C(0xdef9d52f49533b67)},
    {6, UINT64_C(0xc50d2b50c59f22a7)},  {7, UINT64_C(0xd3927d989bb11140)},
    {8, UINT64_C(0x369095118d299a8e)},  {9, UINT64_C(0x25a48eb36c063de4)},
    {10, UINT64_C(0x79de85ee92ff097f)}, {11, UINT64_C(0x70c118c1f94dc352)},
    {12, UINT64_C(0x78a384b157b4d9a2)}, {13, UINT64_C(0x306f760c1229ffa7)},
    {14, UINT64_C(0x605aa111c0f95d34)}, {15, UINT64_C(0xd320d86d2a519956)},
    {16, UINT64_C(0xcc4fdd1a7d908b66)}, {63, UINT64_C(0x9d199062b7bbb3a8)},
};

static void
test_hashes_are_those_of_siphash_1_3(void **state)
{
    (void)state;
    uint8_t bytes[64];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        assert_true(mx_hash(&key, bytes, vectors[i].length) == vectors[i].hash);
    }
}

static void
test_bytes_need_no_alignment(void **state)
{
    (void)state;
    uint8_t bytes[24];
    for (size_t shift = 0; shift < 8; shift++) {
        for (size_t i = 0; i < 16; i++) {
            bytes[shift + i] = (uint8_t)i;
        }
        assert_true(mx_hash(&key, bytes + shift, 16) == UINT64_C(0xcc4fdd1a7d908b66));
    }
}

static void
test_both_halves_of_the_key_decide(void **state)
{
    (void)state;
    const mx_hash_key first = {key.k0 + 1, key.k1}, second = {key.k0, key.k1 + 1};
    uint64_t hash = mx_hash(&key, "example.com", 11);
    assert_true(mx_hash(&first, "example.com", 11) != hash);
    assert_true(mx_hash(&second, "example.com", 11) != hash);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hashes_are_those_of_siphash_1_3),
        cmocka_unit_test(test_bytes_need_no_alignment),
        cmocka_unit_test(test_both_halves_of_the_key_decide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
