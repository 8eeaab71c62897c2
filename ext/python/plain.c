/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/plain.h"

#include "python/errors.h"
#include "python/words.h"

#include <string.h>

int
pymx_plain_text(mx_arena *arena, const char *text, const char **out)
{
    *out = mx_arena_text(arena, text, strlen(text));
    if (*out == NULL) {
        pymx_raise_memory();
        return -1;
    }
    return 0;
}

int
pymx_plain_status(const char *word, mx_verdict *out)
{
    if (!pymx_status_from_word(word, out)) {
        pymx_raise_value("this pymx does not know the status '%s'", word);
        return -1;
    }
    return 0;
}

int
pymx_plain_reason(const char *word, mx_reason *out)
{
    if (!pymx_reason_from_word(word, out)) {
        pymx_raise_value("this pymx does not know the reason '%s'", word);
        return -1;
    }
    return 0;
}

int
pymx_plain_address(const char *text, mx_address *out)
{
    if (!mx_address_from_text(text, strlen(text), out)) {
        pymx_raise_value("'%s' is not an IP address", text);
        return -1;
    }
    return 0;
}
