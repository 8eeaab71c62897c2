/* SPDX-License-Identifier: MIT */
#include "core/destination.h"
#include "core/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const mx_destination_rules usual = {false, false};
static const mx_destination_rules lenient = {.lenient_literals = true};
static const mx_destination_rules strict = {.strict_names = true};

/* Reads an exact copy, so that a read past the end is found. Points into `text` again
 * what points into the copy. */
static mx_destination
read_bytes(const char *text, size_t length, const mx_destination_rules *rules)
{
    char *copy = malloc(length + (length == 0));
    assert_non_null(copy);
    memcpy(copy, text, length);
    mx_destination out;
    mx_destination_read(copy, length, rules, &out);
    assert_true(out.domain >= copy);
    assert_true(out.domain + out.domain_length <= copy + length);
    out.domain = text + (out.domain - copy);
    free(copy);
    return out;
}

static mx_destination
read_text(const char *text, const mx_destination_rules *rules)
{
    return read_bytes(text, strlen(text), rules);
}

static void
assert_invalid(const char *text, mx_reason reason, const mx_destination_rules *rules)
{
    mx_destination out = read_text(text, rules);
    if (out.kind != MX_DESTINATION_INVALID || out.reason != reason) {
        fail_msg("<%s>: kind %d, reason %s instead of %s", text, (int)out.kind,
                 mx_reason_code(out.reason), mx_reason_code(reason));
    }
}

static void
assert_domain(const char *text, const char *domain, const mx_destination_rules *rules)
{
    mx_destination out = read_text(text, rules);
    if (out.kind != MX_DESTINATION_DOMAIN) {
        fail_msg("<%s>: kind %d, reason %s", text, (int)out.kind,
                 mx_reason_code(out.reason));
    }
    char name[MX_NAME_TEXT_SIZE];
    mx_name_to_text(&out.name, name);
    assert_string_equal(name, domain);
    assert_int_equal(out.reason, MX_REASON_NONE);
}

static void
assert_literal(const char *text, const char *address, const mx_destination_rules *rules)
{
    mx_destination out = read_text(text, rules);
    if (out.kind != MX_DESTINATION_LITERAL) {
        fail_msg("<%s>: kind %d, reason %s", text, (int)out.kind,
                 mx_reason_code(out.reason));
    }
    char written[MX_ADDRESS_TEXT_SIZE];
    mx_address_to_text(&out.address, written);
    assert_string_equal(written, address);
    assert_int_equal(out.reason, MX_REASON_NONE);
}

/* What the caller of IDNA gets to map. */
static void
assert_idna(const char *text, const char *domain)
{
    mx_destination out = read_text(text, &usual);
    if (out.kind != MX_DESTINATION_IDNA) {
        fail_msg("<%s>: kind %d, reason %s", text, (int)out.kind,
                 mx_reason_code(out.reason));
    }
    assert_int_equal(out.domain_length, strlen(domain));
    assert_memory_equal(out.domain, domain, out.domain_length);
    assert_int_equal(out.reason, MX_REASON_NONE);
}

static void
test_domains(void **state)
{
    (void)state;
    assert_domain("example.com", "example.com", &usual);
    assert_domain("Example.COM.", "example.com", &usual);
    assert_domain(" \t\r\n example.com \r\n", "example.com", &usual);
    assert_domain("ai", "ai", &usual);
    assert_domain("xn--mnchen-3ya.de", "xn--mnchen-3ya.de", &usual);
    assert_false(read_text("example.com", &usual).is_address);
}

