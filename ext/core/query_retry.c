/* SPDX-License-Identifier: MIT */
#include "core/query_state.h"

#include <assert.h>

enum {
    MAX_TCP_ATTEMPTS = 2, /* of a query; the second if a connection was just closed */
    MAX_PAUSE_STEPS = 4   /* doublings of a pause */
};
#define FAILURE_PAUSE (100 * MX_USEC_PER_MSEC) /* before the same server again */

enum { RCODE_FORMERR = 1, RCODE_NOTIMP = 4, RCODE_BADVERS = 16, RCODE_BADCOOKIE = 23 };

static mx_usec
lengthen_pause(mx_query *query, mx_usec first)
{
    unsigned steps = query->pauses < MAX_PAUSE_STEPS ? query->pauses : MAX_PAUSE_STEPS;

    query->pauses++;
    return first << steps;
}

void
mx_query_pause(mx_query *query, mx_usec first, mx_usec now)
{
    mx_usec at = now + lengthen_pause(query, first);

    if (query->place == MX_QUERY_NOWHERE) {
        mx_query_retry_at(query, at);
    } /* else it waits its turn anyway */
}

static uint32_t
server_bit(const mx_query *query, const mx_server *server)
{
    const mx_servers *servers = mx_query_servers(query);

    for (size_t i = 0; i < servers->count; i++) {
        if (mx_server_equal(&servers->list[i].server, server)) {
            return 1u << i;
        }
    }
    return 0;
}

static void
end_with_failure(mx_query *query, mx_usec now)
{
    mx_answer *failure = query->failure;

    if (mx_query_is_doubtful(query, now)) {
        mx_query_hold(query, now);
        return;
    }
    query->failure = NULL;
    if (failure == NULL &&
        mx_answer_failure(&query->question, MX_REASON_TIMEOUT, &failure) != MX_OK) {
        /* No memory for the news: the subscribers' deadlines end the wait. */
        return;
    }
    mx_query_end(query, failure, &query->failed_server, now);
    mx_answer_unref(failure);
}

/* All tries anew, as for a fresh query, but that the older attempts still count. */
void
mx_query_begin_round(mx_query *query)
{
    query->has_newcomer = query->was_held = query->is_failing = false;
    query->datagrams = query->tcp_attempts = query->pauses = query->silences = 0;
    query->tried = query->refused = 0;
}

void
mx_query_try_next(mx_query *query, mx_usec now)
{
    bool is_spent =
        query->datagrams >= mx_query_datagram_limit(query) && query->tcp_attempts > 0;

    if (query->place != MX_QUERY_NOWHERE) {
        return; /* it waits its turn */
    }
    if (!query->is_started) {
        query->round_began = now;
    }
    if (query->is_failing && !query->has_newcomer) {
        end_with_failure(query, now);
        return;
    }
    if (is_spent && query->has_newcomer) {
        mx_query_begin_round(query);
        query->round_began = now;
    }
    if (query->datagrams < mx_query_datagram_limit(query)) {
        query->datagrams++;
        mx_query_send_next(query, MX_UDP, now);
    }
    else if (query->tcp_attempts == 0) {
        /* Where UDP is dropped, or what is large, TCP may pass (faults N22, N24). */
        query->tcp_attempts++;
        mx_query_send_next(query, MX_TCP, now);
    }
    else if (mx_attempt_first(query) == NULL) {
        end_with_failure(query, now);
    }
    /* else only listening, until the last subscriber's deadline or a newcomer */
}

/* However many join, a message goes out at most every attempt_timeout. */
void
mx_query_note_newcomer(mx_query *query)
{
    mx_usec due = query->last_sent + query->resolver->config.attempt_timeout;

    if (query->datagrams < mx_query_datagram_limit(query)) {
        return;
    }
    query->has_newcomer = true;
    if (!mx_timer_is_set(&query->retry) || query->retry.at > due) {
        mx_query_retry_at(query, due);
    }
}

/* Whether an attempt was sent so lately that its answer may well be under way. */
static bool
is_answer_likely(const mx_query *query)
{
    for (mx_attempt *attempt = mx_attempt_first(query); attempt != NULL;
         attempt = mx_attempt_next(attempt)) {
        if (!attempt->is_silent) {
            return true;
        }
    }
    return false;
}

