/* SPDX-License-Identifier: MIT */
#include "core/lookup_state.h"
#include "core/mem.h"

#include <string.h>

/* One MX record of the answer, by its place there. */
struct candidate {
    size_t cursor; /* for mx_answer_next_exchange */
    bool is_root;
};

struct selection {
    mx_lookup *lookup;
    const mx_answer *answer;
    struct candidate *candidates;
    mx_order_key *keys;
    size_t count;
};

static void
read_candidate(const struct selection *selection, size_t index, uint16_t *preference,
               mx_name *host)
{
    size_t cursor = selection->candidates[index].cursor;

    (void)mx_answer_next_exchange(selection->answer, &cursor, preference, host);
}

static mx_status
drop(mx_lookup *lookup, const mx_name *host, uint16_t preference, mx_reason reason)
{
    char text[MX_NAME_TEXT_SIZE];
    size_t length = mx_name_to_text(host, text);
    mx_dropped *dropped = &lookup->dropped[lookup->dropped_count];

    dropped->host = mx_arena_text(&lookup->arena, text, length);
    if (dropped->host == NULL) {
        return MX_NOMEM;
    }
    dropped->preference = preference;
    dropped->reason = reason;
    lookup->dropped_count++;
    return MX_OK;
}

/* The labels joined by dots, unescaped, if they can spell an IP address at all. */
static size_t
spell_address(const mx_name *name, char text[MX_ADDRESS_TEXT_SIZE])
{
    size_t length = 0;

    for (size_t i = 0; name->wire[i] != 0; i += 1u + name->wire[i]) {
        size_t label = name->wire[i];
        if (length + 1 + label >= MX_ADDRESS_TEXT_SIZE) {
            return 0;
        }
        if (length > 0) {
            text[length++] = '.';
        }
        memcpy(text + length, name->wire + i + 1, label);
        length += label;
    }
    return length;
}

static bool
read_ip_exchange(const mx_name *host, mx_address *ip)
{
    char text[MX_ADDRESS_TEXT_SIZE];
    size_t length = spell_address(host, text);

    return length > 0 && mx_address_from_text(text, length, ip);
}

/* Why a published exchange name is never asked, or NONE (SEMANTICS A6, A7). */
static mx_reason
judge_host(mx_lookup *lookup, const mx_name *host, mx_exchange *exchange)
{
    if (read_ip_exchange(host, &exchange->ip)) {
        if (lookup->rules.ip_exchange == MX_REJECT) {
            return MX_REASON_IP_EXCHANGE;
        }
        exchange->is_ip = true;
        mx_lookup_warn(lookup, MX_REASON_IP_EXCHANGE);
        return MX_REASON_NONE;
    }
    if (!mx_name_is_hostname(host) || mx_name_has_numeric_top(host)) {
        return MX_REASON_BAD_EXCHANGE_NAME;
    }
    /* RFC 6761 localhost and invalid, RFC 6762 local, RFC 7686 onion. */
    if (mx_name_has_top(host, "localhost") || mx_name_has_top(host, "invalid") ||
        mx_name_has_top(host, "local") || mx_name_has_top(host, "onion")) {
        return MX_REASON_SPECIAL_USE;
    }
    if (mx_name_label_count(host) == 1) {
        mx_lookup_warn(lookup, MX_REASON_SINGLE_LABEL_EXCHANGE);
    }
    return MX_REASON_NONE;
}

/* Duplicates are looked for among the exchanges kept, at most max_exchanges: what comes
 * after them is cut anyway, so a huge answer costs no square. */
static bool
is_kept(const mx_lookup *lookup, const mx_name *host)
{
    for (size_t i = 0; i < lookup->exchange_count; i++) {
        if (mx_name_equal(&lookup->exchanges[i].host, host)) {
            return true;
        }
    }
    return false;
}

/* RFC 7505: a lone root exchange says that the domain takes no mail. True when the
 * lookup is concluded by it. */
