/* SPDX-License-Identifier: MIT */
/* What a request asks, of the cache or of name servers, and what comes of it. */
#include "core/cache.h"
#include "core/request.h"
#include "core/resolver_state.h"

#include <assert.h>
#include <string.h>

/* AD=1 in a reply to a query that did not ask for it means nothing (RFC 6840 5.7). */
static bool
is_authenticated(const mx_request *request, const mx_answer *answer)
{
    return request->resolver->config.dnssec && answer->authenticated;
}

enum { AT_ONCE = 8 };

/* A question that is to be asked. */
struct next {
    uint64_t hash; /* of the cache */
    uint32_t number;
    mx_question question;
};

/* From the cache or onto the wire. */
static mx_status
ask(mx_request *request, const struct next *next, mx_usec now)
{
    const mx_question *question = &next->question;
    uint32_t number = next->number;
    uint64_t hash = next->hash;
    mx_resolver *resolver = request->resolver;
    mx_subscription *subscription;
    mx_status status;
    uint32_t ttl;
    mx_answer *answer = mx_cache_get(resolver->cache, question, hash, now, &ttl);

    if (answer != NULL && request->is_retry && answer->kind == MX_ANSWER_FAILURE) {
        mx_answer_unref(answer);
        answer = NULL;
    }
    if (answer != NULL) {
        mx_answer_source source = {.cached = true,
                                   .authenticated = is_authenticated(request, answer),
                                   .ttl = ttl,
                                   .server = "",
                                   .at = now};
        status = mx_lookup_answer(request->lookup, number, answer, &source);
        mx_answer_unref(answer);
        return status;
    }
    subscription =
        mx_arena_alloc(mx_lookup_arena(request->lookup), 1, sizeof(*subscription));
    if (subscription == NULL) {
        return MX_NOMEM;
    }
    memset(subscription, 0, sizeof(*subscription));
    subscription->request = request;
    subscription->number = number;
    subscription->is_bulk = request->is_bulk;
    mx_list_init(&subscription->of_query);
    mx_list_init(&subscription->of_request);
    status = mx_query_subscribe(resolver, question, hash, subscription, now);
    if (status != MX_OK) {
        return status;
    }
    mx_list_append(&request->subscriptions, &subscription->of_request);
    if (subscription->has_joined) {
        mx_lookup_note_join(request->lookup, number, now);
    }
    return MX_OK;
}

/* The slow family is waited for only so long once every exchange can be used (A4). In a
 * bulk run nobody waits for this one route, and a lost datagram must not cost it half of
 * its addresses (fault N1). */
static void
hurry(mx_request *request, mx_usec now)
{
    mx_resolver *resolver = request->resolver;
    mx_usec at = now + resolver->config.address_wait;

    if (request->waits_for_family || !mx_lookup_is_usable(request->lookup)) {
        return;
    }
    request->waits_for_family = true;
    if (!request->is_bulk && at < request->deadline.at) {
        mx_status status = mx_heap_set(&resolver->deadlines, &request->deadline, at);
        assert(status == MX_OK); /* it is set, and moving never fails */
        (void)status;
    }
    mx_lookup_note_wait(request->lookup, now, request->deadline.at);
}

/* Hands the lookup to the submitter. Neither the deadline nor the limit of lookups in
 * progress knows of it meanwhile: how long ranking takes, and a consumer that does not
 * take its completions, are nothing to others. */
static void
hand_over(mx_request *request, mx_usec now)
{
    request->left = request->deadline.at > now ? request->deadline.at - now : 0;
    mx_heap_unset(&request->resolver->deadlines, &request->deadline);
    mx_request_leave(request);
    request->is_paused = true;
    mx_request_post_take(request, MX_RANKS_WANTED, NULL);
    mx_request_release(request);
}

/* Takes those that are to be asked, and begins to look for them in the cache. */
static size_t
take_questions(mx_request *request, struct next next[AT_ONCE])
{
    mx_cache *cache = request->resolver->cache;
    uint64_t hashes[AT_ONCE];
    size_t count = 0;

    while (count < AT_ONCE &&
           mx_lookup_next_question(request->lookup, &next[count].number,
                                   &next[count].question)) {
        next[count].hash = next[count].number == 0
                               ? request->first_hash
                               : mx_cache_hash(cache, &next[count].question);
        hashes[count] = next[count].hash;
        count++;
    }
    if (count > 1) {
        mx_cache_prefetch(cache, hashes, count);
    }
    return count;
}

