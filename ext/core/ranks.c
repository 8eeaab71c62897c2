/* SPDX-License-Identifier: MIT */
#include "core/lookup_state.h"
#include "core/mem.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int
compare_numbers(uint32_t first, uint32_t second)
{
    return (first > second) - (first < second);
}

/* The order of delivery, as far as it is known before the ranks. */
static int
compare_places(const void *first, const void *second)
{
    const mx_ranked *a = first, *b = second;
    int order = compare_numbers(a->preference, b->preference);

    return order != 0 ? order : compare_numbers(a->index, b->index);
}

static int
compare_hosts(const void *first, const void *second)
{
    const mx_ranked *a = first, *b = second;
    int order = strcmp(a->host, b->host);

    return order != 0 ? order : compare_places(first, second);
}

/* Lists the records of the answer that can be used. */
static mx_status
list_usable(mx_lookup *lookup, const mx_answer *answer)
{
    mx_ranking *ranking = &lookup->ranking;
    size_t cursor = 0;
    uint16_t preference;
    const mx_name *host;

    for (uint32_t i = 0; mx_answer_next_exchange(answer, &cursor, &preference, &host);
         i++) {
        mx_ranked *ranked = &ranking->ranked[ranking->count];
        char text[MX_NAME_TEXT_SIZE];
        if (!mx_exchange_is_usable(lookup, host, preference)) {
            continue;
        }
        ranked->host =
            mx_arena_text(&lookup->arena, text, mx_exchange_text(host, text));
        if (ranked->host == NULL) {
            return MX_NOMEM;
        }
        ranked->preference = preference;
        ranked->index = i;
        ranked->rank = INFINITY;
        ranking->count++;
    }
    return MX_OK;
}

/* Keeps each host once, at its best preference (O5), in order of delivery. */
static void
drop_repeated(mx_ranking *ranking)
{
    mx_ranked *ranked = ranking->ranked;
    size_t kept = 0;

    qsort(ranked, ranking->count, sizeof(*ranked), compare_hosts);
    for (size_t i = 0; i < ranking->count; i++) {
        if (kept == 0 || strcmp(ranked[kept - 1].host, ranked[i].host) != 0) {
            ranked[kept++] = ranked[i];
        }
    }
    ranking->count = kept;
    qsort(ranked, kept, sizeof(*ranked), compare_places);
}

static size_t
end_of_preference(const mx_ranking *ranking, size_t first)
{
    size_t end = first + 1;

    while (end < ranking->count &&
           ranking->ranked[end].preference == ranking->ranked[first].preference) {
        end++;
    }
    return end;
}

/* Keeps those who share their preference, as far as anything of it comes into the route
 * (O7, levels). */
static void
drop_singles(const mx_lookup *lookup, mx_ranking *ranking)
{
    size_t kept = 0, first = 0;
    uint32_t levels = 0;

    while (first < ranking->count && first < lookup->rules->max_exchanges &&
           (lookup->levels == 0 || levels < lookup->levels)) {
        size_t end = end_of_preference(ranking, first);
        if (end - first > 1) {
            memmove(ranking->ranked + kept, ranking->ranked + first,
                    (end - first) * sizeof(*ranking->ranked));
            kept += end - first;
        }
        levels++;
        first = end;
    }
    ranking->count = kept;
}

mx_status
mx_lookup_want_ranks(mx_lookup *lookup, mx_answer *answer)
{
    mx_ranking *ranking = &lookup->ranking;
    mx_status status;

    ranking->ranked =
        mx_arena_alloc(&lookup->arena, answer->count, sizeof(*ranking->ranked));
    if (ranking->ranked == NULL) {
        return MX_NOMEM;
    }
    status = list_usable(lookup, answer);
    if (status != MX_OK) {
        return status;
    }
    drop_repeated(ranking);
    drop_singles(lookup, ranking);
    if (ranking->count > 0) {
        ranking->answer = mx_answer_ref(answer);
        lookup->wants_ranks = true;
    }
    return MX_OK;
}

bool
mx_lookup_wants_ranks(const mx_lookup *lookup)
{
    return lookup->wants_ranks;
}

const char *
mx_lookup_next_unranked(const mx_lookup *lookup)
{
    const mx_ranking *ranking = &lookup->ranking;

    return lookup->wants_ranks && ranking->next < ranking->count
               ? ranking->ranked[ranking->next].host
               : NULL;
}

void
mx_lookup_set_rank(mx_lookup *lookup, double rank)
{
    assert(mx_lookup_next_unranked(lookup) != NULL && !isnan(rank));
    lookup->ranking.ranked[lookup->ranking.next++].rank = rank;
}

/* A record of the answer among all others. */
struct place {
    uint16_t preference;
    bool is_ranked; /* else its rank was not wanted: it decides nothing, and is last */
    double rank;
};

struct ordered {
    const struct place *place;
    size_t at; /* of the key */
};

static int
compare_ranks(const struct place *a, const struct place *b)
{
    int order = compare_numbers(a->preference, b->preference);

    if (order == 0) {
        order = compare_numbers(b->is_ranked, a->is_ranked);
    }
    return order != 0 ? order : (a->rank > b->rank) - (a->rank < b->rank);
}

static int
compare_ordered(const void *first, const void *second)
{
    const struct ordered *a = first, *b = second;

    return compare_ranks(a->place, b->place);
}

/* Numbers the places that differ, best first; `keys` are in published order. */
static void
number_keys(const struct place *places, struct ordered *ordered, mx_order_key *keys,
            size_t count)
{
    uint16_t group = 0;

    for (size_t i = 0; i < count; i++) {
        ordered[i] = (struct ordered){&places[i], i};
    }
    qsort(ordered, count, sizeof(*ordered), compare_ordered);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && compare_ranks(ordered[i - 1].place, ordered[i].place) != 0) {
            group++;
        }
        keys[ordered[i].at].preference = group;
    }
}

/* No message holds more than 65,535 records, so that groups are numbered in 16 bits. */
mx_status
mx_lookup_apply_ranks(const mx_lookup *lookup, mx_order_key *keys, size_t count)
{
    const mx_ranking *ranking = &lookup->ranking;
    struct place *places = mx_calloc(count, sizeof(*places));
    struct ordered *ordered = mx_calloc(count, sizeof(*ordered));
    mx_status status = MX_NOMEM;

    if (places == NULL || ordered == NULL) {
        goto done;
    }
    for (size_t i = 0; i < count; i++) {
        places[i].preference = keys[i].preference;
    }
    for (size_t i = 0; i < ranking->count; i++) {
        places[ranking->ranked[i].index].is_ranked = true;
        places[ranking->ranked[i].index].rank = ranking->ranked[i].rank;
    }
    number_keys(places, ordered, keys, count);
    status = MX_OK;
done:
    mx_free(places);
    mx_free(ordered);
    return status;
}
