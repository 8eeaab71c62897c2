/* SPDX-License-Identifier: MIT */
/* script_draft.h - an answer of a script while it becomes a message. Shared by the files
 * that know its words: script_message.c, script_records.c. */
#ifndef TEST_SCRIPT_DRAFT_H
#define TEST_SCRIPT_DRAFT_H

#include "message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SCRIPT_WORD = MX_NAME_TEXT_SIZE, SCRIPT_NO_NUMBER = -1 };

typedef struct script_draft {
    message *reply;
    const mx_question *question;
    const char *text;        /* of the whole answer, for complaints */
    char asked[SCRIPT_WORD]; /* the name in the reply's question */
    char owner[SCRIPT_WORD]; /* of the next record: the end of the chain so far */
    char scratch[SCRIPT_WORD];
    int section;
    bool has_ttl, has_no_soa;
    uint32_t ttl;
    unsigned class, flags, rcode;
    long rdlength; /* of the next record, if it is to lie */
    size_t trailing, cut;
} script_draft;

_Noreturn void script_complain(const script_draft *d, const char *what);
/* The next blank-separated word of `*rest`, "" at its end. */
const char *script_word(script_draft *d, const char **rest, char word[SCRIPT_WORD]);
unsigned long script_number(script_draft *d, const char **rest);

/* A name of a record as put_name() takes it: what is below the question's name ends in
 * a pointer there, as in the messages of real servers. Valid until the next one. */
const char *script_point(script_draft *d, const char *name);
uint32_t script_ttl(const script_draft *d, uint32_t usual);
/* What is put between these two is RDATA of a record of the present section. */
size_t script_begin(script_draft *d, const char *owner, uint16_t type, uint32_t ttl);
void script_end(script_draft *d, size_t rdata);

/* script_records.c: adds what a word of a record says; false when it is none. */
bool script_say_record(script_draft *d, const char *word, const char *rest);
/* A record of the type asked for. */
void script_say_asked(script_draft *d, const char *item);

#endif
