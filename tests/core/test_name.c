/* SPDX-License-Identifier: MIT */
#include "core/name.h"
#include "core/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static mx_name
name_of(const char *text)
{
    mx_name name;
    if (strcmp(text, ".") == 0) {
        assert_true(mx_name_from_wire((const uint8_t *)"", 1, &name));
    }
    else {
        assert_int_equal(mx_name_from_text(text, strlen(text), &name), MX_REASON_NONE);
    }
    return name;
}

static void
assert_text(const mx_name *name, const char *expected)
{
    char text[MX_NAME_TEXT_SIZE];
    assert_int_equal(mx_name_to_text(name, text), strlen(expected));
    assert_string_equal(text, expected);
}

/* `count` labels of `size` letters with dots between them. */
static size_t
write_labels(char *text, size_t count, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            text[length++] = '.';
        }
        memset(text + length, 'a', size);
        length += size;
    }
    return length;
}

static void
test_text_becomes_lower_case_wire(void **state)
{
    (void)state;
    mx_name name = name_of("MX-1.Example_2.COM");
    assert_int_equal(name.length, 20);
    assert_memory_equal(name.wire, "\4mx-1\11example_2\3com", 20);
    assert_text(&name, "mx-1.example_2.com");
}

static void
test_one_trailing_dot_is_dropped(void **state)
{
    (void)state;
    mx_name with = name_of("example.com."), without = name_of("example.com");
    assert_true(mx_name_equal(&with, &without));
}

static void
test_a_top_level_domain_is_a_name(void **state)
{
    (void)state;
    mx_name name = name_of("ai");
    assert_text(&name, "ai");
    assert_int_equal(mx_name_label_count(&name), 1);
}

static void
test_unusable_text_has_a_reason_and_leaves_the_name_alone(void **state)
{
    (void)state;
    char label[65], labels[256];
    memset(label, 'a', 64);
    label[64] = '\0';
    labels[write_labels(labels, 127, 1)] = '\0';
    strcat(labels, "a"); /* 254 octets */
    const struct {
        const char *text;
        mx_reason reason;
    } cases[] = {
        {"", MX_REASON_EMPTY},
        {".", MX_REASON_ROOT},
        {"..", MX_REASON_EMPTY_LABEL},
        {".a", MX_REASON_EMPTY_LABEL},
        {"a..b", MX_REASON_EMPTY_LABEL},
        {"a.b..", MX_REASON_EMPTY_LABEL},
        {label, MX_REASON_LABEL_TOO_LONG},
        {labels, MX_REASON_NAME_TOO_LONG},
        {"-a.b", MX_REASON_BAD_HYPHEN},
        {"a-.b", MX_REASON_BAD_HYPHEN},
        {"a.-b", MX_REASON_BAD_HYPHEN},
        {"a.b-", MX_REASON_BAD_HYPHEN},
        {"a.b-.", MX_REASON_BAD_HYPHEN},
        {"-", MX_REASON_BAD_HYPHEN},
        {"a b", MX_REASON_BAD_CHARACTER},
        {" a", MX_REASON_BAD_CHARACTER},
        {"a\n", MX_REASON_BAD_CHARACTER},
        {"a\x7f", MX_REASON_BAD_CHARACTER},
        {"user@example.com", MX_REASON_BAD_CHARACTER},
        {"f\xc3\xbc.de", MX_REASON_BAD_CHARACTER},
        {"*.example.com", MX_REASON_BAD_CHARACTER},
        {"a..b c", MX_REASON_BAD_CHARACTER}, /* the byte tells more than the label */
        {"-a..b", MX_REASON_EMPTY_LABEL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        mx_name name, before;
        memset(&name, 0x5a, sizeof(name));
        before = name;
        mx_reason reason =
            mx_name_from_text(cases[i].text, strlen(cases[i].text), &name);
        assert_string_equal(mx_reason_code(reason), mx_reason_code(cases[i].reason));
        assert_memory_equal(&name, &before, sizeof(name));
    }
    mx_name name;
    assert_int_equal(mx_name_from_text("a\0b", 3, &name), MX_REASON_BAD_CHARACTER);
}

static void
test_lengths_up_to_the_limits_are_fine(void **state)
{
    (void)state;
    char text[300];
    mx_name name;
    size_t length = write_labels(text, 1, MX_MAX_LABEL);
    assert_int_equal(mx_name_from_text(text, length, &name), MX_REASON_NONE);

    length = write_labels(text, 127, 1);
    assert_int_equal(length, MX_MAX_NAME_TEXT);
    assert_int_equal(mx_name_from_text(text, length, &name), MX_REASON_NONE);
    assert_int_equal(name.length, MX_MAX_NAME);
    assert_int_equal(mx_name_label_count(&name), 127);
    text[length] = '.';
    assert_int_equal(mx_name_from_text(text, length + 1, &name), MX_REASON_NONE);
    text[length] = 'a';
    assert_int_equal(mx_name_from_text(text, length + 1, &name),
                     MX_REASON_NAME_TOO_LONG);
}

static void
test_300_characters_are_too_long_one_way_or_the_other(void **state)
{
    (void)state;
    char text[400];
    mx_name name;
    assert_int_equal(mx_name_from_text(text, write_labels(text, 150, 1), &name),
                     MX_REASON_NAME_TOO_LONG);
    assert_int_equal(mx_name_from_text(text, write_labels(text, 1, 300), &name),
                     MX_REASON_LABEL_TOO_LONG);
}

static void
test_wire_must_be_exactly_one_name(void **state)
{
    (void)state;
    const struct {
        const char *wire;
        size_t length;
    } bad[] = {
        {"", 0},        {"\1", 1},         {"\1a", 2},    {"\0a", 2},
        {"\1a\0\0", 4}, {"\2a\0", 3},      {"\1a\1", 3},  {"\300\14", 2},
        {"\100a\0", 3}, {"\1a\200b\0", 5}, {"\3a\0b", 4},
    };
    mx_name name;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        /* An exact copy, so that a read past the end is found. */
        uint8_t *copy = malloc(bad[i].length + (bad[i].length == 0));
        assert_non_null(copy);
        memcpy(copy, bad[i].wire, bad[i].length);
        assert_false(mx_name_from_wire(copy, bad[i].length, &name));
        free(copy);
    }
    assert_true(mx_name_from_wire((const uint8_t *)"\3a\0B\0", 5, &name));
    assert_memory_equal(name.wire, "\3a\0b\0", 5);
    assert_int_equal(name.length, 5);
}

