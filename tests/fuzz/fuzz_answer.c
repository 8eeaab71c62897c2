/* SPDX-License-Identifier: MIT */
/* fuzz_answer.c - libFuzzer against the reader of answers.
 *
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined -Iext -Itests/core \
 *         tests/fuzz/fuzz_answer.c ext/core/{answer,chain,message,records,wire}.c \
 *         ext/core/{question,name,hash,address,mem}.c -o fuzz_answer
 *     ./fuzz_answer -max_total_time=60 -max_len=600
 *
 * The first octet of an input chooses: with 0x80 the rest is a message; else the rest
 * edits one of the tests' samples, four octets an edit, so that no corpus is needed to
 * get past the header. 0x40 makes an allocation fail.
 *
 * What comes out is held against a plain reader that shares nothing with the real one.
 * It need only be right about sound messages, and may be slow.
 */
#include "core/answer.h"
#include "core/mem.h"
#include "message.h"
#include "samples.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                             \
    do {                                                                               \
        if (!(condition)) {                                                            \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);    \
            abort();                                                                   \
        }                                                                              \
    } while (0)

enum { MAX_RECORDS = 6000 };

/* The octets of a name without its root byte, lower-cased, then zeros. */
typedef struct plain_name {
    size_t length;
    uint8_t octets[256];
} plain_name;

typedef struct plain_record {
    plain_name owner;
    size_t section, rdata, rdlength;
    unsigned type, class;
    uint32_t ttl;
} plain_record;

typedef struct plain_message {
    const message *m;
    unsigned flags, rcode;
    plain_name asked;
    unsigned type;
    size_t count;
    plain_record records[MAX_RECORDS];
    plain_name end; /* of the CNAME chain */
    unsigned aliases;
} plain_message;

/* Returns the octets that the name takes in its place. */
static size_t
read_plain_name(const message *m, size_t at, plain_name *name)
{
    size_t used = 0;
    bool has_jumped = false;
    memset(name, 0, sizeof *name);
    for (;;) {
        REQUIRE(at < m->length);
        unsigned octet = m->bytes[at];
        if (octet >= 0xc0) {
            REQUIRE(at + 1 < m->length);
            size_t target = (octet - 0xc0) * 256u + m->bytes[at + 1];
            REQUIRE(target < at && target >= 12);
            used += has_jumped ? 0 : 2;
            has_jumped = true;
            at = target;
            continue;
        }
        REQUIRE(octet <= 63 && at + octet < m->length);
        used += has_jumped ? 0 : 1 + octet;
        if (octet == 0) {
            return used;
        }
        REQUIRE(name->length + 1 + octet <= 254);
        for (unsigned i = 0; i <= octet; i++) {
            unsigned c = m->bytes[at + i];
            name->octets[name->length++] =
                (uint8_t)(i > 0 && c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c);
        }
        at += 1 + octet;
    }
}

