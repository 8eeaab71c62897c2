/* SPDX-License-Identifier: MIT */
#include "core/query.h"

#include "core/heap.h"
#include "core/mem.h"
#include "core/question.h"
#include "core/resolver_state.h"
#include "core/table.h"

#include <assert.h>

enum {
    MAX_TCP_ATTEMPTS =
        2,              /* a query; the second for a connection that was just closed */
    MAX_PAUSE_STEPS = 4 /* doublings of a pause */
};
#define TCP_BUDGET (5 * MX_USEC_PER_SEC)       /* FAULTS S19 */
#define FAILURE_PAUSE (100 * MX_USEC_PER_MSEC) /* before the same server again */
#define UNREACHABLE_PAUSE (50 * MX_USEC_PER_MSEC)

enum { RCODE_FORMERR = 1, RCODE_NOTIMP = 4, RCODE_BADVERS = 16, RCODE_BADCOOKIE = 23 };

/* One message sent, open until its reply. */
struct attempt {
    mx_table_link link; /* in resolver->attempts */
    mx_list of_query;
    mx_query *query;
    uint64_t token;
    mx_server server;
    mx_protocol protocol;
    bool has_edns;
    bool is_silent; /* its time ran out; still listened to */
};

struct mx_query {
    mx_table_link link; /* in resolver->queries */
    mx_resolver *resolver;
    mx_question question;
    mx_list subscribers;
    mx_list attempts;
    mx_list queued; /* in resolver->queued while it waits for the window */
    mx_timer retry;
    uint32_t tried;   /* servers asked in this round, as bits */
    uint32_t refused; /* servers that will not answer this question */
    unsigned datagrams, tcp_attempts, pauses;
    bool is_started;
    bool without_edns;
    /* The most telling failure so far, NULL if none. */
    mx_answer *failure;
    mx_server failed_server;
};

static void end_query(mx_query *query, mx_answer *answer, const mx_server *server,
                      mx_usec now);

