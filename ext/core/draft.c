/* SPDX-License-Identifier: MIT */
#include "core/draft.h"

#include "core/mem.h"

#include <stddef.h>
#include <string.h>

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
make_room(mx_draft *draft)
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
    if (draft->exchanges == NULL || draft->targets == NULL || draft->excluded == NULL) {
        return MX_NOMEM;
    }
    draft->merged = draft->few;
    if (most > MX_DRAFT_FEW) {
        draft->merged = draft->many = mx_calloc(3 * most, sizeof(*draft->many));
        if (draft->many == NULL) {
            return MX_NOMEM;
        }
    }
    draft->family[MX_CHASE_IPV4] = draft->merged + most;
    draft->family[MX_CHASE_IPV6] = draft->merged + 2 * most;
    return MX_OK;
}

mx_status
mx_draft_init(mx_draft *draft, mx_lookup *lookup)
{
    mx_status status;

    memset(draft, 0, offsetof(mx_draft, few));
    draft->lookup = lookup;
    status = mx_route_new(&draft->route);
    if (status != MX_OK) {
        return status;
    }
    draft->route->complete = true;
    status = make_room(draft);
    if (status != MX_OK) {
        mx_draft_fini(draft);
        mx_route_unref(draft->route);
    }
    return status;
}

void
mx_draft_fini(mx_draft *draft)
{
    mx_free(draft->many);
}

const char *
mx_draft_name(mx_draft *draft, const mx_name *name)
{
    char text[MX_NAME_TEXT_SIZE];
    size_t length = mx_name_to_text(name, text);

    return mx_arena_text(&draft->route->arena, text, length);
}

const char *
mx_draft_host(mx_draft *draft, const mx_exchange *exchange)
{
    char text[MX_NAME_TEXT_SIZE];
    size_t length = mx_exchange_text(exchange->host, text);

    return mx_arena_text(&draft->route->arena, text, length);
}

void
mx_draft_exclude(mx_draft *draft, const char *host, uint16_t preference,
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
