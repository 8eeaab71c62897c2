/* SPDX-License-Identifier: MIT */
#include "core/lookup_state.h"

#include <string.h>

enum { FIRST_QUESTIONS = 8 }; /* of three exchanges and the domain */

static mx_status
make_room_for_question(mx_lookup *lookup)
{
    uint32_t room =
        lookup->question_room == 0 ? FIRST_QUESTIONS : 2 * lookup->question_room;
    mx_asked *moved;

    if (lookup->question_count < lookup->question_room) {
        return MX_OK;
    }
    moved = mx_arena_alloc(&lookup->arena, room, sizeof(*moved));
    if (moved == NULL) {
        return MX_NOMEM;
    }
    if (lookup->question_count > 0) {
        memcpy(moved, lookup->questions, lookup->question_count * sizeof(*moved));
    }
    lookup->questions = moved;
    lookup->question_room = room;
    return MX_OK;
}

/* A question over the budget is not opened: `*is_opened` false (rule O7). The name is
 * kept by the lookup, or by an answer that it keeps. */
static mx_status
open_question(mx_lookup *lookup, const mx_name *name, uint16_t type, uint32_t exchange,
              uint8_t chase, bool *is_opened)
{
    uint32_t budget = 2 * lookup->rules->max_exchanges + MX_SPARE_QUESTIONS;

    *is_opened = false;
    if (lookup->question_count == budget) {
        mx_lookup_warn(lookup, MX_REASON_LIMIT);
        return MX_OK;
    }
    if (make_room_for_question(lookup) != MX_OK) {
        return MX_NOMEM;
    }
    lookup->questions[lookup->question_count++] = (mx_asked){
        .name = name,
        .type = type,
        .exchange = exchange,
        .chase = chase,
        .is_open = true,
    };
    lookup->open_count++;
    *is_opened = true;
    return MX_OK;
}

/* The same for the end of an alias, whose answer is not kept. */
static mx_status
open_alias(mx_lookup *lookup, const mx_name *name, uint16_t type, uint32_t exchange,
           uint8_t chase, bool *is_opened)
{
    mx_name *kept = mx_arena_alloc(&lookup->arena, 1, mx_name_size(name));

    if (kept == NULL) {
        return MX_NOMEM;
    }
    mx_name_copy(kept, name);
    return open_question(lookup, kept, type, exchange, chase, is_opened);
}

static bool
wants_family(mx_families families, uint8_t chase)
{
    return chase == MX_CHASE_IPV4 ? families != MX_FAMILIES_IPV6
                                  : families != MX_FAMILIES_IPV4;
}

static mx_status
ask_addresses(mx_lookup *lookup)
{
    static const uint16_t types[MX_CHASES] = {MX_TYPE_A, MX_TYPE_AAAA};

    mx_lookup_trace_exchanges(lookup);
    for (size_t i = 0; i < lookup->exchange_count; i++) {
        mx_exchange *exchange = &lookup->exchanges[i];
        for (uint8_t c = 0; c < MX_CHASES && !exchange->is_ip; c++) {
            bool is_opened;
            mx_status status;
            if (!wants_family(lookup->rules->families, c)) {
                continue;
            }
            /* In budget always: it holds two questions for each exchange. */
            status = open_question(lookup, exchange->host, types[c], (uint32_t)i, c,
                                   &is_opened);
            if (status != MX_OK) {
                return status;
            }
            if (!is_opened) {
                return MX_BUG;
            }
            exchange->chases[c].is_asked = true;
            exchange->chases[c].ttl = UINT32_MAX;
        }
    }
    return MX_OK;
}

/* Names that are never sent to DNS, as destinations or where an alias leads (I7). */
static bool
conclude_special_use(mx_lookup *lookup, const mx_name *name)
{
    if (mx_name_has_top(name, "onion") ||   /* RFC 7686 */
        mx_name_has_top(name, "invalid")) { /* RFC 6761 6.4 */
        mx_lookup_conclude(lookup, MX_VERDICT_NO_DOMAIN, MX_REASON_SPECIAL_USE);
        return true;
    }
    if (mx_name_has_top(name, "localhost") && /* RFC 6761 6.3 */
        lookup->rules->addresses != MX_ADDRESSES_ANY) {
        mx_lookup_conclude(lookup, MX_VERDICT_REFUSED, MX_REASON_SPECIAL_USE);
        return true;
    }
    return false;
}

