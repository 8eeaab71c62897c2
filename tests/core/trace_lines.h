/* SPDX-License-Identifier: MIT */
/* trace_lines.h - a trace as text, so that a test shows all of it. */
#ifndef TEST_TRACE_LINES_H
#define TEST_TRACE_LINES_H

#include "core/route.h"

/* A line "1500.0 silence a.test MX ..." for each step, times in ms; "" without a trace.
 * Valid until the next call. */
const char *trace_lines(const mx_route *route);
/* Takes the next route of the bench (bench.h) and gives its lines. */
const char *taken_lines(void);

#endif
