/* SPDX-License-Identifier: MIT */
#include "core/lookup_state.h"

/* A step at the time of what is being worked on; NULL when it is not kept. */
static mx_step *
add_step(mx_lookup *lookup, mx_event event)
{
    return mx_trace_add(lookup->trace, event, lookup->now);
}

static void
set_host(mx_lookup *lookup, mx_step *step, const mx_name *host)
{
    if (step != NULL) {
        step->host = mx_trace_name(lookup->trace, host);
    }
}

static void
trace_alias(mx_lookup *lookup, const mx_asked *asked, const char *name,
            const mx_answer *answer)
{
    mx_step *step = add_step(lookup, MX_EVENT_ALIAS);

    if (step != NULL) {
        step->name = name;
        step->type = asked->type;
    }
    set_host(lookup, step, answer->canonical);
}

void
mx_lookup_trace_answer(mx_lookup *lookup, const mx_asked *asked,
                       const mx_answer *answer, const mx_answer_source *source)
{
    mx_step *step;
    const char *name;

    if (lookup->trace == NULL) {
        return;
    }
    lookup->now = source->at;
    name = mx_trace_name(lookup->trace, asked->name);
    if (source->messages != NULL) {
        mx_trace_append(lookup->trace, source->messages, name, asked->type);
    }
    step = add_step(lookup, MX_EVENT_ANSWER);
    if (step != NULL) {
        step->name = name;
        step->type = asked->type;
        step->reason = answer->reason;
        step->cached = source->cached;
    }
    if (step != NULL && answer->kind == MX_ANSWER_RECORDS) {
        step->count = answer->count;
    }
    if (mx_lookup_is_failure(answer)) {
        return;
    }
    if (step != NULL) {
        step->ttl = source->ttl;
    }
    if (answer->cname_count > 0) {
        trace_alias(lookup, asked, name, answer);
    }
}

void
mx_lookup_trace_implicit(mx_lookup *lookup)
{
    if (lookup->trace != NULL) {
        set_host(lookup, add_step(lookup, MX_EVENT_IMPLICIT), lookup->canonical);
    }
}

void
mx_lookup_trace_exchanges(mx_lookup *lookup)
{
    for (size_t i = 0; lookup->trace != NULL && i < lookup->exchange_count; i++) {
        const mx_exchange *exchange = &lookup->exchanges[i];
        mx_step *step = add_step(lookup, MX_EVENT_EXCHANGE);
        if (step != NULL) {
            char text[MX_NAME_TEXT_SIZE];
            mx_exchange_text(exchange->host, text);
            step->preference = exchange->preference;
            step->host = mx_trace_text(lookup->trace, text);
        }
    }
}

void
mx_lookup_begin(mx_lookup *lookup, mx_usec now)
{
    lookup->began = lookup->now = now;
}

void
mx_lookup_note_join(mx_lookup *lookup, uint32_t number, mx_usec now)
{
    mx_step *step;

    if (lookup->trace == NULL) {
        return;
    }
    step = mx_trace_add(lookup->trace, MX_EVENT_JOIN, now);
    if (step != NULL) {
        const mx_asked *asked = &lookup->questions[number];
        step->name = mx_trace_name(lookup->trace, asked->name);
        step->type = asked->type;
    }
}

void
mx_lookup_note_ranks(mx_lookup *lookup, mx_usec now)
{
    mx_usec since = lookup->now;
    mx_step *step;

    if (lookup->trace == NULL) {
        return;
    }
    lookup->now = now;
    step = add_step(lookup, MX_EVENT_RANKED);
    if (step != NULL) {
        step->count = (int64_t)lookup->ranking.count;
        step->elapsed = now - since;
    }
}

void
mx_lookup_note_wait(mx_lookup *lookup, mx_usec now, mx_usec until)
{
    mx_step *step;

    if (lookup->trace == NULL) {
        return;
    }
    step = mx_trace_add(lookup->trace, MX_EVENT_WAIT, now);
    if (step != NULL) {
        step->elapsed = until - now;
    }
}

void
mx_lookup_note_deadline(mx_lookup *lookup, mx_usec now)
{
    if (lookup->trace != NULL) {
        lookup->now = now;
        (void)add_step(lookup, MX_EVENT_DEADLINE);
    }
}

void
mx_lookup_note_messages(mx_lookup *lookup, uint32_t number, const mx_trace *messages)
{
    if (lookup->trace != NULL && messages != NULL) {
        const mx_asked *asked = &lookup->questions[number];
        mx_trace_append(lookup->trace, messages,
                        mx_trace_name(lookup->trace, asked->name), asked->type);
    }
}

static void
trace_exchange_verdict(mx_lookup *lookup, const mx_route_exchange *exchange)
{
    mx_step *step = add_step(lookup, MX_EVENT_VERDICT);

    if (step != NULL) {
        step->host = mx_trace_text(lookup->trace, exchange->host);
        step->preference = exchange->preference;
        step->verdict = (int)exchange->verdict;
        step->reason = exchange->reason;
        step->count = (int64_t)exchange->address_count;
    }
}

static void
trace_excluded(mx_lookup *lookup, const mx_excluded *excluded)
{
    mx_step *step = add_step(lookup, MX_EVENT_EXCLUDED);

    if (step != NULL) {
        step->host = mx_trace_text(lookup->trace, excluded->host);
        step->preference = excluded->preference;
        step->reason = excluded->reason;
        if (excluded->has_address) {
            step->address = excluded->address;
        }
    }
}

static void
trace_findings(mx_lookup *lookup, const mx_route *route)
{
    for (size_t i = 0; i < route->exchange_count; i++) {
        trace_exchange_verdict(lookup, &route->exchanges[i]);
    }
    for (size_t i = 0; i < route->excluded_count; i++) {
        trace_excluded(lookup, &route->excluded[i]);
    }
    for (size_t i = 0; i < route->warning_count; i++) {
        mx_step *step = add_step(lookup, MX_EVENT_WARNING);
        if (step != NULL) {
            step->reason = route->warnings[i];
        }
    }
}

void
mx_lookup_trace_end(mx_lookup *lookup, mx_route *route)
{
    mx_step *step;

    if (lookup->trace == NULL) {
        return;
    }
    lookup->now = lookup->began + route->elapsed;
    if (lookup->question_count == 0) {
        step = add_step(lookup, MX_EVENT_OFFLINE);
        if (step != NULL) {
            step->reason = route->reason;
        }
    }
    trace_findings(lookup, route);
    step = mx_trace_end(lookup->trace, lookup->now);
    step->verdict = (int)route->verdict;
    step->reason = route->reason;
    step->count = (int64_t)route->target_count;
    mx_trace_sort(lookup->trace, lookup->began);
    route->trace = lookup->trace;
    lookup->trace = NULL;
}
