/* SPDX-License-Identifier: MIT */
#include "core/query_state.h"

#include <assert.h>

enum {
    MAX_TCP_ATTEMPTS = 2, /* of a query; the second if a connection was just closed */
    MAX_PAUSE_STEPS = 4   /* doublings of a pause */
};
#define TCP_BUDGET (5 * MX_USEC_PER_SEC)       /* fault S19 */
#define FAILURE_PAUSE (100 * MX_USEC_PER_MSEC) /* before the same server again */
#define UNREACHABLE_PAUSE (50 * MX_USEC_PER_MSEC)

enum { RCODE_FORMERR = 1, RCODE_NOTIMP = 4, RCODE_BADVERS = 16, RCODE_BADCOOKIE = 23 };

static mx_servers *
servers_of(const mx_query *query)
{
    return &query->resolver->nameservers.servers;
}

/* What was noted by places in a list of servers says nothing about another list. */
static void
follow_servers(mx_query *query)
{
    uint64_t version = query->resolver->nameservers.version;

    if (query->servers_version != version) {
        query->servers_version = version;
        query->tried = query->refused = 0;
    }
}

/* When the next step is due. Memory for the timer was reserved with the query. */
static void
retry_at(mx_query *query, mx_usec at)
{
    mx_status status = mx_heap_set(&query->resolver->retries, &query->retry, at);

    assert(status == MX_OK);
    (void)status;
}

static mx_usec
lengthen_pause(mx_query *query, mx_usec first)
{
    unsigned steps = query->pauses < MAX_PAUSE_STEPS ? query->pauses : MAX_PAUSE_STEPS;

    query->pauses++;
    return first << steps;
}

static void
pause_query(mx_query *query, mx_usec first, mx_usec now)
{
    retry_at(query, now + lengthen_pause(query, first));
}

static uint32_t
all_servers(const mx_query *query)
{
    return (1u << servers_of(query)->count) - 1;
}

static bool
has_untried_server(const mx_query *query)
{
    uint32_t all = all_servers(query);

    return ((query->tried | query->refused) & all) != all;
}

static uint32_t
server_bit(const mx_query *query, const mx_server *server)
{
    const mx_servers *servers = servers_of(query);

    for (size_t i = 0; i < servers->count; i++) {
        if (mx_server_equal(&servers->list[i].server, server)) {
            return 1u << i;
        }
    }
    return 0;
}

static const mx_server *
pick_server(mx_query *query, mx_usec now)
{
    mx_servers *servers = servers_of(query);
    size_t index;

    if (!has_untried_server(query)) {
        query->tried = 0;
    }
    index = mx_servers_pick(servers, query->tried | query->refused, now);
    query->tried |= 1u << index;
    return &servers->list[index].server;
}

/* How long before something else is tried beside it. A whole answer takes its time over
 * TCP; but where that is cut off another server may not need it, and a newcomer has had
 * no datagram yet. */
static mx_usec
find_patience(const mx_query *query, mx_protocol protocol)
{
    return protocol == MX_TCP && !has_untried_server(query) && !query->has_newcomer
               ? TCP_BUDGET
               : query->resolver->config.attempt_timeout;
}

/* Attempts older than `timeout`: whoever they were sent for is gone, and so the channel
 * may forget them (attempt_life). */
static void
drop_old_attempts(mx_query *query, mx_usec now)
{
    mx_attempt *attempt = mx_attempt_first(query), *next;

    for (; attempt != NULL; attempt = next) {
        next = mx_attempt_next(attempt);
        if (now - attempt->sent_at >= query->resolver->config.timeout) {
            mx_attempt_cancel(attempt);
        }
    }
}

static void
send_to(mx_query *query, const mx_server *server, mx_protocol protocol, mx_usec now)
{
    mx_usec patience_ends = now + find_patience(query, protocol);

    drop_old_attempts(query, now);
    if (mx_attempt_send(query, server, protocol, patience_ends, now) == MX_OK) {
        retry_at(query, patience_ends);
        return;
    }
    mx_query_trace_unsent(query, server, protocol, now);
    mx_query_note_reason(query, MX_REASON_LOCAL_ERROR, server);
    pause_query(query, UNREACHABLE_PAUSE, now);
}

