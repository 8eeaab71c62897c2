# SPDX-License-Identifier: MIT
"""Zones as values: their records, and copies in which more names fail."""

import dns.name
import dns.rcode
import dns.rdatatype

from pymx.testing import Zone

ZONE = {
    "example.com": {"MX": [(20, "b"), (10, "a")]},
    "mx.example.com": {"A": "192.0.2.1"},
    "quiet.example.com": {},
    "sick.example.com": "SERVFAIL",
}


def rcode_of(zone: Zone, name: str) -> str:
    answer = zone.lookup(dns.name.from_text(name), dns.rdatatype.A)
    return dns.rcode.to_text(answer.rcode)


def test_records_are_in_published_order() -> None:
    texts = [
        f"{record.name} {record.rdata.to_text()}" for record in Zone.read(ZONE).records
    ]
    assert texts == [
        "example.com. 20 b.",
        "example.com. 10 a.",
        "mx.example.com. 192.0.2.1",
    ]


def test_names_that_fail_in_a_copy() -> None:
    zone = Zone.read(ZONE)
    above = dns.name.from_text("com")
    sick = dns.name.from_text("sick.example.com")
    copy = zone.failing({above: dns.rcode.REFUSED, sick: dns.rcode.REFUSED})
    assert rcode_of(zone, "other.com") == "NXDOMAIN"
    assert rcode_of(copy, "other.com") == "REFUSED"
    # What the zone says stays.
    assert rcode_of(copy, "mx.example.com") == "NOERROR"
    assert rcode_of(copy, "quiet.example.com") == "NOERROR"
    assert rcode_of(copy, "sick.example.com") == "SERVFAIL"
    assert rcode_of(copy, "gone.example.com") == "NXDOMAIN"
