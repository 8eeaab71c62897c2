/* SPDX-License-Identifier: MIT */
#include "core/draft.h"
#include "core/mem.h"

#include <stdlib.h>
#include <string.h>

/* Up to here comparing each with each is the fastest, and real routes end before. */
enum { FEW = 24 };

static bool
is_listed(const mx_draft *draft, const mx_address *address)
{
    for (size_t i = 0; i < draft->target_count; i++) {
        if (mx_address_equal(&draft->targets[i].address, address)) {
            return true;
        }
    }
    return false;
}

/* An address of some exchange; equal addresses have the same number. */
struct place {
    mx_address address;
    uint32_t at;   /* in delivery order */
    bool is_again; /* listed at a better place */
};

static int
compare_addresses(const void *first, const void *second)
{
    const struct place *a = first, *b = second;
    int order = memcmp(&a->address, &b->address, sizeof(a->address));

    return order != 0 ? order : (a->at > b->at) - (a->at < b->at);
}

static int
compare_places(const void *first, const void *second)
{
    const struct place *a = first, *b = second;

    return (a->at > b->at) - (a->at < b->at);
}

/* Marks all places of an address but its first. */
static void
mark_repeated(struct place *places, size_t count)
{
    qsort(places, count, sizeof(*places), compare_addresses);
    for (size_t i = 1; i < count; i++) {
        places[i].is_again =
            mx_address_equal(&places[i].address, &places[i - 1].address);
    }
    qsort(places, count, sizeof(*places), compare_places);
}

static struct place *
list_places(const mx_draft *draft, size_t count)
{
    struct place *places = mx_calloc(count, sizeof(*places));
    uint32_t at = 0;

    for (size_t i = 0; places != NULL && i < draft->exchange_count; i++) {
        const mx_route_exchange *exchange = &draft->exchanges[i];
        for (size_t a = 0; a < exchange->address_count; a++, at++) {
            places[at].address = exchange->addresses[a];
            places[at].at = at;
        }
    }
    return places;
}

static void
shuffle(mx_target *targets, size_t count, mx_rng *rng)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = mx_rng_below(rng, (uint32_t)i);
        mx_target held = targets[i - 1];
        targets[i - 1] = targets[other];
        targets[other] = held;
    }
}

/* Puts the targets of `family` before the others, in any order; returns their number. */
static size_t
bring_forward(mx_target *targets, size_t count, mx_family family)
{
    size_t ahead = 0;

    for (size_t i = 0; i < count; i++) {
        if (targets[i].address.family == family) {
            mx_target held = targets[i];
            targets[i] = targets[ahead];
            targets[ahead++] = held;
        }
    }
    return ahead;
}

/* Postfix's way: all addresses of a preference, and a rank, in random order, those of
 * the family that goes first before the others (its smtp_address_preference). */
static void
shuffle_group(mx_draft *draft, size_t first)
{
    mx_target *targets = draft->targets + first;
    size_t count = draft->target_count - first, ahead = 0;
    mx_families families = draft->lookup->rules->families;

    if (families == MX_FAMILIES_IPV4_FIRST) {
        ahead = bring_forward(targets, count, MX_IPV4);
    }
    else if (families == MX_FAMILIES_IPV6_FIRST) {
        ahead = bring_forward(targets, count, MX_IPV6);
    }
    shuffle(targets, ahead, &draft->lookup->rng);
    shuffle(targets + ahead, count - ahead, &draft->lookup->rng);
}

/* `places` NULL: few enough to compare each with each. */
static void
fill_targets(mx_draft *draft, const struct place *places)
{
    size_t first = 0; /* target of the present group */
    size_t at = 0;

    for (size_t i = 0; i < draft->exchange_count; i++) {
        const mx_route_exchange *exchange = &draft->exchanges[i];
        for (size_t a = 0; a < exchange->address_count; a++, at++) {
            const mx_address *address = &exchange->addresses[a];
            if (places == NULL ? !is_listed(draft, address) : !places[at].is_again) {
                mx_target *target = &draft->targets[draft->target_count++];
                target->exchange = (uint32_t)i;
                target->address = *address;
            }
        }
        if (i + 1 == draft->exchange_count ||
            draft->exchanges[i + 1].group != exchange->group) {
            if (draft->lookup->rules->shuffle == MX_SHUFFLE_ADDRESSES) {
                shuffle_group(draft, first);
            }
            first = draft->target_count;
        }
    }
}

mx_status
mx_list_targets(mx_draft *draft)
{
    struct place *places = NULL;
    size_t count = 0;

    for (size_t i = 0; i < draft->exchange_count; i++) {
        count += draft->exchanges[i].address_count;
    }
    if (count > FEW) {
        places = list_places(draft, count);
        if (places == NULL) {
            return MX_NOMEM;
        }
        mark_repeated(places, count);
    }
    fill_targets(draft, places);
    mx_free(places);
    return MX_OK;
}
