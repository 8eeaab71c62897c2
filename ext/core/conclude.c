/* SPDX-License-Identifier: MIT */
#include "core/draft.h"

#include <string.h>

/* Exchanges were cut off by the limit, and nobody knows what they would have given. */
static bool
is_cut(const mx_lookup *lookup)
{
    for (size_t i = 0; i < lookup->dropped_count; i++) {
        if (lookup->dropped[i].reason == MX_REASON_LIMIT) {
            return true;
        }
    }
    return false;
}

/* No exchange is left, and our own rules dropped each: a refusal says so, while names
 * that cannot exist have no address. */
static bool
is_refused_whole(const mx_draft *draft)
{
    for (size_t i = 0; i < draft->excluded_count; i++) {
        if (draft->excluded[i].reason != MX_REASON_CNAME_EXCHANGE &&
            draft->excluded[i].reason != MX_REASON_IP_EXCHANGE) {
            return false;
        }
    }
    return draft->exchange_count == 0 && draft->excluded_count > 0;
}

static void
find_verdict(mx_draft *draft)
{
    mx_lookup *lookup = draft->lookup;

    if (!draft->route->complete) {
        mx_lookup_warn(lookup, MX_REASON_PARTIAL);
    }
    if (draft->target_count > 0) {
        mx_lookup_conclude(lookup, MX_VERDICT_OK, MX_REASON_NONE);
    }
    else if (draft->unknown != NULL) {
        mx_lookup_conclude(lookup, draft->unknown->verdict, draft->unknown->reason);
    }
    else if (is_cut(lookup)) {
        mx_lookup_conclude(lookup, mx_verdict_of_failure(MX_REASON_LIMIT),
                           MX_REASON_LIMIT);
    }
    else if (lookup->has_loop) {
        /* RFC 5321 5.1: nobody but us is left, or nobody who could take it. */
        mx_lookup_conclude(lookup, MX_VERDICT_REFUSED, MX_REASON_LOOP);
    }
    else if (draft->exchange_count > 0 &&
             draft->refused_count == draft->exchange_count) {
        mx_lookup_conclude(lookup, MX_VERDICT_REFUSED, draft->exchanges[0].reason);
    }
    else if (is_refused_whole(draft)) {
        mx_lookup_conclude(lookup, MX_VERDICT_REFUSED, draft->excluded[0].reason);
    }
    else if (lookup->is_implicit) {
        mx_lookup_conclude(lookup, MX_VERDICT_NO_MAIL, MX_REASON_NO_DATA);
    }
    else if (draft->exchange_count > 0) {
        mx_lookup_conclude(lookup, MX_VERDICT_NO_ADDRESS, draft->exchanges[0].reason);
    }
    else {
        mx_lookup_conclude(lookup, MX_VERDICT_NO_ADDRESS,
                           draft->excluded_count > 0 ? draft->excluded[0].reason
                                                     : MX_REASON_NO_DATA);
    }
}

/* RFC 5321 4.1.3: the literal is the only target; there is nothing to ask. */
static mx_status
conclude_literal(mx_draft *draft)
{
    const mx_address *address = &draft->lookup->destination.address;
    mx_reason refusal = mx_self_has_address(draft->lookup->rules->self, address)
                            ? MX_REASON_LOOP
                            : mx_weigh_address(draft->lookup, address);
    mx_route *route = draft->route;
    char text[MX_ADDRESS_TEXT_SIZE + 8] = "[IPv6:";
    size_t length = address->family == MX_IPV4 ? 1 : 6;
    mx_route_exchange *exchange = &draft->exchanges[0];

    length += mx_address_to_text(address, text + length);
    text[length++] = ']';
    route->domain = route->canonical = mx_arena_text(&route->arena, text, length);
    if (route->domain == NULL) {
        return MX_NOMEM;
    }
    draft->lookup->ttl = 0;
    if (refusal != MX_REASON_NONE) {
        mx_draft_exclude(draft, route->domain, 0, address, refusal);
        mx_lookup_conclude(draft->lookup, MX_VERDICT_REFUSED, refusal);
        return MX_OK;
    }
    memset(exchange, 0, sizeof(*exchange));
    exchange->host = exchange->canonical = route->domain;
    exchange->addresses = &draft->targets[0].address;
    exchange->address_count = 1;
    draft->targets[0].exchange = 0;
    draft->targets[0].address = *address;
    draft->exchange_count = draft->target_count = 1;
    mx_lookup_conclude(draft->lookup, MX_VERDICT_OK, MX_REASON_NONE);
    return MX_OK;
}

/* What was dropped before its addresses were asked. */
static mx_status
list_dropped(mx_draft *draft)
{
    const mx_lookup *lookup = draft->lookup;

    for (size_t i = 0; i < lookup->dropped_count; i++) {
        const mx_dropped *dropped = &lookup->dropped[i];
        const char *host =
            mx_arena_text(&draft->route->arena, dropped->host, strlen(dropped->host));
        if (host == NULL) {
            return MX_NOMEM;
        }
        mx_draft_exclude(draft, host, dropped->preference, NULL, dropped->reason);
    }
    return MX_OK;
}

static bool
has_own_address(const mx_lookup *lookup, const mx_answer *answer)
{
    for (size_t i = 0; i < answer->count; i++) {
        mx_address address = mx_answer_address(answer, i);
        if (mx_self_has_address(lookup->rules->self, &address)) {
            return true;
        }
    }
    return false;
}

