# SPDX-License-Identifier: MIT
"""Zones, and what is to be found in their records only."""

from lint_setups import DOMAIN, GOOD, ONE, SIX, THREE, TWO, zone

APEX = {"SOA": ("ns.example.com", "hostmaster.example.com", 1, 3600, 900, 9999, 300)}

PLAIN_TEXT = """\
$ORIGIN example.com.
@    60  MX  10 mx1
@    60  MX  20 mx2
@     1  A   192.175.48.3
mx1  60  A   192.175.48.1
mx2  60  A   192.175.48.2
"""

WRITTEN = {
    "TTL of the MX": (zone(GOOD, TTL=59), {("short_ttl", "example.com MX")}),
    "TTL of a minute": (zone(GOOD, TTL=60), set()),
    "TTL of addresses": (
        zone(GOOD, {"mx1": {"A": ONE, "AAAA": SIX, "TTL": 0}, "mx2": TWO}),
        {("short_ttl", "mx1.example.com A"), ("short_ttl", "mx1.example.com AAAA")},
    ),
    "TTL of an alias": (
        zone(
            [*GOOD, (30, "al.example.com")],
            {"mx1": ONE, "mx2": TWO, "al": {"CNAME": "mx1.example.com", "TTL": 30}},
        ),
        {
            ("cname_exchange", "al.example.com"),
            ("short_ttl", "al.example.com CNAME"),
        },
    ),
    "TTL of what is no matter of mail": (
        {**zone(GOOD), "www.example.com": {"A": ONE, "TTL": 1}},
        set(),
    ),
    "TTL of an address that mail does not go to": (
        PLAIN_TEXT,
        set(),
    ),
    "TTL of an implicit exchange": (
        zone(A=ONE, TTL=1),
        {("implicit_mx", DOMAIN), ("short_ttl", "example.com A")},
    ),
    "exchange in a circle of three": (
        zone(
            [*GOOD, (30, "a.example.com")],
            {
                "mx1": ONE,
                "mx2": TWO,
                "a": {"CNAME": "b.example.com"},
                "b": {"CNAME": "c.example.com"},
                "c": {"CNAME": "a.example.com"},
            },
        ),
        {("cname_loop", "a.example.com")},
    ),
    "CNAME beside anything": (
        zone(
            CNAME="al.example.com", TXT="x", hosts={"al": {"MX": GOOD}, "*": [ONE, TWO]}
        ),
        {("alias_domain", "al.example.com"), ("cname_and_other", DOMAIN)},
    ),
    "two CNAMEs": (
        zone(
            GOOD,
            {
                "mx1": {"CNAME": ["a.example.com", "b.example.com"]},
                "*": ONE,
                "mx2": TWO,
            },
        ),
        {
            ("bad_reply", "mx1.example.com"),
            ("cname_exchange", "mx1.example.com"),
            ("cname_and_other", "mx1.example.com"),
        },
    ),
    "exchanges elsewhere": (
        zone([GOOD[0], (20, "mx.example.net"), (30, "mx.example.org")]),
        {("not_in_zone", "mx.example.net"), ("not_in_zone", "mx.example.org")},
    ),
    "all exchanges elsewhere": (
        zone([(20, "mx.example.net")]),
        {("not_in_zone", "mx.example.net")},
    ),
    "exchange is an alias of a host elsewhere": (
        zone(
            [*GOOD, (30, "al.example.com")],
            {"mx1": ONE, "mx2": TWO, "al": {"CNAME": "mx.example.net"}},
        ),
        {("cname_exchange", "al.example.com"), ("not_in_zone", "al.example.com")},
    ),
    "exchange that a wildcard makes an alias": (
        zone(
            [*GOOD, (30, "any.inner.example.com"), (40, "any.outer.example.com")],
            {
                "mx1": ONE,
                "mx2": TWO,
                "*.inner": {"CNAME": "mx1.example.com"},
                "*.outer": {"CNAME": "mx.example.net"},
            },
        ),
        {
            ("cname_exchange", "any.inner.example.com"),
            ("cname_exchange", "any.outer.example.com"),
            ("not_in_zone", "any.outer.example.com"),
        },
    ),
    "domain is an alias of one elsewhere": (
        zone(CNAME="example.net"),
        {("alias_domain", "example.net"), ("not_in_zone", DOMAIN)},
    ),
    "domain is an alias of a name never looked up": (
        zone(CNAME="x.invalid"),
        {("special_use_domain", DOMAIN), ("alias_domain", "x.invalid")},
    ),
    "exchange in a zone of its own": (
        zone(
            [*GOOD, (30, "mx.sub.example.com")],
            {"mx1": ONE, "mx2": TWO, "sub": {"NS": "ns.example.net"}},
            **APEX,
        ),
        {("not_in_zone", "mx.sub.example.com")},
    ),
    "exchange that is a name server of a zone of its own": (
        zone(
            [*GOOD, (30, "mx.sub.example.com")],
            {
                "mx1": ONE,
                "mx2": TWO,
                "sub": {"NS": "mx.sub.example.com"},
                "mx.sub": THREE,
            },
            **APEX,
        ),
        set(),
    ),
    "a zone in the file of its parent": (
        zone(
            [*GOOD, (30, "mx.sub.example.com")],
            {"mx1": ONE, "mx2": TWO, "sub": {"NS": "ns.example.net", **APEX}},
            **APEX,
        ),
        {("dangling_exchange", "mx.sub.example.com")},
    ),
    "a name that fails": (
        {**zone([*GOOD, (30, "sick.example.com")]), "sick.example.com": "SERVFAIL"},
        {("not_checked", "sick.example.com")},
    ),
}
