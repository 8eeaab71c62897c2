/* SPDX-License-Identifier: MIT */
/* script.h - a lookup driven by hand: a table says what DNS answers, and the route
 * comes back as one line of text, so that a test is a row of data.
 *
 *     static const script_line zone[] = {
 *         {"dom.test", "MX", "10 mx.dom.test"},
 *         {"mx.dom.test", "A", "192.0.2.1"},
 *         {"mx.dom.test", "AAAA", "NODATA"},
 *         {NULL, NULL, NULL}};
 *
 * An answer is as in a scenario, ../scenarios/README.rst tells the language. What no
 * message says: TIMEOUT, UNREACHABLE, LOOP. A question that is not in the table fails
 * the test; the name "*" stands for every name.
 */
#ifndef TEST_SCRIPT_H
#define TEST_SCRIPT_H

#include "core/lookup.h"

#include <stddef.h>
#include <stdint.h>

typedef struct script_line {
    const char *name, *type, *answer;
} script_line;

typedef struct script_run {
    mx_lookup_rules rules;
    uint64_t seed;
    uint32_t levels;
} script_run;

enum { SCRIPT_TEXT = 65536 };

/* The answer of a zone to a question. */
const char *script_find(const script_line *zone, const mx_question *question);
/* The message that an answer of a script stands for; valid until the next one. */
const uint8_t *script_message(const mx_question *question, const char *text,
                              size_t *length);
/* The same, read; also for what no message says. */
mx_answer *script_answer(const mx_question *question, const char *text);
/* Runs the lookup; the caller unrefs the route. `*asked` counts the questions. */
mx_route *script_lookup(const script_run *run, const script_line *zone,
                        const char *destination, uint32_t *asked);
/* "ok; 10 mx.dom.test 192.0.2.1; -host address reason; ?warning; implicit" */
void script_describe(const mx_route *route, char text[SCRIPT_TEXT]);

#endif
