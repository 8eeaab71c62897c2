/* SPDX-License-Identifier: MIT */
#include "core/destination.h"

#include <stdint.h>
#include <string.h>

typedef struct span {
    const char *text;
    size_t length;
} span;

static bool
is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static span
trim(span text)
{
    while (text.length > 0 && is_blank(text.text[0])) {
        text.text++;
        text.length--;
    }
    while (text.length > 0 && is_blank(text.text[text.length - 1])) {
        text.length--;
    }
    return text;
}

static bool
is_control(char byte)
{
    return (uint8_t)byte < ' ' || byte == 0x7f;
}

static bool
has_non_ascii(span text)
{
    for (size_t i = 0; i < text.length; i++) {
        if ((uint8_t)text.text[i] >= 0x80) {
            return true;
        }
    }
    return false;
}

/* How many octets follow the first octet `lead` of a character, and the least and the
 * greatest that the next one may be: RFC 3629 section 4, which shuts out overlong
 * forms, surrogates and what lies beyond U+10FFFF. -1 for one that begins none. */
static int
find_continuation(uint8_t lead, uint8_t *least, uint8_t *greatest)
{
    *least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    *greatest = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (lead < 0x80) {
        return 0;
    }
    if (lead >= 0xc2 && lead <= 0xdf) {
        return 1;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
        return 2;
    }
    return lead >= 0xf0 && lead <= 0xf4 ? 3 : -1;
}

static bool
is_utf8(span text)
{
    size_t i = 0;
    while (i < text.length) {
        uint8_t least, greatest;
        int more = find_continuation((uint8_t)text.text[i++], &least, &greatest);
        if (more < 0 || (size_t)more > text.length - i) {
            return false;
        }
        for (; more > 0; more--) {
            uint8_t octet = (uint8_t)text.text[i++];
            if (octet < least || octet > greatest) {
                return false;
            }
            least = 0x80;
            greatest = 0xbf;
        }
    }
    return true;
}

/* Finds the @ after the quoted local part that `text` begins with (RFC 5321 4.1.2). */
static mx_reason
skip_quoted(span text, size_t *at)
{
    size_t i = 1;
    while (i < text.length && text.text[i] != '"') {
        if (text.text[i] == '\\') {
            i++;
        }
        /* No folding in a path, so a line end here only ever is a smuggled header. */
        if (i < text.length && is_control(text.text[i])) {
            return MX_REASON_BAD_CHARACTER;
        }
        i++;
    }
    if (i >= text.length) {
        return MX_REASON_BAD_QUOTING;
    }
    i++;
    if (i == text.length) {
        return MX_REASON_NO_DOMAIN_PART;
    }
    *at = i;
    return text.text[i] == '@' ? MX_REASON_NONE : MX_REASON_BAD_QUOTING;
}

/* An unquoted local part. Dots may stand anywhere in it, against RFC 5321: addresses
 * like a..b@example.com exist, and only their own host can judge them. */
static mx_reason
check_unquoted(span local)
{
    /* The specials of RFC 5322 3.2.3, so no display form and no list passes. */
    static const char specials[] = "()<>[]:;,\\";
    for (size_t i = 0; i < local.length; i++) {
        char byte = local.text[i];
        if (byte == '"') {
            return MX_REASON_BAD_QUOTING;
        }
        if (byte == ' ' || is_control(byte) ||
            memchr(specials, byte, sizeof(specials) - 1) != NULL) {
            return MX_REASON_BAD_CHARACTER;
        }
    }
    return local.length == 0 ? MX_REASON_NO_LOCAL_PART : MX_REASON_NONE;
}

/* Splits `text` at the @ between local part and domain; one without any @ is a domain.
 * The length of the local part is not checked: 64 octets are what every server must
 * take (RFC 5321 4.5.3.1.1), not the most that one may. */
static mx_reason
split(span text, span *domain, bool *is_address)
{
    const char *sign = memchr(text.text, '@', text.length);
    bool is_quoted = text.text[0] == '"';
    if (text.text[0] == '[' || (sign == NULL && !is_quoted)) {
        *domain = text;
        return MX_REASON_NONE;
    }
    *is_address = true;
    size_t at = is_quoted ? 0 : (size_t)(sign - text.text);
    span local = {text.text, at};
    mx_reason reason = is_quoted ? skip_quoted(text, &at) : check_unquoted(local);
    if (reason != MX_REASON_NONE) {
        return reason;
    }
    if (!is_utf8((span){text.text, at})) {
        return MX_REASON_BAD_CHARACTER; /* more than ASCII is UTF-8, RFC 6531 3.3 */
    }
    span rest = {text.text + at + 1, text.length - at - 1};
    if (rest.length == 0) {
        return MX_REASON_NO_DOMAIN_PART;
    }
    if (rest.text[0] != '[' && memchr(rest.text, '@', rest.length) != NULL) {
        return MX_REASON_TWO_AT_SIGNS;
    }
    *domain = rest;
    return MX_REASON_NONE;
}

