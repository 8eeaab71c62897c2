/* SPDX-License-Identifier: MIT */
/* The words of the language of answers that add records. */
#include "script_draft.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
add_name_record(script_draft *d, const char *owner, uint16_t type, const char *target)
{
    size_t rdata = script_begin(d, owner, type, script_ttl(d, 300));
    /* RFC 6672 2.5: not compressed there. */
    put_name(d->reply, type == MX_TYPE_DNAME ? target : script_point(d, target));
    script_end(d, rdata);
}

static void
add_exchange(script_draft *d, const char *owner, const char **rest)
{
    char host[SCRIPT_WORD];
    unsigned long preference = script_number(d, rest);
    size_t rdata = script_begin(d, owner, MX_TYPE_MX, script_ttl(d, 300));

    put_u16(d->reply, (unsigned)preference);
    put_name(d->reply, script_point(d, script_word(d, rest, host)));
    script_end(d, rdata);
}

static void
add_address(script_draft *d, const char *owner, uint16_t type, const char **rest)
{
    char word[SCRIPT_WORD];
    uint8_t bytes[16];
    bool is_ipv4 = type == MX_TYPE_A;

    if (inet_pton(is_ipv4 ? AF_INET : AF_INET6, script_word(d, rest, word), bytes) !=
        1) {
        script_complain(d, word);
    }
    size_t rdata = script_begin(d, owner, type, script_ttl(d, 300));
    put_octets(d->reply, bytes, is_ipv4 ? 4 : 16);
    script_end(d, rdata);
}

static void
add_soa_record(script_draft *d, const char *owner, uint32_t ttl, uint32_t minimum)
{
    size_t rdata = script_begin(d, owner, MX_TYPE_SOA, ttl);

    put_name(d->reply, "ns1.test");
    put_name(d->reply, "hostmaster.test");
    for (uint32_t number = 1; number <= 4; number++) {
        put_u32(d->reply, number);
    }
    put_u32(d->reply, minimum);
    script_end(d, rdata);
}

/* -- one function a word; `rest` is what follows it in its item -- */

/* The SOA of the zone that the name is in: its parent. */
static void
say_nodata(script_draft *d, const char *rest)
{
    const char *dot = strchr(d->owner, '.');
    uint32_t ttl = script_ttl(d, 60);

    (void)rest;
    if (!d->has_no_soa) {
        d->section = AUTHORITY;
        add_soa_record(d, dot == NULL ? d->owner : dot + 1, ttl, ttl);
    }
}

static void
say_nxdomain(script_draft *d, const char *rest)
{
    d->rcode = 3;
    say_nodata(d, rest);
}

static void
say_cname(script_draft *d, const char *rest)
{
    char target[SCRIPT_WORD];

    add_name_record(d, d->owner, MX_TYPE_CNAME, script_word(d, &rest, target));
    memcpy(d->owner, target, sizeof(target));
}

static void
say_both(script_draft *d, const char *rest)
{
    char target[SCRIPT_WORD];

    add_name_record(d, d->owner, MX_TYPE_CNAME, script_word(d, &rest, target));
}

static void
say_referral(script_draft *d, const char *rest)
{
    char zone[SCRIPT_WORD];

    d->section = AUTHORITY;
    add_name_record(d, script_word(d, &rest, zone), MX_TYPE_NS, "ns.test");
}

static void
say_a(script_draft *d, const char *rest)
{
    char owner[SCRIPT_WORD];
    add_address(d, script_word(d, &rest, owner), MX_TYPE_A, &rest);
}

static void
say_aaaa(script_draft *d, const char *rest)
{
    char owner[SCRIPT_WORD];
    add_address(d, script_word(d, &rest, owner), MX_TYPE_AAAA, &rest);
}

static void
say_mx(script_draft *d, const char *rest)
{
    char owner[SCRIPT_WORD];
    add_exchange(d, script_word(d, &rest, owner), &rest);
}

static void
say_name_record(script_draft *d, uint16_t type, const char *rest)
{
    char owner[SCRIPT_WORD], target[SCRIPT_WORD];
    (void)script_word(d, &rest, owner);
    add_name_record(d, owner, type, script_word(d, &rest, target));
}

static void
say_ns(script_draft *d, const char *rest)
{
    say_name_record(d, MX_TYPE_NS, rest);
}

static void
say_dname(script_draft *d, const char *rest)
{
    say_name_record(d, MX_TYPE_DNAME, rest);
}

static void
say_soa(script_draft *d, const char *rest)
{
    char owner[SCRIPT_WORD];
    (void)script_word(d, &rest, owner);
    uint32_t ttl = (uint32_t)script_number(d, &rest);
    add_soa_record(d, owner, ttl, (uint32_t)script_number(d, &rest));
}

