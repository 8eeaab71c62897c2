# SPDX-License-Identifier: MIT
"""Mail setups, and all that is to be found in them, in DNS and in a zone file."""

# AS112 (RFC 7534, RFC 7535): reachable from everywhere, and nobody's mail server.
ONE, TWO, THREE = "192.175.48.1", "192.175.48.2", "192.175.48.3"
SIX, SEVEN = "2620:4f:8000::6", "2620:4f:8000::7"
DOMAIN = "example.com"


def zone(exchanges=(), hosts=None, **domain):
    """Return a zone with MX records of example.com, and addresses by host."""
    node = {"MX": list(exchanges)} if exchanges else {}
    hosts = {"mx1": ONE, "mx2": TWO} if hosts is None else hosts
    return {
        DOMAIN: {**node, **domain},
        **{
            f"{host}.{DOMAIN}": value if isinstance(value, dict) else addresses(value)
            for host, value in hosts.items()
        },
    }


def addresses(value):
    values = value if isinstance(value, list) else [value]
    node = {
        "A": [text for text in values if ":" not in text],
        "AAAA": [text for text in values if ":" in text],
    }
    return {rdtype: found for rdtype, found in node.items() if found}


GOOD = [(10, "mx1.example.com"), (20, "mx2.example.com")]
SPARE = (15, "mx1.example.com")


def beside(*exchanges):
    """Return MX records of which the first two are as they should be."""
    return [*GOOD, *exchanges]


def found(report):
    """Return what a report is about: a code and a place each."""
    return {(finding.code, finding.where) for finding in report.findings}


