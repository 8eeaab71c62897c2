/* SPDX-License-Identifier: MIT */
/* plain.h - what pickled routes and their traces are made of, read back: words and text.
 *
 * Each returns 0, or -1 with ValueError, or MemoryError.
 */
#ifndef PYMX_PLAIN_H
#define PYMX_PLAIN_H

#include "core/address.h"
#include "core/arena.h"
#include "core/reason.h"
#include "core/verdict.h"

/* A copy that lives as long as the arena. */
int pymx_plain_text(mx_arena *arena, const char *text, const char **out);
int pymx_plain_status(const char *word, mx_verdict *out);
int pymx_plain_reason(const char *word, mx_reason *out);
int pymx_plain_address(const char *text, mx_address *out);

#endif
