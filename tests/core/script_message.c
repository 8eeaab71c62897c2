/* SPDX-License-Identifier: MIT */
/* The language of answers (script.h, ../scenarios/README.rst), word by word. */
#include "message.h"
#include "script.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORD = MX_NAME_TEXT_SIZE, ID = 0x1234, NO_NUMBER = -1 };

typedef struct draft {
    message *reply;
    const mx_question *question;
    const char *text; /* of the whole answer, for complaints */
    char asked[WORD]; /* the name in the reply's question */
    char owner[WORD]; /* of the next record: the end of the chain so far */
    char scratch[WORD];
    int section;
    bool has_ttl, has_no_soa;
    uint32_t ttl;
    unsigned class, flags, rcode;
    long rdlength; /* of the next record, if it is to lie */
    size_t trailing, cut;
} draft;

static void
complain(const draft *d, const char *what)
{
    fprintf(stderr, "script: %s in the answer \"%s\"\n", what, d->text);
    abort();
}

/* The next blank-separated word of `*rest`, "" at its end. */
static const char *
next_word(draft *d, const char **rest, char word[WORD])
{
    *rest += strspn(*rest, " ");
    size_t length = strcspn(*rest, " ");
    if (length >= WORD) {
        complain(d, "a word is too long");
    }
    memcpy(word, *rest, length);
    word[length] = '\0';
    *rest += length;
    return word;
}

static unsigned long
read_number(draft *d, const char **rest)
{
    char word[WORD], *end;
    unsigned long number = strtoul(next_word(d, rest, word), &end, 10);
    if (word[0] == '\0' || *end != '\0') {
        complain(d, "a number is missing");
    }
    return number;
}

/* A name of a record as put_name() takes it: what is below the question's name ends in
 * a pointer there, as in the messages of real servers. */
static const char *
point(draft *d, const char *name)
{
    size_t length = strlen(name), tail = strlen(d->asked);

    if (length < tail || strcmp(name + length - tail, d->asked) != 0 ||
        (length > tail && name[length - tail - 1] != '.')) {
        return name;
    }
    snprintf(d->scratch, WORD, "%.*s@", (int)(length - tail), name);
    return d->scratch;
}

static uint32_t
ttl_of(const draft *d, uint32_t usual)
{
    return d->has_ttl ? d->ttl : usual;
}

/* The section is one that the message has not left behind. */
static size_t
begin(draft *d, const char *owner, uint16_t type, uint32_t ttl)
{
    for (int later = d->section + 2; later <= ADDITIONAL; later += 2) {
        if (get_u16(d->reply, (size_t)later) > 0) {
            complain(d, "a record comes after those of a later section");
        }
    }
    size_t rdata = begin_record(d->reply, d->section, point(d, owner), type, ttl);
    set_u16(d->reply, rdata - 8, d->class);
    return rdata;
}

static void
end(draft *d, size_t rdata)
{
    (void)end_record(d->reply, rdata);
    if (d->rdlength != NO_NUMBER) {
        set_u16(d->reply, rdata - 2, (unsigned)d->rdlength);
        d->rdlength = NO_NUMBER;
    }
}

static void
add_name_record(draft *d, const char *owner, uint16_t type, const char *target)
{
    size_t rdata = begin(d, owner, type, ttl_of(d, 300));
    /* RFC 6672 2.5: not compressed there. */
    put_name(d->reply, type == MX_TYPE_DNAME ? target : point(d, target));
    end(d, rdata);
}

static void
add_exchange(draft *d, const char *owner, const char **rest)
{
    char host[WORD];
    unsigned long preference = read_number(d, rest);
    size_t rdata = begin(d, owner, MX_TYPE_MX, ttl_of(d, 300));

    put_u16(d->reply, (unsigned)preference);
    put_name(d->reply, point(d, next_word(d, rest, host)));
    end(d, rdata);
}

static void
add_address(draft *d, const char *owner, uint16_t type, const char **rest)
{
    char word[WORD];
    uint8_t bytes[16];
    bool is_ipv4 = type == MX_TYPE_A;

    if (inet_pton(is_ipv4 ? AF_INET : AF_INET6, next_word(d, rest, word), bytes) != 1) {
        complain(d, word);
    }
    size_t rdata = begin(d, owner, type, ttl_of(d, 300));
    put_octets(d->reply, bytes, is_ipv4 ? 4 : 16);
    end(d, rdata);
}

