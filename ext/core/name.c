/* SPDX-License-Identifier: MIT */
#include "core/name.h"

#include <string.h>

/* The lower-cased byte for each byte that a host name may hold (letters, digits,
 * hyphen, underscore), 0 for all others. A table, because <ctype.h> asks the locale. */
/* clang-format off */
static const uint8_t host_bytes[256] = {
    ['-'] = '-', ['_'] = '_',
    ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4',
    ['5'] = '5', ['6'] = '6', ['7'] = '7', ['8'] = '8', ['9'] = '9',
    ['a'] = 'a', ['b'] = 'b', ['c'] = 'c', ['d'] = 'd', ['e'] = 'e', ['f'] = 'f',
    ['g'] = 'g', ['h'] = 'h', ['i'] = 'i', ['j'] = 'j', ['k'] = 'k', ['l'] = 'l',
    ['m'] = 'm', ['n'] = 'n', ['o'] = 'o', ['p'] = 'p', ['q'] = 'q', ['r'] = 'r',
    ['s'] = 's', ['t'] = 't', ['u'] = 'u', ['v'] = 'v', ['w'] = 'w', ['x'] = 'x',
    ['y'] = 'y', ['z'] = 'z',
    ['A'] = 'a', ['B'] = 'b', ['C'] = 'c', ['D'] = 'd', ['E'] = 'e', ['F'] = 'f',
    ['G'] = 'g', ['H'] = 'h', ['I'] = 'i', ['J'] = 'j', ['K'] = 'k', ['L'] = 'l',
    ['M'] = 'm', ['N'] = 'n', ['O'] = 'o', ['P'] = 'p', ['Q'] = 'q', ['R'] = 'r',
    ['S'] = 's', ['T'] = 't', ['U'] = 'u', ['V'] = 'v', ['W'] = 'w', ['X'] = 'x',
    ['Y'] = 'y', ['Z'] = 'z',
};
/* clang-format on */

/* DNS compares ASCII letters without case and all other bytes as they are, RFC 4343. */
static uint8_t
lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + ('a' - 'A')) : byte;
}

static mx_reason
check_bytes(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        uint8_t byte = (uint8_t)text[i];
        if (host_bytes[byte] == 0 && byte != '.') {
            return MX_REASON_BAD_CHARACTER;
        }
    }
    return MX_REASON_NONE;
}

/* Lengths come before hyphens: they are the graver fault of a name that has both. */
static mx_reason
check_labels(const char *text, size_t length)
{
    bool has_bad_hyphen = false;
    size_t start = 0;
    for (size_t i = 0; i <= length; i++) {
        if (i < length && text[i] != '.') {
            continue;
        }
        if (i == start) {
            return MX_REASON_EMPTY_LABEL;
        }
        if (i - start > MX_MAX_LABEL) {
            return MX_REASON_LABEL_TOO_LONG;
        }
        has_bad_hyphen = has_bad_hyphen || text[start] == '-' || text[i - 1] == '-';
        start = i + 1;
    }
    if (length > MX_MAX_NAME_TEXT) {
        return MX_REASON_NAME_TOO_LONG;
    }
    return has_bad_hyphen ? MX_REASON_BAD_HYPHEN : MX_REASON_NONE;
}

/* `text` has passed the checks. Each dot becomes the length of the label after it. */
static void
write_wire(const char *text, size_t length, mx_name *out)
{
    size_t label = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '.') {
            out->wire[label] = (uint8_t)(i - label);
            label = i + 1;
        }
        else {
            out->wire[i + 1] = host_bytes[(uint8_t)text[i]];
        }
    }
    out->wire[label] = (uint8_t)(length - label);
    out->wire[length + 1] = 0;
    out->length = (uint8_t)(length + 2);
}

mx_reason
mx_name_from_text(const char *text, size_t length, mx_name *out)
{
    if (length == 0) {
        return MX_REASON_EMPTY;
    }
    if (length == 1 && text[0] == '.') {
        return MX_REASON_ROOT;
    }
    if (text[length - 1] == '.') {
        length--;
    }
    mx_reason reason = check_bytes(text, length);
    if (reason == MX_REASON_NONE) {
        reason = check_labels(text, length);
    }
    if (reason == MX_REASON_NONE) {
        write_wire(text, length, out);
    }
    return reason;
}

