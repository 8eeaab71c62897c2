/* SPDX-License-Identifier: MIT */
#include "core/lookup_state.h"
#include "core/mem.h"

#include <string.h>

/* The route under construction, with room for the most that can come. */
struct draft {
    mx_lookup *lookup;
    mx_route *route;
    mx_route_exchange *exchanges;
    mx_target *targets;
    mx_excluded *excluded;
    mx_address *merged; /* scratch: the addresses of one exchange */
    mx_address *family[MX_CHASES];
    size_t exchange_count, target_count, excluded_count;
    size_t refused_count;             /* exchanges that fell to the address policy */
    const mx_route_exchange *unknown; /* the first that failed for a while only */
};

static const char *
name_text(struct draft *draft, const mx_name *name)
{
    char text[MX_NAME_TEXT_SIZE];
    size_t length = mx_name_to_text(name, text);

    return mx_arena_text(&draft->route->arena, text, length);
}

static void
exclude(struct draft *draft, const char *host, uint16_t preference,
        const mx_address *address, mx_reason reason)
{
    mx_excluded *excluded = &draft->excluded[draft->excluded_count++];

    memset(excluded, 0, sizeof(*excluded));
    excluded->host = host;
    excluded->preference = preference;
    excluded->reason = reason;
    if (address != NULL) {
        excluded->has_address = true;
        excluded->address = *address;
    }
}

static size_t
count_addresses(const mx_exchange *exchange)
{
    size_t count = exchange->is_ip ? 1 : 0;

    for (int c = 0; c < MX_CHASES; c++) {
        const mx_answer *answer = exchange->chases[c].answer;
        if (answer != NULL && answer->kind == MX_ANSWER_RECORDS) {
            count += answer->count;
        }
    }
    return count;
}

static mx_status
make_room(struct draft *draft)
{
    const mx_lookup *lookup = draft->lookup;
    mx_arena *arena = &draft->route->arena;
    size_t total = 0, most = 1;

    for (size_t i = 0; i < lookup->exchange_count; i++) {
        size_t count = count_addresses(&lookup->exchanges[i]);
        total += count;
        most = count > most ? count : most;
    }
    draft->exchanges =
        mx_arena_alloc(arena, lookup->exchange_count + 1, sizeof(*draft->exchanges));
    draft->targets = mx_arena_alloc(arena, total + 1, sizeof(*draft->targets));
    draft->excluded = mx_arena_alloc(
        arena, total + lookup->dropped_count + lookup->exchange_count + 1,
        sizeof(*draft->excluded));
    draft->merged = mx_calloc(3 * most, sizeof(*draft->merged));
    if (draft->exchanges == NULL || draft->targets == NULL || draft->excluded == NULL ||
        draft->merged == NULL) {
        return MX_NOMEM;
    }
    draft->family[MX_CHASE_IPV4] = draft->merged + most;
    draft->family[MX_CHASE_IPV6] = draft->merged + 2 * most;
    return MX_OK;
}

/* What the two address questions of one exchange came to. */
struct findings {
    const char *host;
    size_t count[MX_CHASES]; /* addresses the policy lets through */
    mx_reason refusal;       /* why others were dropped, NONE if none was */
    bool has_alias;
    bool does_not_exist;
    mx_reason failure;     /* temporary, of the first family that failed */
    uint32_t ttl;          /* of the addresses */
    uint32_t negative_ttl; /* of the proof that there are none */
    const mx_answer *aliased;
};

/* Why an address is no target, or NONE. Of a family that is not wanted are only those
 * that were written out, in a literal or as an exchange. */
static mx_reason
judge_address(const mx_lookup *lookup, const mx_address *address)
{
    mx_families families = lookup->rules.families;
    mx_families other =
        address->family == MX_IPV4 ? MX_FAMILIES_IPV6 : MX_FAMILIES_IPV4;

    return families == other ? MX_REASON_FAMILY
                             : mx_address_judge(address, lookup->rules.addresses);
}

static void
weigh_address(struct draft *draft, const mx_exchange *exchange,
              struct findings *findings, const mx_address *address, int chase)
{
    mx_reason refusal = judge_address(draft->lookup, address);

    if (refusal != MX_REASON_NONE) {
        exclude(draft, findings->host, exchange->preference, address, refusal);
        findings->refusal =
            refusal == MX_REASON_FAMILY ? refusal : MX_REASON_ADDRESS_POLICY;
        return;
    }
    draft->family[chase][findings->count[chase]++] = *address;
}

static void
note_failure(struct findings *findings, mx_reason reason)
{
    if (findings->failure == MX_REASON_NONE) {
        findings->failure = reason;
    }
}

static void
lower(uint32_t *ttl, uint32_t other)
{
    if (other < *ttl) {
        *ttl = other;
    }
}

