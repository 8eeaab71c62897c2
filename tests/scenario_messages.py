# SPDX-License-Identifier: MIT
"""The answers of scenarios as messages, by dnspython's names and records.

tests/core/script_message.c makes them a second time for the C runner, with code that
has nothing in common with this; tests/scenarios/README.rst tells the language.
"""

import io
import ipaddress
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

_IN = dns.rdataclass.IN
_HEADER = 12
_SECTIONS = ("ANSWER", "AUTHORITY", "ADDITIONAL")
_QR, _AA, _TC, _RD, _RA, _AD, _CD = 0x8000, 0x400, 0x200, 0x100, 0x80, 0x20, 0x10
_RCODES = {
    "FORMERR": 1,
    "SERVFAIL": 2,
    "NOTIMP": 4,
    "REFUSED": 5,
    "BADVERS": 16,
    "BADCOOKIE": 23,
}
_FLAGS = {"TRUNCATED": _TC, "AA": _AA, "AD": _AD, "CD": _CD, "Z": 0x40}
_CLEARED = {"NORA": _RA, "NOQR": _QR}


def build(query: bytes, text: str) -> bytes:
    """Return the message that one answer of a scenario stands for."""
    draft = _Draft(query)
    for item in text.split(","):
        words = item.split()
        if words:
            draft.take(words)
    return draft.finish()


@dataclass
class _Draft:
    """A reply in the making."""

    query: bytes
    output: io.BytesIO = field(default_factory=io.BytesIO)
    compress: dict[dns.name.Name, int] = field(default_factory=dict)
    counts: list[int] = field(default_factory=lambda: [1, 0, 0, 0])
    flags: int = _QR | _RD | _RA
    rcode: int = 0
    section: int = 0
    ttl: int | None = None
    rdclass: int = _IN
    rdlength: int | None = None  # of the next record, if it is to lie
    has_soa: bool = True
    trailing: int = 0
    cut: int = 0
    whole: bytes | None = None  # the message, when it is none that is built

    def __post_init__(self) -> None:
        self.id = self.query[:2]
        self.name, end = dns.name.from_wire(self.query, _HEADER)
        rdtype, _ = struct.unpack_from("!HH", self.query, _HEADER + end)
        self.type = dns.rdatatype.RdataType.make(rdtype)
        self.asked_type, self.asked_class = int(self.type), int(_IN)
        self.owner = self.name
        self._ask()

    def _ask(self) -> None:
        """Write the question, after room for the header."""
        self.output.seek(0)
        self.output.truncate()
        self.output.write(bytes(_HEADER))
        self.compress.clear()
        self.name.to_wire(self.output, self.compress)
        self.output.write(struct.pack("!HH", self.asked_type, self.asked_class))

    def take(self, words: list[str]) -> None:
        """Do what one item says."""
        word, *rest = words
        if word in _RCODES:
            self.rcode = _RCODES[word]
        elif word in _FLAGS:
            self.flags |= _FLAGS[word]
        elif word in _CLEARED:
            self.flags &= ~_CLEARED[word]
        elif word in _SECTIONS:
            self.section = _SECTIONS.index(word)
        elif word in _WORDS:
            _WORDS[word](self, rest)
        else:
            self.record(self.owner, self.type, " ".join(words))

    def record(self, owner: dns.name.Name, rdtype: int, text: str) -> None:
        """Add a record as a zone file has it."""
        rdata = dns.rdata.from_text(
            _IN, rdtype, text, origin=dns.name.root, relativize=False
        )
        self.add(owner, rdtype, rdata)

    def add(
        self,
        owner: dns.name.Name,
        rdtype: int,
        rdata: dns.rdata.Rdata,
        ttl: int | None = None,
    ) -> None:
        """Add a record, with the lies that were asked for."""
        if any(self.counts[self.section + 2 :]):
            raise ValueError("a record comes after those of a later section")
        if ttl is None:
            ttl = 300 if self.ttl is None else self.ttl
        self.counts[self.section + 1] += 1
        owner.to_wire(self.output, self.compress)
        self.output.write(struct.pack("!HHI", rdtype, self.rdclass, ttl))
        at = self.output.tell()
        self.output.write(bytes(2))
        rdata.to_wire(self.output, self.compress)
        length = self.output.tell() - at - 2
        if self.rdlength is not None:
            length, self.rdlength = self.rdlength, None
        self.output.seek(at)
        self.output.write(struct.pack("!H", length))
        self.output.seek(0, io.SEEK_END)

    def add_octets(self, octets: bytes) -> None:
        """Add a record of the type asked with any RDATA."""
        rdata = dns.rdata.GenericRdata(_IN, self.type, octets)
        self.add(self.owner, self.type, rdata)

    def add_soa(self, owner: dns.name.Name, ttl: int, minimum: int) -> None:
        """Add the SOA of a zone."""
        numbers = f"ns1 hostmaster 1 2 3 4 {minimum}"
        rdata = dns.rdata.from_text(_IN, "SOA", numbers, origin=owner, relativize=False)
        self.add(owner, dns.rdatatype.SOA, rdata, ttl)

    def finish(self) -> bytes:
        """Return the message."""
        if self.whole is not None:
            return self.whole
        if self.rcode > 15:
            self.output.write(
                struct.pack("!BHHIH", 0, 41, 1232, self.rcode >> 4 << 24, 0)
            )
            self.counts[3] += 1
        body = self.output.getvalue()[_HEADER:]
        flags = self.flags | self.rcode & 15
        header = self.id + struct.pack("!H4H", flags, *self.counts)
        message = header + body + bytes(self.trailing)
        return message[: max(0, len(message) - self.cut)]


