# SPDX-License-Identifier: MIT
"""A zone before it is published: its mail domains, and where its knowledge ends.

A zone file speaks for the names below its apex, but for those it delegates. Of all
others it knows nothing, which is not that they do not exist: the server made of it
refuses to answer for them.
"""

from collections.abc import Container, Iterator
from typing import Self

import dns.name
import dns.rcode
import dns.rdatatype
import dns.rdtypes.ANY.CNAME

from pymx.testing import Zone, ZoneSource
from pymx.testing.names import parse_name, plain_name
from pymx.testing.zonetext import Record

_STAND_IN = "pymx-lint"
# What makes an apex a domain that mail can be for.
_OF_MAIL = (
    dns.rdatatype.A,
    dns.rdatatype.AAAA,
    dns.rdatatype.CNAME,
)
_MAX_ALIASES = 8  # as many as pymx follows


class ZoneFile:
    """The records of a zone file, and what it holds. Immutable."""

    def __init__(self, zone: Zone) -> None:
        """Find the apexes, the delegations and the mail domains."""
        self._zone = zone
        self._nodes: dict[dns.name.Name, list[Record]] = {}
        for record in zone.records:
            self._nodes.setdefault(record.name, []).append(record)
        self._apexes = self._find_apexes()
        self._cuts = {
            name
            for name, records in self._nodes.items()
            if _has(records, dns.rdatatype.NS) and name not in self._apexes
        }
        #: What is to be checked: each owner of MX records, and each apex that mail can
        #: be for, as written.
        self.domains = tuple(plain_name(name) for name in self._find_domains())
        self._stand_ins = {
            domain: self._stand_in(domain)
            for domain in self.domains
            if domain.startswith("*.")
        }
        self._wildcards = {name: domain for domain, name in self._stand_ins.items()}

    @classmethod
    def read(cls, source: ZoneSource) -> Self:
        """Return the zone of a master file's text, of a path to one, or of a dict.

        Raises ZoneError, and OSError for a file that cannot be read.
        """
        return cls(Zone.read(source))

    def apex_of(self, name: str) -> str:
        """Return the apex of the zone that a name is in; the root if it is in none."""
        above = parse_name(name)
        while above not in self._apexes and above != dns.name.root:
            above = above.parent()
        return plain_name(above)

    def records(self, name: str) -> list[Record]:
        """Return what is published at a name, in published order."""
        return self._nodes.get(parse_name(name), [])

    def aliases(self, name: str) -> list[str]:
        """Return where a name's alias leads, step by step, as far as the file knows."""
        steps: list[str] = []
        while len(steps) < _MAX_ALIASES:
            target = self._alias(name)
            if target is None or target in steps:
                break
            steps.append(target)
            name = target
        return steps

    def _alias(self, name: str) -> str | None:
        # As a server does: a wildcard may hold it.
        found = self._zone.lookup(parse_name(name), dns.rdatatype.CNAME).answer
        for record in found:
            if isinstance(record.rdata, dns.rdtypes.ANY.CNAME.CNAME):
                return plain_name(record.rdata.target)
        return None

    def asked_for(self, domain: str) -> str:
        """Return the name to look up for a domain: a wildcard stands for any."""
        return self._stand_ins.get(domain, domain)

    def shown_for(self, name: str) -> str:
        """Return the domain that `asked_for` gave a name for."""
        return self._wildcards.get(name, name)

    def server_zone(self) -> Zone:
        """Return what a server says that has the file and nothing else."""
        silent = dict.fromkeys(self._above_apexes(), dns.rcode.REFUSED)
        silent |= dict.fromkeys(self._cuts, dns.rcode.REFUSED)
        return self._zone.failing(silent)

    def _stand_in(self, wildcard: str) -> str:
        """Return a name that a wildcard is for: one that is not there."""
        number = 0
        while True:
            name = f"{_STAND_IN}{number or ''}{wildcard[1:]}"
            if parse_name(name) not in self._nodes:
                return name
            number += 1

    def _find_apexes(self) -> set[dns.name.Name]:
        """Return the owners of SOA records, and the top of what lies below none."""
        found = {
            name
            for name, records in self._nodes.items()
            if _has(records, dns.rdatatype.SOA)
        }
        for name in sorted(self._nodes, key=len):
            if not _below(name, found):
                found.add(name.parent() if name.is_wild() else name)
        return found

    def _find_domains(self) -> Iterator[dns.name.Name]:
        for name, records in self._nodes.items():
            is_apex = _has(records, dns.rdatatype.SOA)
            takes_mail = any(_has(records, rdtype) for rdtype in _OF_MAIL)
            if _has(records, dns.rdatatype.MX) or (is_apex and takes_mail):
                yield name

    def _above_apexes(self) -> Iterator[dns.name.Name]:
        for apex in self._apexes:
            name = apex
            while name != dns.name.root:
                name = name.parent()
                if not _below(name, self._apexes):
                    yield name


def _below(name: dns.name.Name, tops: Container[dns.name.Name]) -> bool:
    """Whether a name is one of `tops`, or below one."""
    while name not in tops:
        if name == dns.name.root:
            return False
        name = name.parent()
    return True


def _has(records: list[Record], rdtype: dns.rdatatype.RdataType) -> bool:
    return any(record.rdata.rdtype == rdtype for record in records)