/* After a failure that a server spoke: another server at once; the same one after a
 * pause, if the failure may pass. */
static void
try_elsewhere(mx_query *query, bool passes, mx_usec now)
{
    bool may_ask = query->datagrams < mx_query_datagram_limit(query);

    if (may_ask && mx_query_has_untried(query)) {
        mx_query_try_next(query, now);
        return;
    }
    if (is_answer_likely(query)) {
        return; /* its timer is set */
    }
    if (may_ask && passes) {
        mx_query_pause(query, FAILURE_PAUSE, now);
    }
    else if (mx_attempt_first(query) == NULL) {
        end_with_failure(query, now);
    }
}

/* Whether the same server may say something else when asked again. */
static bool
may_pass(mx_reason reason)
{
    switch (reason) {
    case MX_REASON_SERVFAIL:
    case MX_REASON_OTHER_RCODE:
    case MX_REASON_DAMAGED_REPLY:
    case MX_REASON_UNRELATED_ANSWER:
        return true;
    default:
        return false;
    }
}

static bool
blames_edns(const mx_answer *answer)
{
    return answer->rcode == RCODE_FORMERR || answer->rcode == RCODE_NOTIMP ||
           answer->rcode == RCODE_BADVERS || answer->rcode == RCODE_BADCOOKIE;
}

/* Takes over the reference to `answer`; `sent` is what it answers. */
static void
take_failure(mx_query *query, const mx_attempt *sent, mx_answer *answer, mx_usec now)
{
    bool passes = may_pass(answer->reason);

    if (sent->has_edns && blames_edns(answer)) {
        /* RFC 6891 7: for this query only; others may pass where this one did not. */
        mx_answer_unref(answer);
        query->without_edns = true;
        mx_query_send_to(query, &sent->server, sent->protocol, now);
        return;
    }
    if (answer->reason == MX_REASON_CNAME_LOOP ||
        answer->reason == MX_REASON_CNAME_LIMIT) {
        /* Said by the zone itself: other servers would repeat it. */
        mx_query_end(query, answer, &sent->server, now);
        mx_answer_unref(answer);
        return;
    }
    if (!passes) {
        query->refused |= server_bit(query, &sent->server);
    }
    mx_query_note_failure_take(query, answer, &sent->server);
    try_elsewhere(query, passes, now);
}

static void
take_truncated(mx_query *query, const mx_attempt *sent, mx_usec now)
{
    if (sent->protocol == MX_UDP && query->tcp_attempts < MAX_TCP_ATTEMPTS) {
        query->tcp_attempts++;
        mx_query_send_to(query, &sent->server, MX_TCP, now);
        return;
    }
    mx_query_note_reason(query, MX_REASON_TRUNCATED, &sent->server);
    query->refused |= server_bit(query, &sent->server);
    try_elsewhere(query, false, now);
}

static void
take_message(mx_query *query, const mx_attempt *sent, const mx_reply *reply,
             mx_usec now)
{
    mx_answer *answer;

    mx_query_note_arrival(query, sent, now);
    if (mx_answer_read(reply->bytes, reply->length, &query->question, &answer) !=
        MX_OK) {
        mx_query_trace_failure(sent, MX_REASON_LOCAL_ERROR, now);
        mx_query_note_reason(query, MX_REASON_LOCAL_ERROR, &sent->server);
        mx_query_pause(query, MX_QUERY_UNREACHABLE_PAUSE, now);
        return;
    }
    mx_query_trace_reply(sent, answer, now);
    switch (answer->kind) {
    case MX_ANSWER_TRUNCATED:
        mx_answer_unref(answer);
        take_truncated(query, sent, now);
        return;
    case MX_ANSWER_FAILURE:
        take_failure(query, sent, answer, now);
        return;
    case MX_ANSWER_RECORDS:
    case MX_ANSWER_NODATA:
    case MX_ANSWER_NXDOMAIN:
    case MX_ANSWER_ALIAS:
        mx_query_end(query, answer, &sent->server, now);
        mx_answer_unref(answer);
        return;
    }
}

static void
try_next_or_pause(mx_query *query, mx_usec now)
{
    if (mx_query_has_untried(query)) {
        mx_query_try_next(query, now);
    }
    else {
        mx_query_pause(query, MX_QUERY_UNREACHABLE_PAUSE, now);
    }
}

