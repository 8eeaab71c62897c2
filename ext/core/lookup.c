/* SPDX-License-Identifier: MIT */
#include "core/lookup.h"

#include "core/lookup_state.h"

#include <stddef.h>
#include <string.h>

void
mx_lookup_rules_init(mx_lookup_rules *rules)
{
    *rules = (mx_lookup_rules){
        .addresses = MX_ADDRESSES_PRIVATE,
        .families = MX_FAMILIES_ANY,
        .shuffle = MX_SHUFFLE_HOSTS,
        .implicit = true,
        .max_exchanges = MX_DEFAULT_EXCHANGES,
        .max_addresses = MX_DEFAULT_ADDRESSES,
    };
}

void
mx_lookup_warn(mx_lookup *lookup, mx_reason warning)
{
    for (size_t i = 0; i < lookup->warning_count; i++) {
        if (lookup->warnings[i] == warning) {
            return;
        }
    }
    lookup->warnings[lookup->warning_count++] = (uint8_t)warning;
}

void
mx_lookup_conclude(mx_lookup *lookup, mx_verdict verdict, mx_reason reason)
{
    lookup->is_concluded = true;
    lookup->verdict = verdict;
    lookup->reason = reason;
}

void
mx_lookup_note_loop(mx_lookup *lookup, uint16_t preference)
{
    if (!lookup->has_loop || preference < lookup->loop_preference) {
        lookup->has_loop = true;
        lookup->loop_preference = preference;
    }
}

void
mx_lookup_note_ttl(mx_lookup *lookup, uint32_t ttl)
{
    if (ttl < lookup->ttl) {
        lookup->ttl = ttl;
    }
}

static void
note_source(mx_lookup *lookup, const mx_answer_source *source)
{
    lookup->has_answers = true;
    lookup->all_cached &= source->cached;
    lookup->all_authenticated &= source->authenticated;
}

mx_status
mx_lookup_answer(mx_lookup *lookup, uint32_t number, mx_answer *answer,
                 const mx_answer_source *source)
{
    mx_asked asked;

    if (number >= lookup->question_count || !lookup->questions[number].is_open) {
        return MX_BUG;
    }
    lookup->questions[number].is_open = false;
    asked = lookup->questions[number]; /* which may move */
    lookup->open_count--;
    note_source(lookup, source);
    mx_lookup_trace_answer(lookup, &asked, answer, source);
    return mx_lookup_follow(lookup, &asked, answer, source);
}

/* What is known without DNS (rules I2, I4, I7). */
static mx_status
start(mx_lookup *lookup)
{
    switch (lookup->kind) {
    case MX_DESTINATION_INVALID:
        mx_lookup_conclude(lookup, MX_VERDICT_INVALID, lookup->destination.invalid);
        return MX_OK;
    case MX_DESTINATION_IDNA:
        mx_lookup_conclude(lookup, MX_VERDICT_INVALID, MX_REASON_BAD_IDNA);
        return MX_OK;
    case MX_DESTINATION_LITERAL:
        return MX_OK;
    case MX_DESTINATION_DOMAIN:
        break;
    }
    lookup->canonical = lookup->destination.name;
    if (mx_name_has_underscore(lookup->destination.name)) {
        mx_lookup_warn(lookup, MX_REASON_UNDERSCORE);
    }
    return mx_lookup_ask_domain(lookup);
}

static mx_status
take_destination(mx_lookup *lookup, const mx_destination *destination)
{
    mx_name *name;

    lookup->kind = destination->kind;
    switch (destination->kind) {
    case MX_DESTINATION_INVALID:
        lookup->destination.invalid = destination->reason;
        break;
    case MX_DESTINATION_IDNA:
        break;
    case MX_DESTINATION_LITERAL:
        lookup->destination.address = destination->address;
        break;
    case MX_DESTINATION_DOMAIN:
        name = mx_arena_alloc(&lookup->arena, 1, mx_name_size(&destination->name));
        if (name == NULL) {
            return MX_NOMEM;
        }
        mx_name_copy(name, &destination->name);
        lookup->destination.name = name;
        break;
    }
    return MX_OK;
}