def _name(text: str) -> dns.name.Name:
    return dns.name.from_text(text, dns.name.root)


def _nodata(draft: _Draft, _rest: list[str]) -> None:
    if draft.has_soa:
        draft.section = 1
        owner = draft.owner
        zone = owner.parent() if len(owner) > 2 else owner
        ttl = 60 if draft.ttl is None else draft.ttl
        draft.add_soa(zone, ttl, ttl)


def _nxdomain(draft: _Draft, rest: list[str]) -> None:
    draft.rcode = 3
    _nodata(draft, rest)


def _no_soa(draft: _Draft, _rest: list[str]) -> None:
    draft.has_soa = False


def _cname(draft: _Draft, rest: list[str]) -> None:
    draft.record(draft.owner, dns.rdatatype.CNAME, rest[0])
    draft.owner = _name(rest[0])


def _both(draft: _Draft, rest: list[str]) -> None:
    draft.record(draft.owner, dns.rdatatype.CNAME, rest[0])


def _owner(draft: _Draft, rest: list[str]) -> None:
    draft.owner = _name(rest[0])


def _referral(draft: _Draft, rest: list[str]) -> None:
    draft.section = 1
    draft.record(_name(rest[0]), dns.rdatatype.NS, "ns.test")


def _soa(draft: _Draft, rest: list[str]) -> None:
    draft.add_soa(_name(rest[0]), int(rest[1]), int(rest[2]))


def _of_type(rdtype: str) -> Callable[[_Draft, list[str]], None]:
    def add(draft: _Draft, rest: list[str]) -> None:
        draft.record(
            _name(rest[0]), dns.rdatatype.from_text(rdtype), " ".join(rest[1:])
        )

    return add


def _txt(draft: _Draft, rest: list[str]) -> None:
    draft.record(_name(rest[0]), dns.rdatatype.TXT, "text")


def _rrsig(draft: _Draft, rest: list[str]) -> None:
    """Add a signature over records of a type, as far as anybody reads it here."""
    octets = struct.pack("!H", int(rest[1])) + bytes(28)
    rdata = dns.rdata.GenericRdata(_IN, dns.rdatatype.RRSIG, octets)
    draft.add(_name(rest[0]), dns.rdatatype.RRSIG, rdata)


