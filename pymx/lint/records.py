# SPDX-License-Identifier: MIT
"""What the records of a zone file say beyond a route: pure functions to findings."""

from collections.abc import Iterable, Iterator

import dns.rdatatype

from pymx.lint.finding import Finding
from pymx.lint.rules import SHORT_TTL, check_final_dot
from pymx.lint.setup import Setup
from pymx.lint.zonefile import ZoneFile
from pymx.testing.zonetext import Record

_CNAME = dns.rdatatype.CNAME
_MAIL_TYPES = (dns.rdatatype.MX, dns.rdatatype.A, dns.rdatatype.AAAA, _CNAME)
# RFC 4034 section 2, RFC 3007 section 3.1: DNSSEC's own records may stand there.
_BESIDE_CNAME = (dns.rdatatype.RRSIG, dns.rdatatype.NSEC, dns.rdatatype.KEY)


def check_records(setup: Setup, zone: ZoneFile) -> Iterator[Finding]:
    """Look at the records of a domain and of its exchanges."""
    domain = setup.domain
    if domain.startswith("*."):
        text = f"{domain} makes a mail domain of every name that is not there"
        yield Finding.of("wildcard_mx", domain, domain, text)
    hosts = [] if setup.implicit else [host.name for host in setup.hosts]
    for host in hosts:
        yield from check_final_dot(domain, host, zone.apex_of(domain))
    steps = [step for host in hosts for step in zone.aliases(host)]
    names = dict.fromkeys([domain, setup.canonical, *hosts, *steps])
    for name in names:
        records = zone.records(name)
        if _is_alias_beside(records):
            text = f"{name} is an alias (CNAME) and has other records beside"
            yield Finding.of("cname_and_other", domain, name, text)
        # Of a domain that has exchanges the own addresses are no matter of mail.
        is_domain_only = name in (domain, setup.canonical) and name not in hosts
        yield from _check_ttls(
            domain, name, records, leave_addresses=is_domain_only and bool(hosts)
        )


def _check_ttls(
    domain: str, name: str, records: Iterable[Record], *, leave_addresses: bool
) -> Iterator[Finding]:
    shortest: dict[str, int] = {}
    for record in records:
        rdtype = record.rdata.rdtype
        if rdtype not in _MAIL_TYPES:
            continue
        if leave_addresses and rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA):
            continue
        word = dns.rdatatype.to_text(rdtype)
        shortest[word] = min(record.ttl, shortest.get(word, record.ttl))
    for word, ttl in shortest.items():
        if ttl < SHORT_TTL:
            text = f"the {word} records of {name} have a TTL of {ttl} s"
            yield Finding.of("short_ttl", domain, f"{name} {word}", text)


def _is_alias_beside(records: list[Record]) -> bool:
    """Whether a CNAME stands beside others, a second CNAME among them."""
    data = [
        record.rdata for record in records if record.rdata.rdtype not in _BESIDE_CNAME
    ]
    aliases = {rdata for rdata in data if rdata.rdtype == _CNAME}
    return bool(aliases) and (
        len(aliases) > 1 or any(rdata.rdtype != _CNAME for rdata in data)
    )
