/* SPDX-License-Identifier: MIT */
#include "core/status.h"

const char *
mx_status_text(mx_status status)
{
    switch (status) {
    case MX_OK:
        return "ok";
    case MX_NOMEM:
        return "out of memory";
    case MX_SYS:
        return "a system call failed";
    case MX_CLOSED:
        return "the resolver is closed";
    case MX_INVALID:
        return "an argument cannot be used";
    case MX_BUG:
        return "an invariant of pymx is broken, please report this";
    case MX_RANKS_WANTED:
        return "the exchanges are to be ranked";
    }
    return "unknown status";
}