static void
test_mail_addresses(void **state)
{
    (void)state;
    assert_domain("user@example.com", "example.com", &usual);
    assert_domain(" user+tag@Example.com. ", "example.com", &usual);
    assert_domain("a..b.@example.com", "example.com", &usual);
    assert_domain("!#$%&'*+-/=?^_`{|}~@example.com", "example.com", &usual);
    assert_domain("j\xc3\xb6rg@example.com", "example.com", &usual);
    assert_domain("\"a@b\"@example.com", "example.com", &usual);
    assert_domain("\"a b, <c>\"@example.com", "example.com", &usual);
    assert_domain("\"a\\\"@b\"@example.com", "example.com", &usual);
    assert_domain("\"a\\\\\"@example.com", "example.com", &usual);
    assert_domain("\"\"@example.com", "example.com", &usual);
    assert_true(read_text("user@example.com", &usual).is_address);
    assert_true(read_text("\"a b\"@example.com", &usual).is_address);
}

static void
test_a_long_local_part_is_for_its_own_host_to_judge(void **state)
{
    (void)state;
    char text[200];
    memset(text, 'a', sizeof(text));
    strcpy(text + 100, "@example.com");
    assert_domain(text, "example.com", &usual);
}

static void
test_the_domain_is_a_part_of_the_text(void **state)
{
    (void)state;
    const char *text = "  \"a@b\"@Example.com. ";
    mx_destination out = read_text(text, &usual);
    assert_ptr_equal(out.domain, text + 8);
    assert_int_equal(out.domain_length, 12);
    /* Also where it is the domain that cannot be used, */
    out = read_text("user@a..b", &usual);
    assert_int_equal(out.domain_length, 4);
    assert_memory_equal(out.domain, "a..b", 4);
    /* and none at all where there is none. */
    assert_int_equal(read_text("user@", &usual).domain_length, 0);
    assert_int_equal(read_text("a@b@c", &usual).domain_length, 0);
}

static void
test_bad_addresses(void **state)
{
    (void)state;
    assert_invalid("@example.com", MX_REASON_NO_LOCAL_PART, &usual);
    assert_invalid("@", MX_REASON_NO_LOCAL_PART, &usual);
    assert_invalid("user@", MX_REASON_NO_DOMAIN_PART, &usual);
    assert_invalid("user@ ", MX_REASON_NO_DOMAIN_PART, &usual);
    assert_invalid("\"user\"", MX_REASON_NO_DOMAIN_PART, &usual);
    assert_invalid("\"user\"@", MX_REASON_NO_DOMAIN_PART, &usual);
    assert_invalid("a@b@c", MX_REASON_TWO_AT_SIGNS, &usual);
    assert_invalid("a@@c", MX_REASON_TWO_AT_SIGNS, &usual);
    assert_invalid("\"a\"@b@c", MX_REASON_TWO_AT_SIGNS, &usual);
    assert_invalid("a@b@[192.0.2.1]", MX_REASON_TWO_AT_SIGNS, &usual);
    assert_invalid("\"", MX_REASON_BAD_QUOTING, &usual);
    assert_invalid("\"user@example.com", MX_REASON_BAD_QUOTING, &usual);
    assert_invalid("\"user\\\"@example.com", MX_REASON_BAD_QUOTING, &usual);
    assert_invalid("\"user\\", MX_REASON_BAD_QUOTING, &usual);
    assert_invalid("\"user\"x@example.com", MX_REASON_BAD_QUOTING, &usual);
    assert_invalid("a\"b\"@example.com", MX_REASON_BAD_QUOTING, &usual);
    assert_invalid("a\"@\"b@example.com", MX_REASON_BAD_QUOTING, &usual);
}

