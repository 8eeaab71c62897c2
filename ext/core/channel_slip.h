/* SPDX-License-Identifier: MIT */
/* channel_slip.h - what c-ares is shown of a message: its header and its question.
 *
 * c-ares from 1.28 on takes every message apart, ours before it sends it and each reply
 * before it looks whom it is for. One record that it cannot read ends all queries on
 * that socket (fault c-ares 3), a cookie or an rcode makes it ask again by itself, and
 * from replies in time it learns a timeout that fails slow ones (fault c-ares 5). The
 * records are for our own reader, so c-ares gets the rest alone. No I/O, no c-ares.
 */
#ifndef MX_CHANNEL_SLIP_H
#define MX_CHANNEL_SLIP_H

#include "core/name.h"
#include "core/wire.h"

#include <stddef.h>
#include <stdint.h>

enum {
    MX_SLIP_SIZE = MX_WIRE_HEADER + MX_MAX_NAME + 4, /* header, name, type, class */
    MX_SLIP_TEXT_SIZE = MX_MAX_NAME + 1
};

/* Writes the slip of a query by mx_question_write; returns its length. Recent versions
 * refuse names that are not host names; such bytes, which the target of a CNAME may
 * have, become hyphens. */
size_t mx_slip_write(const uint8_t *query, size_t length, uint8_t *out);
/* Makes it the slip of the reply, whatever that was. */
void mx_slip_answer(uint8_t *slip);
/* The name in it, as text. */
void mx_slip_name(const uint8_t *slip, size_t length, char *out);

#endif
