/* SPDX-License-Identifier: MIT */
#include "python/offline.h"

#include "core/answer.h"

bool
pymx_is_offline(const mx_destination *destination)
{
    return destination->kind == MX_DESTINATION_INVALID ||
           destination->kind == MX_DESTINATION_LITERAL;
}

static mx_status
fail_questions(mx_lookup *lookup)
{
    const mx_answer_source source = {.server = ""};
    const mx_question *question;
    uint32_t number;
    mx_status status = MX_OK;

    while (status == MX_OK && mx_lookup_next_question(lookup, &number, &question)) {
        mx_answer *failure;
        status = mx_answer_failure(question, MX_REASON_LOCAL_ERROR, &failure);
        if (status == MX_OK) {
            status = mx_lookup_answer(lookup, number, failure, &source);
            mx_answer_unref(failure);
        }
    }
    return status;
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
    status = fail_questions(lookup);
    if (status == MX_OK) {
        status = mx_lookup_finish(lookup, 0, out);
    }
    mx_lookup_free(lookup);
    return status;
}