static void
test_display_forms_lists_and_headers_do_not_pass(void **state)
{
    (void)state;
    assert_invalid("Bob <bob@example.com>", MX_REASON_BAD_CHARACTER, &usual);
    assert_invalid("<bob@example.com>", MX_REASON_BAD_CHARACTER, &usual);
    assert_invalid("bob@example.com>", MX_REASON_BAD_CHARACTER, &usual);
    assert_invalid("bob@example.com,eve@example.com", MX_REASON_TWO_AT_SIGNS, &usual);
    assert_invalid("mailto:bob@example.com", MX_REASON_BAD_CHARACTER, &usual);
    assert_invalid("bob(x)@example.com", MX_REASON_BAD_CHARACTER, &usual);
    assert_invalid("bo b@example.com", MX_REASON_BAD_CHARACTER, &usual);
    assert_invalid("bob @example.com", MX_REASON_BAD_CHARACTER, &usual);
    assert_invalid("bob@ example.com", MX_REASON_BAD_CHARACTER, &usual);
    assert_invalid("bob\r\nBcc:eve@example.com", MX_REASON_BAD_CHARACTER, &usual);
    assert_invalid("\"bob\r\n\"@example.com", MX_REASON_BAD_CHARACTER, &usual);
    assert_invalid("\"bob\\\n\"@example.com", MX_REASON_BAD_CHARACTER, &usual);
    assert_invalid("bob\x7f@example.com", MX_REASON_BAD_CHARACTER, &usual);
    assert_invalid("bob@example.com\r\nBcc:eve", MX_REASON_BAD_CHARACTER, &usual);
    assert_invalid("bob@ex\xc3\xa4mple.com\nBcc:eve", MX_REASON_BAD_CHARACTER, &usual);
    assert_invalid("b\xff@example.com", MX_REASON_BAD_CHARACTER, &usual);
    assert_invalid("\"b\xc3\"@example.com", MX_REASON_BAD_CHARACTER, &usual);
}

static void
test_nul_anywhere(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "\0example.com",  "example\0.com", "example.com\0",      "us\0er@example.com",
        "\"a\0b\"@x.com", "[192.0.2.1\0]", "\xc3\xa4\0.de     ",
    };
    static const size_t lengths[] = {12, 12, 12, 17, 11, 12, 6};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        mx_destination out = read_bytes(texts[i], lengths[i], &usual);
        assert_int_equal(out.kind, MX_DESTINATION_INVALID);
        assert_int_equal(out.reason, MX_REASON_BAD_CHARACTER);
    }
}

static void
test_bad_domains_have_the_reason_of_the_name(void **state)
{
    (void)state;
    char label[65];
    memset(label, 'a', 64);
    label[64] = '\0';
    const struct {
        const char *text;
        mx_reason reason;
    } cases[] = {
        {"", MX_REASON_EMPTY},
        {" \t\r\n", MX_REASON_EMPTY},
        {".", MX_REASON_ROOT},
        {"user@.", MX_REASON_ROOT},
        {"a..b", MX_REASON_EMPTY_LABEL},
        {"user@.a", MX_REASON_EMPTY_LABEL},
        {label, MX_REASON_LABEL_TOO_LONG},
        {"exa mple.com", MX_REASON_BAD_CHARACTER},
        {"exa\tmple.com", MX_REASON_BAD_CHARACTER},
        {"example.com:25", MX_REASON_BAD_CHARACTER},
        {"http://example.com/", MX_REASON_BAD_CHARACTER},
        {"-a.b", MX_REASON_BAD_HYPHEN},
        {"user@a.b-", MX_REASON_BAD_HYPHEN},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_invalid(cases[i].text, cases[i].reason, &usual);
    }
}

static void
test_literals(void **state)
{
    (void)state;
    assert_literal("[192.0.2.1]", "192.0.2.1", &usual);
    assert_literal("[IPv6:2001:db8::1]", "2001:db8::1", &usual);
    assert_literal("[ipV6:2001:DB8::1]", "2001:db8::1", &usual);
    assert_literal("user@[192.0.2.1]", "192.0.2.1", &usual);
    assert_literal(" \"a@b\"@[IPv6:::1] ", "::1", &usual);
    assert_true(read_text("user@[192.0.2.1]", &usual).is_address);
    assert_false(read_text("[192.0.2.1]", &usual).is_address);
}