static void
weigh_chase(struct draft *draft, const mx_exchange *exchange, struct findings *findings,
            int c)
{
    const mx_chase *chase = &exchange->chases[c];
    const mx_answer *answer = chase->answer;

    if (!chase->is_asked) {
        return;
    }
    if (answer == NULL) {
        /* Never answered: unknown is not "no". */
        note_failure(findings, MX_REASON_TIMEOUT);
        return;
    }
    if (chase->cname_count > 0) {
        findings->has_alias = true;
        if (!mx_lookup_is_failure(answer)) {
            findings->aliased = answer;
        }
    }
    switch (answer->kind) {
    case MX_ANSWER_RECORDS:
        for (size_t i = 0; i < answer->count; i++) {
            mx_address address = mx_answer_address(answer, i);
            weigh_address(draft, exchange, findings, &address, c);
        }
        lower(&findings->ttl, chase->ttl);
        break;
    case MX_ANSWER_NXDOMAIN:
        findings->does_not_exist = true;
        lower(&findings->negative_ttl, chase->ttl);
        break;
    case MX_ANSWER_NODATA:
        lower(&findings->negative_ttl, chase->ttl);
        break;
    case MX_ANSWER_FAILURE:
    case MX_ANSWER_TRUNCATED:
        note_failure(findings, answer->reason);
        break;
    case MX_ANSWER_ALIAS: /* never kept: followed, or a failure in its place */
        note_failure(findings, MX_REASON_UNRELATED_ANSWER);
        break;
    }
}

/* Merges the families, cuts what is too many, keeps the rest in the route. */
static mx_status
keep_addresses(struct draft *draft, const mx_exchange *exchange,
               const struct findings *findings, mx_route_exchange *out)
{
    const mx_lookup_rules *rules = &draft->lookup->rules;
    size_t count =
        mx_order_families(draft->family[MX_CHASE_IPV4], findings->count[MX_CHASE_IPV4],
                          draft->family[MX_CHASE_IPV6], findings->count[MX_CHASE_IPV6],
                          rules->families, draft->merged);
    size_t kept = count < rules->max_addresses ? count : rules->max_addresses;
    mx_address *addresses;

    addresses = mx_arena_alloc(&draft->route->arena, kept, sizeof(*addresses));
    if (addresses == NULL) {
        return MX_NOMEM;
    }
    memcpy(addresses, draft->merged, kept * sizeof(*addresses));
    for (size_t i = kept; i < count; i++) {
        mx_lookup_warn(draft->lookup, MX_REASON_LIMIT);
        exclude(draft, out->host, exchange->preference, &draft->merged[i],
                MX_REASON_LIMIT);
    }
    out->addresses = addresses;
    out->address_count = kept;
    return MX_OK;
}

static bool
asks_one_family(const mx_lookup *lookup)
{
    return lookup->rules.families == MX_FAMILIES_IPV4 ||
           lookup->rules.families == MX_FAMILIES_IPV6;
}

static void
judge_exchange(struct draft *draft, const struct findings *findings,
               mx_route_exchange *out)
{
    out->reason = findings->failure;
    if (findings->failure != MX_REASON_NONE) {
        draft->route->complete = false;
    }
    if (out->address_count > 0) {
        out->verdict = MX_VERDICT_OK;
    }
    else if (findings->failure != MX_REASON_NONE) {
        out->verdict = mx_verdict_of_failure(findings->failure);
        if (draft->unknown == NULL) {
            draft->unknown = out;
        }
    }
    else if (findings->refusal != MX_REASON_NONE) {
        out->verdict = MX_VERDICT_REFUSED;
        out->reason = findings->refusal;
        draft->refused_count++;
    }
    else if (!findings->does_not_exist && asks_one_family(draft->lookup)) {
        /* What the other family has nobody asked. */
        out->verdict = MX_VERDICT_REFUSED;
        out->reason = MX_REASON_FAMILY;
        draft->refused_count++;
    }
    else {
        out->verdict = MX_VERDICT_NO_ADDRESS;
        out->reason = findings->does_not_exist ? MX_REASON_NXDOMAIN : MX_REASON_NO_DATA;
    }
}

static mx_status
add_exchange(struct draft *draft, const mx_exchange *exchange)
{
    mx_lookup *lookup = draft->lookup;
    mx_route_exchange *out = &draft->exchanges[draft->exchange_count];
    struct findings findings = {.ttl = UINT32_MAX, .negative_ttl = UINT32_MAX};
    mx_status status;

    out->host = out->canonical = findings.host = name_text(draft, &exchange->host);
    out->preference = exchange->preference;
    if (out->host == NULL) {
        return MX_NOMEM;
    }
    if (exchange->is_ip) {
        weigh_address(draft, exchange, &findings, &exchange->ip,
                      exchange->ip.family == MX_IPV4 ? MX_CHASE_IPV4 : MX_CHASE_IPV6);
    }
    for (int c = 0; c < MX_CHASES; c++) {
        weigh_chase(draft, exchange, &findings, c);
    }
    /* RFC 2181 10.3 forbids an alias here; an implicit exchange is no MX record's. */
    if (findings.has_alias && !lookup->is_implicit) {
        mx_lookup_warn(lookup, MX_REASON_CNAME_EXCHANGE);
        if (lookup->rules.cname_exchange == MX_REJECT) {
            exclude(draft, out->host, exchange->preference, NULL,
                    MX_REASON_CNAME_EXCHANGE);
            return MX_OK;
        }
    }
    if (findings.aliased != NULL) {
        out->canonical = name_text(draft, &findings.aliased->canonical);
        if (out->canonical == NULL) {
            return MX_NOMEM;
        }
    }
    status = keep_addresses(draft, exchange, &findings, out);
    if (status != MX_OK) {
        return status;
    }
    if (out->address_count == 0) {
        lower(&findings.ttl, findings.negative_ttl);
    }
    out->ttl = findings.ttl == UINT32_MAX ? 0 : findings.ttl;
    lower(&lookup->ttl, findings.ttl);
    judge_exchange(draft, &findings, out);
    draft->exchange_count++;
    return MX_OK;
}

