# SPDX-License-Identifier: MIT
"""Sick name servers: what pymx.lint cannot look up is never taken for a "no"."""

import pytest
from lint_setups import (
    DOMAIN,
    GOOD,
    ONE,
    SIX,
    THREE,
    TWO,
    found,
    zone,
)

from pymx.lint import lint
from pymx.testing import answer, delay, drop, rcode, truncate

NOT_CHECKED = ("not_checked", DOMAIN)


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (rcode("SERVFAIL"), NOT_CHECKED),
        (rcode("REFUSED"), NOT_CHECKED),
        (rcode("NOTIMP"), NOT_CHECKED),
        (rcode(4000), NOT_CHECKED),
        (drop(), NOT_CHECKED),
        (answer("other.example. 60 IN MX 10 mx.example.net."), ("bad_reply", DOMAIN)),
        (truncate(tcp=True), ("bad_reply", DOMAIN)),
    ],
    ids=str,
)
def test_mx_that_cannot_be_looked_up(dns, resolver, behaviour, expected):
    server = dns(zone(GOOD, A=ONE))
    server.script(DOMAIN, "MX", behaviour)
    timeout = 0.3 if behaviour.text == "drop()" else 60
    report = lint(DOMAIN, resolver=resolver(server, timeout=timeout))
    assert found(report) == {expected}
    assert report.unknown


def test_no_name_server(dns, resolver):
    server = dns()
    asking = resolver(server, timeout=0.3)
    server.stop()
    report = lint(DOMAIN, resolver=asking)
    assert found(report) == {NOT_CHECKED}
    assert report.unknown


@pytest.mark.parametrize("types", [["A", "AAAA"], ["A"], ["AAAA"]], ids="-".join)
def test_exchange_that_cannot_be_looked_up(dns, resolver, types):
    hosts = {"mx1": ONE, "mx2": TWO, "sick": [] if len(types) == 1 else THREE}
    hosts["sick"] = {"TXT": "x"} if len(types) == 1 else THREE
    server = dns(zone([*GOOD, (30, "sick.example.com")], hosts))
    for rdtype in types:
        server.script("sick.example.com", rdtype, rcode("SERVFAIL"))
    report = lint(DOMAIN, resolver=resolver(server))
    assert found(report) == {("not_checked", "sick.example.com")}
    assert report.unknown
    assert report.worst == "warning"


@pytest.mark.parametrize(("rdtype", "family"), [("A", "IPv4"), ("AAAA", "IPv6")])
@pytest.mark.parametrize("behaviour", [rcode("SERVFAIL"), drop()], ids=str)
def test_one_family_fails(dns, resolver, rdtype, family, behaviour):
    # All addresses of the other family are the same: what fails may be another one.
    server = dns(zone(GOOD, {"mx1": [ONE, SIX], "mx2": [ONE, SIX]}))
    server.script("mx1.example.com", rdtype, behaviour)
    timeout = 0.5 if behaviour.text == "drop()" else 60
    report = lint(DOMAIN, resolver=resolver(server, timeout=timeout))
    assert found(report) == {("family_failed", "mx1.example.com")}
    assert f"the {family} addresses of mx1.example.com" in report.findings[0].message
    assert report.unknown


def test_an_exchange_half_known_is_not_told_as_one_machine(dns, resolver):
    server = dns(zone([GOOD[0]], {"mx1": [ONE, SIX]}))
    server.script("mx1.example.com", "AAAA", rcode("SERVFAIL"))
    report = lint(DOMAIN, resolver=resolver(server))
    assert found(report) == {("family_failed", "mx1.example.com")}


def test_slow_family_is_waited_for(dns, resolver):
    server = dns(zone(GOOD, {"mx1": [ONE, SIX], "mx2": TWO}))
    server.script("mx1.example.com", "AAAA", delay(1.2))
    report = lint(DOMAIN, resolver=resolver(server, address_wait=0.0))
    assert report.findings == ()


def test_alias_that_leads_to_silence_is_told_as_an_alias(dns, resolver):
    server = dns(zone([*GOOD, (30, "al.example.com")], {"mx1": ONE, "mx2": TWO}))
    server.script(
        "al.example.com", None, answer("al.example.com. 60 IN CNAME sick.example.com.")
    )
    server.script("sick.example.com", None, rcode("SERVFAIL"))
    report = lint(DOMAIN, resolver=resolver(server))
    assert found(report) == {
        ("cname_exchange", DOMAIN),
        ("not_checked", "al.example.com"),
    }