static void
add_soa_record(draft *d, const char *owner, uint32_t ttl, uint32_t minimum)
{
    size_t rdata = begin(d, owner, MX_TYPE_SOA, ttl);

    put_name(d->reply, "ns1.test");
    put_name(d->reply, "hostmaster.test");
    for (uint32_t number = 1; number <= 4; number++) {
        put_u32(d->reply, number);
    }
    put_u32(d->reply, minimum);
    end(d, rdata);
}

/* -- one function a word; `rest` is what follows it in its item -- */

static void
say_no_soa(draft *d, const char *rest)
{
    (void)rest;
    d->has_no_soa = true;
}

/* The SOA of the zone that the name is in: its parent. */
static void
say_nodata(draft *d, const char *rest)
{
    const char *dot = strchr(d->owner, '.');
    uint32_t ttl = ttl_of(d, 60);

    (void)rest;
    if (!d->has_no_soa) {
        d->section = AUTHORITY;
        add_soa_record(d, dot == NULL ? d->owner : dot + 1, ttl, ttl);
    }
}

static void
say_nxdomain(draft *d, const char *rest)
{
    d->rcode = 3;
    say_nodata(d, rest);
}

static void
say_rcode(draft *d, const char *rest)
{
    d->rcode = (unsigned)read_number(d, &rest);
}

static void
say_ttl(draft *d, const char *rest)
{
    d->has_ttl = true;
    d->ttl = (uint32_t)read_number(d, &rest);
}

static void
say_owner(draft *d, const char *rest)
{
    (void)next_word(d, &rest, d->owner);
}

static void
say_class(draft *d, const char *rest)
{
    d->class = (unsigned)read_number(d, &rest);
}

static void
say_cname(draft *d, const char *rest)
{
    char target[WORD];

    add_name_record(d, d->owner, MX_TYPE_CNAME, next_word(d, &rest, target));
    memcpy(d->owner, target, sizeof(target));
}

static void
say_both(draft *d, const char *rest)
{
    char target[WORD];

    add_name_record(d, d->owner, MX_TYPE_CNAME, next_word(d, &rest, target));
}

static void
say_answer(draft *d, const char *rest)
{
    (void)rest;
    d->section = ANSWER;
}

static void
say_authority(draft *d, const char *rest)
{
    (void)rest;
    d->section = AUTHORITY;
}

static void
say_additional(draft *d, const char *rest)
{
    (void)rest;
    d->section = ADDITIONAL;
}

static void
say_referral(draft *d, const char *rest)
{
    char zone[WORD];

    d->section = AUTHORITY;
    add_name_record(d, next_word(d, &rest, zone), MX_TYPE_NS, "ns.test");
}

static void
say_a(draft *d, const char *rest)
{
    char owner[WORD];
    add_address(d, next_word(d, &rest, owner), MX_TYPE_A, &rest);
}

static void
say_aaaa(draft *d, const char *rest)
{
    char owner[WORD];
    add_address(d, next_word(d, &rest, owner), MX_TYPE_AAAA, &rest);
}

static void
say_mx(draft *d, const char *rest)
{
    char owner[WORD];
    add_exchange(d, next_word(d, &rest, owner), &rest);
}

static void
say_name_record(draft *d, uint16_t type, const char *rest)
{
    char owner[WORD], target[WORD];
    (void)next_word(d, &rest, owner);
    add_name_record(d, owner, type, next_word(d, &rest, target));
}

static void
say_ns(draft *d, const char *rest)
{
    say_name_record(d, MX_TYPE_NS, rest);
}

static void
say_dname(draft *d, const char *rest)
{
    say_name_record(d, MX_TYPE_DNAME, rest);
}

static void
say_soa(draft *d, const char *rest)
{
    char owner[WORD];
    (void)next_word(d, &rest, owner);
    uint32_t ttl = (uint32_t)read_number(d, &rest);
    add_soa_record(d, owner, ttl, (uint32_t)read_number(d, &rest));
}

static void
say_txt(draft *d, const char *rest)
{
    char owner[WORD];
    size_t rdata = begin(d, next_word(d, &rest, owner), TYPE_TXT, ttl_of(d, 300));
    put_octets(d->reply, "\4text", 5);
    end(d, rdata);
}

/* A signature over records of a type, as far as anybody reads it here. */
static void
say_rrsig(draft *d, const char *rest)
{
    char owner[WORD];
    uint8_t signature[30] = {0};
    (void)next_word(d, &rest, owner);
    size_t rdata = begin(d, owner, MX_TYPE_RRSIG, ttl_of(d, 300));
    signature[1] = (uint8_t)read_number(d, &rest);
    put_octets(d->reply, signature, sizeof(signature));
    end(d, rdata);
}

