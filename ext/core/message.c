/* SPDX-License-Identifier: MIT */
#include "core/message.h"

#include "core/mem.h"

#include <string.h>

enum {
    FLAG_QR = 0x8000,
    FLAG_OPCODE = 0x7800,
    FLAG_AA = 0x0400,
    FLAG_TC = 0x0200,
    FLAG_RA = 0x0080,
    FLAG_AD = 0x0020,
    FLAG_RCODE = 0x000f,

    POINTER = 0xc000,
    OFFSET = 0x3fff,
    POINTER_TO_QUESTION = POINTER | MX_WIRE_HEADER,
    MIN_RECORD = 11, /* octets: root owner, type, class, TTL, RDLENGTH */
    MAX_MESSAGE = 65535,
    TYPE_PTR = 12,
    OPTION_EDE = 15
};

/* Most records of a message share an owner and write it as the same pointer; it is read
 * once. */
typedef struct last_owner {
    uint16_t pointer;
    uint32_t hash;
} last_owner;

typedef struct edns {
    bool is_present;
    uint8_t high_rcode;
    int32_t ede;
} edns;

uint32_t
mx_message_name_hash(const mx_name *name)
{
    /* FNV-1a. Whoever makes names collide gains nothing: it saves comparisons, and
     * the steps of mx_message_at bound those. */
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < name->length; i++) {
        hash = (hash ^ name->wire[i]) * 16777619u;
    }
    return hash;
}

mx_wire *
mx_message_at(mx_message *message, size_t offset)
{
    message->again.position = offset;
    return &message->again;
}

/* Tells whether the owner is the root, written out. */
static bool
read_owner(mx_wire *wire, last_owner *last, mx_record *record)
{
    mx_wire ahead = *wire;
    uint16_t pointer = mx_wire_u16(&ahead);
    bool is_pointer = pointer >= POINTER;

    record->owner = is_pointer ? pointer & OFFSET : (uint16_t)wire->position;
    if (pointer == last->pointer) {
        mx_wire_skip(wire, 2);
        record->owner_hash = last->hash;
        return false;
    }
    mx_name name;
    mx_wire_name(wire, &name);
    record->owner_hash = mx_message_name_hash(&name);
    if (is_pointer) {
        *last = (last_owner){.pointer = pointer, .hash = record->owner_hash};
    }
    return !is_pointer && mx_name_is_root(&name);
}

/* RFC 6891 6.1.2: the options fill the RDATA exactly. */
static void
read_options(mx_wire *wire, size_t end, edns *out)
{
    while (!wire->failed && wire->position < end) {
        uint16_t code = mx_wire_u16(wire);
        uint16_t length = mx_wire_u16(wire);
        size_t next = wire->position + length;
        if (code == OPTION_EDE && length >= 2 && out->ede < 0) {
            out->ede = mx_wire_u16(wire);
        }
        mx_wire_skip(wire, next - wire->position);
    }
}

/* Walks the RDATA of a record of class IN; whether it was used up exactly is for the
 * caller to see. */
static void
read_rdata(mx_wire *wire, mx_record *record)
{
    size_t octets = record->rdlength;
    mx_name name = {.length = 0};

    switch (record->type) {
    case MX_TYPE_A:
        mx_wire_skip(wire, 4);
        break;
    case MX_TYPE_AAAA:
        mx_wire_skip(wire, 16);
        break;
    case MX_TYPE_MX:
        mx_wire_skip(wire, 2);
        mx_wire_name(wire, &name);
        /* No server compresses the root. A damaged pointer leads there easily, and
         * would then read as a null MX (faults W23, S2). */
        wire->failed |= mx_name_is_root(&name) && octets != 3;
        break;
    case MX_TYPE_CNAME:
    case MX_TYPE_NS:
    case TYPE_PTR:
        mx_wire_name(wire, &name);
        break;
    case MX_TYPE_SOA:
        mx_wire_name(wire, &name);
        mx_wire_name(wire, &name);
        mx_wire_skip(wire, 20);
        break;
    case MX_TYPE_DNAME: { /* never compressed, RFC 6672 2.5 */
        const uint8_t *rdata = mx_wire_octets(wire, octets);
        wire->failed |= rdata == NULL || !mx_name_from_wire(rdata, octets, &name);
        break;
    }
    default: /* opaque, RFC 3597 */
        mx_wire_skip(wire, octets);
    }
    record->target_length = name.length;
}

