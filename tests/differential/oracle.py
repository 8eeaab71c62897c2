# SPDX-License-Identifier: MIT
"""The same facts by other means: dnspython reads the message, Python judges it.

The message is read by `dns.message.from_wire`, as strict as it is. What the records
prove is docs/rules.rst, The MX question, and faults S1 to S6, written down once more,
over tables of records instead of one walk over octets, so that an error would have to
be made twice.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import dns.exception
import dns.message
import dns.rdata
import dns.rdataclass
from differential.answers import Answer, Case, Question
from dns.flags import AA, AD, QR, RA, TC
from dns.message import Message
from dns.name import Name
from dns.rdatatype import AAAA, CNAME, DNAME, MX, NS, RRSIG, SOA, A, RdataType

DAY, HOUR = 86_400, 3_600
MAX_ALIASES = 8  # fault S6
EDE = 15  # RFC 8914

FAILED = {
    1: "formerr",
    2: "servfail",
    4: "notimp",
    5: "server_refused",
}

# Nobody's type, for RRSIG whose RDATA dnspython is not to look into.
OPAQUE_SIGNATURE = RdataType.make(201)

# No import for each type that a mutation makes up.
dns.rdata.load_all_types()  # type: ignore[no-untyped-call]


class Unproven(Exception):
    """The message says nothing about the question, and this is the reason."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the answer or the authority section."""

    owner: Name
    is_internet: bool
    type: int
    ttl: int
    rdata: Any  # the class of its type in dns.rdtypes


def records_of(section: Iterable[dns.rrset.RRset]) -> list[Record]:
    """Return the records of a section in their order."""
    return [
        Record(
            rrset.name.canonicalize(),
            rrset.rdclass == dns.rdataclass.IN,
            int(rrset.rdtype),
            rrset.ttl,
            rrset[0],
        )
        for rrset in section
    ]


def wire(name: Name) -> bytes:
    """Return a name as reader.c prints it."""
    return name.canonicalize().to_digestable()


def header_of(message: bytes) -> tuple[int, int, int]:
    """Return id, flags and the number of questions."""
    return (
        int.from_bytes(message[:2]),
        int.from_bytes(message[2:4]),
        int.from_bytes(message[4:6]),
    )


def is_reply_to(question: Question, message: bytes) -> bool:
    """Tell whether the message answers this question, whatever it says (fault S1)."""
    _, flags, questions = header_of(message)
    is_query_reply = flags & QR and not flags & 0x7800
    if len(message) < 12 or not is_query_reply or questions != 1:
        return False
    try:
        asked = dns.message.from_wire(message, question_only=True).question[0]
    except dns.exception.DNSException:
        return False
    return (wire(asked.name), asked.rdtype, asked.rdclass) == (
        question.name,
        question.type,
        dns.rdataclass.IN,
    )