static void
say_opt(draft *d, const char *rest)
{
    char owner[WORD];
    (void)next_word(d, &rest, owner);
    size_t rdata = begin(d, owner, MX_TYPE_OPT, 0);
    set_u16(d->reply, rdata - 8, MX_EDNS_PAYLOAD);
    end(d, rdata);
}

/* A record of the type asked whose RDATA are these octets. */
static void
say_hex(draft *d, const char *rest)
{
    char digits[WORD];
    size_t rdata = begin(d, d->owner, d->question->type, ttl_of(d, 300));

    (void)next_word(d, &rest, digits);
    for (size_t i = 0; digits[i] != '\0'; i += 2) {
        char pair[3] = {digits[i], digits[i + 1], '\0'}, *rest_of_pair;
        uint8_t octet = (uint8_t)strtoul(pair, &rest_of_pair, 16);
        if (rest_of_pair != pair + 2) {
            complain(d, "HEX wants pairs of digits");
        }
        put_octets(d->reply, &octet, 1);
    }
    end(d, rdata);
}

static void
say_rdlength(draft *d, const char *rest)
{
    d->rdlength = (long)read_number(d, &rest);
}

/* So many exchanges; # in the host is the number of each, from 0. */
static void
say_many(draft *d, const char *rest)
{
    unsigned long count = read_number(d, &rest), preference = read_number(d, &rest);
    char format[WORD], item[2 * WORD];
    const char *mark = strchr(next_word(d, &rest, format), '#');

    if (mark == NULL) {
        complain(d, "MANY wants a # in the host");
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
say_addresses(draft *d, const char *rest)
{
    bool is_ipv4 = d->question->type == MX_TYPE_A;
    unsigned long count = read_number(d, &rest);
    char word[WORD];
    uint8_t bytes[16] = {0}, *last = bytes + (is_ipv4 ? 2 : 14);

    if (inet_pton(is_ipv4 ? AF_INET : AF_INET6, next_word(d, &rest, word), bytes) !=
        1) {
        complain(d, word);
    }
    for (unsigned long i = 0; i < count; i++) {
        size_t rdata = begin(d, d->owner, d->question->type, ttl_of(d, 300));
        put_octets(d->reply, bytes, is_ipv4 ? 4 : 16);
        end(d, rdata);
        last[0] = (uint8_t)(last[0] + (++last[1] == 0));
    }
}

static void
say_count(draft *d, size_t at, const char *rest)
{
    set_u16(d->reply, at, (unsigned)read_number(d, &rest));
}

static void
say_qdcount(draft *d, const char *rest)
{
    say_count(d, 4, rest);
}

static void
say_ancount(draft *d, const char *rest)
{
    say_count(d, ANSWER, rest);
}

static void
say_nscount(draft *d, const char *rest)
{
    say_count(d, AUTHORITY, rest);
}

static void
say_arcount(draft *d, const char *rest)
{
    say_count(d, ADDITIONAL, rest);
}

static void
say_trailing(draft *d, const char *rest)
{
    d->trailing = read_number(d, &rest);
}

/* Short for what any octet too many does. */
static void
say_damaged(draft *d, const char *rest)
{
    (void)rest;
    d->trailing = 1;
}

static void
say_cut(draft *d, const char *rest)
{
    d->cut = read_number(d, &rest);
}

/* The query itself, back. */
static void
say_echo(draft *d, const char *rest)
{
    mx_query_flags flags = {.edns = true};

    (void)rest;
    d->reply->length = mx_question_write(d->question, ID, flags, d->reply->bytes);
    d->flags = RD;
}

/* Octets that are no message, under the right id. */
static void
say_junk(draft *d, const char *rest)
{
    size_t length = read_number(d, &rest);

    memset(d->reply->bytes + 2, 0, length);
    d->reply->length = length;
    d->flags = 0;
}

static void
say_wrong_id(draft *d, const char *rest)
{
    (void)rest;
    set_u16(d->reply, 0, ID + 1);
}

/* The question in the reply; comes before any record. */
static void
say_qname(draft *d, const char *rest)
{
    uint16_t type = get_u16(d->reply, d->reply->length - 4);

    (void)next_word(d, &rest, d->asked);
    begin_reply(d->reply, d->asked, type);
}

static void
say_qtype(draft *d, const char *rest)
{
    set_u16(d->reply, d->reply->length - 4, (unsigned)read_number(d, &rest));
}

static void
say_qclass(draft *d, const char *rest)
{
    set_u16(d->reply, d->reply->length - 2, (unsigned)read_number(d, &rest));
}

static void
say_opcode(draft *d, const char *rest)
{
    d->flags |= (unsigned)read_number(d, &rest) << 11;
}

/* -- words that only set or clear bits of the header -- */

typedef struct flag_word {
    const char *word;
    unsigned set, clear, rcode;
} flag_word;

static const flag_word flag_words[] = {
    {"FORMERR", 0, 0, 1},    {"SERVFAIL", 0, 0, 2}, {"NOTIMP", 0, 0, 4},
    {"REFUSED", 0, 0, 5},    {"BADVERS", 0, 0, 16}, {"BADCOOKIE", 0, 0, 23},
    {"TRUNCATED", TC, 0, 0}, {"AA", AA, 0, 0},      {"AD", AD, 0, 0},
    {"CD", 0x10, 0, 0},      {"Z", 0x40, 0, 0},     {"NORA", 0, RA, 0},
    {"NOQR", 0, QR, 0},
};

typedef struct word {
    const char *word;
    void (*say)(draft *d, const char *rest);
} word;

static const word words[] = {
    {"NODATA", say_nodata},
    {"NXDOMAIN", say_nxdomain},
    {"RCODE", say_rcode},
    {"NOSOA", say_no_soa},
    {"TTL", say_ttl},
    {"OWNER", say_owner},
    {"CLASS", say_class},
    {"CNAME", say_cname},
    {"BOTH", say_both},
    {"ANSWER", say_answer},
    {"AUTHORITY", say_authority},
    {"ADDITIONAL", say_additional},
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
    {"RDLENGTH", say_rdlength},
    {"MANY", say_many},
    {"ADDRESSES", say_addresses},
    {"QDCOUNT", say_qdcount},
    {"ANCOUNT", say_ancount},
    {"NSCOUNT", say_nscount},
    {"ARCOUNT", say_arcount},
    {"TRAILING", say_trailing},
    {"DAMAGED", say_damaged},
    {"CUT", say_cut},
    {"ECHO", say_echo},
    {"JUNK", say_junk},
    {"WRONGID", say_wrong_id},
    {"QNAME", say_qname},
    {"QTYPE", say_qtype},
    {"QCLASS", say_qclass},
    {"OPCODE", say_opcode},
};

static bool
say_flag(draft *d, const char *name)
{
    for (size_t i = 0; i < sizeof(flag_words) / sizeof(flag_words[0]); i++) {
        const flag_word *flag = &flag_words[i];
        if (strcmp(name, flag->word) == 0) {
            d->flags = (d->flags | flag->set) & ~flag->clear;
            d->rcode |= flag->rcode;
            return true;
        }
    }
    return false;
}

static bool
say_word(draft *d, const char *name, const char *rest)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(name, words[i].word) == 0) {
            words[i].say(d, rest);
            return true;
        }
    }
    return false;
}

