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
    mx_answer *answer;
    struct candidate *candidates;
    mx_order_key *keys, *scratch;
    size_t count;
};

enum { FEW = 8 };

struct few {
    struct candidate candidates[FEW];
    mx_order_key keys[2 * FEW]; /* and as many for scratch */
};

static void
read_candidate(const struct selection *selection, size_t index, uint16_t *preference,
               const mx_name **host)
{
    size_t cursor = selection->candidates[index].cursor;

    (void)mx_answer_next_exchange(selection->answer, &cursor, preference, host);
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

/* IPv6 text has colons, IPv4 text a number at its end. */
static bool
may_spell_address(const mx_name *host)
{
    return memchr(host->wire, ':', host->length) != NULL ||
           mx_name_has_numeric_top(host);
}

static bool
read_ip_exchange(const mx_name *host, mx_address *ip)
{
    char text[MX_ADDRESS_TEXT_SIZE];
    size_t length = may_spell_address(host) ? spell_address(host, text) : 0;

    return length > 0 && mx_address_from_text(text, length, ip);
}

size_t
mx_exchange_text(const mx_name *host, char *text)
{
    char spelled[MX_ADDRESS_TEXT_SIZE];
    mx_address ip;
    /* Of an IPv4 address nothing is escaped anyway. */
    size_t length = memchr(host->wire, ':', host->length) == NULL
                        ? 0
                        : spell_address(host, spelled);

    if (length == 0 || !mx_address_from_text(spelled, length, &ip)) {
        return mx_name_to_text(host, text);
    }
    memcpy(text, spelled, length);
    text[length] = '\0';
    return length;
}

static mx_status
drop(mx_lookup *lookup, const mx_name *host, uint16_t preference, mx_reason reason)
{
    char text[MX_NAME_TEXT_SIZE];
    size_t length = mx_exchange_text(host, text);
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

mx_reason
mx_exchange_judge(const mx_name *host)
{
    if (!mx_name_is_hostname(host) || mx_name_has_numeric_top(host)) {
        return MX_REASON_BAD_EXCHANGE_NAME;
    }
    /* RFC 6761 localhost and invalid, RFC 6762 local, RFC 7686 onion. */
    return mx_name_has_top(host, "localhost") || mx_name_has_top(host, "invalid") ||
                   mx_name_has_top(host, "local") || mx_name_has_top(host, "onion")
               ? MX_REASON_SPECIAL_USE
               : MX_REASON_NONE;
}

/* Why a published exchange name is never asked, or NONE (rules A6, A7). */
static mx_reason
judge_host(mx_lookup *lookup, mx_exchange *exchange)
{
    const mx_name *host = exchange->host;
    mx_reason reason;

    if (read_ip_exchange(host, &exchange->ip)) {
        mx_lookup_warn(lookup, MX_REASON_IP_EXCHANGE);
        exchange->is_ip = true;
        return lookup->rules->ip_exchange == MX_REJECT ? MX_REASON_IP_EXCHANGE
                                                       : MX_REASON_NONE;
    }
    reason = mx_exchange_judge(host);
    if (reason != MX_REASON_NONE) {
        return reason;
    }
    if (mx_name_label_count(host) == 1) {
        mx_lookup_warn(lookup, MX_REASON_SINGLE_LABEL_EXCHANGE);
    }
    if (mx_name_has_bad_hyphen(host)) {
        mx_lookup_warn(lookup, MX_REASON_BAD_HYPHEN);
    }
    return MX_REASON_NONE;
}

bool
mx_exchange_is_usable(const mx_lookup *lookup, const mx_name *host, uint16_t preference)
{
    mx_address ip;

    if (mx_name_is_root(host) || mx_lookup_is_looped(lookup, preference)) {
        return false;
    }
    return read_ip_exchange(host, &ip) ? lookup->rules->ip_exchange != MX_REJECT
                                       : mx_exchange_judge(host) == MX_REASON_NONE;
}

/* Duplicates are looked for among the exchanges kept, at most max_exchanges: what comes
 * after them is cut anyway, so a huge answer costs no square. */
static bool
is_kept(const mx_lookup *lookup, const mx_name *host)
{
    for (size_t i = 0; i < lookup->exchange_count; i++) {
        if (mx_name_equal(lookup->exchanges[i].host, host)) {
            return true;
        }
    }
    return false;
}

static void
sort_keys(const struct selection *selection)
{
    mx_lookup *lookup = selection->lookup;

    mx_order_keys(selection->keys, selection->count,
                  lookup->rules->shuffle == MX_SHUFFLE_NONE ? NULL : &lookup->rng,
                  selection->scratch);
}

/* The domain means its null MX; the exchanges beside it are named. */
static mx_status
reject_mixed(const struct selection *selection)
{
    mx_lookup *lookup = selection->lookup;
    mx_status status = MX_OK;

    sort_keys(selection);
    for (size_t i = 0; i < selection->count && status == MX_OK; i++) {
        size_t index = selection->keys[i].index;
        if (!selection->candidates[index].is_root) {
            uint16_t preference;
            const mx_name *host;
            read_candidate(selection, index, &preference, &host);
            status = drop(lookup, host, preference, MX_REASON_NULL_MX_MIXED);
        }
    }
    mx_lookup_conclude(lookup, MX_VERDICT_NULL_MX, MX_REASON_NULL_MX_MIXED);
    return status;
}

/* RFC 7505: a lone root exchange says that the domain takes no mail, and concludes the
 * lookup. Before the keys are sorted. */
static mx_status
look_for_null_mx(const struct selection *selection)
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
        return MX_OK;
    }
    if (has_preference) {
        mx_lookup_warn(lookup, MX_REASON_NULL_MX_PREFERENCE);
    }
    if (roots == selection->count) {
        mx_lookup_conclude(lookup, MX_VERDICT_NULL_MX, MX_REASON_NULL_MX);
        return MX_OK;
    }
    mx_lookup_warn(lookup, MX_REASON_NULL_MX_MIXED);
    return lookup->rules->null_mx_mixed == MX_REJECT ? reject_mixed(selection) : MX_OK;
}

