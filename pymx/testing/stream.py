# SPDX-License-Identifier: MIT
"""Behaviours to script: what can go wrong on a TCP stream. Over UDP they do nothing."""

from pymx.testing.behaviour import normal
from pymx.testing.step import Behaviour, Close, Query, Send, Step


def close(*, after: Behaviour | None = None, reset: bool = False) -> Behaviour:
    """Close the connection, after what `after` sends; with RST if `reset`.

    ``close()`` closes without an answer, ``close(after=normal())`` after the answer.
    """

    def plan(query: Query) -> list[Step]:
        steps = list(after.plan(query)) if after else []
        last = max((step.after for step in steps), default=0.0)
        return [*steps, Close(last, reset)]

    return Behaviour(f"close(after={after}, reset={reset})", plan, "tcp")


def slow_tcp(bytes_per_write: int, interval: float) -> Behaviour:
    """Answer truly, `bytes_per_write` octets every `interval` seconds.

    Raises ValueError unless at least one octet is written and the interval is not
    negative.
    """
    if bytes_per_write < 1 or interval < 0:
        raise ValueError(f"slow_tcp: cannot write {bytes_per_write} every {interval} s")

    def plan(query: Query) -> list[Step]:
        data = query.reply
        data = len(data).to_bytes(2) + data
        return [
            Send(data[start : start + bytes_per_write], turn * interval, framed=False)
            for turn, start in enumerate(range(0, len(data), bytes_per_write))
        ]

    return Behaviour(f"slow_tcp({bytes_per_write}, {interval})", plan, "tcp")


def zero_length(*, then: Behaviour | None = None) -> Behaviour:
    """Send a message of length zero; then do `then` (default: answer normally)."""
    then = then or normal()

    def plan(query: Query) -> list[Step]:
        return [Send(b""), *then.plan(query)]

    return Behaviour(f"zero_length(then={then})", plan, "tcp")


def false_length(length: int, *, then_close: bool = True) -> Behaviour:
    """Answer truly but announce `length` (0 to 65,535) octets; then close, if wished.

    Raises ValueError for a length that two octets cannot say.
    """
    if not 0 <= length <= 65535:
        raise ValueError(f"false_length: {length!r} is not between 0 and 65535")

    def plan(query: Query) -> list[Step]:
        data = length.to_bytes(2) + query.reply
        steps: list[Step] = [Send(data, framed=False)]
        return [*steps, Close()] if then_close else steps

    return Behaviour(f"false_length({length})", plan, "tcp")
