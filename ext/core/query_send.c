/* SPDX-License-Identifier: MIT */
#include "core/query_state.h"

#include <assert.h>

#define TCP_BUDGET (5 * MX_USEC_PER_SEC) /* fault S19 */

enum {
    MAX_DOUBLINGS = 6, /* of the time between two messages */
    REPEATS_OWN = 8    /* one place in so many is for what is sent again alone */
};

mx_servers *
mx_query_servers(const mx_query *query)
{
    return &query->resolver->nameservers.servers;
}

void
mx_query_follow_servers(mx_query *query)
{
    uint64_t version = query->resolver->nameservers.version;

    if (query->servers_version != version) {
        query->servers_version = version;
        query->tried = query->refused = 0;
    }
}

/* Memory for the timer was reserved with the query. */
void
mx_query_retry_at(mx_query *query, mx_usec at)
{
    mx_status status = mx_heap_set(&query->resolver->retries, &query->retry, at);

    assert(status == MX_OK);
    (void)status;
}

bool
mx_query_has_untried(const mx_query *query)
{
    uint32_t all = (1u << mx_query_servers(query)->count) - 1;

    return ((query->tried | query->refused) & all) != all;
}

static const mx_server *
pick_server(mx_query *query, mx_usec now)
{
    mx_servers *servers = mx_query_servers(query);
    size_t index;

    if (!mx_query_has_untried(query)) {
        query->tried = 0;
    }
    index = mx_servers_pick(servers, query->tried | query->refused, now);
    query->tried |= 1u << index;
    return &servers->list[index].server;
}

unsigned
mx_query_datagram_limit(const mx_query *query)
{
    size_t servers = mx_query_servers(query)->count;

    return query->resolver->config.tries > servers ? query->resolver->config.tries
                                                   : (unsigned)servers;
}

/* After attempt_timeout the second message goes out; from then on the time doubles, if
 * all the messages that are still to come can be sent and waited for within `timeout`
 * even so. A little is left to chance, lest what was lost together comes back together
 * (fault S11). */
static mx_usec
lengthen_patience(const mx_query *query, mx_usec now)
{
    const mx_resolver_config *config = &query->resolver->config;
    unsigned limit = mx_query_datagram_limit(query), sent = query->datagrams;
    unsigned doublings = query->silences;
    mx_usec first = config->attempt_timeout, spare, longer;

    if (doublings == 0) {
        return first;
    }
    spare = query->round_began + config->timeout - now -
            (mx_usec)(limit - (sent < limit ? sent : limit) + 2) * first;
    if (spare <= 0) {
        return first;
    }
    longer = (first << (doublings < MAX_DOUBLINGS ? doublings : MAX_DOUBLINGS)) - first;
    longer = longer < spare ? longer : spare;
    return first + longer -
           (mx_usec)mx_rng_below(&query->resolver->rng, (uint32_t)(longer / 4) + 1);
}

/* How long before something else is tried beside it. A whole answer takes its time over
 * TCP; but where that is cut off another server may not need it, and a newcomer has had
 * no datagram yet. */
static mx_usec
find_patience(const mx_query *query, mx_protocol protocol, mx_usec now)
{
    if (protocol == MX_UDP) {
        return lengthen_patience(query, now);
    }
    return !mx_query_has_untried(query) && !query->has_newcomer
               ? TCP_BUDGET
               : query->resolver->config.attempt_timeout;
}

/* Attempts older than `timeout`: whoever they were sent for is gone. */
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
transmit(mx_query *query, const mx_server *server, mx_protocol protocol, mx_usec now)
{
    mx_usec patience_ends = now + find_patience(query, protocol, now);

    drop_old_attempts(query, now);
    if (mx_attempt_send(query, server, protocol, patience_ends, now) == MX_OK) {
        mx_query_retry_at(query, patience_ends);
        return;
    }
    mx_query_trace_unsent(query, server, protocol, now);
    mx_query_note_reason(query, MX_REASON_LOCAL_ERROR, server);
    mx_query_pause(query, MX_QUERY_UNREACHABLE_PAUSE, now);
}

/* -- waiting for one's turn -- */

