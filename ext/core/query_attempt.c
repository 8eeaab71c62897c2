/* SPDX-License-Identifier: MIT */
#include "core/mem.h"
#include "core/query_state.h"
#include "core/question.h"

static void
count_attempt(mx_query *query, mx_protocol protocol)
{
    mx_resolver *resolver = query->resolver;

    mx_resolver_count(resolver, MX_COUNT_QUERIES, 1);
    if (protocol == MX_TCP) {
        mx_resolver_count(resolver, MX_COUNT_TCP_QUERIES, 1);
    }
    if (query->is_started) {
        mx_resolver_count(resolver, MX_COUNT_RETRIES, 1);
    }
    query->is_started = true;
}

/* For the window: the first messages that are awaited, and the others. */
static void
count_awaited(const mx_attempt *attempt, int by)
{
    mx_resolver *resolver = attempt->query->resolver;
    size_t *count = attempt->is_first ? &resolver->window.awaited : &resolver->repeated;

    *count += (size_t)by;
}

/* Storage for one more attempt with its message. */
static mx_attempt *
new_attempt(mx_query *query)
{
    mx_attempt *attempt = &query->first;

    if (!query->is_first_open) {
        query->is_first_open = true;
        *attempt = (mx_attempt){.flight = {.query = query->message}};
    }
    else {
        attempt = mx_calloc(1, sizeof(*attempt) + mx_question_size(&query->question));
        if (attempt == NULL) {
            return NULL;
        }
        attempt->flight.query = (uint8_t *)(attempt + 1);
    }
    attempt->query = query;
    attempt->is_first = !query->is_started;
    count_awaited(attempt, 1);
    mx_list_init(&attempt->of_silent);
    mx_list_append(&query->attempts, &attempt->of_query);
    query->resolver->open_attempts++;
    return attempt;
}

mx_status
mx_attempt_send(mx_query *query, const mx_server *server, mx_protocol protocol,
                mx_usec patience_ends, mx_usec now)
{
    mx_resolver *resolver = query->resolver;
    mx_transport *transport = resolver->transport;
    mx_query_flags flags = {.edns = !query->without_edns,
                            .dnssec = resolver->config.dnssec};
    mx_attempt *attempt = new_attempt(query);
    mx_status status;

    if (attempt == NULL) {
        return MX_NOMEM;
    }
    attempt->flight.length =
        (uint16_t)mx_question_write(&query->question, 0, flags, attempt->flight.query);
    attempt->server = *server;
    attempt->protocol = protocol;
    attempt->has_edns = flags.edns;
    attempt->sent_at = now;
    attempt->patience_ends = patience_ends;
    attempt->flight.protocol = (uint8_t)protocol;
    status = transport->type->send(transport, &attempt->flight, server, protocol, now);
    if (status != MX_OK) {
        mx_attempt_free(attempt);
        return status;
    }
    attempt->protocol = (mx_protocol)attempt->flight.protocol;
    attempt->mark = mx_window_sent(&resolver->window, now);
    mx_rate_take(&resolver->limit, now);
    mx_query_trace_sent(attempt);
    query->last_sent = now;
    count_attempt(query, attempt->protocol);
    return MX_OK;
}

static mx_attempt *
attempt_at(const mx_query *query, mx_list *place)
{
    return place == &query->attempts ? NULL : MX_CONTAINER(place, mx_attempt, of_query);
}

mx_attempt *
mx_attempt_first(const mx_query *query)
{
    return attempt_at(query, query->attempts.next);
}

mx_attempt *
mx_attempt_next(const mx_attempt *attempt)
{
    return attempt_at(attempt->query, attempt->of_query.next);
}

void
mx_attempt_give_up(mx_attempt *attempt)
{
    attempt->is_silent = true;
    count_awaited(attempt, -1);
    mx_list_append(&attempt->query->resolver->silent, &attempt->of_silent);
}

void
mx_attempt_free(mx_attempt *attempt)
{
    mx_query *query = attempt->query;

    if (attempt->is_silent) {
        mx_list_remove(&attempt->of_silent);
    }
    else {
        count_awaited(attempt, -1);
    }
    query->resolver->open_attempts--;
    mx_list_remove(&attempt->of_query);
    if (attempt == &query->first) {
        query->is_first_open = false;
    }
    else {
        mx_free(attempt);
    }
}

void
mx_attempt_cancel(mx_attempt *attempt)
{
    mx_transport *transport = attempt->query->resolver->transport;

    transport->type->cancel(transport, &attempt->flight);
    mx_attempt_free(attempt);
}

void
mx_attempt_cancel_all(mx_query *query)
{
    mx_attempt *attempt;

    while ((attempt = mx_attempt_first(query)) != NULL) {
        mx_attempt_cancel(attempt);
    }
}