mx_status
mx_lookup_new(const mx_lookup_rules *rules, const mx_destination *destination,
              uint64_t seed, uint32_t levels, mx_lookup **out)
{
    mx_arena arena;
    mx_lookup *lookup;
    mx_status status;

    mx_arena_init(&arena, MX_BLOCK_LOOKUP);
    lookup = mx_arena_alloc(&arena, 1, sizeof(*lookup));
    if (lookup == NULL) {
        return MX_NOMEM;
    }
    memset(lookup, 0, offsetof(struct mx_lookup, warnings));
    lookup->arena = arena;
    lookup->rules = rules;
    mx_rng_seed(&lookup->rng, seed);
    lookup->levels = levels;
    lookup->server = "";
    lookup->ttl = UINT32_MAX;
    lookup->all_cached = lookup->all_authenticated = true;
    status = take_destination(lookup, destination);
    if (status == MX_OK && rules->trace) {
        status = mx_trace_new(&lookup->trace);
    }
    if (status == MX_OK) {
        status = start(lookup);
    }
    if (status != MX_OK) {
        mx_lookup_free(lookup);
        return status;
    }
    *out = lookup;
    return MX_OK;
}

void
mx_lookup_clear(mx_lookup *lookup)
{
    for (size_t i = 0; i < lookup->exchange_count; i++) {
        for (int c = 0; c < MX_CHASES; c++) {
            mx_answer_unref(lookup->exchanges[i].chases[c].answer);
        }
    }
    lookup->exchange_count = 0;
    mx_answer_unref(lookup->mx);
    mx_answer_unref(lookup->ranking.answer);
    mx_trace_unref(lookup->trace);
    lookup->mx = lookup->ranking.answer = NULL;
    lookup->trace = NULL;
}

void
mx_lookup_free(mx_lookup *lookup)
{
    mx_arena arena;

    if (lookup == NULL) {
        return;
    }
    mx_lookup_clear(lookup);
    arena = lookup->arena;
    mx_arena_fini(&arena);
}

mx_arena *
mx_lookup_arena(mx_lookup *lookup)
{
    return &lookup->arena;
}

bool
mx_lookup_next_question(mx_lookup *lookup, uint32_t *number, mx_question *question)
{
    if (lookup->next == lookup->question_count) {
        return false;
    }
    *number = lookup->next;
    question->type = lookup->questions[lookup->next].type;
    mx_name_copy(&question->name, lookup->questions[lookup->next].name);
    lookup->next++;
    return true;
}

mx_status
mx_lookup_fail_unasked(mx_lookup *lookup, mx_reason reason)
{
    const mx_answer_source source = {.server = "", .at = lookup->now};
    mx_question question;
    uint32_t number;
    mx_status status = lookup->wants_ranks ? mx_lookup_take_ranks(lookup) : MX_OK;

    while (status == MX_OK && mx_lookup_next_question(lookup, &number, &question)) {
        mx_answer *failure;
        status = mx_answer_failure(&question, reason, &failure);
        if (status == MX_OK) {
            status = mx_lookup_answer(lookup, number, failure, &source);
            mx_answer_unref(failure);
        }
    }
    return status;
}

bool
mx_lookup_is_done(const mx_lookup *lookup)
{
    return lookup->open_count == 0 && !lookup->wants_ranks;
}

bool
mx_lookup_is_usable(const mx_lookup *lookup)
{
    if (lookup->exchange_count == 0) {
        return false;
    }
    for (size_t i = 0; i < lookup->exchange_count; i++) {
        const mx_exchange *exchange = &lookup->exchanges[i];
        bool has_open = false, has_addresses = exchange->is_ip;
        for (int c = 0; c < MX_CHASES; c++) {
            const mx_chase *chase = &exchange->chases[c];
            if (chase->is_asked && chase->answer == NULL) {
                has_open = true;
            }
            has_addresses |= chase->has_address;
        }
        if (has_open && !has_addresses) {
            return false;
        }
    }
    return true;
}

void
mx_lookup_cancel(mx_lookup *lookup)
{
    lookup->open_count = 0;
    lookup->wants_ranks = false;
    lookup->next = lookup->question_count;
    mx_lookup_conclude(lookup, MX_VERDICT_CANCELLED, MX_REASON_CANCELLED);
}