static bool
is_target(const struct draft *draft, const mx_address *address)
{
    for (size_t i = 0; i < draft->target_count; i++) {
        if (mx_address_equal(&draft->targets[i].address, address)) {
            return true;
        }
    }
    return false;
}

/* Postfix's way: all addresses of a preference level in random order. */
static void
shuffle_level(struct draft *draft, size_t first)
{
    size_t count = draft->target_count - first;

    for (size_t i = count; i > 1; i--) {
        size_t other = mx_rng_below(&draft->lookup->rng, (uint32_t)i);
        mx_target held = draft->targets[first + i - 1];
        draft->targets[first + i - 1] = draft->targets[first + other];
        draft->targets[first + other] = held;
    }
}

/* The flat list: each address once, at its best place (SEMANTICS O6). */
static void
list_targets(struct draft *draft)
{
    size_t first = 0; /* target of the present level */

    for (size_t i = 0; i < draft->exchange_count; i++) {
        const mx_route_exchange *exchange = &draft->exchanges[i];
        for (size_t a = 0; a < exchange->address_count; a++) {
            if (!is_target(draft, &exchange->addresses[a])) {
                mx_target *target = &draft->targets[draft->target_count++];
                target->exchange = (uint32_t)i;
                target->address = exchange->addresses[a];
            }
        }
        if (i + 1 == draft->exchange_count ||
            draft->exchanges[i + 1].preference != exchange->preference) {
            if (draft->lookup->rules.shuffle == MX_SHUFFLE_ADDRESSES) {
                shuffle_level(draft, first);
            }
            first = draft->target_count;
        }
    }
}

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
is_refused_whole(const struct draft *draft)
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
find_verdict(struct draft *draft)
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
conclude_literal(struct draft *draft)
{
    const mx_address *address = &draft->lookup->destination.address;
    mx_reason refusal = judge_address(draft->lookup, address);
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
        exclude(draft, route->domain, 0, address, refusal);
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

static mx_status
conclude_domain(struct draft *draft)
{
    mx_lookup *lookup = draft->lookup;
    mx_route *route = draft->route;

    if (lookup->destination.kind == MX_DESTINATION_DOMAIN) {
        route->domain = name_text(draft, &lookup->destination.name);
        route->canonical = name_text(draft, &lookup->canonical);
        if (route->domain == NULL || route->canonical == NULL) {
            return MX_NOMEM;
        }
    }
    for (size_t i = 0; i < lookup->dropped_count; i++) {
        const mx_dropped *dropped = &lookup->dropped[i];
        const char *host =
            mx_arena_text(&route->arena, dropped->host, strlen(dropped->host));
        if (host == NULL) {
            return MX_NOMEM;
        }
        exclude(draft, host, dropped->preference, NULL, dropped->reason);
    }
    if (lookup->is_concluded) {
        return MX_OK;
    }
    for (size_t i = 0; i < lookup->exchange_count; i++) {
        mx_status status = add_exchange(draft, &lookup->exchanges[i]);
        if (status != MX_OK) {
            return status;
        }
    }
    list_targets(draft);
    find_verdict(draft);
    return MX_OK;
}

static mx_status
fill_route(struct draft *draft, mx_usec elapsed)
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
    memcpy(warnings, lookup->warnings, lookup->warning_count * sizeof(*warnings));
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
    struct draft draft = {.lookup = lookup};
    mx_status status = mx_route_new(&draft.route);

    if (status != MX_OK) {
        return status;
    }
    draft.route->complete = true;
    status = make_room(&draft);
    if (status != MX_OK) {
        goto fail;
    }
    status = lookup->destination.kind == MX_DESTINATION_LITERAL && !lookup->is_concluded
                 ? conclude_literal(&draft)
                 : conclude_domain(&draft);
    if (status != MX_OK) {
        goto fail;
    }
    status = fill_route(&draft, elapsed);
    if (status != MX_OK) {
        goto fail;
    }
    mx_free(draft.merged);
    *out = draft.route;
    return MX_OK;
fail:
    mx_free(draft.merged);
    mx_route_unref(draft.route);
    return status;
}
