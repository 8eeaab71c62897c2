# SPDX-License-Identifier: MIT
"""What a reader of answers says: one form for ours and for the oracle's."""

from dataclasses import dataclass
from typing import NamedTuple


class Question(NamedTuple):
    """What was asked; the name in wire form, lower-cased."""

    id: int
    name: bytes
    type: int


class Case(NamedTuple):
    """A question and what came as reply to it."""

    question: Question
    message: bytes

    def encode(self) -> bytes:
        """Return the form that reader.c reads."""
        q = self.question
        numbers = (q.id, q.type, len(q.name))
        head = b"".join(number.to_bytes(2) for number in numbers)
        return head + q.name + len(self.message).to_bytes(2) + self.message


@dataclass(frozen=True, slots=True)
class Answer:
    """Facts of a message, as ext/core/answer.h names them."""

    is_reply: bool
    kind: str
    reason: str
    rcode: int
    ede: int
    authenticated: bool
    canonical: bytes
    aliases: int
    ttl: int
    count: int
    records: tuple[str, ...]

    @property
    def is_costly(self) -> bool:
        """Tell whether mail bounces or goes astray when this is wrong.

        "No such records", "no such domain" and null MX: docs/rules.rst, The MX
        question.
        """
        if self.kind == "records":
            return self.count > 0 and all(r.endswith(":00") for r in self.records)
        return self.kind in ("nodata", "nxdomain")


def parse(line: str) -> Answer:
    """Read a line that reader.c wrote."""
    words = line.split()
    is_reply, kind, reason, rcode, ede, authenticated, canonical = words[:7]
    aliases, ttl, count = map(int, words[7:10])
    return Answer(
        is_reply == "1",
        kind,
        reason,
        int(rcode),
        int(ede),
        authenticated == "1",
        bytes.fromhex(canonical),
        aliases,
        ttl,
        count,
        tuple(words[10:]),
    )
