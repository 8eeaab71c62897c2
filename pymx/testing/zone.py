# SPDX-License-Identifier: MIT
"""What a zone answers: the logic of a server, without sockets or messages."""

import itertools
import os
import pathlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Self

import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.CNAME
import dns.rdtypes.ANY.SOA

from pymx.testing.zonedict import ZoneDict, read_dict
from pymx.testing.zonetext import DEFAULT_TTL, Record, ZoneError, read_text

ZoneSource = str | os.PathLike[str] | ZoneDict


@dataclass(slots=True)
class ZoneAnswer:
    """The sections and the rcode that answer a question."""

    rcode: dns.rcode.Rcode = dns.rcode.NOERROR
    answer: list[Record] = field(default_factory=list)
    authority: list[Record] = field(default_factory=list)


class Zone:
    """Records of any number of domains under the root, kept in published order.

    Immutable; any thread may ask. `rcodes` are names that, with everything below them
    that has no records of its own, get that rcode; `names` exist without records.
    """

    def __init__(
        self,
        records: Iterable[Record] = (),
        *,
        names: Iterable[dns.name.Name] = (),
        rcodes: Mapping[dns.name.Name, dns.rcode.Rcode] | None = None,
    ) -> None:
        """Keep the records in their order."""
        self._rcodes = dict(rcodes or {})
        # Every name there is: owners and, as empty non-terminals (RFC 8020), all above.
        self._nodes: dict[dns.name.Name, list[Record]] = {dns.name.root: []}
        for name in names:
            self._node(name)
        for name, rcode in self._rcodes.items():
            if rcode != dns.rcode.NXDOMAIN and name != dns.name.root:
                self._node(name.parent())
        for record in records:
            self._node(record.name).append(record)

    @classmethod
    def read(cls, source: ZoneSource | None) -> Self:
        """Return the zone of a master file's text, of a path to one, or of a dict.

        None is the empty zone: no name exists. Raises ZoneError, OSError for a file
        that cannot be read, and TypeError for another kind of `source`.
        """
        if source is None:
            return cls()
        if isinstance(source, str):
            return cls(read_text(source))
        if isinstance(source, os.PathLike):
            path = pathlib.Path(source)
            try:
                text = path.read_text(encoding="utf-8")
            except UnicodeDecodeError as error:
                raise ZoneError(f"{path}: not UTF-8 text: {error}") from None
            return cls(read_text(text, str(path)))
        if isinstance(source, Mapping):
            found = read_dict(source)
            return cls(found.records, names=found.names, rcodes=found.rcodes)
        raise TypeError(
            "a zone is the text of a master file, a path to one, or a dict, "
            f"not {type(source).__name__}"
        )

    @property
    def records(self) -> Iterator[Record]:
        """All records, name by name, those of one name in published order."""
        return itertools.chain.from_iterable(self._nodes.values())

    def failing(self, rcodes: Mapping[dns.name.Name, dns.rcode.Rcode]) -> Self:
        """Return this zone with more `rcodes`; names that have one keep it."""
        return type(self)(
            self.records, names=self._nodes, rcodes={**rcodes, **self._rcodes}
        )

    def lookup(
        self,
        name: dns.name.Name,
        rdtype: dns.rdatatype.RdataType,
        *,
        negative_soa: bool = True,
    ) -> ZoneAnswer:
        """Answer as a recursive resolver that knows nothing but this zone.

        CNAMEs are followed inside the zone and the whole chain is in the answer; a loop
        ends where it closes. Where a CNAME stands beside records of the asked type,
        both are answered in published order and the CNAME is not followed.
        """
        result = ZoneAnswer()
        seen = {name}
        while True:
            rcode, node = self._find(name)
            if rcode is not None:
                result.rcode = rcode
                break
            wanted = [
                Record(name, record.ttl, record.rdata)
                for record in node
                if rdtype in (record.rdata.rdtype, dns.rdatatype.ANY)
                or record.rdata.rdtype == dns.rdatatype.CNAME
            ]
            result.answer += wanted
            alias = _alias(wanted, rdtype)
            if alias is None:
                if wanted:
                    return result
                break
            if alias in seen:
                return result
            seen.add(alias)
            name = alias
        if negative_soa and result.rcode in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            result.authority.append(self._soa_above(name))
        return result

    def _node(self, name: dns.name.Name) -> list[Record]:
        node = self._nodes.get(name)
        if node is None:
            self._node(name.parent())
            node = self._nodes[name] = []
        return node

    def _find(self, name: dns.name.Name) -> tuple[dns.rcode.Rcode | None, list[Record]]:
        """Return the records at `name`, or the rcode that stands there instead."""
        if name in self._rcodes:
            return self._rcodes[name], []
        if name in self._nodes:
            return None, self._nodes[name]
        encloser = name
        while encloser not in self._nodes:
            encloser = encloser.parent()
            if encloser in self._rcodes:
                return self._rcodes[encloser], []
        # RFC 4592 section 3.3.1: only the wildcard right below the closest encloser.
        wildcard = self._nodes.get(dns.name.Name((b"*", *encloser.labels)))
        if wildcard is None:
            return dns.rcode.NXDOMAIN, []
        return None, wildcard

    def _soa_above(self, name: dns.name.Name) -> Record:
        """Return the SOA a negative answer carries (RFC 2308 section 3)."""
        above = name
        while True:
            for record in self._nodes.get(above, ()):
                if isinstance(record.rdata, dns.rdtypes.ANY.SOA.SOA):
                    ttl = min(record.ttl, record.rdata.minimum)
                    return Record(record.name, ttl, record.rdata)
            if above == dns.name.root:
                break
            above = above.parent()
        parent = name if name == dns.name.root else name.parent()
        return Record(parent, DEFAULT_TTL, _MADE_UP_SOA)


def _alias(
    records: list[Record], rdtype: dns.rdatatype.RdataType
) -> dns.name.Name | None:
    """Return where to go on: the target, when nothing but CNAMEs was found."""
    if rdtype in (dns.rdatatype.CNAME, dns.rdatatype.ANY):
        return None
    target = None
    for record in records:
        if not isinstance(record.rdata, dns.rdtypes.ANY.CNAME.CNAME):
            return None
        target = target or record.rdata.target
    return target


_MADE_UP_SOA = dns.rdata.from_text(
    dns.rdataclass.IN,
    dns.rdatatype.SOA,
    f". . 1 3600 900 1209600 {DEFAULT_TTL}",
)
