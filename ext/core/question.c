/* SPDX-License-Identifier: MIT */
#include "core/question.h"

#include "core/wire.h"

#include <stdio.h>
#include <string.h>

enum { FLAGS_RD = 0x0100, FLAGS_AD = 0x0020, OPT_DO = 0x8000 };
enum {
    ID_SIZE = 2,
    /* Positions in a header; AR_COUNT of the lower octet. */
    FLAGS = 2,
    QD_COUNT = 4,
    AR_COUNT = 11,
    TYPE_AND_CLASS = 4,
    OPT_SIZE = 11,
    SHORTEST_QUESTION = 1 + TYPE_AND_CLASS /* of the root */
};

bool
mx_question_equal(const mx_question *a, const mx_question *b)
{
    return a->type == b->type && mx_name_equal(&a->name, &b->name);
}

uint64_t
mx_question_hash(const mx_question *question, const mx_hash_key *key)
{
    mx_hash_key of_type = {key->k0, key->k1 ^ question->type};
    return mx_hash(&of_type, question->name.wire, question->name.length);
}

const char *
mx_type_text(uint16_t type)
{
    /* Only for messages about types the core never asks; valid until the next call. */
    static _Thread_local char other[sizeof "TYPE65535"];

    switch (type) {
    case MX_TYPE_A:
        return "A";
    case MX_TYPE_NS:
        return "NS";
    case MX_TYPE_CNAME:
        return "CNAME";
    case MX_TYPE_SOA:
        return "SOA";
    case MX_TYPE_MX:
        return "MX";
    case MX_TYPE_AAAA:
        return "AAAA";
    case MX_TYPE_DNAME:
        return "DNAME";
    case MX_TYPE_OPT:
        return "OPT";
    case MX_TYPE_RRSIG:
        return "RRSIG";
    default:
        snprintf(other, sizeof other, "TYPE%u", (unsigned)type); /* RFC 3597 5 */
        return other;
    }
}

static uint8_t *
write_u16(uint8_t *out, unsigned value)
{
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
    return out + 2;
}

size_t
mx_question_size(const mx_question *question)
{
    return MX_WIRE_HEADER + question->name.length + TYPE_AND_CLASS + OPT_SIZE;
}

size_t
mx_question_write(const mx_question *question, uint16_t id, mx_query_flags flags,
                  uint8_t *out)
{
    uint8_t *at = out;
    at = write_u16(at, id);
    at = write_u16(at, FLAGS_RD | (flags.dnssec ? FLAGS_AD : 0u));
    at = write_u16(at, 1); /* QDCOUNT */
    at = write_u16(at, 0);
    at = write_u16(at, 0);
    at = write_u16(at, flags.edns ? 1 : 0); /* ARCOUNT */
    memcpy(at, question->name.wire, question->name.length);
    at += question->name.length;
    at = write_u16(at, question->type);
    at = write_u16(at, MX_CLASS_IN);
    if (flags.edns) {
        *at++ = 0; /* owner: the root */
        at = write_u16(at, MX_TYPE_OPT);
        at = write_u16(at, MX_EDNS_PAYLOAD);
        at = write_u16(at, 0); /* extended rcode and version */
        at = write_u16(at, flags.dnssec ? OPT_DO : 0u);
        at = write_u16(at, 0); /* no options */
    }
    return (size_t)(at - out);
}

/* Where the question of a message by mx_question_write ends; 0 when it is cut off. */
static size_t
question_end(const uint8_t *query, size_t length)
{
    size_t opt = query[AR_COUNT] != 0 ? OPT_SIZE : 0;
    size_t end = length - opt;

    if (length < MX_WIRE_HEADER + SHORTEST_QUESTION + opt ||
        query[end - SHORTEST_QUESTION] != 0 || query[end - 2] != 0 ||
        query[end - 1] != MX_CLASS_IN) {
        return 0;
    }
    return end;
}

/* Most servers repeat the question byte by byte. Where that is not so it may still be
 * ours, with letters of the other case. */
static bool
has_same_bytes(const uint8_t *query, size_t query_length, const uint8_t *reply,
               size_t reply_length)
{
    size_t end = question_end(query, query_length);

    return end != 0 && reply_length >= end &&
           memcmp(query + MX_WIRE_HEADER, reply + MX_WIRE_HEADER,
                  end - MX_WIRE_HEADER) == 0;
}

static bool
has_same_question(const uint8_t *query, size_t query_length, const uint8_t *reply,
                  size_t reply_length)
{
    mx_wire asked, replied;
    mx_name asked_name, replied_name;

    mx_wire_init(&asked, query, query_length);
    mx_wire_init(&replied, reply, reply_length);
    mx_wire_skip(&asked, MX_WIRE_HEADER);
    mx_wire_skip(&replied, MX_WIRE_HEADER);
    mx_wire_name(&asked, &asked_name);
    mx_wire_name(&replied, &replied_name);
    if (asked.failed || replied.failed || !mx_name_equal(&asked_name, &replied_name)) {
        return false;
    }
    bool has_type = mx_wire_u16(&asked) == mx_wire_u16(&replied);
    bool has_class = mx_wire_u16(&asked) == mx_wire_u16(&replied);
    return has_type && has_class && !asked.failed && !replied.failed;
}

bool
mx_reply_asks(const uint8_t *query, size_t query_length, const uint8_t *reply,
              size_t reply_length)
{
    if (query_length < MX_WIRE_HEADER || reply_length < MX_WIRE_HEADER) {
        return false;
    }
    bool is_reply = (reply[FLAGS] & 0xf8u) == 0x80u; /* QR=1, opcode 0 */
    bool has_one = reply[QD_COUNT] == 0 && reply[QD_COUNT + 1] == 1;
    return is_reply && has_one &&
           (has_same_bytes(query, query_length, reply, reply_length) ||
            has_same_question(query, query_length, reply, reply_length));
}

bool
mx_reply_matches(const uint8_t *query, size_t query_length, const uint8_t *reply,
                 size_t reply_length)
{
    return query_length >= ID_SIZE && reply_length >= ID_SIZE &&
           memcmp(query, reply, ID_SIZE) == 0 &&
           mx_reply_asks(query, query_length, reply, reply_length);
}