static void
test_only_ascii_letters_of_wire_are_lowered(void **state)
{
    (void)state;
    mx_name name;
    assert_true(mx_name_from_wire((const uint8_t *)"\7@AZ[`az\2\304{\0", 12, &name));
    assert_memory_equal(name.wire, "\7@az[`az\2\304{\0", 12);
}

static void
test_wire_of_255_octets_is_the_longest(void **state)
{
    (void)state;
    uint8_t wire[260];
    for (size_t i = 0; i < sizeof(wire); i += 2) {
        wire[i] = 1;
        wire[i + 1] = 'a';
    }
    mx_name name;
    wire[254] = 0;
    assert_true(mx_name_from_wire(wire, 255, &name));
    wire[254] = 1;
    wire[256] = 0;
    assert_false(mx_name_from_wire(wire, 257, &name));
}

static void
test_bytes_that_no_host_name_has_are_escaped(void **state)
{
    (void)state;
    mx_name name;
    static const uint8_t wire[] = "\7a.b\"\\\n\377\3C,_\0";
    assert_true(mx_name_from_wire(wire, sizeof(wire) - 1, &name));
    assert_text(&name, "a\\046b\\034\\092\\010\\255.c\\044_");
    assert_false(mx_name_is_hostname(&name));
}

static void
test_each_octet_of_a_host_name_counts(void **state)
{
    (void)state;
    for (size_t i = 1; i < 8; i++) {
        if (i == 4) {
            continue; /* the length of the second label */
        }
        uint8_t wire[] = "\3abc\3def";
        mx_name name;
        wire[i] = '!';
        assert_true(mx_name_from_wire(wire, sizeof(wire), &name));
        assert_false(mx_name_is_hostname(&name));
        wire[i] = '0';
        assert_true(mx_name_from_wire(wire, sizeof(wire), &name));
        assert_true(mx_name_is_hostname(&name));
    }
}

static void
test_the_longest_text_fits(void **state)
{
    (void)state;
    uint8_t wire[MX_MAX_NAME];
    memset(wire, 0xff, sizeof(wire));
    wire[0] = wire[64] = wire[128] = 63;
    wire[192] = 61;
    wire[254] = 0;
    mx_name name;
    assert_true(mx_name_from_wire(wire, sizeof(wire), &name));
    char *text = malloc(MX_NAME_TEXT_SIZE);
    assert_non_null(text);
    assert_int_equal(mx_name_to_text(&name, text), 250 * 4 + 3);
    free(text);
}

static void
test_the_root(void **state)
{
    (void)state;
    mx_name root = name_of("."), name = name_of("example.com");
    assert_true(mx_name_is_root(&root));
    assert_false(mx_name_is_root(&name));
    assert_text(&root, ".");
    assert_int_equal(mx_name_label_count(&root), 0);
    assert_false(mx_name_is_hostname(&root));
    assert_false(mx_name_has_numeric_top(&root));
    assert_false(mx_name_has_top(&root, "com"));
    assert_true(mx_name_is_within(&name, &root));
    assert_true(mx_name_is_within(&root, &root));
    assert_false(mx_name_is_within(&root, &name));
}

static void
test_names_are_equal_without_case(void **state)
{
    (void)state;
    mx_name a = name_of("Example.Com"), b = name_of("eXAMPLE.cOM");
    mx_name c = name_of("example.co"), d = name_of("examplf.com");
    assert_true(mx_name_equal(&a, &b));
    assert_false(mx_name_equal(&a, &c));
    assert_false(mx_name_equal(&a, &d));
}

