/* SPDX-License-Identifier: MIT */
#include "core/draft.h"

#include <string.h>

/* What the two address questions of one exchange came to. */
struct findings {
    const char *host;
    size_t count[MX_CHASES]; /* addresses the policy lets through */
    mx_reason refusal;       /* why others were dropped, NONE if none was */
    bool has_alias;
    bool does_not_exist;
    mx_reason unaskable;   /* an alias leads to a name that is never asked: why */
    mx_reason failure;     /* temporary, of the first family that failed */
    uint32_t ttl;          /* of the addresses */
    uint32_t negative_ttl; /* of the proof that there are none */
    const mx_answer *aliased;
};

mx_reason
mx_weigh_address(const mx_lookup *lookup, const mx_address *address)
{
    mx_families families = lookup->rules->families;
    mx_families other =
        address->family == MX_IPV4 ? MX_FAMILIES_IPV6 : MX_FAMILIES_IPV4;

    return families == other ? MX_REASON_FAMILY
                             : mx_address_judge(address, lookup->rules->addresses);
}

static void
weigh_address(mx_draft *draft, const mx_exchange *exchange, struct findings *findings,
              const mx_address *address, int chase)
{
    mx_reason refusal = mx_weigh_address(draft->lookup, address);

    if (refusal != MX_REASON_NONE) {
        mx_draft_exclude(draft, findings->host, exchange->preference, address, refusal);
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
weigh_chase(mx_draft *draft, const mx_exchange *exchange, struct findings *findings,
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
    case MX_ANSWER_ALIAS:
        findings->unaskable = mx_exchange_judge(answer->canonical);
        lower(&findings->negative_ttl, chase->ttl);
        break;
    }
}

/* Merges the families, cuts what is too many, keeps the rest in the route. */
static mx_status
keep_addresses(mx_draft *draft, const mx_exchange *exchange,
               const struct findings *findings, mx_route_exchange *out)
{
    const mx_lookup_rules *rules = draft->lookup->rules;
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
        mx_draft_exclude(draft, out->host, exchange->preference, &draft->merged[i],
                         MX_REASON_LIMIT);
    }
    out->addresses = addresses;
    out->address_count = kept;
    return MX_OK;
}

static bool
asks_one_family(const mx_lookup *lookup)
{
    return lookup->rules->families == MX_FAMILIES_IPV4 ||
           lookup->rules->families == MX_FAMILIES_IPV6;
}

static void
judge_exchange(mx_draft *draft, const struct findings *findings, mx_route_exchange *out)
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
    else if (findings->unaskable != MX_REASON_NONE) {
        out->verdict = MX_VERDICT_NO_ADDRESS;
        out->reason = findings->unaskable;
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

mx_status
mx_weigh_exchange(mx_draft *draft, const mx_exchange *exchange)
{
    mx_lookup *lookup = draft->lookup;
    mx_route_exchange *out = &draft->exchanges[draft->exchange_count];
    struct findings findings = {.ttl = UINT32_MAX, .negative_ttl = UINT32_MAX};
    size_t excluded_before = draft->excluded_count;
    mx_status status;

    out->host = out->canonical = findings.host = mx_draft_host(draft, exchange);
    out->preference = exchange->preference;
    out->group = exchange->group;
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
        if (lookup->rules->cname_exchange == MX_REJECT) {
            /* As a whole, so that nothing is to be said of its addresses. */
            draft->excluded_count = excluded_before;
            mx_draft_exclude(draft, out->host, exchange->preference, NULL,
                             MX_REASON_CNAME_EXCHANGE);
            lower(&findings.ttl, findings.negative_ttl);
            mx_lookup_note_ttl(lookup, findings.ttl);
            return MX_OK;
        }
    }
    if (findings.aliased != NULL) {
        out->canonical = mx_draft_name(draft, findings.aliased->canonical);
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
    mx_lookup_note_ttl(lookup, findings.ttl);
    judge_exchange(draft, &findings, out);
    draft->exchange_count++;
    return MX_OK;
}
