# SPDX-License-Identifier: MIT
"""Messages before they are bytes: records in sections, then an encoder with habits.

The encoder is our own, for it must write what no sane library does: pointers to
pointers, counts and lengths that lie, names in the middle of other names.
"""

import random
import string
from dataclasses import dataclass, field, replace

from differential.answers import Question

A, NS, CNAME, SOA, PTR, MX, TXT, AAAA = 1, 2, 5, 6, 12, 15, 16, 28
SRV, DNAME, OPT, DS, RRSIG, NSEC, NSEC3, SVCB = 33, 39, 41, 43, 46, 47, 50, 64
INTERNET, CHAOS = 1, 3

QR, AA_FLAG, TC_FLAG, RD_FLAG, RA_FLAG, AD_FLAG = 1 << 15, 1024, 512, 256, 128, 32

LETTERS = string.ascii_letters.encode()

Labels = tuple[bytes, ...]
Rdata = tuple[bytes | Labels, ...]  # names in it may be compressed


def labels(text: str) -> Labels:
    """Return the labels of a name written with dots; "" is the root."""
    return tuple(label.encode("latin-1") for label in text.split(".") if label)


def plain(name: Labels) -> bytes:
    """Return a name in wire form, uncompressed."""
    return b"".join(bytes([len(label)]) + label for label in name) + b"\0"


def lower(name: Labels) -> Labels:
    """Return a name as names are compared (RFC 4343)."""
    return tuple(label.lower() for label in name)


def u16(value: int) -> bytes:
    """Return two octets."""
    return value.to_bytes(2)


def u32(value: int) -> bytes:
    """Return four octets."""
    return value.to_bytes(4)


@dataclass(slots=True)
class Record:
    """A resource record; `length` is what RDLENGTH says where it lies.

    An owner of octets is written as it is.
    """

    owner: Labels | bytes
    type: int
    rdata: Rdata
    ttl: int = 300
    rclass: int = INTERNET
    length: int | None = None


@dataclass(slots=True)
class Draft:
    """A reply that can still be changed."""

    asked: Labels
    type: int
    flags: int = QR | RD_FLAG | RA_FLAG
    id: int = 0x1234
    answer: list[Record] = field(default_factory=list)
    authority: list[Record] = field(default_factory=list)
    additional: list[Record] = field(default_factory=list)

    @property
    def question(self) -> Question:
        """What it replies to."""
        return Question(self.id, plain(lower(self.asked)), self.type)

    @property
    def sections(self) -> tuple[list[Record], list[Record], list[Record]]:
        """The three sections of records, in the order of the message."""
        return self.answer, self.authority, self.additional


@dataclass(frozen=True, slots=True)
class Habits:
    """How a server writes names.

    `compress` is the share of names that it compresses, `latest` whether a pointer goes
    to the place written last (and so to a pointer, mostly) or first, `mixes_case`
    whether letters change their case underway.
    """

    compress: float = 1.0
    latest: bool = False
    mixes_case: bool = False


class Encoder:
    """Writes one draft."""

    def __init__(self, habits: Habits, rng: random.Random) -> None:
        self.habits = habits
        self.rng = rng
        self.out = bytearray()
        self.places: dict[Labels, int] = {}

    def mix(self, label: bytes) -> bytes:
        """Return a label with some of its letters in the other case."""
        if not self.habits.mixes_case:
            return label
        mixed = bytearray(label)
        for i, octet in enumerate(label):
            if octet in LETTERS and self.rng.random() < 0.5:
                mixed[i] ^= 0x20
        return bytes(mixed)

    def name(self, name: Labels) -> None:
        """Write a name, with a pointer where there is one and habit says so."""
        compresses = self.rng.random() < self.habits.compress
        for i in range(len(name)):
            rest = lower(name[i:])
            place = self.places.get(rest)
            here = len(self.out)
            if here < 0x4000 and (place is None or self.habits.latest):
                self.places[rest] = here
            if compresses and place is not None:
                self.out += u16(0xC000 | place)
                return
            self.out += bytes([len(name[i])]) + self.mix(name[i])
        self.out.append(0)

    def piece(self, piece: Labels | bytes) -> None:
        """Write octets, or a name."""
        if isinstance(piece, bytes):
            self.out += piece
        else:
            self.name(piece)

    def record(self, record: Record) -> None:
        """Write a record."""
        self.piece(record.owner)
        self.out += u16(record.type) + u16(record.rclass) + u32(record.ttl) + b"\0\0"
        start = len(self.out)
        for piece in record.rdata:
            self.piece(piece)
        length = len(self.out) - start if record.length is None else record.length
        self.out[start - 2 : start] = u16(length)

    def draft(self, draft: Draft) -> bytes:
        """Write a message."""
        self.out += u16(draft.id) + u16(draft.flags) + u16(1)
        for section in draft.sections:
            self.out += u16(len(section))
        self.name(draft.asked)
        self.out += u16(draft.type) + u16(INTERNET)
        for section in draft.sections:
            for record in section:
                self.record(record)
        return bytes(self.out[:65_535])


def encode(draft: Draft, habits: Habits, rng: random.Random) -> bytes:
    """Return the message; cut where DNS over TCP ends."""
    return Encoder(habits, rng).draft(draft)


def copy_of(draft: Draft) -> Draft:
    """Return a draft whose records can be changed apart from the original's."""
    answer, authority, additional = (
        [replace(record) for record in section] for section in draft.sections
    )
    return replace(draft, answer=answer, authority=authority, additional=additional)