static void
read_record(mx_wire *wire, last_owner *last, edns *options, mx_record *record)
{
    *record = (mx_record){.type = 0};
    bool is_root = read_owner(wire, last, record);
    record->type = mx_wire_u16(wire);
    record->class = mx_wire_u16(wire);
    record->ttl = mx_wire_u32(wire);
    record->rdlength = mx_wire_u16(wire);
    record->rdata = (uint16_t)wire->position;
    if (wire->failed || record->rdlength > wire->length - wire->position) {
        wire->failed = true;
        return;
    }
    size_t end = wire->position + record->rdlength;
    if (record->type == MX_TYPE_OPT) {
        /* Only one, of the root, and (`options` is NULL) in the additional section. */
        if (options == NULL || options->is_present || !is_root) {
            wire->failed = true;
            return;
        }
        options->is_present = true;
        options->high_rcode = (uint8_t)(record->ttl >> 24);
        read_options(wire, end, options);
    }
    else if (record->class == MX_CLASS_IN) {
        read_rdata(wire, record);
    }
    else {
        mx_wire_skip(wire, record->rdlength);
    }
    if (record->ttl > INT32_MAX) {
        record->ttl = 0;
    }
    wire->failed |= wire->position != end;
}

/* Room for the records of two sections, if the bytes present can hold as many. */
static mx_status
make_room(mx_message *message, size_t announced)
{
    size_t possible = (message->wire.length - message->wire.position) / MIN_RECORD;
    if (announced > possible) {
        message->wire.failed = true;
    }
    else if (announced > MX_MESSAGE_FEW) {
        mx_record *records = mx_calloc(announced, sizeof *records);
        if (records == NULL) {
            return MX_NOMEM;
        }
        message->records = records;
    }
    return MX_OK;
}

static mx_status
read_sections(mx_message *message, size_t answers, size_t authorities,
              size_t additionals)
{
    mx_wire *wire = &message->wire;
    last_owner last = {.pointer = POINTER_TO_QUESTION};
    edns options = {.ede = -1};
    mx_record unused;

    mx_status status = make_room(message, answers + authorities);
    if (status != MX_OK) {
        return status;
    }
    for (size_t i = 0; i < answers + authorities && !wire->failed; i++) {
        read_record(wire, &last, NULL, &message->records[i]);
    }
    for (size_t i = 0; i < additionals && !wire->failed; i++) {
        read_record(wire, &last, &options, &unused);
    }
    if (wire->failed || wire->position != wire->length) {
        message->is_damaged = true;
        return MX_OK;
    }
    message->answer_count = answers;
    message->count = answers + authorities;
    message->rcode = (uint16_t)(options.high_rcode << 4 | message->rcode);
    message->ede = options.ede;
    return MX_OK;
}

/* Whether it is `expected`; most servers return it octet by octet. */
static bool
read_question_name(mx_wire *wire, const mx_name *expected)
{
    size_t left = wire->length - wire->position;
    mx_name name;

    if (!wire->failed && left >= expected->length &&
        memcmp(wire->bytes + wire->position, expected->wire, expected->length) == 0) {
        mx_wire_skip(wire, expected->length);
        return true;
    }
    mx_wire_name(wire, &name);
    return mx_name_equal(&name, expected);
}

mx_status
mx_message_init(mx_message *message, const uint8_t *bytes, size_t length,
                const mx_question *question)
{
    mx_wire *wire = &message->wire;

    memset(message, 0, offsetof(mx_message, few));
    message->ede = -1;
    message->records = message->few;
    mx_wire_init(wire, bytes, length);
    mx_wire_init(&message->again, bytes, length);

    mx_wire_skip(wire, 2); /* the id is the transport's */
    unsigned flags = mx_wire_u16(wire);
    size_t questions = mx_wire_u16(wire);
    size_t answers = mx_wire_u16(wire);
    size_t authorities = mx_wire_u16(wire);
    size_t additionals = mx_wire_u16(wire);
    bool has_name = read_question_name(wire, &question->name);
    uint16_t type = mx_wire_u16(wire);
    uint16_t class = mx_wire_u16(wire);

    bool is_reply = (flags & (FLAG_QR | FLAG_OPCODE)) == FLAG_QR && questions == 1;
    bool is_ours = has_name && type == question->type && class == MX_CLASS_IN;
    if (wire->failed || length > MAX_MESSAGE || !is_reply || !is_ours) {
        message->is_damaged = true;
        return MX_OK;
    }
    message->is_truncated = (flags & FLAG_TC) != 0;
    message->is_authoritative = (flags & FLAG_AA) != 0;
    message->has_recursion = (flags & FLAG_RA) != 0;
    message->is_authenticated = (flags & FLAG_AD) != 0;
    message->rcode = flags & FLAG_RCODE;
    if (message->is_truncated) {
        return MX_OK;
    }
    return read_sections(message, answers, authorities, additionals);
}

void
mx_message_fini(mx_message *message)
{
    if (message->records != message->few) {
        mx_free(message->records);
    }
    message->records = NULL;
}