# What is published, and all that is to be found there.
SETUPS = {
    "clean": (zone(GOOD), set()),
    "clean with both families": (
        zone(GOOD, {"mx1": [ONE, SIX], "mx2": [TWO, SEVEN]}),
        set(),
    ),
    "one name for many machines": (
        zone([(10, "mx1.example.com")], {"mx1": [ONE, TWO, SIX]}),
        set(),
    ),
    "the usual limits": (
        zone(
            [(1000, f"mx{n}.example.com") for n in range(20)],
            {"mx1": [f"192.175.48.{n}" for n in range(1, 17)], "*": TWO},
        ),
        set(),
    ),
    # The domain
    "null MX": (zone([(0, ".")]), {("null_mx", DOMAIN)}),
    "null MX with a preference": (
        zone([(10, ".")]),
        {("null_mx", DOMAIN), ("null_mx_preference", ".")},
    ),
    "null MX mixed": (zone(beside((0, "."))), {("null_mx_mixed", ".")}),
    "null MX mixed with one": (
        zone([(0, "."), (10, "mx1.example.com")]),
        {("null_mx_mixed", "."), ("single_exchange", "mx1.example.com")},
    ),
    "no such domain": (
        {"mail.example.com": {"A": ONE}, "com": {}, "example.com": "NXDOMAIN"},
        {("no_such_domain", DOMAIN)},
    ),
    "neither MX nor address": (zone(TXT="v=spf1 -all"), {("no_mail", DOMAIN)}),
    "implicit MX": (zone(A=ONE), {("implicit_mx", DOMAIN)}),
    "alias": (
        zone(
            CNAME="mail.example.com",
            hosts={"mail": {"MX": GOOD}, "mx1": ONE, "mx2": TWO},
        ),
        {("alias_domain", "mail.example.com")},
    ),
    "alias to nowhere": (
        zone(CNAME="gone.example.com"),
        {("no_such_domain", DOMAIN)},
    ),
    "alias without mail": (
        zone(CNAME="txt.example.com", hosts={"txt": {"TXT": "x"}}),
        {("no_mail", DOMAIN), ("alias_domain", "txt.example.com")},
    ),
    "CNAME beside MX": (
        zone(GOOD, CNAME="mx1.example.com"),
        {("cname_and_other", DOMAIN)},
    ),
    # The exchanges
    "single exchange": (
        zone([(10, "mx1.example.com")], {"mx1": [ONE, SIX]}),
        {("single_exchange", "mx1.example.com")},
    ),
    "too many exchanges": (
        zone([(10, f"mx{n}.example.com") for n in range(21)], {"mx1": ONE, "*": TWO}),
        {("too_many_exchanges", DOMAIN)},
    ),
    "more than are looked up": (
        zone(
            [(10, "mx1.example.com")]
            + [(20, f"mx{n}.example.com") for n in range(200, 300)],
            {"mx1": ONE, "*": TWO},
        ),
        {("too_many_exchanges", DOMAIN), ("not_checked", "mx299.example.com")},
    ),
    "duplicate": (
        zone(beside((30, "mx1.example.com"))),
        {("duplicate_exchange", "mx1.example.com")},
    ),
    "identical records": (zone(beside(GOOD[0])), set()),
    "high preference": (
        zone([GOOD[0], (1001, "mx2.example.com")]),
        {("unusual_preference", "mx2.example.com")},
    ),
    "exchange does not exist": (
        zone(beside((30, "gone.example.com"))),
        {("dangling_exchange", "gone.example.com")},
    ),
    "exchange without address": (
        zone(
            beside((30, "txt.example.com")),
            {"mx1": ONE, "mx2": TWO, "txt": {"TXT": "x"}},
        ),
        {("dangling_exchange", "txt.example.com")},
    ),
    "no exchange exists": (
        zone([(10, "a.example.com"), (20, "b.example.com")], A=ONE),
        {
            ("dangling_exchange", "a.example.com"),
            ("dangling_exchange", "b.example.com"),
        },
    ),
    "final dot left out": (
        zone(beside((30, "mx1.example.com.example.com"))),
        {
            ("dangling_exchange", "mx1.example.com.example.com"),
            ("missing_final_dot", "mx1.example.com.example.com"),
        },
    ),
    "final dot left out above the domain": (
        {
            "shop.example.com": {
                "MX": [*GOOD, (30, "mx.shop.example.com.example.com")]
            },
            **zone(CNAME="shop.example.com"),
        },
        {
            ("alias_domain", "shop.example.com"),
            ("dangling_exchange", "mx.shop.example.com.example.com"),
            ("missing_final_dot", "mx.shop.example.com.example.com"),
        },
    ),
    "a domain called com.com": (
        {**zone([*GOOD, (30, "mx.com.com")]), "mx.com.com": {"A": THREE}},
        set(),
    ),
    "exchange is an alias": (
        zone(
            beside((30, "al.example.com")),
            {"mx1": ONE, "mx2": TWO, "al": {"CNAME": "mx1.example.com"}},
        ),
        {("cname_exchange", "al.example.com")},
    ),
    "exchange is an alias of the domain": (
        zone(
            beside((30, "al.example.com")),
            {"mx1": ONE, "mx2": TWO, "al": {"CNAME": DOMAIN}},
            A=THREE,
        ),
        {("own_alias_exchange", "al.example.com")},
    ),
    "exchange is an alias of nothing": (
        zone(
            beside((30, "al.example.com")),
            {"mx1": ONE, "mx2": TWO, "al": {"CNAME": "gone.example.com"}},
        ),
        {("cname_exchange", "al.example.com"), ("dangling_exchange", "al.example.com")},
    ),
    "exchange is an alias of a name never looked up": (
        zone(
            beside((30, "al.example.com")),
            {"mx1": ONE, "mx2": TWO, "al": {"CNAME": "al.localhost"}},
        ),
        {("cname_exchange", "al.example.com"), ("dangling_exchange", "al.example.com")},
    ),
    "address as exchange": (
        zone(beside((30, THREE))),
        {("ip_exchange", THREE)},
    ),
    "private address as exchange": (
        zone(beside((30, "10.0.0.1"))),
        {("ip_exchange", "10.0.0.1"), ("private_address", "10.0.0.1 [10.0.0.1]")},
    ),
    "half an address as exchange": (
        zone(beside((30, "127.1"))),
        {("bad_exchange_name", "127.1")},
    ),
    "names never looked up": (
        zone(
            beside(
                (30, "localhost"),
                (31, "mail.local"),
                (32, "a.onion"),
                (33, "b.invalid"),
            )
        ),
        {
            ("special_use_exchange", "localhost"),
            ("special_use_exchange", "mail.local"),
            ("special_use_exchange", "a.onion"),
            ("special_use_exchange", "b.invalid"),
        },
    ),
    "bad characters": (
        zone(beside((30, r"a\032b.example.com"))),
        {("bad_exchange_name", r"a\032b.example.com")},
    ),
    "hyphens at the edges": (
        zone(
            beside((30, "-a.example.com"), (40, "b-.example.com")),
            {"mx1": ONE, "mx2": TWO, "-a": THREE, "b-": THREE},
        ),
        {
            ("bad_exchange_name", "-a.example.com"),
            ("bad_exchange_name", "b-.example.com"),
        },
    ),
    "underscore": (
        zone(beside((30, "mx_3.example.com")), {"mx1": ONE, "mx2": TWO, "mx_3": THREE}),
        {("underscore_exchange", "mx_3.example.com")},
    ),
    "single label": (
        {**zone(beside((30, "mail"))), "mail": {"A": THREE}},
        {("single_label_exchange", "mail")},
    ),
    # Their addresses
    "addresses for special purposes": (
        zone(
            beside((30, "mx3.example.com")),
            {
                "mx1": ONE,
                "mx2": TWO,
                "mx3": [
                    "172.16.0.1",
                    "fd00::1",
                    "203.0.113.1",
                    "2001:db8::1",
                    "127.0.0.1",
                    "169.254.0.1",
                    "0.0.0.0",
                    "224.0.0.1",
                    "240.0.0.1",
                    "::ffff:10.0.0.1",
                ],
            },
        ),
        {
            (code, f"mx3.example.com [{address}]")
            for code, address in [
                ("private_address", "172.16.0.1"),
                ("private_address", "fd00::1"),
                ("documentation_address", "203.0.113.1"),
                ("documentation_address", "2001:db8::1"),
                ("loopback_address", "127.0.0.1"),
                ("link_local_address", "169.254.0.1"),
                ("unspecified_address", "0.0.0.0"),
                ("multicast_address", "224.0.0.1"),
                ("reserved_address", "240.0.0.1"),
                ("private_address", "::ffff:10.0.0.1"),
            ]
        },
    ),
    "private address beside a good one": (
        zone(GOOD, {"mx1": [ONE, "10.0.0.1"], "mx2": TWO}),
        {("private_address", "mx1.example.com [10.0.0.1]")},
    ),
    "private address of an implicit exchange": (
        zone(A="10.0.0.1"),
        {("implicit_mx", DOMAIN), ("private_address", "example.com [10.0.0.1]")},
    ),
    "one address": (zone(GOOD, {"mx1": ONE, "mx2": ONE}), {("one_address", DOMAIN)}),
    "an address each, of another family": (
        zone(GOOD, {"mx1": ONE, "mx2": SIX}),
        set(),
    ),
    "one address of each family": (
        zone(GOOD, {"mx1": [ONE, SIX], "mx2": ONE}),
        {("one_address", DOMAIN)},
    ),
    "IPv6 only": (zone(GOOD, {"mx1": SIX, "mx2": SEVEN}), {("ipv6_only", DOMAIN)}),
    "too many addresses": (
        zone(GOOD, {"mx1": [f"192.175.48.{n}" for n in range(1, 18)], "mx2": TWO}),
        {("too_many_addresses", "mx1.example.com")},
    ),
    "more addresses than are looked at": (
        zone(GOOD, {"mx1": [f"192.175.48.{n}" for n in range(1, 111)], "mx2": TWO}),
        {("too_many_addresses", "mx1.example.com")},
    ),
    # The records
    "alias in a circle": (
        zone(CNAME="a.example.com", hosts={"a": {"CNAME": DOMAIN}}),
        {("cname_loop", DOMAIN)},
    ),
    "exchange in a circle": (
        zone(
            beside((30, "a.example.com")),
            {
                "mx1": ONE,
                "mx2": TWO,
                "a": {"CNAME": "b.example.com"},
                "b": {"CNAME": "a.example.com"},
            },
        ),
        {("cname_loop", "a.example.com")},
    ),
    "long chain of aliases": (
        zone(
            CNAME="a0.example.com",
            hosts={
                **{f"a{n}": {"CNAME": f"a{n + 1}.example.com"} for n in range(9)},
                "a9": {"MX": GOOD},
            },
        ),
        {("cname_chain", DOMAIN)},
    ),
}


# Seen in DNS only
SEEN = {
    "TTL of the MX": (zone(GOOD, TTL=59), {("expires_soon", DOMAIN)}),
    "TTL of a minute": (
        zone(GOOD, {"mx1": {"A": ONE, "TTL": 60}, "mx2": TWO}, TTL=60),
        set(),
    ),
    "TTL of a null MX": (
        zone([(0, ".")], TTL=5),
        {("null_mx", DOMAIN), ("expires_soon", DOMAIN)},
    ),
    "TTL of addresses": (
        zone(GOOD, {"mx1": {"A": ONE, "TTL": 0}, "mx2": TWO}),
        {("expires_soon", "mx1.example.com")},
    ),
}