static bool
skip_ipv6_tag(span *text)
{
    static const char tag[] = "ipv6:";
    const size_t length = sizeof(tag) - 1;
    if (text->length < length) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        char byte = text->text[i];
        char lower = byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
        if (lower != tag[i]) {
            return false;
        }
    }
    text->text += length;
    text->length -= length;
    return true;
}

/* RFC 5321 4.1.3: [192.0.2.1] or [IPv6:2001:db8::1]. */
static mx_reason
read_literal(span domain, const mx_destination_rules *rules, mx_destination *out)
{
    if (domain.length < 2 || domain.text[domain.length - 1] != ']') {
        return MX_REASON_BAD_LITERAL;
    }
    span inside = {domain.text + 1, domain.length - 2};
    bool is_tagged = skip_ipv6_tag(&inside);
    mx_address address;
    if (!mx_address_from_text(inside.text, inside.length, &address)) {
        return MX_REASON_BAD_LITERAL;
    }
    bool is_ipv6 = address.family == MX_IPV6;
    bool is_untagged_ipv6 = is_ipv6 && !is_tagged && rules->lenient_literals;
    if (is_ipv6 != is_tagged && !is_untagged_ipv6) {
        return MX_REASON_BAD_LITERAL;
    }
    out->kind = MX_DESTINATION_LITERAL;
    out->address = address;
    return MX_REASON_NONE;
}

/* A domain with non-ASCII bytes, whose dots may be others than U+002E: IDNA judges all
 * of it but the bytes that no text should have. */
static mx_reason
read_international(span domain, mx_destination *out)
{
    for (size_t i = 0; i < domain.length; i++) {
        if (domain.text[i] == ' ' || is_control(domain.text[i])) {
            return MX_REASON_BAD_CHARACTER;
        }
    }
    if (!is_utf8(domain)) {
        return MX_REASON_BAD_IDNA;
    }
    out->kind = MX_DESTINATION_IDNA;
    return MX_REASON_NONE;
}

static mx_reason
read_name(span domain, const mx_destination_rules *rules, mx_destination *out)
{
    mx_name name;
    mx_reason reason = mx_name_from_text(domain.text, domain.length, &name);
    if (reason != MX_REASON_NONE) {
        return reason;
    }
    if (rules->strict_names && mx_name_has_underscore(&name)) {
        return MX_REASON_UNDERSCORE;
    }
    out->kind = MX_DESTINATION_DOMAIN;
    out->name = name;
    return MX_REASON_NONE;
}

static mx_reason
read_domain(span domain, const mx_destination_rules *rules, mx_destination *out)
{
    if (domain.text[0] == '[') {
        return read_literal(domain, rules, out);
    }
    bool has_dot = domain.text[domain.length - 1] == '.';
    size_t bare_length = domain.length - (has_dot ? 1 : 0);
    mx_address address;
    if (mx_address_from_text(domain.text, bare_length, &address)) {
        if (!rules->lenient_literals) {
            return MX_REASON_BARE_ADDRESS;
        }
        out->kind = MX_DESTINATION_LITERAL;
        out->address = address;
        return MX_REASON_NONE;
    }
    if (has_non_ascii(domain)) {
        return read_international(domain, out);
    }
    return read_name(domain, rules, out);
}

static mx_reason
read_text(span text, const mx_destination_rules *rules, mx_destination *out)
{
    if (text.length == 0) {
        return MX_REASON_EMPTY;
    }
    if (memchr(text.text, '\0', text.length) != NULL) {
        return MX_REASON_BAD_CHARACTER;
    }
    span domain = {text.text, 0};
    mx_reason reason = split(text, &domain, &out->is_address);
    out->domain = domain.text;
    out->domain_length = domain.length;
    return reason == MX_REASON_NONE ? read_domain(domain, rules, out) : reason;
}

void
mx_destination_read(const char *text, size_t length, const mx_destination_rules *rules,
                    mx_destination *out)
{
    span trimmed = trim((span){text, length});
    *out = (mx_destination){
        .kind = MX_DESTINATION_INVALID,
        .domain = trimmed.text,
    };
    out->reason = read_text(trimmed, rules, out);
}
