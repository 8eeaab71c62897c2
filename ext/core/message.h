/* SPDX-License-Identifier: MIT */
/* message.h - one DNS message, checked from the first octet to the last.
 *
 * Every record announced is walked, and they must use the message up exactly; RDATA of
 * the types with a known shape is checked against RDLENGTH (faults S3, S4, W1 to W40).
 * What the records mean is decided in answer.c. Internal to the reader of answers.
 */
#ifndef MX_MESSAGE_H
#define MX_MESSAGE_H

#include "core/question.h"
#include "core/status.h"
#include "core/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MX_MESSAGE_FEW = 24 }; /* records kept without an allocation */

typedef struct mx_record {
    uint32_t ttl;        /* one with its top bit set is 0 (RFC 2181 8) */
    uint32_t owner_hash; /* of the lower-cased name; 0 of owners that point to the
                            question, which are known by that */
    uint16_t owner;      /* offset; the same for owners that are the same pointer */
    uint16_t type;
    uint16_t class;
    uint16_t rdata; /* offset */
    uint16_t rdlength;
    uint8_t target_length; /* wire octets of the last name in checked RDATA, else 0 */
    bool is_used;          /* for the reader of answers */
} mx_record;

typedef struct mx_message {
    bool is_damaged; /* and then only what the header says counts */
    bool is_truncated;
    bool is_authoritative;
    bool has_recursion; /* RA: the server recurses */
    bool is_authenticated;
    uint16_t rcode; /* all 12 bits; of a damaged message those of the header, if it is
                       a reply to the question, else 0 */
    int32_t ede;    /* RFC 8914 info code, -1 without one */
    mx_record *records;  /* of the answer section, then of the authority section */
    size_t answer_count; /* of those, in the answer section */
    size_t count;
    mx_wire wire;  /* of the check */
    mx_wire again; /* of mx_message_at */
    mx_record few[MX_MESSAGE_FEW];
} mx_message;

/* Checks `bytes` (borrowed) as the reply to `question`. MX_NOMEM is the only failure; a
 * message that is none is damaged. One with TC=1 is not read beyond its question. */
MX_MUST_CHECK mx_status mx_message_init(mx_message *message, const uint8_t *bytes,
                                        size_t length, const mx_question *question);
void mx_message_fini(mx_message *message);

/* Equal names have equal hashes, as in mx_record.owner_hash. */
uint32_t mx_message_name_hash(const mx_name *name);
/* The cursor for reading checked parts once more, set to `offset`. It fails only when
 * all names read through it together took too many steps. */
mx_wire *mx_message_at(mx_message *message, size_t offset);

#endif