/* A message that says nothing about the domain costs no try. One of an earlier round is
 * not in the count any more. */
static void
give_back(unsigned *count)
{
    if (*count > 0) {
        --*count;
    }
}

/* Who guesses ids over UDP cannot follow to TCP. */
static void
take_near_misses(mx_query *query, const mx_attempt *sent, mx_usec now)
{
    mx_query_trace_failure(sent, MX_REASON_UNRELATED_ANSWER, now);
    if (query->tcp_attempts < MAX_TCP_ATTEMPTS) {
        query->tcp_attempts++;
        mx_query_send_to(query, &sent->server, MX_TCP, now);
        return;
    }
    mx_query_note_reason(query, MX_REASON_UNRELATED_ANSWER, &sent->server);
    try_elsewhere(query, true, now);
}

static void
take_unreachable(mx_query *query, const mx_attempt *sent, mx_usec now)
{
    mx_query_trace_failure(sent, MX_REASON_UNREACHABLE, now);
    mx_query_note_reason(query, MX_REASON_UNREACHABLE, &sent->server);
    if (sent->protocol == MX_TCP) {
        if (query->tcp_attempts < MAX_TCP_ATTEMPTS) {
            query->tcp_attempts++;
            mx_query_send_to(query, &sent->server, MX_TCP, now);
        }
        else {
            query->refused |= server_bit(query, &sent->server);
            try_elsewhere(query, false, now);
        }
        return;
    }
    mx_servers_failed(mx_query_servers(query), &sent->server, true, now);
    if (mx_servers_are_down(mx_query_servers(query))) {
        mx_query_suspect(query->resolver, now);
    }
    give_back(&query->datagrams);
    try_next_or_pause(query, now);
}

static void
take_local_trouble(mx_query *query, const mx_attempt *sent, mx_usec now)
{
    mx_query_trace_failure(sent, MX_REASON_LOCAL_ERROR, now);
    mx_query_note_reason(query, MX_REASON_LOCAL_ERROR, &sent->server);
    if (mx_outage_note_trouble(&query->resolver->outage)) {
        mx_query_suspect(query->resolver, now);
    }
    give_back(sent->protocol == MX_TCP ? &query->tcp_attempts : &query->datagrams);
    try_next_or_pause(query, now);
}

void
mx_query_take_reply(const mx_reply *reply, mx_usec now)
{
    mx_attempt *attempt = MX_CONTAINER(reply->flight, mx_attempt, flight);
    mx_attempt sent = *attempt;
    sent.protocol = (mx_protocol)attempt->flight.protocol;
    mx_query *query = attempt->query;

    mx_attempt_free(attempt);
    if (query == query->resolver->probe) {
        mx_query_take_probe_reply(query, &sent, reply->kind, now);
        return;
    }
    mx_query_follow_servers(query);
    switch (reply->kind) {
    case MX_REPLY_MESSAGE:
        take_message(query, &sent, reply, now);
        break;
    case MX_REPLY_NEAR_MISSES:
        take_near_misses(query, &sent, now);
        break;
    case MX_REPLY_UNREACHABLE:
        take_unreachable(query, &sent, now);
        break;
    case MX_REPLY_LOCAL:
        take_local_trouble(query, &sent, now);
        break;
    }
}

static void
note_silence(mx_query *query, mx_usec now)
{
    for (mx_attempt *attempt = mx_attempt_first(query); attempt != NULL;
         attempt = mx_attempt_next(attempt)) {
        if (attempt->is_silent || now < attempt->patience_ends) {
            continue;
        }
        mx_attempt_give_up(attempt);
        query->silences++;
        mx_query_note_silence(query, attempt, now);
        mx_query_trace_silence(attempt, now);
        mx_query_note_reason(query, MX_REASON_TIMEOUT, &attempt->server);
        if (attempt->protocol == MX_UDP) {
            mx_servers_failed(mx_query_servers(query), &attempt->server, false, now);
        }
    }
}

void
mx_query_take_time(mx_resolver *resolver, mx_usec now)
{
    mx_timer *timer;

    while ((timer = mx_heap_pop(&resolver->retries, now)) != NULL) {
        mx_query *query = MX_CONTAINER(timer, mx_query, retry);
        mx_query_follow_servers(query);
        note_silence(query, now);
        mx_query_try_next(query, now);
    }
}