static void
say_txt(script_draft *d, const char *rest)
{
    char owner[SCRIPT_WORD];
    size_t rdata =
        script_begin(d, script_word(d, &rest, owner), TYPE_TXT, script_ttl(d, 300));
    put_octets(d->reply, "\4text", 5);
    script_end(d, rdata);
}

/* A signature over records of a type, as far as anybody reads it here. */
static void
say_rrsig(script_draft *d, const char *rest)
{
    char owner[SCRIPT_WORD];
    uint8_t signature[30] = {0};
    (void)script_word(d, &rest, owner);
    size_t rdata = script_begin(d, owner, MX_TYPE_RRSIG, script_ttl(d, 300));
    signature[1] = (uint8_t)script_number(d, &rest);
    put_octets(d->reply, signature, sizeof(signature));
    script_end(d, rdata);
}

static void
say_opt(script_draft *d, const char *rest)
{
    char owner[SCRIPT_WORD];
    (void)script_word(d, &rest, owner);
    size_t rdata = script_begin(d, owner, MX_TYPE_OPT, 0);
    set_u16(d->reply, rdata - 8, MX_EDNS_PAYLOAD);
    script_end(d, rdata);
}

/* A record of the type asked whose RDATA are these octets. */
static void
say_hex(script_draft *d, const char *rest)
{
    char digits[SCRIPT_WORD];
    size_t rdata = script_begin(d, d->owner, d->question->type, script_ttl(d, 300));

    (void)script_word(d, &rest, digits);
    for (size_t i = 0; digits[i] != '\0'; i += 2) {
        char pair[3] = {digits[i], digits[i + 1], '\0'}, *rest_of_pair;
        uint8_t octet = (uint8_t)strtoul(pair, &rest_of_pair, 16);
        if (rest_of_pair != pair + 2) {
            script_complain(d, "HEX wants pairs of digits");
        }
        put_octets(d->reply, &octet, 1);
    }
    script_end(d, rdata);
}

/* So many exchanges; # in the host is the number of each, from 0. */
static void
say_many(script_draft *d, const char *rest)
{
    unsigned long count = script_number(d, &rest), preference = script_number(d, &rest);
    char format[SCRIPT_WORD], item[2 * SCRIPT_WORD];
    const char *mark = strchr(script_word(d, &rest, format), '#');

    if (mark == NULL) {
        script_complain(d, "MANY wants a # in the host");
    }
    for (unsigned long i = 0; mark != NULL && i < count; i++) {
        const char *words = item;
        snprintf(item, sizeof(item), "%lu %.*s%lu%s", preference, (int)(mark - format),
                 format, i, mark + 1);
        add_exchange(d, d->owner, &words);
    }
}

/* So many addresses in a row. */
static void
say_addresses(script_draft *d, const char *rest)
{
    bool is_ipv4 = d->question->type == MX_TYPE_A;
    unsigned long count = script_number(d, &rest);
    char word[SCRIPT_WORD];
    uint8_t bytes[16] = {0}, *last = bytes + (is_ipv4 ? 2 : 14);

    if (inet_pton(is_ipv4 ? AF_INET : AF_INET6, script_word(d, &rest, word), bytes) !=
        1) {
        script_complain(d, word);
    }
    for (unsigned long i = 0; i < count; i++) {
        size_t rdata = script_begin(d, d->owner, d->question->type, script_ttl(d, 300));
        put_octets(d->reply, bytes, is_ipv4 ? 4 : 16);
        script_end(d, rdata);
        last[0] = (uint8_t)(last[0] + (++last[1] == 0));
    }
}

void
script_say_asked(script_draft *d, const char *item)
{
    if (d->question->type == MX_TYPE_MX) {
        add_exchange(d, d->owner, &item);
    }
    else {
        add_address(d, d->owner, d->question->type, &item);
    }
}

bool
script_say_record(script_draft *d, const char *word, const char *rest)
{
    static const struct {
        const char *word;
        void (*say)(script_draft *d, const char *rest);
    } words[] = {
        {"NODATA", say_nodata},
        {"NXDOMAIN", say_nxdomain},
        {"CNAME", say_cname},
        {"BOTH", say_both},
        {"REFERRAL", say_referral},
        {"A", say_a},
        {"AAAA", say_aaaa},
        {"MX", say_mx},
        {"NS", say_ns},
        {"DNAME", say_dname},
        {"SOA", say_soa},
        {"TXT", say_txt},
        {"RRSIG", say_rrsig},
        {"OPT", say_opt},
        {"HEX", say_hex},
        {"MANY", say_many},
        {"ADDRESSES", say_addresses},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(word, words[i].word) == 0) {
            words[i].say(d, rest);
            return true;
        }
    }
    return false;
}