static void
test_within_goes_by_whole_labels(void **state)
{
    (void)state;
    mx_name top = name_of("example.com"), below = name_of("a.b.example.com");
    mx_name other = name_of("badexample.com"), near = name_of("a.example.org");
    mx_name com = name_of("com");
    assert_true(mx_name_is_within(&top, &top));
    assert_true(mx_name_is_within(&below, &top));
    assert_true(mx_name_is_within(&below, &com));
    assert_false(mx_name_is_within(&top, &below));
    assert_false(mx_name_is_within(&other, &top));
    assert_false(mx_name_is_within(&near, &top));
}

static void
test_kinds_of_names(void **state)
{
    (void)state;
    const struct {
        const char *text;
        bool has_numeric_top, has_underscore, is_onion;
    } cases[] = {
        {"10", true, false, false},
        {"127.0.0.1", true, false, false},
        {"1.2.3a", false, false, false},
        {"127.0.0.x1", false, false, false},
        {"a.0123456789", true, false, false},
        {"_dmarc.example.com", false, true, false},
        {"a_b.c", false, true, false},
        {"abc.onion", false, false, true},
        {"ONION", false, false, true},
        {"onion.com", false, false, false},
        {"a.onions", false, false, false},
        {"a.nion", false, false, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        mx_name name = name_of(cases[i].text);
        assert_int_equal(mx_name_has_numeric_top(&name), cases[i].has_numeric_top);
        assert_int_equal(mx_name_has_underscore(&name), cases[i].has_underscore);
        assert_int_equal(mx_name_has_top(&name, "onion"), cases[i].is_onion);
        assert_true(mx_name_is_hostname(&name));
    }
}

/* A label of 45 octets is announced by the byte of a hyphen, one of 46 by that of a
 * dot: a length must never be taken for text. */
static void
test_lengths_of_labels_are_no_text(void **state)
{
    (void)state;
    char text[130], back[MX_NAME_TEXT_SIZE];
    for (size_t size = 1; size <= MX_MAX_LABEL; size++) {
        size_t length = write_labels(text, 2, size);
        mx_name name;
        assert_int_equal(mx_name_from_text(text, length, &name), MX_REASON_NONE);
        assert_false(mx_name_has_underscore(&name));
        assert_false(mx_name_has_numeric_top(&name));
        assert_true(mx_name_is_hostname(&name));
        assert_int_equal(mx_name_to_text(&name, back), length);
        assert_memory_equal(back, text, length);
    }
}

/* Whatever is accepted comes back from its text and from its wire form unchanged. */
static void
test_random_names_survive_the_round_trips(void **state)
{
    (void)state;
    static const char alphabet[] = "abzABZ019-_....";
    mx_rng rng;
    mx_rng_seed(&rng, 9);
    size_t accepted = 0;
    for (size_t round = 0; round < 20000; round++) {
        size_t length = 1 + mx_rng_below(&rng, 20);
        char *text = malloc(length);
        assert_non_null(text);
        for (size_t i = 0; i < length; i++) {
            text[i] = alphabet[mx_rng_below(&rng, sizeof(alphabet) - 1)];
        }
        mx_name name, again;
        if (mx_name_from_text(text, length, &name) == MX_REASON_NONE) {
            char back[MX_NAME_TEXT_SIZE];
            size_t written = mx_name_to_text(&name, back);
            assert_int_equal(mx_name_from_text(back, written, &again), MX_REASON_NONE);
            assert_true(mx_name_equal(&name, &again));
            assert_true(mx_name_from_wire(name.wire, name.length, &again));
            assert_true(mx_name_equal(&name, &again));
            accepted++;
        }
        free(text);
    }
    assert_true(accepted > 1000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_becomes_lower_case_wire),
        cmocka_unit_test(test_one_trailing_dot_is_dropped),
        cmocka_unit_test(test_a_top_level_domain_is_a_name),
        cmocka_unit_test(test_unusable_text_has_a_reason_and_leaves_the_name_alone),
        cmocka_unit_test(test_lengths_up_to_the_limits_are_fine),
        cmocka_unit_test(test_300_characters_are_too_long_one_way_or_the_other),
        cmocka_unit_test(test_wire_must_be_exactly_one_name),
        cmocka_unit_test(test_only_ascii_letters_of_wire_are_lowered),
        cmocka_unit_test(test_wire_of_255_octets_is_the_longest),
        cmocka_unit_test(test_bytes_that_no_host_name_has_are_escaped),
        cmocka_unit_test(test_each_octet_of_a_host_name_counts),
        cmocka_unit_test(test_the_longest_text_fits),
        cmocka_unit_test(test_the_root),
        cmocka_unit_test(test_names_are_equal_without_case),
        cmocka_unit_test(test_within_goes_by_whole_labels),
        cmocka_unit_test(test_kinds_of_names),
        cmocka_unit_test(test_lengths_of_labels_are_no_text),
        cmocka_unit_test(test_random_names_survive_the_round_trips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
