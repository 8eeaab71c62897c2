/* SPDX-License-Identifier: MIT */
/* json.h - JSON text (RFC 8259) in one block of memory that grows.
 *
 * Nothing here fails at once: what does not fit into memory marks the text as failed,
 * and all later writes do nothing, so that a writer asks once, at its end. The text is
 * ASCII, other characters are escaped, and has no blanks between tokens. The owner puts
 * commas, colons and brackets. One thread at a time.
 */
#ifndef MX_JSON_H
#define MX_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct mx_json {
    char *text; /* not terminated */
    size_t length;
    size_t capacity;
    bool has_failed; /* out of memory: the text is not whole */
} mx_json;

void mx_json_init(mx_json *json); /* allocates nothing */
void mx_json_fini(mx_json *json);

/* Makes room for `count` more bytes; false when there is none, which has_failed says
 * from then on. */
bool mx_json_grow(mx_json *json, size_t count);

/* Where to put `count` more bytes, or NULL. The caller adds to `length` what it used of
 * them. Inline, as the next one: a route is made of a hundred pieces. */
static inline char *
mx_json_room(mx_json *json, size_t count)
{
    if (json->capacity - json->length < count && !mx_json_grow(json, count)) {
        return NULL;
    }
    return json->text + json->length;
}

/* Bytes as they are. */
static inline void
mx_json_raw(mx_json *json, const char *bytes, size_t length)
{
    char *out = length > 0 ? mx_json_room(json, length) : NULL;
    if (out != NULL) {
        memcpy(out, bytes, length);
        json->length += length;
    }
}

/* A quoted string of UTF-8; also encoded surrogates (RFC 3629 3 forbids them) give the
 * escape \uD800 to \uDFFF, as Python's json writes them. Each byte of what is no UTF-8
 * gives U+FFFD. */
void mx_json_string(mx_json *json, const char *utf8, size_t length);
/* A quoted string that needs no escape, terminated. */
void mx_json_word(mx_json *json, const char *word);
void mx_json_number(mx_json *json, uint64_t number);
/* Microseconds as seconds, the shortest text of that double, as Python writes it. */
void mx_json_seconds(mx_json *json, uint64_t microseconds);

/* A string literal, as it is. */
#define MX_JSON_LITERAL(json, literal) mx_json_raw(json, literal, sizeof(literal) - 1)

#endif
