# SPDX-License-Identifier: MIT
"""Behaviours to script: forged, damaged, doubled and misdirected replies.

Each may be followed by something else in the same turn: `then`.
"""

import random
from collections.abc import Sequence

import dns.message
import dns.name
import dns.rrset

from pymx.testing.behaviour import normal, parse_rcode
from pymx.testing.bind import check_address
from pymx.testing.step import Behaviour, Query, Send, Step

_OTHER_NAME = dns.name.from_text("another-question.invalid.")


def wrong_id(count: int = 1, *, then: Behaviour | None = None) -> Behaviour:
    """Answer truly but under `count` different wrong ids; then do `then`.

    Raises ValueError unless there is at least one and at most 65,535.
    """
    if not 1 <= count <= 65535:
        raise ValueError(f"wrong_id: {count!r} is not between 1 and 65535")

    def plan(query: Query) -> list[Step]:
        data = query.reply
        steps: list[Step] = []
        for distance in range(1, count + 1):
            other = (query.question.id + distance) & 0xFFFF
            steps.append(Send(other.to_bytes(2) + data[2:]))
        return steps + _follow(then, query)

    return Behaviour(f"wrong_id({count}, then={then})", plan)


def wrong_question(*, then: Behaviour | None = None) -> Behaviour:
    """Answer the records of the right question under another one; then do `then`."""

    def plan(query: Query) -> list[Step]:
        message = query.truth()
        asked = query.message.question[0]
        message.question = [dns.rrset.RRset(_OTHER_NAME, asked.rdclass, asked.rdtype)]
        return [Send(query.render(message)), *_follow(then, query)]

    return Behaviour(f"wrong_question(then={then})", plan)


def wrong_source(
    address: str | None = None, *, then: Behaviour | None = None
) -> Behaviour:
    """Answer truly from another port, or from another `address` too; then do `then`.

    UDP only. Without `address` it is the server's own with another port. Raises
    ValueError for an address that is not loopback.
    """
    if address is not None:
        check_address(address)

    def plan(query: Query) -> list[Step]:
        data = query.reply
        return [Send(data, source=address or ""), *_follow(then, query)]

    return Behaviour(f"wrong_source({address!r}, then={then})", plan, "udp")


def echo_query(*, then: Behaviour | None = None) -> Behaviour:
    """Send the query back as it came, QR clear; then do `then`."""

    def plan(query: Query) -> list[Step]:
        return [Send(query.wire), *_follow(then, query)]

    return Behaviour(f"echo_query(then={then})", plan)


def garbage(
    datagrams: int | Sequence[bytes], *, then: Behaviour | None = None
) -> Behaviour:
    """Send these datagrams as they are, or that many random octets; then do `then`.

    `then` defaults to the normal answer. The random octets are always the same.
    """
    if isinstance(datagrams, int):
        if not 0 <= datagrams <= 65507:
            raise ValueError(f"garbage: {datagrams!r} octets do not fit a datagram")
        datagrams = [random.Random(datagrams).randbytes(datagrams)]
    steps: list[Step] = [Send(bytes(datagram)) for datagram in datagrams]
    then = then or normal()

    def plan(query: Query) -> list[Step]:
        return steps + _follow(then, query)

    return Behaviour(f"garbage({len(steps)} datagrams, then={then})", plan)


def duplicate(count: int = 2) -> Behaviour:
    """Send the true answer `count` times. Raises ValueError for less than once."""
    if count < 1:
        raise ValueError(f"duplicate: {count!r} times is no answer; that is drop()")

    def plan(query: Query) -> list[Step]:
        return [Send(query.reply)] * count

    return Behaviour(f"duplicate({count})", plan)


def flip_case() -> Behaviour:
    """Answer truly with the case of every letter of the question's name turned."""

    def plan(query: Query) -> list[Step]:
        message = query.truth()
        asked = message.question[0]
        turned = dns.name.Name([label.swapcase() for label in asked.name.labels])
        message.question = [dns.rrset.RRset(turned, asked.rdclass, asked.rdtype)]
        return [Send(query.render(message))]

    return Behaviour("flip_case()", plan)


def refuse_edns(code: str | int = "FORMERR") -> Behaviour:
    """Answer queries with EDNS by an rcode, without EDNS; the others normally.

    Raises ValueError for an unknown rcode and for one over 15, which would need EDNS.
    """
    value = parse_rcode(code)
    if value > 15:
        raise ValueError(f"refuse_edns: rcode {code!r} itself needs EDNS")

    def plan(query: Query) -> Sequence[Step]:
        if query.message.edns < 0:
            return normal().plan(query)
        message = query.empty()
        message.use_edns(False)
        message.set_rcode(value)
        return [Send(query.render(message))]

    return Behaviour(f"refuse_edns({code!r})", plan)


def drop_above(size: int, behaviour: Behaviour | None = None) -> Behaviour:
    """Do `behaviour` but lose datagrams of over `size` octets.

    UDP only: a path that eats large datagrams without a word. `behaviour` defaults to
    the normal answer.
    """
    behaviour = behaviour or normal()

    def plan(query: Query) -> list[Step]:
        steps = behaviour.plan(query)
        return [s for s in steps if not isinstance(s, Send) or len(s.data) <= size]

    return Behaviour(f"drop_above({size}, {behaviour})", plan, "udp")


def _follow(then: Behaviour | None, query: Query) -> list[Step]:
    return list(then.plan(query)) if then else []