/* Before any limit and any switch: what is left out is still us. */
static void
look_for_self(mx_lookup *lookup, const mx_name *host, uint16_t preference)
{
    const mx_self *self = lookup->rules->self;
    mx_address ip;

    if (mx_self_has_name(self, host)) {
        mx_lookup_note_loop(lookup, preference);
    }
    else if (self != NULL && read_ip_exchange(host, &ip) &&
             mx_self_has_address(self, &ip)) {
        mx_lookup_warn(lookup, MX_REASON_IP_EXCHANGE);
        mx_lookup_note_loop(lookup, preference);
    }
}

static mx_status
list_candidates(struct selection *selection)
{
    size_t cursor = 0, before = 0, count = 0;
    uint16_t preference;
    const mx_name *host;

    while (count < selection->answer->count &&
           mx_answer_next_exchange(selection->answer, &cursor, &preference, &host)) {
        selection->candidates[count].cursor = before;
        selection->candidates[count].is_root = mx_name_is_root(host);
        selection->keys[count].preference = preference;
        selection->keys[count].index = (uint32_t)count;
        look_for_self(selection->lookup, host, preference);
        before = cursor;
        count++;
    }
    selection->count = count;
    return count == selection->answer->count ? MX_OK : MX_BUG;
}

/* Why a record leads to no question, or NONE with `exchange` filled in. */
static mx_reason
judge_candidate(struct selection *selection, size_t index, mx_exchange *exchange)
{
    mx_lookup *lookup = selection->lookup;

    read_candidate(selection, index, &exchange->preference, &exchange->host);
    if (selection->candidates[index].is_root) {
        return MX_REASON_NULL_MX_MIXED;
    }
    if (mx_lookup_is_looped(lookup, exchange->preference)) {
        return MX_REASON_LOOP;
    }
    if (is_kept(lookup, exchange->host)) {
        mx_lookup_warn(lookup, MX_REASON_DUPLICATE_EXCHANGE);
        return MX_REASON_DUPLICATE_EXCHANGE;
    }
    if (lookup->exchange_count == lookup->rules->max_exchanges) {
        mx_lookup_warn(lookup, MX_REASON_LIMIT);
        return MX_REASON_LIMIT;
    }
    return judge_host(lookup, exchange);
}

