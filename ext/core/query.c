/* SPDX-License-Identifier: MIT */
#include "core/query.h"

#include "core/block.h"
#include "core/query_state.h"
#include "core/question.h"

#include <stddef.h>
#include <string.h>

static mx_query *
find_query(const mx_resolver *resolver, const mx_question *question, uint64_t hash)
{
    for (mx_table_link *link = mx_table_first(&resolver->queries, hash); link != NULL;
         link = mx_table_next(link)) {
        mx_query *query = MX_CONTAINER(link, mx_query, link);
        if (mx_question_equal(&query->question, question)) {
            return query;
        }
    }
    return NULL;
}

static mx_status
new_query(mx_resolver *resolver, const mx_question *question, uint64_t hash,
          mx_query **out)
{
    mx_query *query = mx_block_take(MX_BLOCK_QUERY);
    mx_status status = MX_NOMEM;

    if (query == NULL) {
        return MX_NOMEM;
    }
    memset(&query->link, 0, offsetof(mx_query, question) - offsetof(mx_query, link));
    /* A place for each query, so that setting its timer never fails. */
    status = mx_heap_reserve(&resolver->retries, resolver->queries.count + 1);
    if (status != MX_OK) {
        goto fail;
    }
    if (resolver->config.rules.trace) {
        status = mx_trace_new(&query->trace);
        if (status != MX_OK) {
            goto fail;
        }
    }
    status = mx_table_insert(&resolver->queries, &query->link, hash);
    if (status != MX_OK) {
        goto fail;
    }
    query->resolver = resolver;
    query->question.type = question->type;
    mx_name_copy(&query->question.name, &question->name);
    mx_list_init(&query->subscribers);
    mx_list_init(&query->attempts);
    mx_list_init(&query->queued);
    *out = query;
    return MX_OK;
fail:
    mx_trace_unref(query->trace);
    mx_block_give(query, MX_BLOCK_QUERY);
    return status;
}

static void
free_query(mx_query *query)
{
    mx_resolver *resolver = query->resolver;

    mx_attempt_cancel_all(query);
    mx_heap_unset(&resolver->retries, &query->retry);
    mx_table_remove(&resolver->queries, &query->link);
    mx_query_take_out(query, 0);
    mx_answer_unref(query->failure);
    mx_trace_unref(query->trace);
    mx_block_give(query, MX_BLOCK_QUERY);
}

mx_status
mx_query_subscribe(mx_resolver *resolver, const mx_question *question, uint64_t hash,
                   mx_subscription *subscription, mx_usec now)
{
    mx_query *query = find_query(resolver, question, hash);

    if (query == NULL) {
        mx_status status = new_query(resolver, question, hash, &query);
        if (status != MX_OK) {
            return status;
        }
        query->is_bulk = subscription->is_bulk;
        mx_query_enqueue(query, now);
    }
    else {
        if (query->is_bulk && !subscription->is_bulk) {
            mx_query_note_impatient(query, now);
        }
        mx_resolver_count(resolver, MX_COUNT_JOINS, 1);
        mx_query_note_newcomer(query);
        subscription->has_joined = true;
        subscription->credited = mx_query_get_held(query, now);
    }
    subscription->query = query;
    mx_list_append(&query->subscribers, &subscription->of_query);
    return MX_OK;
}

void
mx_query_unsubscribe(mx_subscription *subscription)
{
    mx_query *query = subscription->query;

    mx_list_remove(&subscription->of_query);
    mx_answer_unref(subscription->answer);
    mx_trace_unref(subscription->trace);
    subscription->answer = NULL;
    subscription->trace = NULL;
    subscription->query = NULL;
    if (query != NULL && mx_list_is_empty(&query->subscribers)) {
        free_query(query);
    }
}

static void
settle(mx_query *query, mx_subscription *subscription, mx_answer *answer,
       const mx_server *server, mx_usec now)
{
    subscription->held = mx_query_take_held(subscription, now);
    subscription->trace = mx_trace_ref(query->trace);
    subscription->query = NULL;
    subscription->answer = mx_answer_ref(answer);
    subscription->server = *server;
    __builtin_prefetch(subscription->request); /* its turn comes soon */
    mx_list_remove(&subscription->of_query);
    mx_list_append(&query->resolver->settled, &subscription->of_query);
}

void
mx_query_end(mx_query *query, mx_answer *answer, const mx_server *server, mx_usec now)
{
    mx_cache_put(query->resolver->cache, &query->question, query->link.hash, answer,
                 now);
    while (!mx_list_is_empty(&query->subscribers)) {
        settle(query, MX_CONTAINER(query->subscribers.next, mx_subscription, of_query),
               answer, server, now);
    }
    free_query(query);
}

mx_status
mx_query_give_up(mx_subscription *subscription, mx_usec now)
{
    mx_query *query = subscription->query;
    mx_answer *failure = query->failure;
    mx_server server = query->failed_server;

    if (failure != NULL) {
        (void)mx_answer_ref(failure);
    }
    else {
        mx_attempt *attempt = mx_attempt_first(query);
        mx_status status =
            mx_answer_failure(&query->question, MX_REASON_TIMEOUT, &failure);
        if (status != MX_OK) {
            return status;
        }
        if (attempt != NULL) {
            server = attempt->server;
        }
    }
    settle(query, subscription, failure, &server, now);
    if (mx_list_is_empty(&query->subscribers)) {
        /* What a server said is remembered, RFC 9520, though another was silent. */
        mx_query_end(query, failure, &server, now);
    }
    mx_answer_unref(failure);
    return MX_OK;
}

const mx_trace *
mx_query_get_trace(const mx_query *query)
{
    return query->trace;
}

/* How much a failure tells about the domain. What a server said of it counts most; that
 * no server could be reached says nothing. */
static int
rank_failure(mx_reason reason)
{
    switch (reason) {
    case MX_REASON_LOCAL_ERROR:
        return 0;
    case MX_REASON_UNREACHABLE:
        return 1;
    case MX_REASON_TIMEOUT:
        return 2;
    case MX_REASON_DAMAGED_REPLY:
    case MX_REASON_UNRELATED_ANSWER:
    case MX_REASON_TRUNCATED:
        return 3;
    default:
        return 4;
    }
}

void
mx_query_note_failure_take(mx_query *query, mx_answer *answer, const mx_server *server)
{
    if (query->failure != NULL &&
        rank_failure(query->failure->reason) > rank_failure(answer->reason)) {
        mx_answer_unref(answer);
        return;
    }
    mx_answer_unref(query->failure);
    query->failure = answer;
    query->failed_server = *server;
}

/* Short memory loses the note, not the query: without one it counts as a timeout. */
void
mx_query_note_reason(mx_query *query, mx_reason reason, const mx_server *server)
{
    mx_answer *answer;

    if (mx_answer_failure(&query->question, reason, &answer) == MX_OK) {
        mx_query_note_failure_take(query, answer, server);
    }
}
