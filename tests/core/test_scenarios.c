/* SPDX-License-Identifier: MIT */
/* The scenarios of ../scenarios, each against the lookup. Tests over sockets, of the
 * same files, are in ../test_scenarios.py. SCENARIOS in the environment is another
 * folder of them. */
#include "scenario.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_FILES = 64 };

static scenario_file files[MAX_FILES];
static size_t file_count;

static int
read_files(void **state)
{
    const char *folder = getenv("SCENARIOS");
    char pattern[4096];
    glob_t found;

    (void)state;
    snprintf(pattern, sizeof(pattern), "%s/*.scenario",
             folder == NULL ? "../scenarios" : folder);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    assert_in_range(found.gl_pathc, 1, MAX_FILES);
    for (; file_count < found.gl_pathc; file_count++) {
        scenario_file_read(found.gl_pathv[file_count], &files[file_count]);
    }
    globfree(&found);
    return 0;
}

static int
free_files(void **state)
{
    (void)state;
    while (file_count > 0) {
        scenario_file_free(&files[--file_count]);
    }
    return 0;
}

static void
print_lines(const char *what, const scenario_lines *lines)
{
    print_error("  %s\n", what);
    for (size_t i = 0; i < lines->count; i++) {
        print_error("    %s\n", lines->lines[i]);
    }
}

static bool
runs_as_expected(const scenario *row, bool reversed)
{
    scenario_lines got = {.count = 0};
    const char *keyword;

    scenario_run(row, reversed, &got);
    keyword = scenario_compare(row, &got);
    if (keyword != NULL) {
        print_error("%s:%d: %s\n  `%s` differs%s\n", row->path, row->line, row->title,
                    keyword, reversed ? ", answers in reverse" : "");
        print_lines("expected", &row->expected);
        print_lines("got", &got);
    }
    scenario_free_lines(&got);
    return keyword == NULL;
}

static void
test_scenarios(void **state)
{
    size_t wrong = 0, run = 0, left = 0;

    (void)state;
    for (size_t f = 0; f < file_count; f++) {
        for (size_t i = 0; i < files[f].count; i++) {
            const scenario *row = &files[f].scenarios[i];
            if (row->needs_python) {
                left++;
                continue;
            }
            wrong += !runs_as_expected(row, false) || !runs_as_expected(row, true);
            run++;
        }
    }
    print_message("%zu scenarios run, %zu need Python\n", run, left);
    assert_int_equal(wrong, 0);
    assert_true(run >= 250);
}

static void
test_titles_differ(void **state)
{
    const scenario *all[4096];
    size_t count = 0;

    (void)state;
    for (size_t f = 0; f < file_count; f++) {
        for (size_t i = 0; i < files[f].count; i++) {
            const scenario *row = &files[f].scenarios[i];
            for (size_t before = 0; before < count; before++) {
                if (strcmp(all[before]->title, row->title) == 0) {
                    fail_msg("%s:%d: same title as %s:%d", row->path, row->line,
                             all[before]->path, all[before]->line);
                }
            }
            assert_in_range(count, 0, sizeof(all) / sizeof(all[0]) - 1);
            all[count++] = row;
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scenarios),
        cmocka_unit_test(test_titles_differ),
    };

    return cmocka_run_group_tests(tests, read_files, free_files);
}
