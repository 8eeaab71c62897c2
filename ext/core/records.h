/* SPDX-License-Identifier: MIT */
/* records.h - how an answer keeps its records: one after the other, without gaps.
 *
 * An exchange is its preference (2 octets), the length of its host name (1) and the
 * name in wire form; an address is its 4 or 16 octets. Other types are only counted.
 * Internal to the reader of answers.
 */
#ifndef MX_RECORDS_H
#define MX_RECORDS_H

#include "core/answer.h"
#include "core/status.h"
#include "core/wire.h"

#include <stddef.h>
#include <stdint.h>

/* An answer with one reference, for one of two canonical names, the first until
 * mx_records_set_canonical, and with room for `bytes` of records; or NULL. */
mx_answer *mx_records_new_answer(const mx_name *name, const mx_name *other,
                                 size_t bytes);
void mx_records_set_canonical(mx_answer *answer, const mx_name *name);
/* What the record with this RDATA takes; `target_length` is that of the name in it. */
size_t mx_records_size(uint16_t type, uint8_t target_length);
/* Adds the record of the type asked whose checked RDATA the cursor is at; the room is
 * there. Nothing is added when the cursor fails. */
void mx_records_add(mx_answer *answer, mx_wire *rdata);
/* Identical records count once, at their first place (rule O5). Moves the answer
 * to less memory, so `*answer` may change; on MX_NOMEM it is unchanged. */
MX_MUST_CHECK mx_status mx_records_drop_duplicates(mx_answer **answer);

#endif
