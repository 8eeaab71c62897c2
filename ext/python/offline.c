/* SPDX-License-Identifier: MIT */
#include "python/offline.h"

bool
pymx_is_offline(const mx_destination *destination)
{
    return destination->kind == MX_DESTINATION_INVALID ||
           destination->kind == MX_DESTINATION_LITERAL;
}

mx_status
pymx_resolve_offline(const mx_lookup_rules *rules, const mx_destination *destination,
                     mx_route **out)
{
    mx_lookup *lookup;
    mx_status status = mx_lookup_new(rules, destination, 0, 0, &lookup);
    if (status != MX_OK) {
        return status;
    }
    status = mx_lookup_fail_unasked(lookup, MX_REASON_LOCAL_ERROR);
    if (status == MX_OK) {
        status = mx_lookup_finish(lookup, 0, out);
    }
    mx_lookup_free(lookup);
    return status;
}