def _opt(draft: _Draft, rest: list[str]) -> None:
    usual, draft.rdclass = draft.rdclass, 1232
    rdata = dns.rdata.GenericRdata(_IN, dns.rdatatype.OPT, b"")
    draft.add(_name(rest[0]), dns.rdatatype.OPT, rdata, 0)
    draft.rdclass = usual


def _many(draft: _Draft, rest: list[str]) -> None:
    count, preference, host = rest
    for number in range(int(count)):
        name = host.replace("#", str(number))
        draft.record(draft.owner, draft.type, f"{preference} {name}")


def _addresses(draft: _Draft, rest: list[str]) -> None:
    first = ipaddress.ip_address(rest[1])
    for number in range(int(rest[0])):
        draft.record(draft.owner, draft.type, str(first + number))


def _hex(draft: _Draft, rest: list[str]) -> None:
    draft.add_octets(bytes.fromhex(rest[0] if rest else ""))


def _count(index: int) -> Callable[[_Draft, list[str]], None]:
    def say(draft: _Draft, rest: list[str]) -> None:
        draft.counts[index] = int(rest[0])

    return say


def _number(attribute: str) -> Callable[[_Draft, list[str]], None]:
    def say(draft: _Draft, rest: list[str]) -> None:
        setattr(draft, attribute, int(rest[0]))

    return say


def _damaged(draft: _Draft, _rest: list[str]) -> None:
    draft.trailing = 1


def _opcode(draft: _Draft, rest: list[str]) -> None:
    draft.flags |= int(rest[0]) << 11


def _echo(draft: _Draft, _rest: list[str]) -> None:
    draft.whole = draft.query


def _junk(draft: _Draft, rest: list[str]) -> None:
    draft.whole = (draft.id + bytes(int(rest[0])))[: int(rest[0])]


def _wrong_id(draft: _Draft, _rest: list[str]) -> None:
    draft.id = struct.pack("!H", (int.from_bytes(draft.id) + 1) & 0xFFFF)


def _qname(draft: _Draft, rest: list[str]) -> None:
    draft.name = _name(rest[0])
    draft._ask()


def _qtype(draft: _Draft, rest: list[str]) -> None:
    draft.asked_type = int(rest[0])
    draft._ask()


def _qclass(draft: _Draft, rest: list[str]) -> None:
    draft.asked_class = int(rest[0])
    draft._ask()


_WORDS: dict[str, Callable[[_Draft, list[str]], None]] = {
    "NODATA": _nodata,
    "NXDOMAIN": _nxdomain,
    "NOSOA": _no_soa,
    "CNAME": _cname,
    "BOTH": _both,
    "OWNER": _owner,
    "REFERRAL": _referral,
    "SOA": _soa,
    "A": _of_type("A"),
    "AAAA": _of_type("AAAA"),
    "MX": _of_type("MX"),
    "NS": _of_type("NS"),
    "DNAME": _of_type("DNAME"),
    "TXT": _txt,
    "RRSIG": _rrsig,
    "OPT": _opt,
    "MANY": _many,
    "ADDRESSES": _addresses,
    "HEX": _hex,
    "RCODE": _number("rcode"),
    "TTL": _number("ttl"),
    "CLASS": _number("rdclass"),
    "RDLENGTH": _number("rdlength"),
    "TRAILING": _number("trailing"),
    "CUT": _number("cut"),
    "QDCOUNT": _count(0),
    "ANCOUNT": _count(1),
    "NSCOUNT": _count(2),
    "ARCOUNT": _count(3),
    "DAMAGED": _damaged,
    "OPCODE": _opcode,
    "ECHO": _echo,
    "JUNK": _junk,
    "WRONGID": _wrong_id,
    "QNAME": _qname,
    "QTYPE": _qtype,
    "QCLASS": _qclass,
}
