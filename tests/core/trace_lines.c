/* SPDX-License-Identifier: MIT */
#include "trace_lines.h"

#include "bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { LINES = 128 * 1024 };

const char *
trace_lines(const mx_route *route)
{
    static char lines[LINES];
    char text[MX_STEP_TEXT_SIZE];
    size_t length = 0;

    lines[0] = '\0';
    for (size_t i = 0; route->trace != NULL && i < route->trace->count; i++) {
        const mx_step *step = &route->trace->steps[i];
        mx_step_text(step, text);
        length += (size_t)snprintf(lines + length, LINES - length, "%.1f %s %s\n",
                                   (double)step->at / (double)MSEC,
                                   mx_event_word(step->event), text);
        assert_true(length < LINES);
    }
    return lines;
}

const char *
taken_lines(void)
{
    mx_route *route = take(NULL);
    const char *lines;

    assert_non_null(route);
    lines = trace_lines(route);
    mx_route_unref(route);
    return lines;
}
