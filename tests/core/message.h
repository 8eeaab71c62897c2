/* SPDX-License-Identifier: MIT */
/* message.h - DNS messages for tests, written so that a test reads like a zone.
 *
 *     begin_reply(&m, "dom.test", MX_TYPE_MX);
 *     add_mx(&m, ANSWER, "@", 300, 10, "mx1.@");
 *
 * A name that ends in "@" ends in a pointer to the question's name, any other is
 * written out. Sections must be filled in their order. What a test wants to break it
 * writes with add_raw(), or patches afterwards.
 */
#ifndef TEST_MESSAGE_H
#define TEST_MESSAGE_H

#include "core/name.h"
#include "core/question.h"
#include "core/wire.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Sections, as where the header counts them. */
enum { ANSWER = 6, AUTHORITY = 8, ADDITIONAL = 10 };
/* Bits of the second word of the header. */
enum { QR = 0x8000, AA = 0x400, TC = 0x200, RD = 0x100, RA = 0x80, AD = 0x20 };
enum { TYPE_PTR = 12, TYPE_TXT = 16 };

typedef struct message {
    size_t length;
    uint8_t bytes[65535];
} message;

static inline uint16_t
get_u16(const message *m, size_t at)
{
    return (uint16_t)(m->bytes[at] << 8 | m->bytes[at + 1]);
}

static inline void
set_u16(message *m, size_t at, unsigned value)
{
    m->bytes[at] = (uint8_t)(value >> 8);
    m->bytes[at + 1] = (uint8_t)value;
}

static inline void
put_octets(message *m, const void *octets, size_t length)
{
    assert(m->length + length <= sizeof m->bytes);
    memcpy(m->bytes + m->length, octets, length);
    m->length += length;
}

static inline void
put_u16(message *m, unsigned value)
{
    uint8_t octets[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    put_octets(m, octets, 2);
}

static inline void
put_u32(message *m, uint32_t value)
{
    put_u16(m, value >> 16);
    put_u16(m, value & 0xffff);
}

/* Puts the label that `text` begins with; \\DDD in it is the octet of that number.
 * Returns how much of the text it was. */
static inline size_t
put_label(message *m, const char *text)
{
    size_t at = m->length, used = 0;

    put_octets(m, "", 1);
    while (text[used] != '\0' && text[used] != '.' && text[used] != '@') {
        bool is_escape =
            text[used] == '\\' && strspn(text + used + 1, "0123456789") >= 3;
        uint8_t octet = (uint8_t)text[used];
        if (is_escape) {
            octet = (uint8_t)((text[used + 1] - '0') * 100 +
                              (text[used + 2] - '0') * 10 + (text[used + 3] - '0'));
        }
        put_octets(m, &octet, 1);
        used += is_escape ? 4 : 1;
    }
    m->bytes[at] = (uint8_t)(m->length - at - 1);
    if (used == 0) {
        m->length = at;
    }
    return used;
}

static inline void
put_name(message *m, const char *text)
{
    for (;;) {
        text += put_label(m, text);
        if (*text == '@') {
            put_u16(m, 0xc00c);
            return;
        }
        if (*text == '\0' || text[1] == '\0') {
            put_octets(m, "", 1);
            return;
        }
        text++;
    }
}

/* Makes a reply of a recursive server, rcode 0, with the question only. */
static inline void
begin_reply(message *m, const char *name, uint16_t type)
{
    m->length = 0;
    put_u16(m, 0x1234);
    put_u16(m, QR | RD | RA);
    put_u16(m, 1);
    put_u16(m, 0);
    put_u16(m, 0);
    put_u16(m, 0);
    put_name(m, name);
    put_u16(m, type);
    put_u16(m, MX_CLASS_IN);
}

static inline void
set_flags(message *m, unsigned flags)
{
    set_u16(m, 2, flags);
}

/* Begins a record; what is put next is its RDATA, until end_record(). */
static inline size_t
begin_record(message *m, int section, const char *owner, uint16_t type, uint32_t ttl)
{
    size_t count_at = (size_t)section;
    set_u16(m, count_at, get_u16(m, count_at) + 1u);
    put_name(m, owner);
    put_u16(m, type);
    put_u16(m, MX_CLASS_IN);
    put_u32(m, ttl);
    put_u16(m, 0);
    return m->length;
}

/* Returns where the RDATA begins; RDLENGTH is 2 octets, the TTL 6, the class 8 and the
 * type 10 octets before it. */
static inline size_t
end_record(message *m, size_t rdata)
{
    set_u16(m, rdata - 2, (unsigned)(m->length - rdata));
    return rdata;
}

static inline size_t
add_raw(message *m, int section, const char *owner, uint16_t type, uint32_t ttl,
        const void *rdata, size_t length)
{
    size_t at = begin_record(m, section, owner, type, ttl);
    put_octets(m, rdata, length);
    return end_record(m, at);
}

static inline size_t
add_mx(message *m, int section, const char *owner, uint32_t ttl, unsigned preference,
       const char *host)
{
    size_t at = begin_record(m, section, owner, MX_TYPE_MX, ttl);
    put_u16(m, preference);
    put_name(m, host);
    return end_record(m, at);
}

/* A record whose RDATA is one name. */
static inline size_t
add_name(message *m, int section, const char *owner, uint16_t type, uint32_t ttl,
         const char *target)
{
    size_t at = begin_record(m, section, owner, type, ttl);
    put_name(m, target);
    return end_record(m, at);
}

static inline size_t
add_cname(message *m, int section, const char *owner, uint32_t ttl, const char *target)
{
    return add_name(m, section, owner, MX_TYPE_CNAME, ttl, target);
}

static inline size_t
add_soa(message *m, int section, const char *owner, uint32_t ttl, uint32_t minimum)
{
    size_t at = begin_record(m, section, owner, MX_TYPE_SOA, ttl);
    put_name(m, "ns1.@");
    put_name(m, "hostmaster.@");
    put_u32(m, 2024010101);
    put_u32(m, 7200);
    put_u32(m, 900);
    put_u32(m, 1209600);
    put_u32(m, minimum);
    return end_record(m, at);
}

/* An OPT record; `ttl` holds the high rcode bits and the flags. */
static inline size_t
add_opt(message *m, uint32_t ttl, const void *options, size_t length)
{
    size_t at = add_raw(m, ADDITIONAL, ".", MX_TYPE_OPT, ttl, options, length);
    set_u16(m, at - 8, 1232);
    return at;
}

/* A name of a test, which may be any that has a wire form. */
static inline mx_name
name_of(const char *text)
{
    message *m = &(message){.length = 0};
    mx_name name;
    put_name(m, text);
    bool is_name = mx_name_from_wire(m->bytes, m->length, &name);
    assert(is_name);
    (void)is_name;
    return name;
}

static inline mx_question
question_of(const char *name, uint16_t type)
{
    return (mx_question){.name = name_of(name), .type = type};
}

/* The question that `m` has; of the root if it has none. */
static inline mx_question
question_in(const message *m)
{
    mx_question question = {.type = 0};
    mx_wire wire;
    mx_wire_init(&wire, m->bytes, m->length);
    mx_wire_skip(&wire, MX_WIRE_HEADER);
    mx_wire_name(&wire, &question.name);
    question.type = mx_wire_u16(&wire);
    return question;
}

#endif
