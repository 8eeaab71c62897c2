/* SPDX-License-Identifier: MIT */
/* samples.h - sound replies of every sort, for tests that damage them. */
#ifndef TEST_SAMPLES_H
#define TEST_SAMPLES_H

#include "message.h"

/* Two names with one mx_message_name_hash(); the second is dear to read. */
static const char short_twin[] = "zcul.test";
static const char long_twin[] =
    "ajcd.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a"
    ".a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a"
    ".a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a";

typedef void build_sample(message *m);

static inline void
build_six_exchanges(message *m)
{
    begin_reply(m, "dom.test", MX_TYPE_MX);
    add_mx(m, ANSWER, "@", 300, 10, "mx1.@");
    add_mx(m, ANSWER, "@", 300, 10, "mx2.@");
    add_mx(m, ANSWER, "@", 300, 20, "mail.other.test");
    add_mx(m, ANSWER, "@", 300, 20, "@");
    add_mx(m, ANSWER, "dom.test", 300, 30, "x");
    add_mx(m, ANSWER, "@", 300, 65535, "mx6.@");
}

static inline void
build_six_exchanges_and_more(message *m)
{
    build_six_exchanges(m);
    add_name(m, AUTHORITY, "@", MX_TYPE_NS, 300, "ns1.@");
    add_raw(m, ADDITIONAL, "mx1.@", MX_TYPE_A, 300, "\xc0\0\2\1", 4);
    add_opt(m, 0, "\0\x0f\0\2\0\x16", 6);
}

static inline void
build_one_exchange(message *m)
{
    begin_reply(m, "dom.test", MX_TYPE_MX);
    add_mx(m, ANSWER, "@", 300, 0, "@");
}

static inline void
build_one_exchange_and_soa(message *m)
{
    build_one_exchange(m);
    add_soa(m, AUTHORITY, "@", 900, 600);
    add_opt(m, 0, "", 0);
}

static inline void
build_aliased_exchange(message *m)
{
    begin_reply(m, "dom.test", MX_TYPE_MX);
    add_cname(m, ANSWER, "@", 300, "a.@");
    add_mx(m, ANSWER, "a.@", 300, 10, "@");
}

static inline void
build_aliased_exchange_and_soa(message *m)
{
    build_aliased_exchange(m);
    add_soa(m, AUTHORITY, "@", 900, 600);
}

static inline void
build_null_mx(message *m)
{
    begin_reply(m, "dom.test", MX_TYPE_MX);
    add_mx(m, ANSWER, "@", 300, 0, ".");
}

static inline void
build_nodata(message *m)
{
    begin_reply(m, "dom.test", MX_TYPE_MX);
    add_soa(m, AUTHORITY, "@", 900, 600);
}

static inline void
build_aliased_nodata(message *m)
{
    begin_reply(m, "dom.test", MX_TYPE_MX);
    add_cname(m, ANSWER, "@", 300, "a.@");
    add_soa(m, AUTHORITY, "@", 900, 600);
    add_opt(m, 0, "", 0);
}

static inline void
build_nxdomain(message *m)
{
    build_nodata(m);
    set_flags(m, QR | RA | 3);
}

static inline void
build_addresses(message *m)
{
    begin_reply(m, "mx1.dom.test", MX_TYPE_A);
    add_raw(m, ANSWER, "@", MX_TYPE_A, 300, "\xc0\0\2\1", 4);
    add_raw(m, ANSWER, "@", MX_TYPE_A, 300, "\xc0\0\2\2", 4);
}

static inline void
build_ipv6_address(message *m)
{
    begin_reply(m, "mx1.dom.test", MX_TYPE_AAAA);
    add_raw(m, ANSWER, "@", MX_TYPE_AAAA, 300, "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1",
            16);
}

/* The statements that are costly when wrong. */
typedef enum final_statement {
    NOT_FINAL,
    FINAL_NULL_MX,
    FINAL_NODATA,
    FINAL_NXDOMAIN
} final_statement;

typedef struct sample {
    const char *what;
    build_sample *build;
    final_statement final;
} sample;

static const sample samples[] = {
    {"six exchanges", build_six_exchanges, NOT_FINAL},
    {"six exchanges, other sections", build_six_exchanges_and_more, NOT_FINAL},
    {"the domain its own exchange", build_one_exchange, NOT_FINAL},
    {"the same with an SOA", build_one_exchange_and_soa, NOT_FINAL},
    {"an exchange behind an alias", build_aliased_exchange, NOT_FINAL},
    {"the same with an SOA", build_aliased_exchange_and_soa, NOT_FINAL},
    {"addresses", build_addresses, NOT_FINAL},
    {"an IPv6 address", build_ipv6_address, NOT_FINAL},
    {"a null MX", build_null_mx, FINAL_NULL_MX},
    {"no data", build_nodata, FINAL_NODATA},
    {"no data behind an alias", build_aliased_nodata, FINAL_NODATA},
    {"no domain", build_nxdomain, FINAL_NXDOMAIN},
};

enum { SAMPLES = sizeof samples / sizeof *samples };

#endif
