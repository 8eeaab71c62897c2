/* SPDX-License-Identifier: MIT */
/* reason.h - every code that says why: of a route, an exchange, something excluded, or
 * a warning. The codes are public (Python, JSON, docs): snake_case, never renamed.
 */
#ifndef MX_REASON_H
#define MX_REASON_H

typedef enum mx_reason {
    MX_REASON_NONE = 0,

    /* The destination is unusable (docs/rules.rst, Input). */
    MX_REASON_EMPTY,          /* nothing but blanks */
    MX_REASON_ROOT,           /* "." */
    MX_REASON_EMPTY_LABEL,    /* a..b, .a */
    MX_REASON_LABEL_TOO_LONG, /* over 63 octets */
    MX_REASON_NAME_TOO_LONG,  /* over 253 text octets */
    MX_REASON_BAD_CHARACTER,  /* blank, NUL, control or other byte no host name has */
    MX_REASON_BAD_HYPHEN,     /* a label begins or ends with one */
    MX_REASON_UNDERSCORE,     /* warning; with strict names a refusal */
    MX_REASON_NO_LOCAL_PART,  /* @example.com */
    MX_REASON_NO_DOMAIN_PART, /* user@ */
    MX_REASON_TWO_AT_SIGNS,   /* a@b@example.com */
    MX_REASON_BAD_QUOTING,    /* an unfinished quoted local part */
    MX_REASON_BAD_LITERAL,    /* [1.2.3], [IPv6:zz], an unknown tag */
    MX_REASON_BARE_ADDRESS,   /* 192.0.2.1 without brackets */
    MX_REASON_BAD_IDNA,       /* not a valid international domain name */
    MX_REASON_NOT_TEXT,       /* in bulk: the input is no string at all */

    /* What DNS said, or did not say. */
    MX_REASON_NULL_MX,          /* RFC 7505 */
    MX_REASON_NXDOMAIN,         /* RFC 8020 */
    MX_REASON_NO_DATA,          /* the name exists without such records */
    MX_REASON_SPECIAL_USE,      /* .onion, .invalid, localhost: never asked */
    MX_REASON_IMPLICIT_OFF,     /* no MX, and implicit=False */
    MX_REASON_SERVFAIL,         /* rcode 2 */
    MX_REASON_SERVER_REFUSED,   /* rcode 5 */
    MX_REASON_FORMERR,          /* rcode 1 */
    MX_REASON_NOTIMP,           /* rcode 4 */
    MX_REASON_OTHER_RCODE,      /* any other but 0 and 3 */
    MX_REASON_NOT_RECURSIVE,    /* a referral, or neither RA nor AA set */
    MX_REASON_TIMEOUT,          /* no reply in time */
    MX_REASON_UNREACHABLE,      /* refused, reset, no route to the name server */
    MX_REASON_LOCAL_ERROR,      /* this machine: descriptors, memory, no route */
    MX_REASON_DAMAGED_REPLY,    /* the message does not parse */
    MX_REASON_UNRELATED_ANSWER, /* records of other owners only */
    MX_REASON_TRUNCATED,        /* TC=1 over TCP too */
    MX_REASON_CNAME_LOOP,
    MX_REASON_CNAME_LIMIT, /* more than 8 */
    MX_REASON_CANCELLED,

    /* Why an exchange or an address is not used (docs/rules.rst). */
    MX_REASON_LIMIT,                 /* cut by max_exchanges, max_addresses, budget */
    MX_REASON_LOOP,                  /* our own machine, or a level behind it */
    MX_REASON_FAMILY,                /* not of the families asked for */
    MX_REASON_BAD_EXCHANGE_NAME,     /* bytes or a shape no host name has */
    MX_REASON_NULL_MX_MIXED,         /* root exchange beside real ones */
    MX_REASON_NULL_MX_PREFERENCE,    /* warning: null MX with one other than 0 */
    MX_REASON_DUPLICATE_EXCHANGE,    /* one host at two preferences */
    MX_REASON_CNAME_EXCHANGE,        /* RFC 2181 10.3 */
    MX_REASON_IP_EXCHANGE,           /* an address written as a name */
    MX_REASON_SINGLE_LABEL_EXCHANGE, /* warning */
    MX_REASON_CNAME_AND_OTHER,       /* warning: RFC 1912 2.4 */
    MX_REASON_UNSPECIFIED_ADDRESS,   /* 0/8, :: */
    MX_REASON_LOOPBACK_ADDRESS,
    MX_REASON_LINK_LOCAL_ADDRESS,
    MX_REASON_PRIVATE_ADDRESS, /* RFC 1918, unique local, shared, test nets */
    MX_REASON_MULTICAST_ADDRESS,
    MX_REASON_RESERVED_ADDRESS, /* 240/4, broadcast, not globally reachable */
    MX_REASON_ADDRESS_POLICY,   /* every address fell to the policy */
    MX_REASON_PARTIAL,          /* warning: some exchange could not be resolved */

    MX_REASON_COUNT
} mx_reason;

/* The public code, e.g. "null_mx"; "" for MX_REASON_NONE. */
const char *mx_reason_code(mx_reason reason);
/* One sentence part for people, e.g. "the name does not exist"; "" for none. */
const char *mx_reason_text(mx_reason reason);

#endif