static bool
is_same(const plain_name *a, const plain_name *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static bool
is_name(const plain_name *plain, const mx_name *name)
{
    return name->length == plain->length + 1 && name->wire[plain->length] == 0 &&
           memcmp(name->wire, plain->octets, plain->length) == 0;
}

/* `name` is `zone` or ends in it, at a label. */
static bool
is_inside(const plain_name *name, const plain_name *zone)
{
    size_t at = 0;
    while (name->length - at > zone->length) {
        at += 1u + name->octets[at];
    }
    return name->length - at == zone->length &&
           memcmp(name->octets + at, zone->octets, zone->length) == 0;
}

static bool
is_answer_of(const plain_record *record, const plain_name *owner, unsigned type)
{
    return record->section == ANSWER && record->class == MX_CLASS_IN &&
           record->type == type && is_same(&record->owner, owner);
}

static bool
has_answer_of(const plain_message *p, const plain_name *owner, unsigned type)
{
    for (size_t i = 0; i < p->count; i++) {
        if (is_answer_of(&p->records[i], owner, type)) {
            return true;
        }
    }
    return false;
}

static void
walk_plainly(plain_message *p)
{
    p->end = p->asked;
    p->aliases = 0;
    while (!has_answer_of(p, &p->end, p->type)) {
        size_t i = 0;
        while (i < p->count && !is_answer_of(&p->records[i], &p->end, MX_TYPE_CNAME)) {
            i++;
        }
        if (i == p->count) {
            break;
        }
        read_plain_name(p->m, p->records[i].rdata, &p->end);
        p->aliases++;
        REQUIRE(p->aliases <= MX_MAX_CNAMES);
    }
}

/* Reads a message that the reader found sound. */
static void
read_plainly(const message *m, plain_message *p)
{
    static const size_t sections[] = {ANSWER, AUTHORITY, ADDITIONAL};
    size_t at = 12;
    p->m = m;
    p->count = 0;
    p->flags = get_u16(m, 2);
    p->rcode = p->flags & 15;
    REQUIRE(get_u16(m, 4) == 1);
    at += read_plain_name(m, at, &p->asked);
    p->type = get_u16(m, at);
    REQUIRE(get_u16(m, at + 2) == MX_CLASS_IN);
    at += 4;
    for (size_t s = 0; s < 3; s++) {
        for (unsigned left = get_u16(m, sections[s]); left > 0; left--) {
            plain_record *record = &p->records[p->count++];
            record->section = sections[s];
            at += read_plain_name(m, at, &record->owner);
            REQUIRE(at + 10 <= m->length);
            record->type = get_u16(m, at);
            record->class = get_u16(m, at + 2);
            record->ttl = get_u16(m, at + 4) * 65536u + get_u16(m, at + 6);
            record->rdlength = get_u16(m, at + 8);
            record->rdata = at + 10;
            at = record->rdata + record->rdlength;
            REQUIRE(at <= m->length);
            if (record->type == MX_TYPE_OPT) {
                p->rcode += record->ttl >> 24 << 4;
            }
        }
    }
    REQUIRE(at == m->length);
    walk_plainly(p);
}

/* Every exchange or address is one that the end of the chain has, and TTLs allow it. */
static void
check_records(const plain_message *p, const mx_answer *answer)
{
    size_t cursor = 0, found = 0;
    REQUIRE(p->rcode == 0 && answer->count > 0);
    for (size_t i = 0; i < p->count; i++) {
        const plain_record *record = &p->records[i];
        if (is_answer_of(record, &p->end, p->type)) {
            REQUIRE(answer->ttl <= (record->ttl >> 31 ? 0 : record->ttl));
            found++;
        }
    }
    REQUIRE(answer->count <= found && answer->ttl <= MX_MAX_TTL);
    for (uint32_t n = 0; n < answer->count; n++) {
        uint16_t preference = 0;
        const mx_name *host = NULL;
        mx_address address = {.family = 0};
        bool is_there = false;
        if (p->type == MX_TYPE_MX) {
            REQUIRE(mx_answer_next_exchange(answer, &cursor, &preference, &host));
        }
        else if (p->type == MX_TYPE_A || p->type == MX_TYPE_AAAA) {
            address = mx_answer_address(answer, n);
        }
        else {
            return;
        }
        for (size_t i = 0; i < p->count && !is_there; i++) {
            const plain_record *record = &p->records[i];
            plain_name name;
            if (!is_answer_of(record, &p->end, p->type)) {
                continue;
            }
            if (p->type != MX_TYPE_MX) {
                size_t size = p->type == MX_TYPE_A ? 4 : 16;
                REQUIRE(record->rdlength == size);
                is_there =
                    memcmp(p->m->bytes + record->rdata, address.bytes, size) == 0;
                continue;
            }
            size_t used = read_plain_name(p->m, record->rdata + 2, &name);
            REQUIRE(record->rdlength == 2 + used);
            is_there =
                is_name(&name, host) && get_u16(p->m, record->rdata) == preference;
            /* A null MX is three octets, all of them plain to see. */
            REQUIRE(!is_there || !mx_name_is_root(host) || record->rdlength == 3);
        }
        REQUIRE(is_there);
    }
    REQUIRE(p->type != MX_TYPE_MX || cursor == answer->bytes_used);
}

/* Fault S1, as it is written there. */
static void
check_absence(const plain_message *p, const mx_answer *answer)
{
    bool has_soa = false, has_ns = false;
    for (size_t i = 0; i < p->count; i++) {
        const plain_record *record = &p->records[i];
        if (record->section == ANSWER) {
            REQUIRE(record->class == MX_CLASS_IN && record->type != p->type);
            REQUIRE(record->type == MX_TYPE_CNAME || record->type == MX_TYPE_DNAME ||
                    record->type == MX_TYPE_RRSIG);
        }
        if (record->section == AUTHORITY && record->class == MX_CLASS_IN) {
            has_ns |= record->type == MX_TYPE_NS;
            has_soa |=
                record->type == MX_TYPE_SOA && is_inside(&p->end, &record->owner);
        }
    }
    REQUIRE(p->rcode == 0);
    if (answer->kind == MX_ANSWER_ALIAS) {
        REQUIRE(p->aliases > 0 && !has_soa && answer->ttl <= MX_MAX_TTL);
        return;
    }
    REQUIRE((p->flags & (RA | AA)) != 0);
    REQUIRE(has_soa || !has_ns || (p->flags & AA) != 0);
    REQUIRE(has_soa || (p->aliases == 0 && answer->ttl == 0));
    REQUIRE(answer->ttl <= MX_MAX_NEGATIVE_TTL);
}

/* The records written as a message anew are read as the same records. */
static void
check_round_trip(const mx_answer *answer)
{
    static message m;
    mx_question question = {.type = answer->type};
    mx_name_copy(&question.name, answer->canonical);
    mx_answer *again = NULL;
    size_t cursor = 0;
    begin_reply(&m, "x", answer->type);
    m.length = 12;
    put_octets(&m, question.name.wire, question.name.length);
    put_u16(&m, answer->type);
    put_u16(&m, MX_CLASS_IN);
    for (uint32_t n = 0; n < answer->count; n++) {
        size_t rdata = begin_record(&m, ANSWER, "@", answer->type, answer->ttl);
        if (answer->type == MX_TYPE_MX) {
            uint16_t preference;
            const mx_name *host;
            REQUIRE(mx_answer_next_exchange(answer, &cursor, &preference, &host));
            put_u16(&m, preference);
            put_octets(&m, host->wire, host->length);
        }
        else {
            mx_address address = mx_answer_address(answer, n);
            put_octets(&m, address.bytes, address.family == MX_IPV4 ? 4 : 16);
        }
        end_record(&m, rdata);
    }
    REQUIRE(mx_answer_read(m.bytes, m.length, &question, &again) == MX_OK);
    REQUIRE(again->kind == MX_ANSWER_RECORDS && again->count == answer->count);
    REQUIRE(again->ttl == answer->ttl && again->bytes_used == answer->bytes_used);
    REQUIRE(memcmp(again->records, answer->records, answer->bytes_used) == 0);
    mx_answer_unref(again);
}

static void
check(const message *m, const mx_question *question, const mx_answer *answer)
{
    static plain_message p;
    uint8_t query[MX_QUERY_SIZE];
    uint16_t id = m->length < 2 ? 0 : get_u16(m, 0);
    size_t query_length =
        mx_question_write(question, id, (mx_query_flags){.edns = true}, query);
    bool is_match = mx_reply_matches(query, query_length, m->bytes, m->length);

    REQUIRE(answer->type == question->type && answer->references == 1);
    if (answer->kind == MX_ANSWER_FAILURE) {
        REQUIRE(answer->reason != MX_REASON_NONE && answer->count == 0);
        REQUIRE(answer->ttl == 0 && mx_name_equal(answer->canonical, &question->name));
        return;
    }
    REQUIRE(is_match);
    REQUIRE((answer->kind == MX_ANSWER_TRUNCATED) == ((get_u16(m, 2) & TC) != 0));
    if (answer->kind == MX_ANSWER_TRUNCATED) {
        return;
    }
    read_plainly(m, &p);
    REQUIRE((p.flags & 0xf800) == QR && is_name(&p.asked, &question->name));
    REQUIRE(p.type == question->type && p.rcode == answer->rcode);
    REQUIRE(is_name(&p.end, answer->canonical) && p.aliases == answer->cname_count);
    REQUIRE(answer->authenticated == ((p.flags & AD) != 0));
    switch (answer->kind) {
    case MX_ANSWER_RECORDS:
        check_records(&p, answer);
        if (answer->bytes_used > 0) {
            check_round_trip(answer);
        }
        break;
    case MX_ANSWER_NXDOMAIN:
        REQUIRE(p.rcode == 3 && answer->count == 0);
        REQUIRE(answer->ttl <= MX_MAX_NEGATIVE_TTL);
        break;
    default:
        REQUIRE(answer->count == 0);
        check_absence(&p, answer);
    }
}

/* Not among the samples: one bit, AA, makes a statement of a referral. */
static void
build_referral(message *m)
{
    begin_reply(m, "dom.test", MX_TYPE_MX);
    add_name(m, AUTHORITY, "test", MX_TYPE_NS, 300, "ns1.test");
}

/* Four octets an edit: where (2), how, with what. */
static void
edit(message *m, const uint8_t *edits, size_t size)
{
    for (; size >= 4 && m->length < 60000; edits += 4, size -= 4) {
        size_t at = (edits[0] * 256u + edits[1]) % m->length;
        size_t count = edits[3] < m->length - at ? edits[3] : m->length - at;
        switch (edits[2] % 8) {
        case 0: /* cut */
            m->length = at + 1;
            break;
        case 1: /* insert an octet */
            memmove(m->bytes + at + 1, m->bytes + at, m->length - at);
            m->length++;
            m->bytes[at] = edits[3];
            break;
        case 2: /* repeat a part at the end */
            memmove(m->bytes + m->length, m->bytes + at, count);
            m->length += count;
            break;
        case 3: /* flip bits */
            m->bytes[at] ^= edits[3];
            break;
        case 4: /* count up, as records in a header */
            m->bytes[at]++;
            break;
        default:
            m->bytes[at] = edits[3];
        }
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static message m;
    mx_question question;
    mx_answer *answer = NULL;

    if (size == 0 || size > 4096) {
        return 0;
    }
    if (data[0] & 0x80) {
        m.length = 0;
        put_octets(&m, data + 1, size - 1);
        question = question_in(&m);
    }
    else {
        size_t chosen = data[0] % 0x40 % (SAMPLES + 1);
        if (chosen < SAMPLES) {
            samples[chosen].build(&m);
        }
        else {
            build_referral(&m);
        }
        question = question_in(&m);
        edit(&m, data + 1, size - 1);
    }
    if (data[0] & 0x40) {
        mx_mem_fail(1 + size % 3, 0);
    }
    /* A copy of the exact size, so that an octet read too many is seen. */
    uint8_t *bytes = malloc(m.length + 1);
    REQUIRE(bytes != NULL);
    memcpy(bytes, m.bytes, m.length);
    mx_status status = mx_answer_read(bytes, m.length, &question, &answer);
    mx_mem_fail(0, 0);
    free(bytes);
    REQUIRE(status == MX_OK || (status == MX_NOMEM && (data[0] & 0x40) != 0));
    if (status == MX_OK) {
        check(&m, &question, answer);
        mx_answer_unref(answer);
    }
    return 0;
}
