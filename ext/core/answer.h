/* SPDX-License-Identifier: MIT */
/* answer.h - one DNS message, read into proven facts about its question.
 *
 * "No such records", "null MX" and "no such domain" are final and costly when wrong, so
 * they need positive proof (docs/rules.rst, The MX question; faults S1 to S5); whatever
 * falls short is a failure with its reason, never an answer. Only the answer section
 * counts, and in it only records on the CNAME chain that starts at the question.
 *
 * Answers are immutable and reference-counted; any thread may hold one.
 */
#ifndef MX_ANSWER_H
#define MX_ANSWER_H

#include "core/address.h"
#include "core/name.h"
#include "core/question.h"
#include "core/reason.h"
#include "core/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MX_MAX_CNAMES = 8,         /* followed for one name, across messages too */
    MX_MAX_TTL = 86400,        /* a day: how long a positive answer is believed */
    MX_MAX_NEGATIVE_TTL = 3600 /* RFC 2308 section 5 advises 1 to 3 hours */
};

typedef enum mx_answer_kind {
    MX_ANSWER_RECORDS,   /* at least one record of the type asked */
    MX_ANSWER_NODATA,    /* proven: the name exists, such records don't */
    MX_ANSWER_NXDOMAIN,  /* proven: the name does not exist */
    MX_ANSWER_ALIAS,     /* a CNAME chain whose end the server said nothing about: ask
                            `canonical` */
    MX_ANSWER_TRUNCATED, /* TC=1: ask over TCP */
    MX_ANSWER_FAILURE    /* unknown, see `reason` */
} mx_answer_kind;

typedef struct mx_answer mx_answer;

struct mx_answer {
    mx_answer_kind kind;
    mx_reason reason;    /* of NODATA, NXDOMAIN, FAILURE; a warning (CNAME_AND_OTHER) or
                            NONE of RECORDS */
    uint16_t type;       /* as asked */
    uint16_t rcode;      /* all 12 bits (RFC 6891) */
    int32_t ede;         /* RFC 8914 info code, -1 without one */
    bool authenticated;  /* AD=1 */
    uint8_t cname_count; /* steps from the question to `canonical` */
    uint32_t ttl;        /* seconds, the smallest of all records used, capped; of a
                            negative answer by its SOA (RFC 2308), 0 without one */
    uint32_t count;      /* records of the type asked, in published order */
    const mx_name *canonical; /* the question's name, or the end of its CNAME chain;
                                 kept (name.h) */
    /* internal: */
    uint32_t references;
    uint32_t bytes_used;
    uint8_t *records; /* behind the name, whose room is the rest */
    uint16_t name_room;
};

/* Reads `message` as the reply to `question`. MX_NOMEM is the only failure: a message
 * that cannot be used is an answer of kind FAILURE. The caller has checked
 * mx_reply_matches(); a message that does not match reads as DAMAGED_REPLY. */
MX_MUST_CHECK mx_status mx_answer_read(const uint8_t *message, size_t length,
                                       const mx_question *question, mx_answer **out);
/* An answer of kind FAILURE that no message gave, e.g. MX_REASON_TIMEOUT. */
MX_MUST_CHECK mx_status mx_answer_failure(const mx_question *question, mx_reason reason,
                                          mx_answer **out);
mx_answer *mx_answer_ref(mx_answer *answer); /* returns `answer` */
void mx_answer_unref(mx_answer *answer);     /* NULL is fine */
/* Memory held, for the cache's bound. */
size_t mx_answer_bytes(const mx_answer *answer);

/* Records of an MX answer: walk with `*cursor` from 0; false at the end. `host` is kept
 * by the answer (name.h). */
bool mx_answer_next_exchange(const mx_answer *answer, size_t *cursor,
                             uint16_t *preference, const mx_name **host);
/* Record `index` of an A or AAAA answer; index < count. */
mx_address mx_answer_address(const mx_answer *answer, size_t index);

#endif
