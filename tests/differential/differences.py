# SPDX-License-Identifier: MIT
"""All that our reader and dnspython may differ in, and how to tell.

Where dnspython refuses what we read, the difference names a `relief`: the same message
without what dnspython took offence at. The oracle must say of that exactly what our
reader says of the message. Where we refuse what dnspython reads, it names a `mark` that
the message bears, and our reader must say what it says of any damaged message.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import dns.rdata
from differential.answers import Answer, Case
from differential.drafts import (
    AAAA,
    CNAME,
    DNAME,
    INTERNET,
    MX,
    NS,
    OPT,
    PTR,
    RRSIG,
    SOA,
    TC_FLAG,
    A,
    u16,
)
from differential.oracle import EDE, OPAQUE_SIGNATURE, header_of, look, unproven

HEADER = 12
POINTER = 0xC0
MAX_LABEL_STEPS = 20_000
MAX_PASSES = 9  # over the owners: one for each name of the longest chain
# Types whose RDATA has a shape for us; octets before the names in it, how many names.
NAMES = {CNAME: (0, 1), NS: (0, 1), PTR: (0, 1), MX: (2, 1), SOA: (0, 2)}
SHAPED = {*NAMES, A, AAAA, DNAME, OPT}
# Nobody's; names that point at the type of a record find a zero octet as before.
OPAQUE = 200
PRIVATE_OPTION = 65_001
GENERIC = dns.rdata.GenericRdata

Relief = Callable[[Case], Answer | None]
Mark = Callable[[bytes], bool]


class Unreadable(Exception):
    """Records cannot be told apart."""


@dataclass(slots=True)
class Trace:
    """A name as it is written: where its parts begin, and the octet behind it."""

    parts: list[int]
    labels: int
    end: int

    @property
    def has_pointer(self) -> bool:
        """Tell whether it is compressed."""
        return len(self.parts) > 1


@dataclass(slots=True)
class Place:
    """Where a record stands in the message, with the names that we read in it."""

    owner: Trace
    at: int  # of its type
    type: int
    rclass: int
    rdata: int
    end: int
    names: list[Trace]


def trace(message: bytes, at: int) -> Trace:
    """Follow a name."""
    name = Trace([at], 0, 0)
    while at < len(message):
        octet = message[at]
        if octet == 0:
            name.end = name.end or at + 1
            return name
        if octet < POINTER:
            name.labels += 1
            at += 1 + octet
            continue
        name.end = name.end or at + 2
        at = int.from_bytes(message[at : at + 2]) & 0x3FFF
        if at >= name.parts[-1]:
            break
        name.parts.append(at)
    raise Unreadable


def places(message: bytes) -> Iterator[Place]:
    """Yield the records that the header announces."""
    at = trace(message, HEADER).end + 4
    for _ in range(sum(int.from_bytes(message[i : i + 2]) for i in (6, 8, 10))):
        owner = trace(message, at)
        at = owner.end
        if at + 10 > len(message):
            raise Unreadable
        rtype, rclass = (int.from_bytes(message[i : i + 2]) for i in (at, at + 2))
        rdata = at + 10
        end = rdata + int.from_bytes(message[at + 8 : rdata])
        names = []
        if rclass == INTERNET and rtype in NAMES:
            offset, count = NAMES[rtype]
            next_name = rdata + offset
            for _ in range(count):
                names.append(trace(message, next_name))
                next_name = names[-1].end
        yield Place(owner, at, rtype, rclass, rdata, end, names)
        at = end


def names_of(message: bytes) -> Iterator[Trace]:
    """Yield all names that our reader looks at."""
    yield trace(message, HEADER)
    for place in places(message):
        yield place.owner
        yield from place.names


def points_into_header(message: bytes) -> bool:
    """Fault W23: octets of the header, read as a name."""
    return any(part < HEADER for name in names_of(message) for part in name.parts)


def points_to_root_exchange(message: bytes) -> bool:
    """Fault S2: an exchange that is a pointer to a zero octet."""
    return any(
        place.rclass == INTERNET
        and place.type == MX
        and place.names[0].labels == 0
        and place.names[0].has_pointer
        for place in places(message)
    )


def points_to_root_option(message: bytes) -> bool:
    """RFC 6891 6.1.2: the owner of an OPT MUST be 0, one octet."""
    return any(
        place.type == OPT and place.owner.has_pointer for place in places(message)
    )


def takes_many_steps(message: bytes) -> bool:
    """Fault W26: names that cost more to read than their octets."""
    steps = sum(name.labels for name in names_of(message))
    return steps > MAX_LABEL_STEPS // MAX_PASSES


def without_records(case: Case) -> Answer:
    """Read the header and the question only."""
    return look(case, question_only=True).answer


def if_truncated(case: Case) -> Answer | None:
    """Nothing behind the question of a truncated message counts (RFC 2181 9)."""
    _, flags, _ = header_of(case.message)
    return without_records(case) if flags & TC_FLAG else None


def if_failed(case: Case) -> Answer | None:
    """A server that failed is believed that, whatever else is in the message."""
    _, flags, _ = header_of(case.message)
    return None if flags & 15 in (0, 3) else without_records(case)


def of_damaged(case: Case) -> Answer:
    """Say of a message what is said of one that cannot be read."""
    _, flags, _ = header_of(case.message)
    blank = without_records(case)
    facts = unproven(case, "damaged_reply", rcode=flags & 15)
    facts = replace(facts, is_reply=blank.is_reply, authenticated=blank.authenticated)
    return if_truncated(case) or if_failed(case) or facts


def make_opaque(message: bytes) -> bytes:
    """Give unknown types to records whose RDATA has a shape for dnspython alone."""
    changed = bytearray(message)
    for place in places(message):
        if place.type == OPT or (place.rclass == INTERNET and place.type in SHAPED):
            continue
        known = dns.rdata.get_rdata_class(  # type: ignore[no-untyped-call]
            place.rclass, place.type
        )
        if known is GENERIC:
            continue
        is_signature = place.rclass == INTERNET and place.type == RRSIG
        opaque = OPAQUE_SIGNATURE if is_signature else OPAQUE
        changed[place.at : place.at + 2] = u16(opaque)
    return bytes(changed)


def make_private(message: bytes) -> tuple[bytes, int]:
    """Give a private code to all options; return the first extended error, too."""
    changed = bytearray(message)
    ede = -1
    for place in places(message):
        if place.type != OPT:
            continue
        at = place.rdata
        while at + 4 <= place.end:
            code, length = (int.from_bytes(message[i : i + 2]) for i in (at, at + 2))
            if code == EDE and length >= 2 and ede < 0:
                ede = int.from_bytes(message[at + 4 : at + 6])
            changed[at : at + 2] = u16(PRIVATE_OPTION)
            at += 4 + length
    return bytes(changed), ede


def if_opaque(case: Case) -> Answer | None:
    """Look only into RDATA that some rule needs (RFC 3597 3)."""
    return look(case._replace(message=make_opaque(case.message))).answer


def if_private(case: Case) -> Answer | None:
    """Look into no option but the extended error (RFC 6891 6.1.2)."""
    message, ede = make_private(case.message)
    return replace(look(case._replace(message=message)).answer, ede=ede)


def if_opaque_and_private(case: Case) -> Answer | None:
    """Do both."""
    return if_private(case._replace(message=make_opaque(case.message)))


@dataclass(frozen=True, slots=True)
class Difference:
    """A way in which the two may differ.

    `may_be_final` tells whether our reader may say "no such records", "no such domain"
    or null MX of such a message, although dnspython refuses it.
    """

    name: str
    why: str
    source: str
    relief: Relief | None = None
    mark: Mark | None = None
    may_be_final: bool = False


DIFFERENCES = (
    Difference(
        "truncated",
        "of a truncated message we read the header and ask over TCP; "
        "dnspython reads the damaged rest",
        "RFC 2181 9",
        relief=if_truncated,
    ),
    Difference(
        "failed_server",
        "an rcode of failure is reported as it is, for it decides on the next attempt; "
        "dnspython refuses the damaged rest",
        "rule M4",
        relief=if_failed,
    ),
    Difference(
        "opaque_rdata",
        "RDATA of types and classes without a rule is not looked into; dnspython knows "
        "the shape of 70 types",
        "RFC 3597 3",
        relief=if_opaque,
        may_be_final=True,
    ),
    Difference(
        "edns_options",
        "options must fill the OPT record but their contents are not looked into, an "
        "extended error with broken text keeps its code",
        "RFC 6891 6.1.2, RFC 8914 2",
        relief=if_private,
        may_be_final=True,
    ),
    Difference(
        "opaque_rdata and edns_options",
        "both in one message",
        "as above",
        relief=if_opaque_and_private,
        may_be_final=True,
    ),
    Difference(
        "pointer_into_header",
        "dnspython reads names out of the header, where a damaged pointer finds the "
        "root easily",
        "RFC 1035 4.1.4, fault W23",
        mark=points_into_header,
    ),
    Difference(
        "root_exchange_by_pointer",
        "a null MX is three octets of RDATA; no server compresses one octet into two",
        "RFC 7505 3, fault S2",
        mark=points_to_root_exchange,
    ),
    Difference(
        "opt_owner_by_pointer",
        "the owner of an OPT record is one zero octet",
        "RFC 6891 6.1.2",
        mark=points_to_root_option,
    ),
    Difference(
        "label_steps",
        "names of one message that take more than 20,000 steps are a pointer bomb",
        "faults S3, W26",
        mark=takes_many_steps,
    ),
)


def explains(difference: Difference, case: Case, ours: Answer, theirs: Answer) -> bool:
    """Tell whether the two differ in this way and in no other."""
    try:
        if difference.relief is not None:
            return (
                theirs.reason == "damaged_reply"
                and difference.relief(case) == ours
                and (difference.may_be_final or not ours.is_costly)
            )
        assert difference.mark is not None
        return ours == of_damaged(case) and difference.mark(case.message)
    except Unreadable:
        return False


def find(case: Case, ours: Answer, theirs: Answer) -> Difference | None:
    """Return the way in which the two differ, None when it is not listed."""
    return next((d for d in DIFFERENCES if explains(d, case, ours, theirs)), None)
