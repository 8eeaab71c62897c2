# SPDX-License-Identifier: MIT
"""A world's answers in wire form, as fastdns serves them.

The file: b"MWB1", the number of entries (u32), then for each: length of the name (u8),
the name in wire form and lower case, type (u16; 0: any other type), rcode (u8), numbers
of answer and of authority records (u16 each), length (u16) and octets of these records.
Numbers are little-endian. Compression pointers lead into the question, which is the
name.
"""

import socket
import struct
from collections.abc import Iterator
from functools import cache
from typing import BinaryIO

from benchmarks.world import Domain, Host, World

A, CNAME, SOA, MX, AAAA, ANY_OTHER = 1, 5, 6, 15, 28, 0
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3
TTL = 3600  # longer than any run: what is cached stays
SOA_NUMBERS = (2024010101, 3600, 900, 1209600, 300)
HEADER = 12
POINTER = 0xC000
ROOT = b"\0"


def encode(name: str) -> bytes:
    """Return a name in wire form."""
    labels = name.split(".") if name else []
    return b"".join(bytes([len(x)]) + x.encode() for x in labels) + ROOT


def compress(name: str, question: str) -> bytes:
    """Return a name in wire form, with a pointer into the question if possible."""
    head: list[str] = []
    tail = name
    while tail:
        if question == tail or question.endswith("." + tail):
            offset = HEADER + len(question) - len(tail)
            labels = b"".join(bytes([len(x)]) + x.encode() for x in head)
            return labels + struct.pack(">H", POINTER | offset)
        label, _, tail = tail.partition(".")
        head.append(label)
    return encode(name)


def record(question: str, owner: str, rtype: int, data: bytes) -> bytes:
    """Return a resource record."""
    fixed = struct.pack(">HHIH", rtype, 1, TTL, len(data))
    return compress(owner, question) + fixed + data


@cache
def _authority() -> bytes:
    data = (
        encode("ns.test") + encode("hostmaster.test") + struct.pack(">5I", *SOA_NUMBERS)
    )
    return encode("test") + struct.pack(">HHIH", SOA, 1, TTL, len(data)) + data


def entry(
    name: str,
    rtype: int,
    answers: list[bytes],
    *,
    rcode: int = NOERROR,
    has_authority: bool = False,
) -> bytes:
    """Return an entry of the file."""
    wire = encode(name)
    body = b"".join(answers) + (_authority() if has_authority else b"")
    numbers = (rtype, rcode, len(answers), int(has_authority), len(body))
    return bytes([len(wire)]) + wire + struct.pack("<HBHHH", *numbers) + body


def _no_data(name: str) -> bytes:
    return entry(name, ANY_OTHER, [], has_authority=True)


def host_entries(host: Host) -> Iterator[bytes]:
    """Yield the entries of an exchange."""
    name, owner = host.name, host.alias_of or host.name
    alias = []
    if host.alias_of:
        alias.append(record(name, name, CNAME, compress(host.alias_of, name)))
    for rtype, family, addresses in (
        (A, socket.AF_INET, host.ipv4),
        (AAAA, socket.AF_INET6, host.ipv6),
    ):
        records = [
            record(name, owner, rtype, socket.inet_pton(family, address))
            for address in addresses
        ]
        if alias or records:
            yield entry(name, rtype, alias + records, has_authority=not records)
    yield _no_data(name)


def domain_entries(domain: Domain) -> Iterator[bytes]:
    """Yield the entries of a domain and of the exchanges that are its own."""
    name, kind = domain.name, domain.kind
    if kind == "servfail":
        yield entry(name, ANY_OTHER, [], rcode=SERVFAIL)
    elif kind == "null_mx":
        yield entry(name, MX, [record(name, name, MX, struct.pack(">H", 0) + ROOT)])
        yield _no_data(name)
    elif kind == "implicit":
        yield from host_entries(domain.exchanges[0][1])
    elif kind != "nxdomain":
        yield entry(
            name,
            MX,
            [
                record(name, name, MX, struct.pack(">H", p) + compress(host.name, name))
                for p, host in domain.exchanges
            ],
        )
        yield _no_data(name)
        if kind != "shared":
            for _, host in domain.exchanges:
                yield from host_entries(host)


def entries(world: World) -> Iterator[bytes]:
    """Yield all entries, first that of names which do not exist."""
    yield entry("", ANY_OTHER, [], rcode=NXDOMAIN, has_authority=True)
    for exchanges in world.providers:
        for _, host in exchanges:
            yield from host_entries(host)
    for domain in world:
        yield from domain_entries(domain)


def write(world: World, file: BinaryIO) -> None:
    """Write the file."""
    file.write(b"MWB1" + struct.pack("<I", 0))
    count = 0
    for octets in entries(world):
        file.write(octets)
        count += 1
    file.seek(4)
    file.write(struct.pack("<I", count))