static void
test_bad_literals(void **state)
{
    (void)state;
    const char *const bad[] = {
        "[",
        "[]",
        "[1.2.3]",
        "[1.2.3.4",
        "[192.0.2.1]x",
        "[192.0.2.1].",
        "user@[",
        "[192.0.2.1] x]",
        "[ 192.0.2.1]",
        "[192.0.2.01]",
        "[0x7f.0.0.1]",
        "[192.0.2.256]",
        "[192.0.2.1:25]",
        "[IPv6:]",
        "[IPv6:zz]",
        "[IPv6:192.0.2.1]",
        "[IPv6:fe80::1%eth0]",
        "[IPv6 2001:db8::1]",
        "[2001:db8::1%1]",
        "[IPv4:192.0.2.1]",
        "[X400:c=de]",
        "[example.com]",
        "[user@example.com]",
        "user@[a@b]",
        "[[192.0.2.1]]",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_invalid(bad[i], MX_REASON_BAD_LITERAL, &usual);
        assert_invalid(bad[i], MX_REASON_BAD_LITERAL, &lenient);
    }
    assert_invalid("[192.0.2.10", MX_REASON_BAD_LITERAL, &usual);
    assert_invalid("[192.0.2.1)", MX_REASON_BAD_LITERAL, &usual);
    assert_invalid("[2001:db8::1]", MX_REASON_BAD_LITERAL, &usual);
    assert_invalid("[::1]", MX_REASON_BAD_LITERAL, &usual);
    assert_invalid("example[192.0.2.1]", MX_REASON_BAD_CHARACTER, &usual);
}

static void
test_bare_addresses(void **state)
{
    (void)state;
    const char *const bare[] = {
        "192.0.2.1", "user@192.0.2.1", "192.0.2.1.", "2001:db8::1", "user@::1",
    };
    for (size_t i = 0; i < sizeof(bare) / sizeof(bare[0]); i++) {
        assert_invalid(bare[i], MX_REASON_BARE_ADDRESS, &usual);
        mx_destination out = read_text(bare[i], &lenient);
        assert_int_equal(out.kind, MX_DESTINATION_LITERAL);
    }
    assert_literal("192.0.2.1", "192.0.2.1", &lenient);
    assert_literal("user@2001:db8::1", "2001:db8::1", &lenient);
    assert_literal("[2001:db8::1]", "2001:db8::1", &lenient);
    assert_invalid("fe80::1%eth0", MX_REASON_BAD_CHARACTER, &lenient);
}

/* inet_aton() would take these for 127.0.0.1 and 1.2.0.3; they are names. */
static void
test_what_is_no_whole_address_is_a_name(void **state)
{
    (void)state;
    assert_domain("127.1", "127.1", &usual);
    assert_domain("127.1", "127.1", &lenient);
    assert_domain("1.2.3", "1.2.3", &lenient);
    assert_domain("2130706433", "2130706433", &lenient);
    assert_domain("0x7f.0.0.1", "0x7f.0.0.1", &lenient);
    assert_domain("192.0.2.256", "192.0.2.256", &lenient);
    assert_domain("192.0.2.01", "192.0.2.01", &lenient);
}

static void
test_non_ascii_domains_are_for_idna(void **state)
{
    (void)state;
    assert_idna(" m\xc3\xbcnchen.de ", "m\xc3\xbcnchen.de");
    assert_idna("user@m\xc3\xbcnchen.de.", "m\xc3\xbcnchen.de.");
    assert_idna("j\xc3\xb6rg@\xe2\x98\x95.example", "\xe2\x98\x95.example");
    /* U+3002 is a dot to IDNA. */
    assert_idna("example\xe3\x80\x82"
                "com",
                "example\xe3\x80\x82"
                "com");
    assert_idna("\xf0\x9f\x93\xa7.example", "\xf0\x9f\x93\xa7.example");
}

