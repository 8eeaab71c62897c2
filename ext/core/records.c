/* SPDX-License-Identifier: MIT */
#include "core/records.h"

#include "core/mem.h"

#include <stdbool.h>
#include <string.h>

enum {
    EXCHANGE_HEADER = 3, /* preference and length */
    VERY_FEW = 5,        /* records compared each with each */
    FEW = 16             /* records told apart without an allocation */
};

/* Name and records stand behind the answer, wherever that is. */
static void
find_parts(mx_answer *answer)
{
    answer->canonical = (const mx_name *)(const void *)(answer + 1);
    answer->records = (uint8_t *)(answer + 1) + answer->name_room;
}

mx_answer *
mx_records_new_answer(const mx_name *name, const mx_name *other, size_t bytes)
{
    size_t room = mx_name_size(name) > mx_name_size(other) ? mx_name_size(name)
                                                           : mx_name_size(other);
    mx_answer *answer = mx_malloc(sizeof *answer + room + bytes);
    if (answer != NULL) {
        memset(answer, 0, sizeof *answer);
        answer->ede = -1;
        answer->references = 1;
        answer->name_room = (uint16_t)room;
        find_parts(answer);
        mx_records_set_canonical(answer, name);
    }
    return answer;
}

void
mx_records_set_canonical(mx_answer *answer, const mx_name *name)
{
    memcpy(answer + 1, name, mx_name_size(name));
}

size_t
mx_records_size(uint16_t type, uint8_t target_length)
{
    switch (type) {
    case MX_TYPE_MX:
        return (size_t)EXCHANGE_HEADER + target_length;
    case MX_TYPE_A:
        return 4;
    case MX_TYPE_AAAA:
        return 16;
    default:
        return 0;
    }
}

static void
add_exchange(mx_answer *answer, mx_wire *rdata)
{
    mx_name host;
    uint16_t preference = mx_wire_u16(rdata);
    mx_wire_name(rdata, &host);
    if (rdata->failed) {
        return;
    }
    uint8_t *at = answer->records + answer->bytes_used;
    at[0] = (uint8_t)(preference >> 8);
    at[1] = (uint8_t)preference;
    at[2] = host.length;
    memcpy(at + EXCHANGE_HEADER, host.wire, host.length);
    answer->bytes_used += (uint32_t)EXCHANGE_HEADER + host.length;
    answer->count++;
}

void
mx_records_add(mx_answer *answer, mx_wire *rdata)
{
    if (answer->type == MX_TYPE_MX) {
        add_exchange(answer, rdata);
        return;
    }
    size_t size = mx_records_size(answer->type, 0);
    const uint8_t *octets = mx_wire_octets(rdata, size);
    if (octets != NULL) {
        memcpy(answer->records + answer->bytes_used, octets, size);
        answer->bytes_used += (uint32_t)size;
        answer->count++;
    }
}

static size_t
size_at(const mx_answer *answer, size_t offset)
{
    uint8_t length = answer->type == MX_TYPE_MX ? answer->records[offset + 2] : 0;
    return mx_records_size(answer->type, length);
}

bool
mx_answer_next_exchange(const mx_answer *answer, size_t *cursor, uint16_t *preference,
                        const mx_name **host)
{
    if (answer->type != MX_TYPE_MX || *cursor >= answer->bytes_used) {
        return false;
    }
    const uint8_t *at = answer->records + *cursor;
    *preference = (uint16_t)(at[0] << 8 | at[1]);
    /* Length and octets stand there as a name has them. */
    *host = (const mx_name *)(const void *)(at + 2);
    *cursor += (size_t)EXCHANGE_HEADER + (*host)->length;
    return true;
}

mx_address
mx_answer_address(const mx_answer *answer, size_t index)
{
    size_t size = mx_records_size(answer->type, 0);
    const uint8_t *octets = answer->records + index * size;
    return size == 4 ? mx_address_ipv4(octets) : mx_address_ipv6(octets);
}