/* RFC 5321 5.1: without any MX the domain itself is the exchange, at preference 0. */
static mx_status
ask_implicit(mx_lookup *lookup)
{
    if (!lookup->rules->implicit) {
        mx_lookup_conclude(lookup, MX_VERDICT_NO_MAIL, MX_REASON_IMPLICIT_OFF);
        return MX_OK;
    }
    if (conclude_special_use(lookup, lookup->canonical)) {
        return MX_OK;
    }
    if (!mx_name_is_hostname(lookup->canonical)) { /* an alias led there (A7) */
        mx_lookup_conclude(lookup, MX_VERDICT_NO_MAIL, MX_REASON_BAD_EXCHANGE_NAME);
        return MX_OK;
    }
    lookup->exchanges = mx_arena_alloc(&lookup->arena, 1, sizeof(mx_exchange));
    if (lookup->exchanges == NULL) {
        return MX_NOMEM;
    }
    memset(lookup->exchanges, 0, sizeof(mx_exchange));
    lookup->exchanges[0].host = lookup->canonical;
    lookup->exchange_count = 1;
    lookup->is_implicit = true;
    mx_lookup_trace_implicit(lookup);
    if (mx_self_has_name(lookup->rules->self, lookup->canonical)) {
        mx_lookup_note_loop(lookup, 0);
        return MX_OK;
    }
    return ask_addresses(lookup);
}

/* Keeps the first name server that failed us. */
static mx_status
note_server(mx_lookup *lookup, const char *server)
{
    if (lookup->server[0] != '\0' || server[0] == '\0') {
        return MX_OK;
    }
    lookup->server = mx_arena_text(&lookup->arena, server, strlen(server));
    return lookup->server == NULL ? MX_NOMEM : MX_OK;
}

static mx_status
fail(mx_lookup *lookup, mx_reason reason, const char *server)
{
    mx_lookup_conclude(lookup, mx_verdict_of_failure(reason), reason);
    return note_server(lookup, server);
}

static bool
was_mx_asked(const mx_lookup *lookup, const mx_name *name)
{
    for (uint32_t i = 0; i < lookup->question_count; i++) {
        const mx_asked *asked = &lookup->questions[i];
        if (asked->exchange == MX_ASKED_MX && mx_name_equal(asked->name, name)) {
            return true;
        }
    }
    return false;
}

/* The server left the end of a CNAME chain to us: ask there (M7). */
static mx_status
follow_mx_alias(mx_lookup *lookup, const mx_answer *answer, const char *server)
{
    mx_status status;
    bool is_opened;

    if (was_mx_asked(lookup, answer->canonical)) {
        return fail(lookup, MX_REASON_CNAME_LOOP, server);
    }
    if (conclude_special_use(lookup, answer->canonical)) {
        return MX_OK;
    }
    status =
        open_alias(lookup, answer->canonical, MX_TYPE_MX, MX_ASKED_MX, 0, &is_opened);
    if (status != MX_OK || is_opened) {
        return status;
    }
    return fail(lookup, MX_REASON_LIMIT, server);
}

static mx_status
take_exchanges(mx_lookup *lookup, mx_answer *answer)
{
    mx_status status = mx_lookup_select(lookup, answer);

    if (status != MX_OK || lookup->is_concluded || lookup->wants_ranks) {
        return status;
    }
    return ask_addresses(lookup);
}

mx_status
mx_lookup_take_ranks(mx_lookup *lookup)
{
    if (!lookup->wants_ranks) {
        return MX_BUG;
    }
    lookup->wants_ranks = false;
    return take_exchanges(lookup, lookup->ranking.answer);
}