static bool
conclude_null_mx(const struct selection *selection)
{
    mx_lookup *lookup = selection->lookup;
    size_t roots = 0;
    bool has_preference = false;

    for (size_t i = 0; i < selection->count; i++) {
        if (selection->candidates[i].is_root) {
            roots++;
            has_preference |= selection->keys[i].preference != 0;
        }
    }
    if (roots == 0) {
        return false;
    }
    if (has_preference) {
        mx_lookup_warn(lookup, MX_REASON_NULL_MX_PREFERENCE);
    }
    if (roots == selection->count) {
        mx_lookup_conclude(lookup, MX_VERDICT_NULL_MX, MX_REASON_NULL_MX);
        return true;
    }
    mx_lookup_warn(lookup, MX_REASON_NULL_MX_MIXED);
    if (lookup->rules.null_mx_mixed == MX_REJECT) {
        mx_lookup_conclude(lookup, MX_VERDICT_NULL_MX, MX_REASON_NULL_MX_MIXED);
        return true;
    }
    return false;
}

static mx_status
list_candidates(struct selection *selection)
{
    size_t cursor = 0, before = 0, count = 0;
    uint16_t preference;
    mx_name host;

    while (count < selection->answer->count &&
           mx_answer_next_exchange(selection->answer, &cursor, &preference, &host)) {
        selection->candidates[count].cursor = before;
        selection->candidates[count].is_root = mx_name_is_root(&host);
        selection->keys[count].preference = preference;
        selection->keys[count].index = (uint32_t)count;
        before = cursor;
        count++;
    }
    selection->count = count;
    return count == selection->answer->count ? MX_OK : MX_BUG;
}

/* Goes through the sorted records, best first, keeping what is to be resolved. */
static mx_status
keep_best(struct selection *selection)
{
    mx_lookup *lookup = selection->lookup;
    uint32_t level = 0;
    uint16_t level_preference = 0;

    for (size_t i = 0; i < selection->count; i++) {
        size_t index = selection->keys[i].index;
        mx_exchange exchange = {0};
        uint16_t preference;
        mx_name host;
        mx_reason reason;

        read_candidate(selection, index, &preference, &host);
        if (selection->candidates[index].is_root) {
            reason = MX_REASON_NULL_MX_MIXED;
        }
        else if (is_kept(lookup, &host)) {
            mx_lookup_warn(lookup, MX_REASON_DUPLICATE_EXCHANGE);
            reason = MX_REASON_DUPLICATE_EXCHANGE;
        }
        else if (lookup->exchange_count == lookup->rules.max_exchanges) {
            mx_lookup_warn(lookup, MX_REASON_LIMIT);
            reason = MX_REASON_LIMIT;
        }
        else {
            reason = judge_host(lookup, &host, &exchange);
        }
        if (reason != MX_REASON_NONE) {
            mx_status status = drop(lookup, &host, preference, reason);
            if (status != MX_OK) {
                return status;
            }
            continue;
        }
        if (level == 0 || preference != level_preference) {
            if (lookup->levels != 0 && level == lookup->levels) {
                lookup->has_more = true;
                return MX_OK;
            }
            level++;
            level_preference = preference;
        }
        exchange.host = host;
        exchange.preference = preference;
        lookup->exchanges[lookup->exchange_count++] = exchange;
    }
    return MX_OK;
}

mx_status
mx_lookup_select(mx_lookup *lookup, const mx_answer *answer)
{
    struct selection selection = {.lookup = lookup, .answer = answer};
    mx_order_key *scratch = NULL;
    size_t kept = answer->count < lookup->rules.max_exchanges
                      ? answer->count
                      : lookup->rules.max_exchanges;
    mx_status status = MX_NOMEM;

    selection.candidates = mx_calloc(answer->count, sizeof(*selection.candidates));
    selection.keys = mx_calloc(answer->count, sizeof(*selection.keys));
    scratch = mx_calloc(answer->count, sizeof(*scratch));
    lookup->exchanges = mx_arena_alloc(&lookup->arena, kept, sizeof(mx_exchange));
    lookup->dropped = mx_arena_alloc(&lookup->arena, answer->count, sizeof(mx_dropped));
    if (selection.candidates == NULL || selection.keys == NULL || scratch == NULL ||
        lookup->exchanges == NULL || lookup->dropped == NULL) {
        goto done;
    }
    status = list_candidates(&selection);
    if (status != MX_OK || conclude_null_mx(&selection)) {
        goto done;
    }
    mx_order_keys(selection.keys, selection.count,
                  lookup->rules.shuffle == MX_SHUFFLE_NONE ? NULL : &lookup->rng,
                  scratch);
    status = keep_best(&selection);
done:
    mx_free(selection.candidates);
    mx_free(selection.keys);
    mx_free(scratch);
    return status;
}
