/* SPDX-License-Identifier: MIT */
/* read_answer.h - reading a test's message (message.h) the way the engine reads one. */
#ifndef TEST_READ_ANSWER_H
#define TEST_READ_ANSWER_H

#include "core/answer.h"
#include "message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Reads `length` octets of `m` as the reply to its own question, from a copy of that
 * size, so that a sanitizer sees an octet read too many. */
static inline mx_answer *
read_cut(const message *m, size_t length, const mx_question *question)
{
    mx_answer *answer = NULL;
    uint8_t *bytes = test_malloc(length + 1);
    memcpy(bytes + 1, m->bytes, length);
    assert_int_equal(mx_answer_read(bytes + 1, length, question, &answer), MX_OK);
    assert_non_null(answer);
    test_free(bytes);
    return answer;
}

static inline mx_answer *
read_answer(const message *m)
{
    mx_question question = question_in(m);
    return read_cut(m, m->length, &question);
}

#endif
