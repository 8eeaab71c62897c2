# SPDX-License-Identifier: MIT
"""Behaviours to script: the answers, delays and silences of ordinary servers.

Those of hostile or broken ones are in `bogus`, those of TCP streams in `stream`.
"""

import random
from collections.abc import Callable, Sequence

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from pymx.testing.step import Behaviour, Query, Send, Step
from pymx.testing.zonetext import read_text

RawReply = bytes | Sequence[bytes]


def normal() -> Behaviour:
    """Answer out of the zone; in a script: from here on all is well."""
    return Behaviour("normal()", lambda query: [Send(query.reply)])


def drop() -> Behaviour:
    """Answer nothing."""
    return Behaviour("drop()", lambda _query: [])


def delay(seconds: float, then: Behaviour | None = None) -> Behaviour:
    """Do `then` (default: answer normally) after `seconds`. Others do not wait for it.

    Raises ValueError for a negative time.
    """
    if seconds < 0:
        raise ValueError(f"delay: {seconds!r} seconds have passed already")
    then = then or normal()

    def plan(query: Query) -> list[Step]:
        return [step.later(seconds) for step in then.plan(query)]

    return Behaviour(f"delay({seconds!r}, {then})", plan, then.transport)


def rcode(code: str | int) -> Behaviour:
    """Answer with an rcode and no records: ``"SERVFAIL"``, ``"BADVERS"``, 0 to 4095.

    Those over 15 put an OPT record into the reply even where the query has none
    (RFC 6891 section 6.1.3). Raises ValueError for an unknown one.
    """
    value = parse_rcode(code)

    def plan(query: Query) -> list[Step]:
        message = query.empty()
        message.set_rcode(value)
        return [Send(query.render(message))]

    return Behaviour(f"rcode({code!r})", plan)


def truncate(keep: int = 0, *, tcp: bool = False) -> Behaviour:
    """Set TC and answer the first `keep` records only; over TCP too if `tcp`."""

    def plan(query: Query) -> list[Step]:
        message = query.truth()
        message.flags |= dns.flags.TC
        message.answer = message.answer[:keep]
        message.authority = []
        return [Send(query.render(message))]

    text = f"truncate({keep}, tcp={tcp})"
    return Behaviour(text, plan, None if tcp else "udp")


def answer(answer: str, authority: str = "", additional: str = "") -> Behaviour:
    """Answer NOERROR with these records, as lines of a zone file; "" is no record.

    Owner, order and repetitions are kept, whatever the question was. Raises ZoneError.

    >>> from pymx.testing import FakeDNS, answer
    >>> with FakeDNS() as server:
    ...     forged = answer("other.example. 60 IN MX 10 mx.other.example.")
    ...     server.script("example.com", "MX", forged)
    """
    texts = {"answer": answer, "authority": authority, "additional": additional}
    sections = {name: read_text(text, name) for name, text in texts.items()}

    def plan(query: Query) -> list[Step]:
        message = query.empty()
        message.answer = [record.rrset() for record in sections["answer"]]
        message.authority = [record.rrset() for record in sections["authority"]]
        message.additional = [record.rrset() for record in sections["additional"]]
        return [Send(query.render(message))]

    return Behaviour(f"answer({answer!r})", plan)


def edit(change: Callable[[dns.message.Message], dns.message.Message]) -> Behaviour:
    """Answer what `change` makes of the true message (its own to change), uncut.

    Each record is an RRset of its own there, so that order and repetitions survive.

    >>> from pymx.testing import FakeDNS, edit
    >>> def forget_recursion(message):
    ...     message.flags &= ~dns.flags.RA
    ...     return message
    >>> import dns.flags
    >>> with FakeDNS() as server:
    ...     server.script("example.com", "MX", edit(forget_recursion))
    """

    def plan(query: Query) -> list[Step]:
        message = change(query.truth())
        return [Send(message.to_wire(max_size=65535, want_shuffle=False))]

    return Behaviour(f"edit({_name(change)})", plan)


def raw(
    reply: RawReply | Callable[[bytes], RawReply],
    *,
    keep_id: bool = False,
    framed: bool = True,
) -> Behaviour:
    """Answer these bytes, as they are or as a function makes them of the query.

    Several messages are a list. The first two octets become the query's id unless
    `keep_id`. Over TCP each message gets its length in front unless `framed` is False.
    """

    def plan(query: Query) -> list[Step]:
        result = reply(query.wire) if callable(reply) else reply
        messages = [result] if isinstance(result, bytes) else list(result)
        if not keep_id:
            messages = [query.wire[: len(data[:2])] + data[2:] for data in messages]
        return [Send(data, framed=framed) for data in messages]

    text = _name(reply) if callable(reply) else repr(reply)
    return Behaviour(f"raw({text})", plan)


def sometimes(share: float, behaviour: Behaviour, *, seed: int = 0) -> Behaviour:
    """Do `behaviour` for a `share` (0 to 1) of the queries, else answer normally.

    The same seed and order of queries give the same choices. Raises ValueError for a
    share out of range.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"sometimes: share {share!r} is not between 0 and 1")
    generator = random.Random(seed)
    usual = normal()

    def plan(query: Query) -> Sequence[Step]:
        chosen = behaviour if generator.random() < share else usual
        return chosen.plan(query)

    return Behaviour(f"sometimes({share}, {behaviour})", plan, behaviour.transport)


def parse_rcode(code: str | int) -> dns.rcode.Rcode:
    """Return the rcode `code` names. Raises ValueError for an unknown one."""
    try:
        if isinstance(code, str):
            return dns.rcode.from_text(code)
        return dns.rcode.Rcode.make(code)
    except (dns.exception.DNSException, ValueError):
        raise ValueError(
            f'{code!r} is not an rcode like "SERVFAIL", nor a number from 0 to 4095'
        ) from None


def _name(function: object) -> str:
    return getattr(function, "__name__", repr(function))
