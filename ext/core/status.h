/* SPDX-License-Identifier: MIT */
/* status.h - how a core function says that it could not do its work.
 *
 * These are faults of ours or of this machine, never facts about a domain: what DNS
 * said is a verdict or a reason (verdict.h, reason.h) and is stored in a result. The one
 * that is no fault is of a completion, and says that the work is not done yet.
 */
#ifndef MX_STATUS_H
#define MX_STATUS_H

#define MX_MUST_CHECK __attribute__((warn_unused_result))

typedef enum mx_status {
    MX_OK = 0,
    MX_NOMEM,       /* an allocation failed */
    MX_SYS,         /* a system call failed; the function says where the errno is */
    MX_CLOSED,      /* the engine or resolver was closed before */
    MX_INVALID,     /* an argument of the caller is unusable */
    MX_BUG,         /* a broken invariant of ours */
    MX_RANKS_WANTED /* no fault: the submitter's part of a lookup has come (engine.h) */
} mx_status;

/* A static text for logs and exceptions, e.g. "out of memory". */
const char *mx_status_text(mx_status status);

#endif
