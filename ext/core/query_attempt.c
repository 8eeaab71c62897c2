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

mx_status
mx_attempt_send(mx_query *query, const mx_server *server, mx_protocol protocol,
                mx_usec patience_ends, mx_usec now)
{
    mx_resolver *resolver = query->resolver;
    mx_transport *transport = resolver->transport;
    uint8_t message[MX_QUERY_SIZE];
    mx_query_flags flags = {.edns = !query->without_edns,
                            .dnssec = resolver->config.dnssec};
    size_t length = mx_question_write(&query->question, 0, flags, message);
    mx_attempt *attempt = mx_calloc(1, sizeof(*attempt));
    mx_status status;

    if (attempt == NULL) {
        return MX_NOMEM;
    }
    attempt->query = query;
    attempt->token = ++resolver->last_token;
    attempt->server = *server;
    attempt->protocol = protocol;
    attempt->has_edns = flags.edns;
    attempt->sent_at = now;
    attempt->patience_ends = patience_ends;
    status = mx_table_insert(&resolver->attempts, &attempt->link, attempt->token);
    if (status != MX_OK) {
        mx_free(attempt);
        return status;
    }
    mx_list_append(&query->attempts, &attempt->of_query);
    status = transport->type->send(transport, attempt->token, server, protocol, message,
                                   length, now);
    if (status != MX_OK) {
        mx_attempt_free(attempt);
        return status;
    }
    mx_query_trace_sent(attempt);
    query->last_sent = now;
    count_attempt(query, protocol);
    return MX_OK;
}

mx_attempt *
mx_attempt_find(const mx_resolver *resolver, uint64_t token)
{
    for (mx_table_link *link = mx_table_first(&resolver->attempts, token); link != NULL;
         link = mx_table_next(link)) {
        mx_attempt *attempt = MX_CONTAINER(link, mx_attempt, link);
        if (attempt->token == token) {
            return attempt;
        }
    }
    return NULL;
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
mx_attempt_free(mx_attempt *attempt)
{
    mx_table_remove(&attempt->query->resolver->attempts, &attempt->link);
    mx_list_remove(&attempt->of_query);
    mx_free(attempt);
}

void
mx_attempt_cancel(mx_attempt *attempt)
{
    mx_transport *transport = attempt->query->resolver->transport;

    transport->type->cancel(transport, attempt->token);
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
