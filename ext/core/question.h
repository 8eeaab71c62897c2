/* SPDX-License-Identifier: MIT */
/* question.h - what is asked: a name and a type (class is always IN), as a message. */
#ifndef MX_QUESTION_H
#define MX_QUESTION_H

#include "core/hash.h"
#include "core/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MX_TYPE_A = 1,
    MX_TYPE_NS = 2,
    MX_TYPE_CNAME = 5,
    MX_TYPE_SOA = 6,
    MX_TYPE_MX = 15,
    MX_TYPE_AAAA = 28,
    MX_TYPE_DNAME = 39,
    MX_TYPE_OPT = 41,
    MX_TYPE_RRSIG = 46,
    MX_CLASS_IN = 1
};

enum {
    MX_EDNS_PAYLOAD = 1232, /* DNS flag day 2020: fits any path unfragmented */
    MX_QUERY_SIZE = 12 + MX_MAX_NAME + 4 + 11 /* header, question, OPT */
};

typedef struct mx_question {
    mx_name name;
    uint16_t type;
} mx_question;

typedef struct mx_query_flags {
    bool edns;   /* an OPT record with MX_EDNS_PAYLOAD */
    bool dnssec; /* AD bit, and DO when there is an OPT (RFC 6840 5.7) */
} mx_query_flags;

bool mx_question_equal(const mx_question *a, const mx_question *b);
uint64_t mx_question_hash(const mx_question *question, const mx_hash_key *key);
/* "MX", "A", "AAAA", ... or "TYPE99" for others the core never asks. */
const char *mx_type_text(uint16_t type);
/* Room for the message that asks this, whatever the flags. */
size_t mx_question_size(const mx_question *question);
/* Writes a recursion-desired query; returns its length. `out` has mx_question_size
 * bytes, at most MX_QUERY_SIZE. */
size_t mx_question_write(const mx_question *question, uint16_t id, mx_query_flags flags,
                         uint8_t *out);
/* Whether `reply` can be a reply to `query`, by mx_question_write, at all: long enough,
 * same id, QR=1, opcode 0, exactly one question and it is ours (without case).
 * Everything else that arrives on a socket is stray: ignored, while listening goes on
 * (fault S15). */
bool mx_reply_matches(const uint8_t *query, size_t query_length, const uint8_t *reply,
                      size_t reply_length);
/* The same whatever the id. */
bool mx_reply_asks(const uint8_t *query, size_t query_length, const uint8_t *reply,
                   size_t reply_length);

#endif