bool
mx_name_from_wire(const uint8_t *wire, size_t length, mx_name *out)
{
    if (length < 1 || length > MX_MAX_NAME) {
        return false;
    }
    size_t label = 0;
    while (wire[label] != 0) {
        if (wire[label] > MX_MAX_LABEL) {
            return false;
        }
        label += 1 + (size_t)wire[label];
        if (label >= length) {
            return false;
        }
    }
    if (label != length - 1) {
        return false;
    }
    /* A length octet is at most 63, below 'A', so it may go through lower() too. */
    for (size_t i = 0; i < length; i++) {
        out->wire[i] = lower(wire[i]);
    }
    out->length = (uint8_t)length;
    return true;
}

static size_t
write_byte(uint8_t byte, char *text)
{
    if (host_bytes[byte] != 0) {
        text[0] = (char)byte;
        return 1;
    }
    text[0] = '\\';
    text[1] = (char)('0' + byte / 100);
    text[2] = (char)('0' + byte / 10 % 10);
    text[3] = (char)('0' + byte % 10);
    return 4;
}

size_t
mx_name_to_text(const mx_name *name, char *text)
{
    size_t written = 0;
    for (const uint8_t *label = name->wire; *label != 0; label += 1 + *label) {
        if (label != name->wire) {
            text[written++] = '.';
        }
        for (size_t i = 1; i <= *label; i++) {
            written += write_byte(label[i], text + written);
        }
    }
    if (written == 0) {
        text[written++] = '.';
    }
    text[written] = '\0';
    return written;
}

bool
mx_name_equal(const mx_name *a, const mx_name *b)
{
    return a->length == b->length && memcmp(a->wire, b->wire, a->length) == 0;
}

bool
mx_name_is_root(const mx_name *name)
{
    return name->length == 1;
}

bool
mx_name_is_hostname(const mx_name *name)
{
    for (const uint8_t *label = name->wire; *label != 0; label += 1 + *label) {
        for (size_t i = 1; i <= *label; i++) {
            if (host_bytes[label[i]] == 0) {
                return false;
            }
        }
    }
    /* 255 octets of wire are 253 of text, so no length is left to check. */
    return !mx_name_is_root(name);
}

bool
mx_name_has_underscore(const mx_name *name)
{
    /* No length octet can be one: '_' is 95. */
    return memchr(name->wire, '_', name->length) != NULL;
}

bool
mx_name_has_bad_hyphen(const mx_name *name)
{
    for (const uint8_t *label = name->wire; *label != 0; label += 1 + *label) {
        if (label[1] == '-' || label[*label] == '-') {
            return true;
        }
    }
    return false;
}

unsigned
mx_name_label_count(const mx_name *name)
{
    unsigned count = 0;
    for (const uint8_t *label = name->wire; *label != 0; label += 1 + *label) {
        count++;
    }
    return count;
}

/* The length octet of the last label before the root; the root's own for the root. */
static const uint8_t *
find_top(const mx_name *name)
{
    const uint8_t *top = name->wire;
    while (*top != 0 && top[1 + *top] != 0) {
        top += 1 + *top;
    }
    return top;
}

bool
mx_name_has_numeric_top(const mx_name *name)
{
    const uint8_t *top = find_top(name);
    for (size_t i = 1; i <= *top; i++) {
        if (top[i] < '0' || top[i] > '9') {
            return false;
        }
    }
    return *top != 0;
}

bool
mx_name_is_within(const mx_name *name, const mx_name *ancestor)
{
    /* Compared from a label's start only: badexample.com is not within example.com. */
    const uint8_t *label = name->wire;
    size_t left = name->length;
    while (left > ancestor->length) {
        left -= 1 + (size_t)*label;
        label += 1 + *label;
    }
    return left == ancestor->length && memcmp(label, ancestor->wire, left) == 0;
}

bool
mx_name_has_top(const mx_name *name, const char *label)
{
    /* From the end, where the top label is: its length octet stands before it. */
    size_t length = strlen(label);
    if (name->length < length + 2) {
        return false;
    }
    const uint8_t *top = name->wire + name->length - length - 2;
    return memcmp(top + 1, label, length) == 0 && find_top(name) == top;
}