/* By its addresses before any policy, or by where its aliases lead (rule O8). Its
 * own name, which may be an address, was looked at before any was asked. */
static bool
is_self(const mx_lookup *lookup, const mx_exchange *exchange)
{
    for (int c = 0; c < MX_CHASES; c++) {
        const mx_answer *answer = exchange->chases[c].answer;
        if (answer != NULL && answer->kind == MX_ANSWER_RECORDS &&
            (mx_self_has_name(lookup->rules->self, answer->canonical) ||
             has_own_address(lookup, answer))) {
            return true;
        }
    }
    return false;
}

/* RFC 5321 5.1: our own level and every worse one would bring the mail back to us. */
static void
look_for_loop(mx_lookup *lookup)
{
    for (size_t i = 0; lookup->rules->self != NULL && i < lookup->exchange_count; i++) {
        const mx_exchange *exchange = &lookup->exchanges[i];
        if (is_self(lookup, exchange)) {
            mx_lookup_note_loop(lookup, exchange->preference);
            for (int c = 0; c < MX_CHASES; c++) {
                const mx_chase *chase = &exchange->chases[c];
                if (chase->answer != NULL && !mx_lookup_is_failure(chase->answer)) {
                    mx_lookup_note_ttl(lookup, chase->ttl);
                }
            }
        }
    }
    lookup->has_more &= !mx_lookup_is_looped(lookup, lookup->more_preference);
}

static mx_status
exclude_looped(mx_draft *draft, const mx_exchange *exchange)
{
    const char *host = mx_draft_host(draft, exchange);

    if (host == NULL) {
        return MX_NOMEM;
    }
    mx_draft_exclude(draft, host, exchange->preference, NULL, MX_REASON_LOOP);
    return MX_OK;
}

static mx_status
weigh_exchanges(mx_draft *draft)
{
    mx_lookup *lookup = draft->lookup;
    mx_status status = MX_OK;

    for (size_t i = 0; i < lookup->exchange_count && status == MX_OK; i++) {
        const mx_exchange *exchange = &lookup->exchanges[i];
        status = mx_lookup_is_looped(lookup, exchange->preference)
                     ? exclude_looped(draft, exchange)
                     : mx_weigh_exchange(draft, exchange);
    }
    return status;
}

static mx_status
conclude_domain(mx_draft *draft)
{
    mx_lookup *lookup = draft->lookup;
    mx_route *route = draft->route;
    mx_status status;

    if (lookup->kind == MX_DESTINATION_DOMAIN) {
        const mx_name *name = lookup->destination.name;
        route->domain = mx_draft_name(draft, name);
        route->canonical = mx_name_equal(name, lookup->canonical)
                               ? route->domain
                               : mx_draft_name(draft, lookup->canonical);
        if (route->domain == NULL || route->canonical == NULL) {
            return MX_NOMEM;
        }
    }
    status = list_dropped(draft);
    if (status != MX_OK || lookup->is_concluded) {
        return status;
    }
    look_for_loop(lookup);
    status = weigh_exchanges(draft);
    if (status == MX_OK) {
        status = mx_list_targets(draft);
    }
    if (status == MX_OK) {
        find_verdict(draft);
    }
    return status;
}

static mx_status
fill_route(mx_draft *draft, mx_usec elapsed)
{
    mx_lookup *lookup = draft->lookup;
    mx_route *route = draft->route;
    mx_reason *warnings =
        mx_arena_alloc(&route->arena, lookup->warning_count + 1, sizeof(*warnings));

    if (mx_verdict_deliverable(lookup->verdict) == MX_UNKNOWN) {
        route->complete = false;
        route->server =
            mx_arena_text(&route->arena, lookup->server, strlen(lookup->server));
    }
    if (warnings == NULL || route->server == NULL) {
        return MX_NOMEM;
    }
    for (size_t i = 0; i < lookup->warning_count; i++) {
        warnings[i] = (mx_reason)lookup->warnings[i];
    }
    route->warnings = warnings;
    route->warning_count = lookup->warning_count;
    route->verdict = lookup->verdict;
    route->reason = lookup->reason;
    route->implicit = lookup->is_implicit;
    route->has_more = lookup->has_more;
    route->cached = lookup->has_answers && lookup->all_cached;
    route->authenticated = lookup->has_answers && lookup->all_authenticated;
    route->ttl = lookup->ttl == UINT32_MAX ||
                         mx_verdict_deliverable(lookup->verdict) == MX_UNKNOWN
                     ? 0
                     : lookup->ttl;
    route->elapsed = elapsed;
    route->exchanges = draft->exchanges;
    route->exchange_count = draft->exchange_count;
    route->targets = draft->targets;
    route->target_count = draft->target_count;
    route->excluded = draft->excluded;
    route->excluded_count = draft->excluded_count;
    return MX_OK;
}

mx_status
mx_lookup_finish(mx_lookup *lookup, mx_usec elapsed, mx_route **out)
{
    mx_draft draft;
    mx_status status = mx_draft_init(&draft, lookup);

    if (status != MX_OK) {
        return status;
    }
    status = lookup->kind == MX_DESTINATION_LITERAL && !lookup->is_concluded
                 ? conclude_literal(&draft)
                 : conclude_domain(&draft);
    if (status == MX_OK) {
        status = fill_route(&draft, elapsed);
    }
    mx_draft_fini(&draft);
    if (status != MX_OK) {
        mx_route_unref(draft.route);
        return status;
    }
    mx_lookup_trace_end(lookup, draft.route);
    *out = draft.route;
    return MX_OK;
}