static void
test_only_utf8_is_for_idna(void **state)
{
    (void)state;
    const char *const bad[] = {
        "\x80.de",       /* a continuation alone */
        "m\xfcnchen.de", /* Latin-1 */
        "a\xc3",         /* cut off */
        "a\xe2\x98",
        "a\xf0\x9f\x93",
        "\xc3.de",
        "\xc0\xaf.de", /* overlong */
        "\xc1\xbf.de",
        "\xe0\x9f\xbf.de",
        "\xf0\x8f\xbf\xbf.de",
        "\xed\xa0\x80.de", /* a surrogate */
        "\xed\xbf\xbf.de",
        "\xf4\x90\x80\x80.de", /* beyond U+10FFFF */
        "\xf5\x80\x80\x80.de",
        "\xff.de",
        "\xe2\x98\xc3\xbc.de",
        "\xc3\xbc\xbc.de",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_invalid(bad[i], MX_REASON_BAD_IDNA, &usual);
    }
    /* The first and the last of each length. */
    assert_idna("\xc2\x80\xdf\xbf", "\xc2\x80\xdf\xbf");
    assert_idna("\xe0\xa0\x80\xef\xbf\xbf", "\xe0\xa0\x80\xef\xbf\xbf");
    assert_idna("\xed\x9f\xbf\xee\x80\x80", "\xed\x9f\xbf\xee\x80\x80");
    assert_idna("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
}

static void
test_underscores_are_refused_by_strict_names_only(void **state)
{
    (void)state;
    assert_domain("user@a_b.example", "a_b.example", &usual);
    assert_invalid("user@a_b.example", MX_REASON_UNDERSCORE, &strict);
    assert_invalid("_a.example", MX_REASON_UNDERSCORE, &strict);
    assert_domain("under_score@example.com", "example.com", &strict);
}

/* Nothing that comes out contradicts itself, whatever goes in. */
static void
test_random_bytes_give_a_sound_destination(void **state)
{
    (void)state;
    static const char alphabet[] = "ab1.@\"\\[]:-_ \t\r\xc3\xbc\xff(<,IPv6";
    mx_rng rng;
    mx_rng_seed(&rng, 13);
    size_t seen[4] = {0};
    for (size_t round = 0; round < 50000; round++) {
        char text[12];
        size_t length = mx_rng_below(&rng, sizeof(text));
        for (size_t i = 0; i < length; i++) {
            /* The NUL of the alphabet included. */
            text[i] = alphabet[mx_rng_below(&rng, sizeof(alphabet))];
        }
        mx_destination_rules rules = {
            .lenient_literals = mx_rng_below(&rng, 2) == 1,
            .strict_names = mx_rng_below(&rng, 2) == 1,
        };
        mx_destination out = read_bytes(text, length, &rules);
        bool is_invalid = out.kind == MX_DESTINATION_INVALID;
        assert_int_equal(is_invalid, out.reason != MX_REASON_NONE);
        assert_true(is_invalid || out.domain_length > 0);
        if (out.kind == MX_DESTINATION_DOMAIN) {
            assert_true(mx_name_is_hostname(&out.name));
            assert_false(rules.strict_names && mx_name_has_underscore(&out.name));
        }
        seen[out.kind]++;
    }
    assert_true(seen[MX_DESTINATION_DOMAIN] > 100);
    assert_true(seen[MX_DESTINATION_INVALID] > 100);
    assert_true(seen[MX_DESTINATION_IDNA] > 10);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_domains),
        cmocka_unit_test(test_mail_addresses),
        cmocka_unit_test(test_a_long_local_part_is_for_its_own_host_to_judge),
        cmocka_unit_test(test_the_domain_is_a_part_of_the_text),
        cmocka_unit_test(test_bad_addresses),
        cmocka_unit_test(test_display_forms_lists_and_headers_do_not_pass),
        cmocka_unit_test(test_nul_anywhere),
        cmocka_unit_test(test_bad_domains_have_the_reason_of_the_name),
        cmocka_unit_test(test_literals),
        cmocka_unit_test(test_bad_literals),
        cmocka_unit_test(test_bare_addresses),
        cmocka_unit_test(test_what_is_no_whole_address_is_a_name),
        cmocka_unit_test(test_non_ascii_domains_are_for_idna),
        cmocka_unit_test(test_only_utf8_is_for_idna),
        cmocka_unit_test(test_underscores_are_refused_by_strict_names_only),
        cmocka_unit_test(test_random_bytes_give_a_sound_destination),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
