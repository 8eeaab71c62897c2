/* SPDX-License-Identifier: MIT */
/* scenario.h - the scenarios of ../scenarios: reading them, running one, comparing.
 *
 * The format is told in ../scenarios/README.rst. Whoever wrote a file wrongly is told
 * so with file and line, and the program ends: there is nothing to test then.
 */
#ifndef TEST_SCENARIO_H
#define TEST_SCENARIO_H

#include "core/route.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lines of text, each on the heap. */
typedef struct scenario_lines {
    char **lines;
    size_t count;
} scenario_lines;

typedef struct scenario {
    const char *path; /* of its file; borrowed */
    int line;
    char *title;       /* begins with the rule */
    char *destination; /* as given to a resolver, may hold NUL */
    size_t destination_length;
    bool has_destination;
    bool is_unordered; /* equals come in any order */
    bool needs_python; /* for a reason that the file gives */
    scenario_lines options, dns, expected;
} scenario;

typedef struct scenario_file {
    char *path;
    scenario *scenarios;
    size_t count;
} scenario_file;

void scenario_file_read(const char *path, scenario_file *out);
void scenario_file_free(scenario_file *file);

/* Ends the program with a complaint about a place in a file. */
_Noreturn void scenario_complain(const char *path, int line, const char *what,
                                 const char *detail);
void scenario_add_line(scenario_lines *lines, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void scenario_free_lines(scenario_lines *lines);
/* Whether the line begins with this word; `*rest` is what follows it. */
bool scenario_has_word(const char *line, const char *word, const char **rest);

/* Whether such a line can be expected of a route. */
bool scenario_is_expectation(const char *line);
/* What a route is, in the words of scenarios. */
void scenario_describe(const mx_route *route, size_t queries, scenario_lines *out);
/* The first keyword whose lines differ, NULL when all is as expected. */
const char *scenario_compare(const scenario *row, const scenario_lines *got);

/* Runs the lookup with a fake clock, answering the questions in the order in which they
 * were asked or, `reversed`, the latest first. `out` is the route; a
 * question nobody expected is an "unexpected" line of it, one that never came an
 * "unasked" one. */
void scenario_run(const scenario *row, bool reversed, scenario_lines *out);

#endif
