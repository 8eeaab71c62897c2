/* SPDX-License-Identifier: MIT */
/* chain.h - the way from the question's name along CNAMEs to the name whose records
 * count (RFC 1034 3.6.2, faults S5, S6). Internal to the reader of answers.
 */
#ifndef MX_CHAIN_H
#define MX_CHAIN_H

#include "core/answer.h"
#include "core/message.h"
#include "core/name.h"
#include "core/question.h"
#include "core/reason.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mx_chain {
    mx_name names[MX_MAX_CNAMES + 1];
    uint8_t aliases;       /* followed; names[aliases] is the end */
    uint32_t alias_ttl;    /* the smallest of the aliases, UINT32_MAX without any */
    uint32_t ttl;          /* the same with the records at the end */
    uint32_t count;        /* records of the type asked at the end */
    size_t bytes;          /* that an answer needs for them */
    bool has_alias_beside; /* a CNAME where those records are */
} mx_chain;

/* Walks the chain in a message that is not damaged and marks the records used. Returns
 * MX_REASON_NONE at its end, else MX_REASON_CNAME_LOOP, _CNAME_LIMIT or _DAMAGED_REPLY,
 * and `out` is of no use. */
mx_reason mx_chain_walk(mx_message *message, const mx_question *question,
                        mx_chain *out);

#endif