class Judge:
    """The rules, over one message that dnspython took."""

    def __init__(self, question: Question, message: Message) -> None:
        self.question = question
        self.message = message
        self.answers = records_of(message.answer)
        self.authority = [r for r in records_of(message.authority) if r.is_internet]
        self.owned: dict[tuple[Name, int], list[Record]] = defaultdict(list)
        for record in self.answers:
            if record.is_internet:
                self.owned[record.owner, record.type].append(record)
        self.path = self.walk()
        self.end = self.path[-1]

    def walk(self) -> list[Name]:
        """Return the names from the question's to the one whose records count."""
        path = [self.message.question[0].name.canonicalize()]
        while not self.owned.get((path[-1], self.question.type)):
            aliases = self.owned.get((path[-1], CNAME), ())
            targets = {a.rdata.target.canonicalize() for a in aliases}
            if not targets:
                break
            if len(targets) > 1:
                raise Unproven("damaged_reply")  # RFC 2181 10.1
            (target,) = targets
            if target in path:
                raise Unproven("cname_loop")
            if len(path) > MAX_ALIASES:
                raise Unproven("cname_limit")
            path.append(target)
        return path

    def alias_ttls(self) -> list[int]:
        """Return the TTLs of the aliases followed."""
        return [
            alias.ttl for name in self.path[:-1] for alias in self.owned[name, CNAME]
        ]

    def soa(self) -> Record | None:
        """Return the first SOA of a zone that the end of the path is in."""
        return next(
            (
                r
                for r in self.authority
                if r.type == SOA and self.end.is_subdomain(r.owner)
            ),
            None,
        )

    def negative_ttl(self) -> int:
        """Return how long to believe that there is nothing (RFC 2308 5)."""
        soa = self.soa()
        if soa is None:
            return 0
        return min(soa.ttl, int(soa.rdata.minimum), HOUR, *self.alias_ttls())

    def is_of_path(self, record: Record) -> bool:
        """Tell whether a record belongs to the aliases followed (fault S5)."""
        if not record.is_internet:
            return False
        if record.type == CNAME:
            return record.owner in self.path[:-1]
        if record.type == DNAME:
            return any(
                name != record.owner and name.is_subdomain(record.owner)
                for name in self.path[:-1]
            )
        if record.type == RRSIG:
            return bool(record.rdata.covers() in (CNAME, DNAME))
        if record.type == OPAQUE_SIGNATURE:
            return int.from_bytes(record.rdata.data[:2]) in (CNAME, DNAME)
        return False

    def refuse_strangers(self) -> None:
        """Beside the aliases nothing may stand where nothing is said to be."""
        strangers = [r for r in self.answers if not self.is_of_path(r)]
        lookalikes = (CNAME, self.question.type)
        if any(r.is_internet and r.type in lookalikes for r in strangers):
            raise Unproven("unrelated_answer")
        if strangers:
            raise Unproven("damaged_reply")

    def judge(self, blank: Answer) -> Answer:
        """Return the facts; Unproven is raised for want of them."""
        blank = replace(
            blank, canonical=wire(self.end), aliases=len(self.path) - 1, reason="-"
        )
        if blank.rcode == 3:
            ttl = self.negative_ttl()
            return replace(blank, kind="nxdomain", reason="nxdomain", ttl=ttl)
        found = self.owned.get((self.end, self.question.type), [])
        if found:
            return self.positive(blank, found)
        self.refuse_strangers()
        soa = self.soa()
        if len(self.path) > 1 and soa is None:
            return replace(blank, kind="alias", ttl=min(DAY, *self.alias_ttls()))
        is_authority = bool(self.message.flags & AA)
        is_referral = not is_authority and any(r.type == NS for r in self.authority)
        if soa is None and is_referral:
            raise Unproven("not_recursive")
        if not (is_authority or self.message.flags & RA):
            raise Unproven("not_recursive")
        return replace(blank, kind="nodata", reason="no_data", ttl=self.negative_ttl())

    def positive(self, blank: Answer, found: list[Record]) -> Answer:
        """Return the facts of an answer with records; identical ones count once."""
        records = tuple(dict.fromkeys(text_of(r) for r in found))
        has_alias_too = self.owned.get((self.end, CNAME))
        return replace(
            blank,
            kind="records",
            reason="cname_and_other" if has_alias_too else "-",
            ttl=min(DAY, *(r.ttl for r in found), *self.alias_ttls()),
            count=len(records),
            records=records,
        )


def text_of(record: Record) -> str:
    """Return a record of the type asked as reader.c prints it."""
    if record.type == MX:
        return f"{record.rdata.preference}:{wire(record.rdata.exchange).hex()}"
    assert record.type in (A, AAAA)
    return str(record.rdata.to_wire().hex())


def ede_of(message: Message) -> int:
    """Return the first extended error of a message, -1 without one."""
    return next((int(o.code) for o in message.options if o.otype == EDE), -1)


def unproven(case: Case, reason: str, **facts: object) -> Answer:
    """Return the facts of a message that says nothing."""
    kind = "truncated" if reason == "truncated" else "failure"
    question = case.question
    blank = Answer(False, kind, reason, 0, -1, False, question.name, 0, 0, 0, ())
    return replace(blank, **facts)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class View:
    """What the oracle says of a case, and why dnspython refused it, if it did."""

    answer: Answer
    refusal: str = ""


def look(case: Case, *, question_only: bool = False) -> View:
    """Read a message with dnspython and judge it.

    With `question_only` no record is read, and the message must say by its header alone
    that there is nothing to read.
    """
    question, message = case
    id_, flags, _ = header_of(message)
    if not is_reply_to(question, message):
        return View(unproven(case, "damaged_reply"), "no reply to the question")
    is_reply = id_ == question.id
    try:
        read = dns.message.from_wire(
            message, keyring=False, one_rr_per_rrset=True, question_only=question_only
        )
    except dns.exception.DNSException as e:
        facts = unproven(
            case,
            "damaged_reply",
            is_reply=is_reply,
            rcode=flags & 15,
            authenticated=bool(flags & AD),
        )
        return View(facts, type(e).__name__)
    rcode = int(read.rcode())
    blank = unproven(
        case,
        "",
        is_reply=is_reply,
        rcode=rcode,
        ede=ede_of(read),
        authenticated=bool(flags & AD),
    )
    if flags & TC:
        # Nothing behind it counts (RFC 2181 9), its OPT neither.
        facts = replace(blank, kind="truncated", reason="truncated")
        return View(replace(facts, rcode=flags & 15, ede=-1))
    if rcode not in (0, 3):
        return View(replace(blank, reason=FAILED.get(rcode, "other_rcode")))
    try:
        return View(Judge(question, read).judge(blank))
    except Unproven as e:
        return View(replace(blank, reason=str(e)))
