# SPDX-License-Identifier: MIT
"""examples/mail.zone says what the README promises of it."""

import ipaddress
import pathlib

import dns.rdatatype
import pytest

from pymx.testing import Zone
from pymx.testing.names import parse_name

PATH = pathlib.Path(__file__).parents[2] / "examples" / "mail.zone"
DOCUMENTATION = [
    ipaddress.ip_network(text)
    for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
]


@pytest.fixture(scope="module")
def zone():
    return Zone.read(PATH)


def ask(zone, name, rdtype):
    found = zone.lookup(parse_name(name), dns.rdatatype.from_text(rdtype))
    return found.rcode.name, [str(record.rdata) for record in found.answer]


@pytest.mark.parametrize(
    ("domain", "exchanges"),
    [
        ("plain", ["10 mail.plain"]),
        ("equal", ["10 a.equal", "10 b.equal", "10 c.equal"]),
        ("levels", ["20 backup1.levels", "10 primary.levels", "20 backup2.levels"]),
        ("multihomed", ["10 mx.multihomed"]),
        ("implicit", []),
        ("nullmx", ["0 "]),
        ("nomail", []),
        ("dangling", ["10 mx.gone"]),
        ("half", ["10 mx.gone", "20 mail.half"]),
        ("shop", ["10 mx1.mailhost", "20 mx2.mailhost"]),
        ("studio", ["10 mx1.mailhost", "20 mx2.mailhost"]),
        ("cnamex", ["10 smtp.cnamex"]),
        ("xn--bcher-kva", ["10 post.xn--bcher-kva"]),
        ("bücher", ["10 post.xn--bcher-kva"]),
        ("private", ["10 mail.private"]),
        ("loopback", ["10 mail.loopback"]),
    ],
)
def test_exchanges(zone, domain, exchanges):
    expected = [f"{text}.example." if text != "0 " else "0 ." for text in exchanges]
    assert ask(zone, f"{domain}.example", "MX") == ("NOERROR", expected)


@pytest.mark.parametrize(
    ("name", "ipv4", "ipv6"),
    [
        ("mail.plain", ["192.0.2.25"], []),
        (
            "mx.multihomed",
            ["203.0.113.3", "203.0.113.1", "203.0.113.2"],
            ["2001:db8:3::2", "2001:db8:3::1"],
        ),
        ("implicit", ["192.0.2.80"], ["2001:db8:80::1"]),
        ("nomail", [], []),
        ("mail.private", ["10.0.0.25"], []),
        ("mail.loopback", ["127.0.0.1"], []),
    ],
)
def test_addresses(zone, name, ipv4, ipv6):
    assert ask(zone, f"{name}.example", "A") == ("NOERROR", ipv4)
    assert ask(zone, f"{name}.example", "AAAA") == ("NOERROR", ipv6)


def test_aliases(zone):
    assert ask(zone, "alias.example", "MX") == (
        "NOERROR",
        ["plain.example.", "10 mail.plain.example."],
    )
    code, [target, *addresses] = ask(zone, "smtp.cnamex.example", "A")
    assert (code, target) == ("NOERROR", "mx1.mailhost.example.")
    assert addresses == ["198.51.100.1", "198.51.100.2"]


@pytest.mark.parametrize("rdtype", ["A", "AAAA", "MX"])
def test_the_dangling_exchange_does_not_exist(zone, rdtype):
    assert ask(zone, "mx.gone.example", rdtype) == ("NXDOMAIN", [])


def test_other_exchanges_have_addresses(zone):
    for domain in ("plain", "equal", "levels", "half", "shop", "studio", "cnamex"):
        _, exchanges = ask(zone, f"{domain}.example", "MX")
        hosts = {text.split()[1] for text in exchanges} - {"mx.gone.example."}
        assert hosts
        assert all(ask(zone, host, "A")[1] for host in hosts)


def test_addresses_are_for_documentation_but_for_two(zone):
    others = set()
    for line in PATH.read_text(encoding="utf-8").splitlines():
        words = line.partition(";")[0].split()
        if len(words) >= 2 and words[-2] in ("A", "AAAA"):
            address = ipaddress.ip_address(words[-1])
            if not any(address in network for network in DOCUMENTATION):
                others.add(words[-1])
    assert others == {"10.0.0.25", "127.0.0.1"}
    assert ask(zone, "example", "SOA")[0] == "NOERROR"
