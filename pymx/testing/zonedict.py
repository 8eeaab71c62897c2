# SPDX-License-Identifier: MIT
"""A dict to records: the short way to write a zone in a test.

::

    {
        "example.com": {"MX": [(10, "mx1.example.com")], "A": "192.0.2.1", "TTL": 60},
        "mx1.example.com": {"A": ["192.0.2.2", "192.0.2.3"], "AAAA": "2001:db8::2"},
        "quiet.example": {},               # exists, has no records
        "dead.example": "NXDOMAIN",        # or another rcode: "SERVFAIL", ...
    }

A list holds several records; a tuple the fields of one. Every name is absolute.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import dns.exception
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.ttl

from pymx.testing.names import IDNA, parse_name, parse_type
from pymx.testing.zonetext import DEFAULT_TTL, Record, ZoneError, complaint

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Field = str | int | Address
Data = Field | tuple[Field, ...]
Node = Mapping[str, Data | list[Data]]
ZoneDict = Mapping[str, Node | str]

_ONE_FIELD_TYPES = (
    dns.rdatatype.A,
    dns.rdatatype.AAAA,
    dns.rdatatype.CNAME,
    dns.rdatatype.NS,
    dns.rdatatype.PTR,
)
_TEXT_TYPES = (dns.rdatatype.TXT, dns.rdatatype.SPF)


@dataclass(slots=True)
class DictZone:
    """What a dict says: records in order, names that exist, names that only fail."""

    records: list[Record] = field(default_factory=list)
    names: list[dns.name.Name] = field(default_factory=list)
    rcodes: dict[dns.name.Name, dns.rcode.Rcode] = field(default_factory=dict)


def read_dict(zone: ZoneDict) -> DictZone:
    """Return what `zone` says. Raises ZoneError with the name and type at fault."""
    result = DictZone()
    for text, node in zone.items():
        where = f"zone[{text!r}]"
        try:
            name = parse_name(text)
        except ValueError as error:
            raise ZoneError(f"{where}: {error}") from None
        if isinstance(node, str):
            result.rcodes[name] = _rcode(where, node)
        elif isinstance(node, Mapping):
            result.names.append(name)
            result.records.extend(_records(where, name, node))
        else:
            raise ZoneError(
                f"{where}: {node!r} is neither a dict of types "
                f'like {{"A": "192.0.2.1"}} nor an rcode like "NXDOMAIN"'
            )
    return result


def _rcode(where: str, text: str) -> dns.rcode.Rcode:
    try:
        return dns.rcode.from_text(text)
    except (dns.exception.DNSException, ValueError):
        raise ZoneError(
            f'{where}: {text!r} is not an rcode like "NXDOMAIN" or "SERVFAIL"; '
            f'write records as {{"A": {text!r}}}'
        ) from None


def _records(where: str, name: dns.name.Name, node: Node) -> Iterable[Record]:
    ttl = DEFAULT_TTL
    if "TTL" in node:
        ttl = _ttl(where, node["TTL"])
    for type_name, values in node.items():
        if type_name == "TTL":
            continue
        try:
            rdtype = parse_type(type_name)
        except ValueError as error:
            raise ZoneError(f"{where}: {error}") from None
        for value in values if isinstance(values, list) else [values]:
            rdata = _rdata(f"{where}[{type_name!r}]", rdtype, value)
            yield Record(name, ttl, rdata)


def _ttl(where: str, value: Data | list[Data]) -> int:
    try:
        return dns.ttl.from_text(str(value))
    except dns.exception.DNSException:
        raise ZoneError(
            f"{where}['TTL']: {value!r} is not a time in seconds, 0 to 4294967295"
        ) from None


def _rdata(where: str, rdtype: dns.rdatatype.RdataType, value: Data) -> dns.rdata.Rdata:
    fields = value if isinstance(value, tuple) else (value,)
    for part in fields:
        # bool is an int to Python, and never a preference.
        if isinstance(part, bool) or not isinstance(part, Field):
            raise ZoneError(f"{where}: {value!r} is not text, a number or an address")
    if rdtype in _TEXT_TYPES:
        text = " ".join(_quoted(str(part)) for part in fields)
    else:
        text = " ".join(str(part) for part in fields)
    try:
        return dns.rdata.from_text(
            dns.rdataclass.IN, rdtype, text, dns.name.root, False, None, IDNA
        )
    except (dns.exception.DNSException, ValueError) as error:
        reason = complaint(dns.rdatatype.to_text(rdtype), error)
        if len(fields) > 1 and rdtype in _ONE_FIELD_TYPES:
            reason += "; several records are a list, not a tuple"
        raise ZoneError(f"{where}: {value!r}: {reason}") from None


def _quoted(text: str) -> str:
    """Return `text` as strings of at most 255 octets (RFC 1035 section 3.3.14)."""
    if text.startswith('"'):
        return text
    octets = text.encode()
    parts = [octets[i : i + 255] for i in range(0, len(octets), 255)] or [b""]
    return " ".join(
        '"' + "".join(_escaped(octet) for octet in part) + '"' for part in parts
    )


def _escaped(octet: int) -> str:
    character = chr(octet)
    if character in '"\\':
        return "\\" + character
    return character if 0x20 <= octet < 0x7F else f"\\{octet:03d}"
