/* SPDX-License-Identifier: MIT */
#include "script_draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void
script_complain(const script_draft *d, const char *what)
{
    fprintf(stderr, "script: %s in the answer \"%s\"\n", what, d->text);
    abort();
}

const char *
script_word(script_draft *d, const char **rest, char word[SCRIPT_WORD])
{
    *rest += strspn(*rest, " ");
    size_t length = strcspn(*rest, " ");
    if (length >= SCRIPT_WORD) {
        script_complain(d, "a word is too long");
    }
    memcpy(word, *rest, length);
    word[length] = '\0';
    *rest += length;
    return word;
}

unsigned long
script_number(script_draft *d, const char **rest)
{
    char word[SCRIPT_WORD], *end;
    unsigned long number = strtoul(script_word(d, rest, word), &end, 10);
    if (word[0] == '\0' || *end != '\0') {
        script_complain(d, "a number is missing");
    }
    return number;
}

const char *
script_point(script_draft *d, const char *name)
{
    size_t length = strlen(name), tail = strlen(d->asked);

    if (length < tail || strcmp(name + length - tail, d->asked) != 0 ||
        (length > tail && name[length - tail - 1] != '.')) {
        return name;
    }
    snprintf(d->scratch, SCRIPT_WORD, "%.*s@", (int)(length - tail), name);
    return d->scratch;
}

uint32_t
script_ttl(const script_draft *d, uint32_t usual)
{
    return d->has_ttl ? d->ttl : usual;
}

size_t
script_begin(script_draft *d, const char *owner, uint16_t type, uint32_t ttl)
{
    /* The section must be one that the message has not left behind. */
    for (int later = d->section + 2; later <= ADDITIONAL; later += 2) {
        if (get_u16(d->reply, (size_t)later) > 0) {
            script_complain(d, "a record comes after those of a later section");
        }
    }
    size_t rdata =
        begin_record(d->reply, d->section, script_point(d, owner), type, ttl);
    set_u16(d->reply, rdata - 8, d->class);
    return rdata;
}

void
script_end(script_draft *d, size_t rdata)
{
    (void)end_record(d->reply, rdata);
    if (d->rdlength != SCRIPT_NO_NUMBER) {
        set_u16(d->reply, rdata - 2, (unsigned)d->rdlength);
        d->rdlength = SCRIPT_NO_NUMBER;
    }
}