/* Goes through the sorted records, best first, keeping what is to be resolved. */
static mx_status
keep_best(struct selection *selection)
{
    mx_lookup *lookup = selection->lookup;
    uint32_t level = 0;
    uint16_t level_preference = 0;

    for (size_t i = 0; i < selection->count; i++) {
        mx_exchange exchange = {0};
        mx_reason reason =
            judge_candidate(selection, selection->keys[i].index, &exchange);
        if (reason != MX_REASON_NONE) {
            mx_status status = drop(lookup, exchange.host, exchange.preference, reason);
            if (status != MX_OK) {
                return status;
            }
            continue;
        }
        if (level == 0 || exchange.preference != level_preference) {
            if (lookup->levels != 0 && level == lookup->levels) {
                lookup->has_more = true;
                lookup->more_preference = exchange.preference;
                return MX_OK;
            }
            level++;
            level_preference = exchange.preference;
        }
        exchange.group = selection->keys[i].preference;
        lookup->exchanges[lookup->exchange_count++] = exchange;
    }
    return MX_OK;
}

/* O9: the caller's ranks come before the shuffle. They are wanted once. */
static mx_status
order_equals(const struct selection *selection)
{
    mx_lookup *lookup = selection->lookup;

    if (lookup->ranking.answer == NULL) {
        return mx_lookup_want_ranks(lookup, selection->answer);
    }
    return mx_lookup_apply_ranks(lookup, selection->keys, selection->count);
}

/* In `few` what an ordinary answer needs, else in `*many`. */
static mx_status
make_room(struct selection *selection, struct few *few, void **many)
{
    size_t count = selection->answer->count;
    /* cppcheck-suppress ctuuninitvar ; only where it is */
    mx_order_key *keys = few->keys;

    selection->candidates = few->candidates;
    if (count > FEW) {
        size_t size = sizeof(struct candidate) + 2 * sizeof(mx_order_key);
        *many = mx_calloc(count, size);
        if (*many == NULL) {
            return MX_NOMEM;
        }
        selection->candidates = *many;
        keys = (mx_order_key *)(void *)(selection->candidates + count);
    }
    selection->keys = keys;
    selection->scratch = keys + (count > FEW ? count : FEW);
    return MX_OK;
}

mx_status
mx_lookup_select(mx_lookup *lookup, mx_answer *answer)
{
    struct selection selection = {.lookup = lookup, .answer = answer};
    struct few few;
    void *many = NULL;
    size_t kept = answer->count < lookup->rules->max_exchanges
                      ? answer->count
                      : lookup->rules->max_exchanges;
    mx_status status = make_room(&selection, &few, &many);

    if (status != MX_OK) {
        return status;
    }
    if (lookup->exchanges == NULL) { /* not here for the second time, with ranks */
        lookup->exchanges = mx_arena_alloc(&lookup->arena, kept, sizeof(mx_exchange));
        lookup->dropped =
            mx_arena_alloc(&lookup->arena, answer->count, sizeof(mx_dropped));
    }
    if (lookup->exchanges == NULL || lookup->dropped == NULL) {
        status = MX_NOMEM;
        goto done;
    }
    status = list_candidates(&selection);
    if (status == MX_OK) {
        status = look_for_null_mx(&selection);
    }
    if (status == MX_OK && !lookup->is_concluded && lookup->rules->has_ranks) {
        status = order_equals(&selection);
    }
    if (status != MX_OK || lookup->is_concluded || lookup->wants_ranks) {
        goto done;
    }
    sort_keys(&selection);
    status = keep_best(&selection);
done:
    mx_free(many);
    return status;
}