static void
advance(mx_request *request, mx_usec now)
{
    struct next next[AT_ONCE];
    size_t count;

    while ((count = take_questions(request, next)) > 0) {
        for (size_t i = 0; i < count; i++) {
            mx_status status = ask(request, &next[i], now);
            if (status != MX_OK) {
                mx_request_finish_with_fault(request, status);
                return;
            }
        }
    }
    if (mx_lookup_wants_ranks(request->lookup)) {
        hand_over(request, now);
    }
    else if (mx_lookup_is_done(request->lookup)) {
        mx_request_finish(request, now);
    }
    else {
        hurry(request, now);
    }
}

void
mx_request_prefetch(const mx_request *request)
{
    mx_cache_prefetch(request->resolver->cache, &request->first_hash, 1);
}

void
mx_request_admit(mx_request *request, mx_usec now)
{
    mx_resolver *resolver = request->resolver;
    mx_status status;

    status = mx_heap_set(&resolver->deadlines, &request->deadline,
                         now + resolver->config.timeout);
    if (status != MX_OK) {
        mx_request_finish_with_fault(request, status);
        return;
    }
    request->is_admitted = true;
    request->admitted_at = now;
    mx_lookup_begin(request->lookup, now);
    mx_resolver_count(resolver, MX_COUNT_IN_PROGRESS, 1);
    mx_request_stop_waiting(request);
    mx_request_enter(request);
    advance(request, now);
}

void
mx_request_go_on(mx_request *request, mx_usec now)
{
    mx_resolver *resolver = request->resolver;
    mx_status status;

    request->is_paused = false;
    mx_request_enter(request);
    status = mx_heap_set(&resolver->deadlines, &request->deadline, now + request->left);
    if (status == MX_OK) {
        mx_lookup_note_ranks(request->lookup, now);
        status = mx_lookup_take_ranks(request->lookup);
    }
    if (status != MX_OK) {
        mx_request_finish_with_fault(request, status);
        return;
    }
    advance(request, now);
}

/* Only what may fail a lookup is asked who said it. */
static const char *
name_server(const mx_subscription *subscription, char text[MX_SERVER_TEXT_SIZE])
{
    const mx_answer *answer = subscription->answer;

    text[0] = '\0';
    if (subscription->server.port != 0 &&
        (answer->kind == MX_ANSWER_FAILURE || answer->cname_count > 0)) {
        (void)mx_server_to_text(&subscription->server, text);
    }
    return text;
}

/* Hands one settled answer to the lookup and drops the subscription. */
static mx_status
deliver(mx_subscription *subscription, mx_usec now)
{
    mx_answer *answer = subscription->answer;
    mx_request *request = subscription->request;
    char server[MX_SERVER_TEXT_SIZE];
    mx_answer_source source = {.authenticated = is_authenticated(request, answer),
                               .ttl = answer->ttl,
                               .server = name_server(subscription, server),
                               .at = now,
                               .messages = subscription->trace};
    mx_status status =
        mx_lookup_answer(request->lookup, subscription->number, answer, &source);

    mx_request_credit(request, subscription->held);
    mx_request_end_subscription(subscription);
    return status;
}

void
mx_request_take_answer(mx_subscription *subscription, mx_usec now)
{
    mx_request *request = subscription->request;
    mx_status status = deliver(subscription, now);

    if (status != MX_OK) {
        mx_request_finish_with_fault(request, status);
        return;
    }
    advance(request, now);
}

void
mx_request_end_failed(mx_request *request, mx_reason reason, mx_usec now)
{
    mx_status status = mx_lookup_fail_unasked(request->lookup, reason);

    if (status == MX_OK) {
        mx_request_finish(request, now);
    }
    else {
        mx_request_finish_with_fault(request, status);
    }
}

void
mx_request_time_out(mx_request *request, mx_usec now)
{
    mx_subscription *subscription;

    if (mx_request_put_off(request, now)) {
        return;
    }
    mx_lookup_note_deadline(request->lookup, now);
    while ((subscription = mx_request_first_subscription(request)) != NULL) {
        mx_status status = MX_OK;
        if (subscription->query != NULL) {
            status = mx_query_give_up(subscription, now);
        }
        if (status == MX_OK) {
            status = deliver(subscription, now);
        }
        if (status != MX_OK) {
            mx_request_finish_with_fault(request, status);
            return;
        }
    }
    /* An answer that came in this very turn may have opened questions. */
    mx_request_end_failed(request, MX_REASON_TIMEOUT, now);
}
