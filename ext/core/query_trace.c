/* SPDX-License-Identifier: MIT */
#include "core/query_state.h"

/* NULL when nothing is written down, or for this step there is no room. */
static mx_step *
add_step(mx_query *query, mx_event event, const mx_server *server, mx_protocol protocol,
         mx_usec now)
{
    mx_step *step;

    if (query->trace == NULL) {
        return NULL;
    }
    /* What is older than any subscriber's time allows concerns none of them. */
    mx_trace_forget(query->trace, now - query->resolver->config.timeout);
    step = mx_trace_add(query->trace, event, now);
    if (step != NULL) {
        step->server = *server;
        step->protocol = (int)protocol;
    }
    return step;
}

static mx_step *
add_outcome(const mx_attempt *sent, mx_event event, mx_usec now)
{
    mx_step *step = add_step(sent->query, event, &sent->server, sent->protocol, now);

    if (step != NULL) {
        step->elapsed = now - sent->sent_at;
    }
    return step;
}

void
mx_query_trace_sent(const mx_attempt *attempt)
{
    mx_step *step = add_step(attempt->query, MX_EVENT_QUERY, &attempt->server,
                             attempt->protocol, attempt->sent_at);

    if (step != NULL) {
        step->edns = attempt->has_edns;
    }
}

void
mx_query_trace_reply(const mx_attempt *sent, const mx_answer *answer, mx_usec now)
{
    mx_step *step = add_outcome(sent, MX_EVENT_REPLY, now);

    if (step != NULL) {
        mx_step_set_reply(step, answer);
    }
}

void
mx_query_trace_silence(const mx_attempt *sent, mx_usec now)
{
    (void)add_outcome(sent, MX_EVENT_SILENCE, now);
}

void
mx_query_trace_failure(const mx_attempt *sent, mx_reason reason, mx_usec now)
{
    mx_step *step = add_outcome(sent, MX_EVENT_FAILURE, now);

    if (step != NULL) {
        step->reason = reason;
    }
}

void
mx_query_trace_unsent(mx_query *query, const mx_server *server, mx_protocol protocol,
                      mx_usec now)
{
    mx_step *step = add_step(query, MX_EVENT_FAILURE, server, protocol, now);

    if (step != NULL) {
        step->reason = MX_REASON_LOCAL_ERROR;
    }
}