/* A place in the transport, if need be that of the message that is silent longest. */
static bool
has_place(mx_resolver *resolver, size_t places)
{
    if (resolver->open_attempts < places) {
        return true;
    }
    if (mx_list_is_empty(&resolver->silent)) {
        return false;
    }
    mx_attempt_cancel(MX_CONTAINER(resolver->silent.next, mx_attempt, of_silent));
    return true;
}

/* What is sent again may take half of the places, and one in eight is for it alone. The
 * window is no matter here: it says how many may be admitted (mx_query_has_room), so
 * that no flood of others delays a single lookup. */
static bool
has_room(mx_resolver *resolver, bool is_first)
{
    size_t places = resolver->transport->type->window(resolver->transport);

    if (is_first ? resolver->window.awaited >= places - places / REPEATS_OWN
                 : resolver->repeated >= (places + 1) / 2) {
        return false;
    }
    return has_place(resolver, places);
}

static bool
has_token(mx_resolver *resolver, mx_usec now)
{
    return mx_rate_has(&resolver->limit, now) &&
           mx_window_may_send(&resolver->window, now);
}

static void
put_in(mx_query *query, mx_query_place place, mx_usec now)
{
    mx_resolver *resolver = query->resolver;
    mx_list *const lists[] = {[MX_QUERY_QUEUED] = &resolver->queued,
                              [MX_QUERY_REPEATING] = &resolver->repeating,
                              [MX_QUERY_HELD] = &resolver->held};

    query->place = place;
    query->queued_at = now;
    resolver->window.repeats += place == MX_QUERY_REPEATING;
    mx_list_append(lists[place], &query->queued);
    mx_heap_unset(&resolver->retries, &query->retry);
}

void
mx_query_take_out(mx_query *query, mx_usec now)
{
    if (query->place == MX_QUERY_NOWHERE) {
        return;
    }
    if (query->place != MX_QUERY_HELD) {
        query->held += now - query->queued_at;
    }
    query->resolver->window.repeats -= query->place == MX_QUERY_REPEATING;
    query->place = MX_QUERY_NOWHERE;
    mx_list_remove(&query->queued);
}

void
mx_query_enqueue(mx_query *query, mx_usec now)
{
    put_in(query, MX_QUERY_QUEUED, now);
}

/* It is sent when it is this query's turn. */
static void
postpone(mx_query *query, mx_query_place place, const mx_server *server,
         mx_protocol protocol, mx_usec now)
{
    query->next_server = *server;
    query->next_protocol = protocol;
    query->has_next = true;
    if (query->place == MX_QUERY_NOWHERE) {
        put_in(query, place, now);
    }
}

void
mx_query_hold(mx_query *query, mx_usec now)
{
    mx_query_suspect(query->resolver, now);
    query->was_held = query->is_failing = true;
    mx_query_take_out(query, now);
    put_in(query, MX_QUERY_HELD, now);
}

void
mx_query_send_to(mx_query *query, const mx_server *server, mx_protocol protocol,
                 mx_usec now)
{
    mx_resolver *resolver = query->resolver;

    if (query->is_bulk && resolver->outage.is_down) {
        postpone(query, MX_QUERY_HELD, server, protocol, now);
    }
    else if (query->is_started &&
             (query->place != MX_QUERY_NOWHERE ||
              !mx_list_is_empty(&resolver->repeating) || !has_room(resolver, false) ||
              !has_token(resolver, now))) {
        postpone(query, MX_QUERY_REPEATING, server, protocol, now);
    }
    else {
        transmit(query, server, protocol, now);
    }
}

void
mx_query_send_next(mx_query *query, mx_protocol protocol, mx_usec now)
{
    mx_query_send_to(query, pick_server(query, now), protocol, now);
}

/* The next query to send something for, NULL if none may; taken out of its list. */
static mx_query *
take_queued(mx_resolver *resolver, mx_usec now)
{
    bool has_first = !mx_list_is_empty(&resolver->queued);
    bool has_repeated = !mx_list_is_empty(&resolver->repeating);
    mx_list *list;
    mx_query *query;

    if ((!has_first && !has_repeated) || !has_token(resolver, now)) {
        return NULL;
    }
    /* In turn: neither the dead domains nor the flood of new ones has all of it. */
    has_first = has_first && has_room(resolver, true);
    has_repeated = has_repeated && has_room(resolver, false);
    if (!has_first && !has_repeated) {
        return NULL;
    }
    resolver->is_turn_of_first =
        has_first && (resolver->is_turn_of_first || !has_repeated);
    list = resolver->is_turn_of_first ? &resolver->queued : &resolver->repeating;
    resolver->is_turn_of_first = !resolver->is_turn_of_first;
    query = MX_CONTAINER(list->next, mx_query, queued);
    mx_query_take_out(query, now);
    return query;
}