static mx_query *
query_of_timer(mx_timer *timer)
{
    return MX_CONTAINER(timer, mx_query, retry);
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

/* Takes over the reference to `answer`. */
static void
note_failure_take(mx_query *query, mx_answer *answer, const mx_server *server)
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
static void
note_reason(mx_query *query, mx_reason reason, const mx_server *server)
{
    mx_answer *answer;

    if (mx_answer_failure(&query->question, reason, &answer) == MX_OK) {
        note_failure_take(query, answer, server);
    }
}

static void
free_attempt(struct attempt *attempt)
{
    mx_table_remove(&attempt->query->resolver->attempts, &attempt->link);
    mx_list_remove(&attempt->of_query);
    mx_free(attempt);
}

static struct attempt *
first_attempt(const mx_query *query)
{
    return mx_list_is_empty(&query->attempts)
               ? NULL
               : MX_CONTAINER(query->attempts.next, struct attempt, of_query);
}

static void
close_attempts(mx_query *query)
{
    mx_transport *transport = query->resolver->transport;
    struct attempt *attempt;

    while ((attempt = first_attempt(query)) != NULL) {
        transport->type->cancel(transport, attempt->token);
        free_attempt(attempt);
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
    query->tried = 0;
    retry_at(query, now + lengthen_pause(query, first));
}

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

static void
send_attempt(mx_query *query, const mx_server *server, mx_protocol protocol,
             mx_usec now)
{
    mx_resolver *resolver = query->resolver;
    mx_transport *transport = resolver->transport;
    uint8_t message[MX_QUERY_SIZE];
    mx_query_flags flags = {.edns = !query->without_edns,
                            .dnssec = resolver->config.dnssec};
    size_t length = mx_question_write(&query->question, 0, flags, message);
    struct attempt *attempt = mx_calloc(1, sizeof(*attempt));

    if (attempt == NULL) {
        goto fail;
    }
    attempt->query = query;
    attempt->token = ++resolver->last_token;
    attempt->server = *server;
    attempt->protocol = protocol;
    attempt->has_edns = flags.edns;
    mx_list_init(&attempt->of_query);
    if (mx_table_insert(&resolver->attempts, &attempt->link, attempt->token) != MX_OK) {
        mx_free(attempt);
        goto fail;
    }
    mx_list_append(&query->attempts, &attempt->of_query);
    if (transport->type->send(transport, attempt->token, server, protocol, message,
                              length, now) != MX_OK) {
        free_attempt(attempt);
        goto fail;
    }
    count_attempt(query, protocol);
    retry_at(query, now + (protocol == MX_TCP ? TCP_BUDGET
                                              : resolver->config.attempt_timeout));
    return;
fail:
    note_reason(query, MX_REASON_LOCAL_ERROR, server);
    pause_query(query, UNREACHABLE_PAUSE, now);
}

static unsigned
datagram_limit(const mx_query *query)
{
    size_t servers = query->resolver->nameservers.servers.count;

    return query->resolver->config.tries > servers ? query->resolver->config.tries
                                                   : (unsigned)servers;
}

static const mx_server *
pick_server(mx_query *query, mx_usec now)
{
    mx_servers *servers = &query->resolver->nameservers.servers;
    uint32_t all = (1u << servers->count) - 1;
    size_t index;

    if (((query->tried | query->refused) & all) == all) {
        query->tried = 0;
    }
    index = mx_servers_pick(servers, query->tried | query->refused, now);
    query->tried |= 1u << index;
    return &servers->list[index].server;
}

static bool
has_untried_server(const mx_query *query)
{
    uint32_t all = (1u << query->resolver->nameservers.servers.count) - 1;

    return ((query->tried | query->refused) & all) != all;
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
    end_query(query, failure, &query->failed_server, now);
    mx_answer_unref(failure);
}

static void
try_next(mx_query *query, mx_usec now)
{
    if (query->datagrams < datagram_limit(query)) {
        query->datagrams++;
        send_attempt(query, pick_server(query, now), MX_UDP, now);
    }
    else if (query->tcp_attempts == 0) {
        /* Where UDP is dropped, or answers of a size, TCP may pass (N22, N24). */
        query->tcp_attempts++;
        send_attempt(query, pick_server(query, now), MX_TCP, now);
    }
    else if (first_attempt(query) == NULL) {
        end_with_failure(query, now);
    }
    else {
        mx_heap_unset(&query->resolver->retries, &query->retry);
    }
}

/* After a failure that a server spoke: another server at once; the same one after a
 * pause, if the failure may pass. */
static void
try_elsewhere(mx_query *query, bool passes, mx_usec now)
{
    if (query->datagrams >= datagram_limit(query)) {
        if (first_attempt(query) == NULL) {
            end_with_failure(query, now);
        }
    }
    else if (has_untried_server(query)) {
        try_next(query, now);
    }
    else if (passes) {
        pause_query(query, FAILURE_PAUSE, now);
    }
    else if (first_attempt(query) == NULL) {
        end_with_failure(query, now);
    }
}

static uint32_t
server_bit(const mx_query *query, const mx_server *server)
{
    const mx_servers *servers = &query->resolver->nameservers.servers;

    for (size_t i = 0; i < servers->count; i++) {
        if (mx_server_equal(&servers->list[i].server, server)) {
            return 1u << i;
        }
    }
    return 0;
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
take_failure(mx_query *query, const struct attempt *sent, mx_answer *answer,
             mx_usec now)
{
    bool passes = may_pass(answer->reason);

    if (sent->has_edns && blames_edns(answer)) {
        /* RFC 6891 7: for this query only; others may pass where this one did not. */
        mx_answer_unref(answer);
        query->without_edns = true;
        send_attempt(query, &sent->server, sent->protocol, now);
        return;
    }
    if (answer->reason == MX_REASON_CNAME_LOOP ||
        answer->reason == MX_REASON_CNAME_LIMIT) {
        /* Said by the zone itself: other servers would repeat it. */
        end_query(query, answer, &sent->server, now);
        mx_answer_unref(answer);
        return;
    }
    if (!passes) {
        query->refused |= server_bit(query, &sent->server);
    }
    note_failure_take(query, answer, &sent->server);
    try_elsewhere(query, passes, now);
}

static void
take_truncated(mx_query *query, const struct attempt *sent, mx_usec now)
{
    if (sent->protocol == MX_UDP && query->tcp_attempts < MAX_TCP_ATTEMPTS) {
        query->tcp_attempts++;
        send_attempt(query, &sent->server, MX_TCP, now);
        return;
    }
    note_reason(query, MX_REASON_TRUNCATED, &sent->server);
    query->refused |= server_bit(query, &sent->server);
    try_elsewhere(query, false, now);
}

static void
take_message(mx_query *query, const struct attempt *sent, const mx_reply *reply,
             mx_usec now)
{
    mx_answer *answer;

    mx_servers_succeeded(&query->resolver->nameservers.servers, &sent->server);
    if (mx_answer_read(reply->bytes, reply->length, &query->question, &answer) !=
        MX_OK) {
        note_reason(query, MX_REASON_LOCAL_ERROR, &sent->server);
        pause_query(query, UNREACHABLE_PAUSE, now);
        return;
    }
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
        end_query(query, answer, &sent->server, now);
        mx_answer_unref(answer);
        return;
    }
}

static void
take_unreachable(mx_query *query, const struct attempt *sent, mx_usec now)
{
    note_reason(query, MX_REASON_UNREACHABLE, &sent->server);
    if (sent->protocol == MX_TCP) {
        if (query->tcp_attempts < MAX_TCP_ATTEMPTS) {
            query->tcp_attempts++;
            send_attempt(query, &sent->server, MX_TCP, now);
        }
        else {
            query->refused |= server_bit(query, &sent->server);
            try_elsewhere(query, false, now);
        }
        return;
    }
    mx_servers_failed(&query->resolver->nameservers.servers, &sent->server, true, now);
    query->datagrams--;
    if (has_untried_server(query)) {
        try_next(query, now);
    }
    else {
        pause_query(query, UNREACHABLE_PAUSE, now);
    }
}

static void
take_local_trouble(mx_query *query, const struct attempt *sent, mx_usec now)
{
    note_reason(query, MX_REASON_LOCAL_ERROR, &sent->server);
    if (sent->protocol == MX_TCP) {
        query->tcp_attempts--;
    }
    else {
        query->datagrams--;
    }
    pause_query(query, UNREACHABLE_PAUSE, now);
}

static struct attempt *
find_attempt(const mx_resolver *resolver, uint64_t token)
{
    for (mx_table_link *link = mx_table_first(&resolver->attempts, token); link != NULL;
         link = mx_table_next(link)) {
        struct attempt *attempt = MX_CONTAINER(link, struct attempt, link);
        if (attempt->token == token) {
            return attempt;
        }
    }
    return NULL;
}

void
mx_query_take_reply(mx_resolver *resolver, const mx_reply *reply, mx_usec now)
{
    struct attempt *attempt = find_attempt(resolver, reply->token);
    struct attempt sent;
    mx_query *query;

    if (attempt == NULL) {
        return;
    }
    sent = *attempt;
    query = attempt->query;
    free_attempt(attempt);
    switch (reply->kind) {
    case MX_REPLY_MESSAGE:
        take_message(query, &sent, reply, now);
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
    for (mx_list *link = query->attempts.next; link != &query->attempts;
         link = link->next) {
        struct attempt *attempt = MX_CONTAINER(link, struct attempt, of_query);
        if (!attempt->is_silent) {
            attempt->is_silent = true;
            mx_servers_failed(&query->resolver->nameservers.servers, &attempt->server,
                              false, now);
            note_reason(query, MX_REASON_TIMEOUT, &attempt->server);
        }
    }
}

static void
start_queued(mx_resolver *resolver, mx_usec now)
{
    size_t window = resolver->transport->type->window(resolver->transport);

    while (!mx_list_is_empty(&resolver->queued) && resolver->attempts.count < window) {
        mx_query *query = MX_CONTAINER(resolver->queued.next, mx_query, queued);
        mx_list_remove(&query->queued);
        try_next(query, now);
    }
}

void
mx_query_take_time(mx_resolver *resolver, mx_usec now)
{
    mx_timer *timer;

    while ((timer = mx_heap_pop(&resolver->retries, now)) != NULL) {
        mx_query *query = query_of_timer(timer);
        note_silence(query, now);
        try_next(query, now);
    }
    start_queued(resolver, now);
}

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

static void
free_query(mx_query *query)
{
    mx_resolver *resolver = query->resolver;

    close_attempts(query);
    mx_heap_unset(&resolver->retries, &query->retry);
    mx_table_remove(&resolver->queries, &query->link);
    mx_list_remove(&query->queued);
    mx_answer_unref(query->failure);
    mx_free(query);
}

static void
settle(mx_resolver *resolver, mx_subscription *subscription, mx_answer *answer,
       const mx_server *server)
{
    subscription->query = NULL;
    subscription->answer = mx_answer_ref(answer);
    subscription->server[0] = '\0';
    if (server->port != 0) {
        (void)mx_server_to_text(server, subscription->server);
    }
    mx_list_remove(&subscription->of_query);
    mx_list_append(&resolver->settled, &subscription->of_query);
}

static void
end_query(mx_query *query, mx_answer *answer, const mx_server *server, mx_usec now)
{
    mx_resolver *resolver = query->resolver;

    mx_cache_put(resolver->cache, &query->question, answer, now);
    while (!mx_list_is_empty(&query->subscribers)) {
        settle(resolver,
               MX_CONTAINER(query->subscribers.next, mx_subscription, of_query), answer,
               server);
    }
    free_query(query);
}

static mx_status
new_query(mx_resolver *resolver, const mx_question *question, uint64_t hash,
          mx_query **out)
{
    mx_query *query = mx_calloc(1, sizeof(*query));
    mx_status status = MX_NOMEM;

    if (query == NULL) {
        return MX_NOMEM;
    }
    status = mx_heap_reserve(&resolver->retries, resolver->queries.count + 1);
    if (status != MX_OK) {
        goto fail;
    }
    status = mx_table_insert(&resolver->queries, &query->link, hash);
    if (status != MX_OK) {
        goto fail;
    }
    query->resolver = resolver;
    query->question = *question;
    mx_list_init(&query->subscribers);
    mx_list_init(&query->attempts);
    mx_list_init(&query->queued);
    *out = query;
    return MX_OK;
fail:
    mx_free(query);
    return status;
}

mx_status
mx_query_subscribe(mx_resolver *resolver, const mx_question *question,
                   mx_subscription *subscription, mx_usec now)
{
    uint64_t hash = mx_question_hash(question, &resolver->hash_key);
    mx_query *query = find_query(resolver, question, hash);
    bool is_new = query == NULL;

    if (is_new) {
        mx_status status = new_query(resolver, question, hash, &query);
        if (status != MX_OK) {
            return status;
        }
        mx_list_append(&resolver->queued, &query->queued);
    }
    else {
        mx_resolver_count(resolver, MX_COUNT_JOINS, 1);
    }
    subscription->query = query;
    mx_list_append(&query->subscribers, &subscription->of_query);
    if (is_new) {
        start_queued(resolver, now);
    }
    return MX_OK;
}

void
mx_query_unsubscribe(mx_subscription *subscription)
{
    mx_query *query = subscription->query;

    mx_list_remove(&subscription->of_query);
    mx_answer_unref(subscription->answer);
    subscription->answer = NULL;
    subscription->query = NULL;
    if (query != NULL && mx_list_is_empty(&query->subscribers)) {
        free_query(query);
    }
}

mx_status
mx_query_give_up(mx_subscription *subscription)
{
    mx_query *query = subscription->query;
    mx_answer *failure = query->failure;
    mx_server server = query->failed_server;

    if (failure != NULL) {
        (void)mx_answer_ref(failure);
    }
    else {
        struct attempt *attempt = first_attempt(query);
        mx_status status =
            mx_answer_failure(&query->question, MX_REASON_TIMEOUT, &failure);
        if (status != MX_OK) {
            return status;
        }
        if (attempt != NULL) {
            server = attempt->server;
        }
    }
    settle(query->resolver, subscription, failure, &server);
    mx_answer_unref(failure);
    if (mx_list_is_empty(&query->subscribers)) {
        free_query(query);
    }
    return MX_OK;
}