static mx_status
take_mx(mx_lookup *lookup, mx_answer *answer, const mx_answer_source *source)
{
    lookup->mx_cname_count = (uint8_t)(lookup->mx_cname_count + answer->cname_count);
    if (lookup->mx_cname_count > MX_MAX_CNAMES) {
        return fail(lookup, MX_REASON_CNAME_LIMIT, source->server);
    }
    if (!mx_lookup_is_failure(answer)) {
        mx_answer_unref(lookup->mx);
        lookup->mx = mx_answer_ref(answer);
        lookup->canonical = answer->canonical;
        mx_lookup_note_ttl(lookup, source->ttl);
    }
    switch (answer->kind) {
    case MX_ANSWER_RECORDS:
        if (answer->reason != MX_REASON_NONE) {
            mx_lookup_warn(lookup, answer->reason);
        }
        return take_exchanges(lookup, answer);
    case MX_ANSWER_NODATA:
        return ask_implicit(lookup);
    case MX_ANSWER_NXDOMAIN:
        mx_lookup_conclude(lookup, MX_VERDICT_NO_DOMAIN, MX_REASON_NXDOMAIN);
        return MX_OK;
    case MX_ANSWER_ALIAS:
        return follow_mx_alias(lookup, answer, source->server);
    case MX_ANSWER_TRUNCATED:
        return fail(lookup, MX_REASON_TRUNCATED, source->server);
    case MX_ANSWER_FAILURE:
        return fail(lookup, answer->reason, source->server);
    }
    return MX_BUG;
}

static mx_status
fail_chase(const mx_asked *asked, mx_reason failure, mx_chase *chase)
{
    mx_question question = mx_asked_question(asked);

    return mx_answer_failure(&question, failure, &chase->answer);
}

static mx_status
follow_address_alias(mx_lookup *lookup, const mx_asked *asked, mx_chase *chase,
                     mx_answer *answer)
{
    mx_reason failure = MX_REASON_LIMIT;
    bool is_opened = false;
    mx_status status;

    if (mx_exchange_judge(answer->canonical) != MX_REASON_NONE) {
        chase->answer = mx_answer_ref(answer);
        return MX_OK;
    }
    if (mx_name_equal(answer->canonical, asked->name) ||
        mx_name_equal(answer->canonical, lookup->exchanges[asked->exchange].host)) {
        failure = MX_REASON_CNAME_LOOP;
    }
    else {
        status = open_alias(lookup, answer->canonical, asked->type, asked->exchange,
                            asked->chase, &is_opened);
        if (status != MX_OK || is_opened) {
            return status;
        }
    }
    return fail_chase(asked, failure, chase);
}

/* At least one record that the policy lets through. Looked at once: an answer may hold
 * thousands, and is_usable is asked after each. */
static bool
has_address(const mx_lookup *lookup, const mx_answer *answer)
{
    for (size_t i = 0; answer->kind == MX_ANSWER_RECORDS && i < answer->count; i++) {
        mx_address address = mx_answer_address(answer, i);
        if (mx_address_judge(&address, lookup->rules->addresses) == MX_REASON_NONE) {
            return true;
        }
    }
    return false;
}

static mx_status
take_addresses(mx_lookup *lookup, const mx_asked *asked, mx_answer *answer,
               const mx_answer_source *source)
{
    mx_chase *chase = &lookup->exchanges[asked->exchange].chases[asked->chase];

    chase->cname_count = (uint8_t)(chase->cname_count + answer->cname_count);
    if (source->ttl < chase->ttl) {
        chase->ttl = source->ttl;
    }
    if (chase->cname_count > MX_MAX_CNAMES) {
        return fail_chase(asked, MX_REASON_CNAME_LIMIT, chase);
    }
    if (answer->kind == MX_ANSWER_ALIAS) {
        return follow_address_alias(lookup, asked, chase, answer);
    }
    chase->answer = mx_answer_ref(answer);
    chase->has_address = has_address(lookup, answer);
    return mx_lookup_is_failure(answer) ? note_server(lookup, source->server) : MX_OK;
}

mx_status
mx_lookup_ask_domain(mx_lookup *lookup)
{
    const mx_name *name = lookup->destination.name;
    bool is_opened;

    return conclude_special_use(lookup, name)
               ? MX_OK
               : open_question(lookup, name, MX_TYPE_MX, MX_ASKED_MX, 0, &is_opened);
}

mx_status
mx_lookup_follow(mx_lookup *lookup, const mx_asked *asked, mx_answer *answer,
                 const mx_answer_source *source)
{
    return asked->exchange == MX_ASKED_MX
               ? take_mx(lookup, answer, source)
               : take_addresses(lookup, asked, answer, source);
}