void
mx_query_start_queued(mx_resolver *resolver, mx_usec now)
{
    mx_query *query;

    mx_query_probe(resolver, now);
    while ((query = take_queued(resolver, now)) != NULL) {
        mx_query_follow_servers(query);
        if (query->is_bulk && resolver->outage.is_down) {
            put_in(query, MX_QUERY_HELD, now);
        }
        else if (query->has_next) {
            query->has_next = false;
            transmit(query, &query->next_server, query->next_protocol, now);
        }
        else {
            mx_query_try_next(query, now);
        }
    }
}

bool
mx_query_has_room(mx_resolver *resolver, bool is_bulk, mx_usec now)
{
    if (is_bulk) {
        return !resolver->outage.is_down && mx_list_is_empty(&resolver->queued) &&
               mx_window_has_room(&resolver->window) && has_token(resolver, now);
    }
    return !mx_rate_is_limited(&resolver->limit) ||
           (mx_list_is_empty(&resolver->queued) && has_token(resolver, now));
}

mx_usec
mx_query_next_start(mx_resolver *resolver, bool is_wanted, mx_usec now)
{
    mx_usec next = mx_outage_next(&resolver->outage), limit, pace;

    is_wanted = is_wanted || !mx_list_is_empty(&resolver->repeating) ||
                !mx_list_is_empty(&resolver->queued);
    if (!is_wanted) {
        return next;
    }
    limit = mx_rate_next(&resolver->limit, now);
    pace = mx_window_next(&resolver->window, now);
    limit = limit > pace ? limit : pace;
    /* Where a token is there it is not what is waited for. */
    return limit > now && limit < next ? limit : next;
}

mx_usec
mx_query_get_held(const mx_query *query, mx_usec now)
{
    bool is_waiting =
        query->place == MX_QUERY_QUEUED || query->place == MX_QUERY_REPEATING;

    return query->held + (is_waiting ? now - query->queued_at : 0);
}

mx_usec
mx_query_take_held(mx_subscription *subscription, mx_usec now)
{
    mx_usec held = mx_query_get_held(subscription->query, now);
    mx_usec fresh = held - subscription->credited;

    subscription->credited = held;
    return fresh;
}

/* -- when an outage is over -- */

static void
release(mx_query *query, mx_usec now)
{
    mx_query_take_out(query, now);
    put_in(query, query->is_started ? MX_QUERY_REPEATING : MX_QUERY_QUEUED, now);
}

void
mx_query_release_held(mx_resolver *resolver, mx_usec now)
{
    bool was_real = mx_outage_was_real(&resolver->outage);

    while (!mx_list_is_empty(&resolver->held)) {
        mx_query *query = MX_CONTAINER(resolver->held.next, mx_query, queued);
        /* A real outage is credited as a whole (request_patience.c). */
        query->held += was_real ? 0 : now - query->queued_at;
        release(query, now);
    }
}

void
mx_query_renew(mx_subscription *subscription, mx_usec now)
{
    mx_query *query = subscription->query;

    if (query == NULL) {
        return;
    }
    query->has_next = false;
    mx_query_begin_round(query);
    query->round_began = now;
    if (query->place == MX_QUERY_NOWHERE) {
        /* What is on its way was lost, and of a spent round nothing more would go. */
        mx_query_retry_at(query, now);
    }
}

void
mx_query_prolong(mx_subscription *subscription)
{
    if (subscription->query != NULL) {
        mx_query_note_newcomer(subscription->query);
    }
}

void
mx_query_note_impatient(mx_query *query, mx_usec now)
{
    query->is_bulk = false;
    if (query->place == MX_QUERY_HELD) {
        release(query, now);
    }
}