static void
say_record(draft *d, const char *item)
{
    if (d->question->type == MX_TYPE_MX) {
        add_exchange(d, d->owner, &item);
    }
    else {
        add_address(d, d->owner, d->question->type, &item);
    }
}

static void
say_item(draft *d, const char *item)
{
    char name[WORD];
    const char *rest = item;

    (void)next_word(d, &rest, name);
    if (name[0] != '\0' && !say_flag(d, name) && !say_word(d, name, rest)) {
        say_record(d, item);
    }
}

static void
finish(draft *d)
{
    if (d->rcode > 15) {
        /* The high bits are in the OPT record (RFC 6891 6.1.3). */
        add_opt(d->reply, (uint32_t)(d->rcode >> 4) << 24, "", 0);
    }
    if (d->reply->length >= 4) {
        set_flags(d->reply, d->flags | (d->rcode & 15));
    }
    for (; d->trailing > 0; d->trailing--) {
        put_octets(d->reply, "", 1);
    }
    d->reply->length -= d->cut < d->reply->length ? d->cut : d->reply->length;
}

const uint8_t *
script_message(const mx_question *question, const char *text, size_t *length)
{
    static message reply;
    draft d = {.reply = &reply,
               .question = question,
               .text = text,
               .section = ANSWER,
               .class = MX_CLASS_IN,
               .flags = QR | RD | RA,
               .rdlength = NO_NUMBER};
    char item[WORD];

    mx_name_to_text(&question->name, d.asked);
    memcpy(d.owner, d.asked, sizeof(d.owner));
    begin_reply(&reply, d.asked, question->type);
    while (*text != '\0') {
        size_t size = strcspn(text, ",");
        if (size >= sizeof(item)) {
            complain(&d, "an item is too long");
        }
        memcpy(item, text, size);
        item[size] = '\0';
        say_item(&d, item);
        text += size + (text[size] == ',');
    }
    finish(&d);
    *length = reply.length;
    return reply.bytes;
}