static unsigned
datagram_limit(const mx_query *query)
{
    size_t servers = servers_of(query)->count;

    return query->resolver->config.tries > servers ? query->resolver->config.tries
                                                   : (unsigned)servers;
}

static void
end_with_failure(mx_query *query, mx_usec now)
{
    mx_answer *failure = query->failure;

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
static void
begin_round(mx_query *query)
{
    query->has_newcomer = false;
    query->datagrams = query->tcp_attempts = query->pauses = 0;
    query->tried = query->refused = 0;
}

static void
try_next(mx_query *query, mx_usec now)
{
    bool is_spent =
        query->datagrams >= datagram_limit(query) && query->tcp_attempts > 0;

    if (is_spent && query->has_newcomer) {
        begin_round(query);
    }
    if (query->datagrams < datagram_limit(query)) {
        query->datagrams++;
        send_to(query, pick_server(query, now), MX_UDP, now);
    }
    else if (query->tcp_attempts == 0) {
        /* Where UDP is dropped, or what is large, TCP may pass (faults N22, N24). */
        query->tcp_attempts++;
        send_to(query, pick_server(query, now), MX_TCP, now);
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

    if (query->datagrams < datagram_limit(query)) {
        return;
    }
    query->has_newcomer = true;
    if (!mx_timer_is_set(&query->retry) || query->retry.at > due) {
        retry_at(query, due);
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
    bool may_ask = query->datagrams < datagram_limit(query);

    if (may_ask && has_untried_server(query)) {
        try_next(query, now);
        return;
    }
    if (is_answer_likely(query)) {
        return; /* its timer is set */
    }
    if (may_ask && passes) {
        pause_query(query, FAILURE_PAUSE, now);
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
        send_to(query, &sent->server, sent->protocol, now);
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
        send_to(query, &sent->server, MX_TCP, now);
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

    mx_servers_succeeded(servers_of(query), &sent->server);
    if (mx_answer_read(reply->bytes, reply->length, &query->question, &answer) !=
        MX_OK) {
        mx_query_trace_failure(sent, MX_REASON_LOCAL_ERROR, now);
        mx_query_note_reason(query, MX_REASON_LOCAL_ERROR, &sent->server);
        pause_query(query, UNREACHABLE_PAUSE, now);
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
    if (has_untried_server(query)) {
        try_next(query, now);
    }
    else {
        pause_query(query, UNREACHABLE_PAUSE, now);
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
        send_to(query, &sent->server, MX_TCP, now);
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
            send_to(query, &sent->server, MX_TCP, now);
        }
        else {
            query->refused |= server_bit(query, &sent->server);
            try_elsewhere(query, false, now);
        }
        return;
    }
    mx_servers_failed(servers_of(query), &sent->server, true, now);
    give_back(&query->datagrams);
    try_next_or_pause(query, now);
}

static void
take_local_trouble(mx_query *query, const mx_attempt *sent, mx_usec now)
{
    mx_query_trace_failure(sent, MX_REASON_LOCAL_ERROR, now);
    mx_query_note_reason(query, MX_REASON_LOCAL_ERROR, &sent->server);
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
    follow_servers(query);
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
        attempt->is_silent = true;
        mx_query_trace_silence(attempt, now);
        mx_query_note_reason(query, MX_REASON_TIMEOUT, &attempt->server);
        if (attempt->protocol == MX_UDP) {
            mx_servers_failed(servers_of(query), &attempt->server, false, now);
        }
    }
}

void
mx_query_take_time(mx_resolver *resolver, mx_usec now)
{
    mx_timer *timer;

    while ((timer = mx_heap_pop(&resolver->retries, now)) != NULL) {
        mx_query *query = MX_CONTAINER(timer, mx_query, retry);
        follow_servers(query);
        note_silence(query, now);
        try_next(query, now);
    }
}

void
mx_query_start_queued(mx_resolver *resolver, mx_usec now)
{
    size_t window = resolver->transport->type->window(resolver->transport);

    while (!mx_list_is_empty(&resolver->queued) && resolver->open_attempts < window) {
        mx_query *query = MX_CONTAINER(resolver->queued.next, mx_query, queued);
        mx_list_remove(&query->queued);
        follow_servers(query);
        try_next(query, now);
    }
}
