/* SPDX-License-Identifier: MIT */
/* The language of answers (../scenarios/README.rst), word by word. */
#include "script.h"
#include "script_draft.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { ID = 0x1234 };

/* -- one function a word; `rest` is what follows it in its item -- */

static void
say_no_soa(script_draft *d, const char *rest)
{
    (void)rest;
    d->has_no_soa = true;
}

static void
say_rcode(script_draft *d, const char *rest)
{
    d->rcode = (unsigned)script_number(d, &rest);
}

static void
say_ttl(script_draft *d, const char *rest)
{
    d->has_ttl = true;
    d->ttl = (uint32_t)script_number(d, &rest);
}

static void
say_owner(script_draft *d, const char *rest)
{
    (void)script_word(d, &rest, d->owner);
}

static void
say_class(script_draft *d, const char *rest)
{
    d->class = (unsigned)script_number(d, &rest);
}

static void
say_answer(script_draft *d, const char *rest)
{
    (void)rest;
    d->section = ANSWER;
}

static void
say_authority(script_draft *d, const char *rest)
{
    (void)rest;
    d->section = AUTHORITY;
}

static void
say_additional(script_draft *d, const char *rest)
{
    (void)rest;
    d->section = ADDITIONAL;
}

static void
say_rdlength(script_draft *d, const char *rest)
{
    d->rdlength = (long)script_number(d, &rest);
}

static void
say_count(script_draft *d, size_t at, const char *rest)
{
    set_u16(d->reply, at, (unsigned)script_number(d, &rest));
}

static void
say_qdcount(script_draft *d, const char *rest)
{
    say_count(d, 4, rest);
}

static void
say_ancount(script_draft *d, const char *rest)
{
    say_count(d, ANSWER, rest);
}

static void
say_nscount(script_draft *d, const char *rest)
{
    say_count(d, AUTHORITY, rest);
}

static void
say_arcount(script_draft *d, const char *rest)
{
    say_count(d, ADDITIONAL, rest);
}

static void
say_trailing(script_draft *d, const char *rest)
{
    d->trailing = script_number(d, &rest);
}

/* Short for what any octet too many does. */
static void
say_damaged(script_draft *d, const char *rest)
{
    (void)rest;
    d->trailing = 1;
}

static void
say_cut(script_draft *d, const char *rest)
{
    d->cut = script_number(d, &rest);
}

/* The query itself, back. */
static void
say_echo(script_draft *d, const char *rest)
{
    mx_query_flags flags = {.edns = true};

    (void)rest;
    d->reply->length = mx_question_write(d->question, ID, flags, d->reply->bytes);
    d->flags = RD;
}

/* Octets that are no message, under the right id. */
static void
say_junk(script_draft *d, const char *rest)
{
    size_t length = script_number(d, &rest);

    memset(d->reply->bytes + 2, 0, length);
    d->reply->length = length;
    d->flags = 0;
}

static void
say_wrong_id(script_draft *d, const char *rest)
{
    (void)rest;
    set_u16(d->reply, 0, ID + 1);
}

/* The question in the reply; comes before any record. */
static void
say_qname(script_draft *d, const char *rest)
{
    uint16_t type = get_u16(d->reply, d->reply->length - 4);

    (void)script_word(d, &rest, d->asked);
    begin_reply(d->reply, d->asked, type);
}

static void
say_qtype(script_draft *d, const char *rest)
{
    set_u16(d->reply, d->reply->length - 4, (unsigned)script_number(d, &rest));
}

static void
say_qclass(script_draft *d, const char *rest)
{
    set_u16(d->reply, d->reply->length - 2, (unsigned)script_number(d, &rest));
}

static void
say_opcode(script_draft *d, const char *rest)
{
    d->flags |= (unsigned)script_number(d, &rest) << 11;
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

static bool
say_flag(script_draft *d, const char *name)
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
say_word(script_draft *d, const char *word, const char *rest)
{
    static const struct {
        const char *word;
        void (*say)(script_draft *d, const char *rest);
    } words[] = {
        {"RCODE", say_rcode},
        {"NOSOA", say_no_soa},
        {"TTL", say_ttl},
        {"OWNER", say_owner},
        {"CLASS", say_class},
        {"ANSWER", say_answer},
        {"AUTHORITY", say_authority},
        {"ADDITIONAL", say_additional},
        {"RDLENGTH", say_rdlength},
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

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(word, words[i].word) == 0) {
            words[i].say(d, rest);
            return true;
        }
    }
    return false;
}

static void
say_item(script_draft *d, const char *item)
{
    char name[SCRIPT_WORD];
    const char *rest = item;

    (void)script_word(d, &rest, name);
    if (name[0] != '\0' && !say_flag(d, name) && !say_word(d, name, rest) &&
        !script_say_record(d, name, rest)) {
        script_say_asked(d, item);
    }
}

static void
finish(script_draft *d)
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

static pthread_key_t reply_key;

static void
make_reply_key(void)
{
    if (pthread_key_create(&reply_key, free) != 0) {
        abort();
    }
}

/* One for each engine. Thread-local storage would take it off the thread's stack. */
static message *
own_reply(void)
{
    static pthread_once_t has_key = PTHREAD_ONCE_INIT;
    message *reply;

    pthread_once(&has_key, make_reply_key);
    reply = pthread_getspecific(reply_key);
    if (reply == NULL) {
        reply = malloc(sizeof(*reply));
        if (reply == NULL || pthread_setspecific(reply_key, reply) != 0) {
            abort();
        }
    }
    return reply;
}

const uint8_t *
script_message(const mx_question *question, const char *text, size_t *length)
{
    message *reply = own_reply();
    script_draft d = {.reply = reply,
                      .question = question,
                      .text = text,
                      .section = ANSWER,
                      .class = MX_CLASS_IN,
                      .flags = QR | RD | RA,
                      .rdlength = SCRIPT_NO_NUMBER};
    char item[SCRIPT_WORD];

    mx_name_to_text(&question->name, d.asked);
    memcpy(d.owner, d.asked, sizeof(d.owner));
    begin_reply(reply, d.asked, question->type);
    while (*text != '\0') {
        size_t size = strcspn(text, ",");
        if (size >= sizeof(item)) {
            script_complain(&d, "an item is too long");
        }
        memcpy(item, text, size);
        item[size] = '\0';
        say_item(&d, item);
        text += size + (text[size] == ',');
    }
    finish(&d);
    *length = reply->length;
    return reply->bytes;
}
