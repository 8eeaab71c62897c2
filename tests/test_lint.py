# SPDX-License-Identifier: MIT
"""What pymx.lint finds in DNS: a table of setups, and the library's manners."""

import dataclasses
import json
import re

import pytest
from lint_setups import (
    DOMAIN,
    GOOD,
    ONE,
    SEEN,
    SETUPS,
    SIX,
    TWO,
    found,
    zone,
)
from lint_zones import WRITTEN

import pymx
from pymx.lint import CODES, SEVERITIES, Finding, judge, lint, lint_zone


@pytest.mark.parametrize("name", SETUPS)
def test_published(dns, resolver, name):
    published, expected = SETUPS[name]
    asking = resolver(dns(published))
    assert found(lint(DOMAIN, resolver=asking)) == expected


@pytest.mark.parametrize("name", SEEN)
def test_seen_in_dns(dns, resolver, name):
    published, expected = SEEN[name]
    assert found(lint(DOMAIN, resolver=resolver(dns(published)))) == expected


# The library


@pytest.mark.parametrize(
    ("domain", "code", "about"),
    [
        ("a..b", "invalid_domain", "a..b"),
        ("", "invalid_domain", ""),
        ("user@", "invalid_domain", "user@"),
        ("192.0.2.1", "invalid_domain", "192.0.2.1"),
        ("[192.0.2.1]", "invalid_domain", "[192.0.2.1]"),
        ("[192.175.48.1]", "invalid_domain", "[192.175.48.1]"),
        ("a.onion", "special_use_domain", "a.onion"),
        ("user@localhost", "special_use_domain", "localhost"),
    ],
)
def test_what_is_never_looked_up(dns, resolver, domain, code, about):
    server = dns()
    report = lint(domain, resolver=resolver(server))
    assert found(report) == {(code, about)}
    assert report.worst == "error"
    assert not report.unknown
    assert len(server.log) == 0


def test_local_is_of_no_dns_unless_it_is_in_one(dns, resolver):
    server = dns({"home.local": {"MX": GOOD}, "*.example.com": {"A": [ONE, TWO]}})
    asking = resolver(server)
    assert found(lint("gone.local", resolver=asking)) == {
        ("special_use_domain", "gone.local")
    }
    assert lint("home.local", resolver=asking).findings == ()


def test_underscore_in_the_domain(dns, resolver):
    server = dns({"a_b.example": {"MX": GOOD}, "*.example.com": {"A": [ONE, TWO]}})
    report = lint("user@a_b.example", resolver=resolver(server))
    assert found(report) == {("underscore_domain", "a_b.example")}


def test_addresses_of_ones_own_network(dns, resolver):
    inner = zone(GOOD, {"mx1": "10.0.0.1", "mx2": "10.0.0.2"})
    assert (
        lint(DOMAIN, resolver=resolver(dns(inner)), addresses="private").findings == ()
    )
    (report,) = lint_zone(inner, [DOMAIN], addresses="private")
    assert report.findings == ()


def test_settings_of_the_callers_resolver_hide_nothing(dns, resolver):
    published = zone(
        [*GOOD, (30, "mx1.example.com"), (0, ".")], {"mx1": ONE, "mx2": SIX}
    )
    asking = resolver(
        dns(published), family="ipv4", max_exchanges=1, null_mx_mixed="reject"
    )
    assert found(lint(DOMAIN, resolver=asking)) == {
        ("null_mx_mixed", "."),
        ("duplicate_exchange", "mx1.example.com"),
    }


def test_findings_are_values_the_worst_first(dns, resolver):
    published = zone(
        [(0, "."), (2000, "mx1.example.com"), (5, "a_b.example.com")], {"*": ONE}
    )
    report = lint(DOMAIN, resolver=resolver(dns(published)))
    assert [finding.severity for finding in report.findings] == [
        "error",
        "warning",
        "warning",
        "notice",
    ]
    assert [report.count(severity) for severity in SEVERITIES] == [1, 2, 1]
    first = report.findings[0]
    assert first == Finding.of("null_mx_mixed", DOMAIN, ".", first.message)
    with pytest.raises(dataclasses.FrozenInstanceError):
        first.code = "other"
    assert list(first.to_dict()) == [
        "severity",
        "code",
        "domain",
        "where",
        "message",
        "reference",
        "advice",
    ]
    assert list(report.to_dict()) == [
        "domain",
        "domain_unicode",
        "unknown",
        "errors",
        "warnings",
        "notices",
        "findings",
    ]
    assert json.loads(json.dumps(report.to_dict()))["errors"] == 1


def test_a_thing_is_told_once(dns, resolver):
    server = dns(zone([*GOOD, (30, "mx1.example.com"), (40, "mx1.example.com")]))
    (finding,) = lint(DOMAIN, resolver=resolver(server)).findings
    assert (finding.code, finding.where) == ("duplicate_exchange", "mx1.example.com")
    assert "preference 30" in finding.message


def test_judging_asks_nothing(dns, resolver):
    server = dns(zone([(0, ".")]))
    route = resolver(server).resolve(DOMAIN)
    server.stop()
    report = judge(route)
    assert found(report) == {("null_mx", DOMAIN)}
    assert report.route is route


def test_messages_are_sentences_about_where(dns, resolver):
    for published, _ in SETUPS.values():
        for finding in lint(DOMAIN, resolver=resolver(dns(published))).findings:
            assert finding.message.isprintable()
            assert not finding.message.endswith(".")
            assert finding.domain == DOMAIN
            assert re.fullmatch(
                r"(RFC \d+ section [0-9C][0-9.]*(, )?)+", finding.reference
            )


def test_every_code_is_found_somewhere():
    tables = [*SETUPS.values(), *SEEN.values(), *WRITTEN.values()]
    shown = {code for _, expected in tables for code, _ in expected}
    # Each in a test of its own above.
    shown |= {"invalid_domain", "underscore_domain", "family_failed", "bad_reply"}
    shown |= {"wildcard_mx"}
    assert shown == set(CODES)


def test_bad_arguments():
    with pytest.raises(TypeError, match="destination must be a str"):
        lint(None)
    with pytest.raises(pymx.ConfigurationError, match="addresses='all'"):
        lint(DOMAIN, addresses="all")
