/* SPDX-License-Identifier: MIT */
#include "core/json.h"

#include "core/mem.h"

enum {
    LEAST_CAPACITY = 4096, /* a route or two */
    MAX_DIGITS = 20,       /* of 2**64 - 1 */
    ESCAPE = 6             /* \u0000, the most that a byte of text turns into */
};

static const uint32_t replacement = 0xfffd;

void
mx_json_init(mx_json *json)
{
    *json = (mx_json){.text = NULL};
}

void
mx_json_fini(mx_json *json)
{
    mx_free(json->text);
    mx_json_init(json);
}

/* Without room left, every later write comes to mx_json_grow(), which refuses. */
static void
fail(mx_json *json)
{
    json->has_failed = true;
    json->capacity = json->length;
}

bool
mx_json_grow(mx_json *json, size_t count)
{
    size_t capacity = json->capacity < LEAST_CAPACITY ? LEAST_CAPACITY : json->capacity;
    char *text = NULL;
    if (!json->has_failed && count <= SIZE_MAX / 2 - json->length) {
        while (capacity - json->length < count) {
            capacity *= 2;
        }
        text = mx_realloc(json->text, capacity, 1);
    }
    if (text == NULL) {
        fail(json);
        return false;
    }
    json->text = text;
    json->capacity = capacity;
    return true;
}

static char *
put_escape(char *out, uint32_t unit)
{
    static const char digits[] = "0123456789abcdef";
    *out++ = '\\';
    *out++ = 'u';
    for (int shift = 12; shift >= 0; shift -= 4) {
        *out++ = digits[unit >> shift & 0xf];
    }
    return out;
}

/* UTF-16 in escapes: two for what is beyond the basic plane. */
static char *
put_character(char *out, uint32_t character)
{
    if (character < 0x10000) {
        return put_escape(out, character);
    }
    character -= 0x10000;
    out = put_escape(out, 0xd800 | character >> 10);
    return put_escape(out, 0xdc00 | (character & 0x3ff));
}

/* The character that `length` bytes begin with, and how many of them it takes. */
static size_t
read_character(const uint8_t *bytes, size_t length, uint32_t *out)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = bytes[0];
    size_t size = first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    *out = replacement;
    if (size == 0 || first > 0xf4 || size > length) {
        return 1;
    }
    uint32_t character = first & (0x7fU >> size);
    for (size_t i = 1; i < size; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            return 1;
        }
        character = character << 6 | (bytes[i] & 0x3f);
    }
    if (character < least[size] || character > 0x10ffff) {
        return 1;
    }
    *out = character;
    return size;
}

static bool
is_plain(uint8_t byte)
{
    return byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\';
}

/* Whether eight bytes are. Each term has the top bit of a byte that is not; a borrow
 * can only come from a lower byte that has it too. */
static bool
are_plain(uint64_t bytes)
{
    static const uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
    uint64_t quotes = bytes ^ (ones * '"'), slashes = bytes ^ (ones * '\\');
    uint64_t special = (bytes - ones * ' ') | (bytes + ones) | bytes | (quotes - ones) |
                       (slashes - ones);
    return (special & tops) == 0;
}

static char *
put_special(char *out, uint8_t byte)
{
    static const char named[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *found = memchr(named, byte, sizeof named - 1);
    if (found == NULL) {
        return put_escape(out, byte);
    }
    *out++ = '\\';
    *out++ = letters[found - named];
    return out;
}

/* One byte, or one character that needs an escape; returns how many bytes it took. */
static size_t
put_next(char **out, const uint8_t *bytes, size_t length)
{
    uint32_t character;
    if (is_plain(bytes[0])) {
        *(*out)++ = (char)bytes[0];
        return 1;
    }
    if (bytes[0] < 0x80) {
        *out = put_special(*out, bytes[0]);
        return 1;
    }
    size_t size = read_character(bytes, length, &character);
    *out = put_character(*out, character);
    return size;
}

void
mx_json_string(mx_json *json, const char *utf8, size_t length)
{
    const uint8_t *bytes = (const uint8_t *)utf8;
    if (length > SIZE_MAX / ESCAPE - 1) {
        fail(json);
        return;
    }
    char *start = mx_json_room(json, ESCAPE * length + 2);
    if (start == NULL) {
        return;
    }
    char *out = start;
    *out++ = '"';
    for (size_t i = 0; i < length;) {
        uint64_t word;
        if (length - i >= sizeof word) {
            memcpy(&word, bytes + i, sizeof word);
            if (are_plain(word)) {
                memcpy(out, &word, sizeof word);
                out += sizeof word;
                i += sizeof word;
                continue;
            }
        }
        i += put_next(&out, bytes + i, length - i);
    }
    *out++ = '"';
    json->length += (size_t)(out - start);
}

void
mx_json_word(mx_json *json, const char *word)
{
    MX_JSON_LITERAL(json, "\"");
    mx_json_raw(json, word, strlen(word));
    MX_JSON_LITERAL(json, "\"");
}

static size_t
put_digits(char *out, uint64_t number)
{
    char reversed[MAX_DIGITS];
    size_t count = 0;
    do {
        reversed[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    for (size_t i = 0; i < count; i++) {
        out[i] = reversed[count - 1 - i];
    }
    return count;
}

void
mx_json_number(mx_json *json, uint64_t number)
{
    char *out = mx_json_room(json, MAX_DIGITS);
    if (out != NULL) {
        json->length += put_digits(out, number);
    }
}

/* Below 100 microseconds Python turns to exponents: 5e-06, 1.2e-05. */
static void
write_tiny(mx_json *json, uint64_t microseconds)
{
    bool has_tens = microseconds >= 10;
    mx_json_number(json, has_tens ? microseconds / 10 : microseconds);
    if (has_tens && microseconds % 10 > 0) {
        MX_JSON_LITERAL(json, ".");
        mx_json_number(json, microseconds % 10);
    }
    mx_json_raw(json, has_tens ? "e-05" : "e-06", 4);
}

void
mx_json_seconds(mx_json *json, uint64_t microseconds)
{
    enum { PER_SECOND = 1000000, PLACES = 6 };
    if (microseconds > 0 && microseconds < 100) {
        write_tiny(json, microseconds);
        return;
    }
    mx_json_number(json, microseconds / PER_SECOND);
    char *out = mx_json_room(json, PLACES + 1);
    if (out == NULL) {
        return;
    }
    uint64_t rest = microseconds % PER_SECOND;
    out[0] = '.';
    for (size_t i = PLACES; i > 0; i--) {
        out[i] = (char)('0' + rest % 10);
        rest /= 10;
    }
    size_t places = PLACES;
    while (places > 1 && out[places] == '0') {
        places--;
    }
    json->length += places + 1;
}
