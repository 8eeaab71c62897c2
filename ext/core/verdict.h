/* SPDX-License-Identifier: MIT */
/* verdict.h - what a route comes to (rule V1): status, the three-valued
 * deliverable, the reply a mailer gives.
 */
#ifndef MX_VERDICT_H
#define MX_VERDICT_H

#include "core/reason.h"

#include <stdbool.h>

typedef enum mx_verdict {
    MX_VERDICT_OK = 0,
    MX_VERDICT_NULL_MX,
    MX_VERDICT_NO_DOMAIN,
    MX_VERDICT_NO_MAIL,
    MX_VERDICT_NO_ADDRESS,
    MX_VERDICT_REFUSED,
    MX_VERDICT_INVALID,
    MX_VERDICT_TIMEOUT,
    MX_VERDICT_SERVER_FAILURE,
    MX_VERDICT_NO_SERVERS,
    MX_VERDICT_BAD_REPLY,
    MX_VERDICT_CANCELLED,
    MX_VERDICT_COUNT
} mx_verdict;

typedef enum mx_deliverable {
    MX_UNKNOWN = -1, /* a sick resolver is never "undeliverable" */
    MX_UNDELIVERABLE = 0,
    MX_DELIVERABLE = 1
} mx_deliverable;

typedef struct mx_smtp_reply {
    int code;             /* RFC 5321 reply code, 0 when there is none */
    const char *enhanced; /* RFC 3463 status code */
    const char *text;
} mx_smtp_reply;

/* The public word, e.g. "null_mx". */
const char *mx_verdict_word(mx_verdict verdict);
mx_deliverable mx_verdict_deliverable(mx_verdict verdict);
/* The replies of README.rst; a loop is told from other refusals. */
mx_smtp_reply mx_verdict_smtp_reply(mx_verdict verdict, mx_reason reason);
/* The temporary verdict that a failed question with this reason amounts to, e.g.
 * MX_REASON_SERVFAIL -> MX_VERDICT_SERVER_FAILURE; local trouble is NO_SERVERS. */
mx_verdict mx_verdict_of_failure(mx_reason reason);

#endif
