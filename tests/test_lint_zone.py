# SPDX-License-Identifier: MIT
"""What pymx.lint finds in a zone file, and where its knowledge ends."""

import json
import pathlib

import pytest
from lint_setups import (
    DOMAIN,
    GOOD,
    ONE,
    SETUPS,
    THREE,
    TWO,
    found,
    zone,
)
from lint_zones import APEX, WRITTEN

import pymx
from pymx.lint import lint_zone
from pymx.testing import ZoneError


@pytest.mark.parametrize("name", SETUPS)
def test_in_a_zone_file(name):
    published, expected = SETUPS[name]
    (report,) = lint_zone(published, [DOMAIN])
    assert found(report) == expected


@pytest.mark.parametrize("name", WRITTEN)
def test_written_in_a_zone_file(name):
    written, expected = WRITTEN[name]
    (report,) = lint_zone(written, [DOMAIN])
    assert found(report) == expected
    codes = {code for code, _ in expected}
    assert report.unknown is bool(
        codes & {"not_in_zone", "not_checked", "bad_reply", "cname_loop"}
    )


def test_a_domain_elsewhere_is_not_told_as_missing():
    (report,) = lint_zone(zone(GOOD), ["example.net"])
    assert found(report) == {("not_in_zone", "example.net")}
    assert report.unknown


def test_wildcards_are_mail_domains():
    written = zone(GOOD, {"mx1": ONE, "mx2": TWO, "*.shop": {"MX": GOOD[:1]}})
    clean, wildcard = lint_zone(written)
    assert (clean.domain, clean.findings) == (DOMAIN, ())
    assert wildcard.domain == "*.shop.example.com"
    assert found(wildcard) == {
        ("wildcard_mx", "*.shop.example.com"),
        ("single_exchange", "mx1.example.com"),
    }
    assert "pymx-lint" not in json.dumps(wildcard.to_dict())


def test_a_wildcard_alone():
    (wildcard,) = lint_zone({"*.example.com": {"MX": (0, ".")}})
    assert found(wildcard) == {
        ("wildcard_mx", "*.example.com"),
        ("null_mx", "*.example.com"),
    }


def test_a_name_that_a_wildcard_stands_for_may_exist():
    written = {"*.example.com": {"MX": (0, ".")}, "pymx-lint.example.com": {"A": ONE}}
    (wildcard,) = lint_zone(written)
    assert "null_mx" in {finding.code for finding in wildcard.findings}


def test_a_zone_below_another_one_leaves_no_gap():
    # inner.example.com is no name of its own, and yet in example.com.
    written = zone([*GOOD, (30, "gone.inner.example.com")], **APEX)
    written["deep.inner.example.com"] = APEX
    (report,) = lint_zone(written, [DOMAIN])
    assert found(report) == {("dangling_exchange", "gone.inner.example.com")}


# Exchanges outside the zone, asked for in ordinary DNS

OUTSIDE = {
    "host.example.net": {"A": ONE},
    "own.example.net": {"MX": (0, "own.example.net"), "A": TWO},
    "other.example.net": {"MX": (0, "host.example.net"), "A": TWO},
    "al.example.net": {"CNAME": "host.example.net"},
    "txt.example.net": {"TXT": "x"},
    "inner.example.net": {"A": "10.0.0.1"},
    "sick.example.net": "SERVFAIL",
}


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("host", set()),
        ("own", set()),
        ("other", {"not_in_zone"}),
        ("al", {"cname_exchange"}),
        ("txt", {"dangling_exchange"}),
        ("gone", {"dangling_exchange"}),
        ("inner", {"private_address"}),
        ("sick", {"not_checked"}),
    ],
)
def test_exchange_outside_is_looked_up(dns, resolver, host, expected):
    written = zone([*GOOD, (30, f"{host}.example.net")], {"mx1": TWO, "mx2": THREE})
    asking = resolver(dns(OUTSIDE), addresses="public")
    (report,) = lint_zone(written, [DOMAIN], outside=asking)
    assert {finding.code for finding in report.findings} == expected


def test_alias_that_leads_outside_is_looked_up(dns, resolver):
    written = zone(
        [*GOOD, (30, "al.example.com")],
        {"mx1": TWO, "mx2": THREE, "al": {"CNAME": "gone.example.net"}},
    )
    (report,) = lint_zone(written, [DOMAIN], outside=resolver(dns(OUTSIDE)))
    assert found(report) == {
        ("cname_exchange", "al.example.com"),
        ("dangling_exchange", "al.example.com"),
    }


def test_bad_arguments():
    with pytest.raises(pymx.ConfigurationError, match="addresses='all'"):
        lint_zone(zone(GOOD), addresses="all")
    with pytest.raises(TypeError, match="not a str"):
        lint_zone(zone(GOOD), DOMAIN)
    with pytest.raises(ZoneError, match="line 1"):
        lint_zone("example.com. MX ten mx1\n")
    with pytest.raises(FileNotFoundError):
        lint_zone(pathlib.Path("/nowhere/zone"))