typedef struct places {
    uint32_t *start; /* offset of each record, in published order */
    uint32_t *order; /* places, to be sorted by what is there */
    uint32_t *scratch;
} places;

static int
compare(const mx_answer *answer, uint32_t a, uint32_t b)
{
    size_t size = size_at(answer, a), other = size_at(answer, b);
    if (size != other) {
        return size < other ? -1 : 1;
    }
    return memcmp(answer->records + a, answer->records + b, size);
}

/* Sorts `order`, identical records as published. A merge sort: a hostile server cannot
 * make it slow. */
static void
sort_places(const mx_answer *answer, places *all)
{
    size_t count = answer->count;
    for (size_t width = 1; width < count; width *= 2) {
        const uint32_t *from = all->order;
        uint32_t *to = all->scratch;
        for (size_t at = 0; at < count; at += 2 * width) {
            size_t middle = count - at < width ? count : at + width;
            size_t end = count - at < 2 * width ? count : at + 2 * width;
            size_t left = at, right = middle;
            for (size_t i = at; i < end; i++) {
                bool is_left = left < middle &&
                               (right == end || compare(answer, all->start[from[left]],
                                                        all->start[from[right]]) <= 0);
                to[i] = is_left ? from[left++] : from[right++];
            }
        }
        all->scratch = all->order;
        all->order = to;
    }
}

/* Keeps the first of each run of identical records in the sorted order. */
static void
keep_firsts(mx_answer *answer, const places *all)
{
    const uint32_t dropped = UINT32_MAX;
    size_t count = answer->count;

    for (size_t i = 0; i < count;) {
        uint32_t first = all->start[all->order[i]];
        for (i++; i < count; i++) {
            uint32_t *start = &all->start[all->order[i]];
            if (compare(answer, first, *start) != 0) {
                break;
            }
            *start = dropped;
            answer->count--;
        }
    }
    answer->bytes_used = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t start = all->start[i];
        if (start != dropped) {
            size_t size = size_at(answer, start);
            memmove(answer->records + answer->bytes_used, answer->records + start,
                    size);
            answer->bytes_used += (uint32_t)size;
        }
    }
}

/* Each compared with each, of at most VERY_FEW. */
static bool
has_duplicates(const mx_answer *answer)
{
    uint32_t starts[VERY_FEW];
    uint32_t offset = 0;
    for (uint32_t i = 0; i < answer->count; i++) {
        for (uint32_t other = 0; other < i; other++) {
            if (compare(answer, starts[other], offset) == 0) {
                return true;
            }
        }
        starts[i] = offset;
        offset += (uint32_t)size_at(answer, offset);
    }
    return false;
}

mx_status
mx_records_drop_duplicates(mx_answer **answer)
{
    uint32_t few[3 * FEW];
    uint32_t *room = few;
    size_t count = (*answer)->count;
    size_t bytes = (*answer)->bytes_used;

    if (count < 2 || bytes == 0 || (count <= VERY_FEW && !has_duplicates(*answer))) {
        return MX_OK;
    }
    if (count > FEW) {
        room = mx_calloc(3 * count, sizeof *room);
        if (room == NULL) {
            return MX_NOMEM;
        }
    }
    places all = {room, room + count, room + 2 * count};
    uint32_t offset = 0;
    for (uint32_t i = 0; i < count; i++) {
        all.start[i] = offset;
        all.order[i] = i;
        offset += (uint32_t)size_at(*answer, offset);
    }
    sort_places(*answer, &all);
    keep_firsts(*answer, &all);
    if (room != few) {
        mx_free(room);
    }
    if ((*answer)->bytes_used < bytes) {
        mx_answer *smaller = mx_realloc(
            *answer, 1, sizeof **answer + (*answer)->name_room + (*answer)->bytes_used);
        if (smaller != NULL) { /* else the larger one does as well */
            find_parts(smaller);
            *answer = smaller;
        }
    }
    return MX_OK;
}
