# SPDX-License-Identifier: MIT
"""Destinations in, from arguments and standard input; routes out, in the same order.

`Resolver.resolve_many` reads its input when it likes and must wait for it. Standard
input may be a person or a program that sends the next line only when it has seen the
route of the last: here whichever is first, a line or a route, is taken.
"""

import os
import select
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from functools import partial

from pymx import Resolver, Route
from pymx._native import Completions
from pymx.bulk import Bulk
from pymx.cli.exits import Failure
from pymx.cli.output import reason

_CHUNK = 64 * 1024  # octets of standard input at a time
_BATCH = 256  # routes taken at a time
_STANDARD_INPUT = "-"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Destinations:
    """What to look up next. ``"-"`` stands for the lines of standard input."""

    def __init__(self, arguments: Sequence[str]) -> None:
        """Start with the first argument."""
        self._rest = deque(arguments)
        self._lines: deque[str] = deque()
        self._begun = b""  # of a line whose end has not been read
        self._is_first = True

    @property
    def has_next(self) -> bool:
        """Whether `take` has something."""
        return bool(self._lines or (self._rest and self._rest[0] != _STANDARD_INPUT))

    @property
    def needs_reading(self) -> bool:
        """Whether the next destination is still in standard input."""
        return not self._lines and bool(self._rest) and not self.has_next

    def take(self) -> str:
        """Return the next destination."""
        return (self._lines or self._rest).popleft()

    def read(self, descriptor: int) -> None:
        """Read what is there of standard input; its end makes room for what follows."""
        chunk = os.read(descriptor, _CHUNK)
        if not chunk:
            self._rest.popleft()
            if self._begun:
                self._add(self._begun)
                self._begun = b""
            return
        *ended, self._begun = (self._begun + chunk).split(b"\n")
        for line in ended:
            self._add(line)

    def _add(self, line: bytes) -> None:
        if self._is_first:
            line = line.removeprefix(_BYTE_ORDER_MARK)
            self._is_first = False
        # What is not UTF-8 becomes what such an argument would: no destination, and
        # told as one.
        text = line.removesuffix(b"\r").decode("utf-8", "surrogateescape")
        self._lines.append(text)


def routes(
    arguments: Sequence[str], resolver: Resolver, concurrency: int
) -> Iterator[Route]:
    """Yield the route of each destination in their order, each as soon as can be.

    At most `concurrency` were read and not yielded. Raises Failure when standard input
    is wanted and cannot be read.
    """
    destinations = Destinations(arguments)
    completions = Completions(descriptor=True)
    submit = partial(resolver._native.submit, completions)
    bulk = Bulk(submit, concurrency, ordered=True)
    try:
        while True:
            while destinations.has_next and bulk.room > 0:
                bulk.add(destinations.take())
            if bulk.is_ready:
                yield bulk.pop()
            elif destinations.needs_reading and bulk.room > 0:
                _wait_for_either(destinations, completions, bulk)
            elif bulk.is_in_flight:
                _finish(bulk, completions, None)
            else:
                break
    finally:
        bulk.cancel()
        completions.close()


def _wait_for_either(
    destinations: Destinations, completions: Completions, bulk: Bulk
) -> None:
    """Take a chunk of standard input or some routes, whichever is there first."""
    try:
        descriptor = sys.stdin.fileno()
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        poll.register(completions.fileno(), select.POLLIN)
        if descriptor in dict(poll.poll()):
            destinations.read(descriptor)
    except (AttributeError, OSError, ValueError) as error:
        # A standard input that was closed from the start is None to Python.
        why = "it is closed" if sys.stdin is None else reason(error)
        raise Failure(f"standard input: {why}") from None
    _finish(bulk, completions, 0)


def _finish(bulk: Bulk, completions: Completions, timeout: float | None) -> None:
    for number, route in completions.take(_BATCH, timeout):
        bulk.finish(number, route)
