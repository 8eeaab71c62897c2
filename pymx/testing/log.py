# SPDX-License-Identifier: MIT
# ruff: noqa: A002 - `type` is what DNS and this interface call it.
"""The questions a server was asked, in the order they arrived."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, overload

import dns.message

from pymx.testing.names import plain_name

Transport = Literal["udp", "tcp"]


@dataclass(frozen=True, slots=True)
class Question:
    """One question that reached the server, answered or not.

    `name` is in lower case and without the final dot (the root is ``"."``), `type` as
    in a master file (``"MX"``, ``"TYPE65280"``), `time` monotonic seconds.
    """

    name: str
    type: str
    transport: Transport
    client: tuple[str, int]
    time: float = field(compare=False)
    query: bytes = field(repr=False, compare=False)

    @property
    def id(self) -> int:
        """The message id, 0 to 65535."""
        return int.from_bytes(self.query[:2])

    def message(self) -> dns.message.Message:
        """Return the whole query: flags, EDNS, the name in the case it was asked."""
        return dns.message.from_wire(self.query)


class Log(Sequence[Question]):
    """The questions so far. Any thread may read, wait and clear.

    `malformed` holds the messages that were no readable query; a resolver under test
    should leave it empty.
    """

    def __init__(self) -> None:
        """Start without questions."""
        self.malformed: list[bytes] = []
        self._questions: list[Question] = []
        self._changed = threading.Condition()

    def add(self, question: Question) -> None:
        """Append a question and wake those who wait for it."""
        with self._changed:
            self._questions.append(question)
            self._changed.notify_all()

    def clear(self) -> None:
        """Forget every question and every malformed message."""
        with self._changed:
            self._questions.clear()
            self.malformed.clear()

    def names(self, type: str | None = None) -> list[str]:
        """Return the names asked for, of one type or of all, in order of arrival.

        >>> from pymx.testing import FakeDNS
        >>> import dns.message, dns.query
        >>> with FakeDNS() as server:
        ...     query = dns.message.make_query("Example.COM", "MX")
        ...     _ = dns.query.udp(query, "127.0.0.1", port=server.port, timeout=5)
        ...     server.log.names("MX")
        ['example.com']
        """
        return [question.name for question in self.matching(type=type)]

    def count(
        self,
        name: str | None = None,
        type: str | None = None,
        transport: Transport | None = None,
    ) -> int:
        """Return how many questions match; an argument of None matches all."""
        return len(self.matching(name, type, transport))

    def matching(
        self,
        name: str | None = None,
        type: str | None = None,
        transport: Transport | None = None,
    ) -> list[Question]:
        """Return the questions that match; an argument of None matches all."""
        wanted = _matcher(name, type, transport)
        with self._changed:
            return [question for question in self._questions if wanted(question)]

    def wait(
        self,
        count: int = 1,
        name: str | None = None,
        type: str | None = None,
        transport: Transport | None = None,
        *,
        timeout: float = 10.0,
    ) -> list[Question]:
        """Wait until at least `count` matching questions have arrived; return them.

        Raises TimeoutError when that takes more than `timeout` seconds. For tests that
        act while a question is in flight: no sleep is needed.
        """
        wanted = _matcher(name, type, transport)
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                found = [question for question in self._questions if wanted(question)]
                if len(found) >= count:
                    return found
                if not self._changed.wait(deadline - time.monotonic()):
                    raise TimeoutError(
                        f"{len(found)} of {count} questions for name={name!r}, "
                        f"type={type!r}, transport={transport!r} in {timeout} s; "
                        f"the log has {self._questions}"
                    )

    def renew_lock(self) -> None:
        """Give a forked child a lock that no thread of its parent holds."""
        self._changed = threading.Condition()

    def __len__(self) -> int:
        """Return how many questions there are."""
        with self._changed:
            return len(self._questions)

    @overload
    def __getitem__(self, index: int) -> Question: ...

    @overload
    def __getitem__(self, index: slice) -> list[Question]: ...

    def __getitem__(self, index: int | slice) -> Question | list[Question]:
        """Return one question, or a list of them for a slice."""
        with self._changed:
            return self._questions[index]

    def __iter__(self) -> Iterator[Question]:
        """Iterate over the questions there are now, not over later ones."""
        with self._changed:
            return iter(list(self._questions))

    def __repr__(self) -> str:
        """Show each question as name, type and transport."""
        return f"<Log {[f'{q.name} {q.type} {q.transport}' for q in self]}>"


def _matcher(
    name: str | None, type: str | None, transport: Transport | None
) -> Callable[[Question], bool]:
    plain = None if name is None else plain_name(name)
    upper = None if type is None else type.upper()

    def matches(question: Question) -> bool:
        return (
            (plain is None or question.name == plain)
            and (upper is None or question.type == upper)
            and (transport is None or question.transport == transport)
        )

    return matches
