# SPDX-License-Identifier: MIT
"""Destinations in, routes out in the same order, as soon as can be.

`Resolver.resolve_many` reads its input when it likes and must wait for it. Standard
input may be a person or a program that sends the next line only when it has seen the
route of the last: here whichever is first, a line or a route, is taken.
"""

import contextlib
import select
import sys
from collections.abc import Iterator, Sequence

from pymx import Resolver, Route
from pymx._native import Completions, Request
from pymx._outcome import route_of
from pymx.cli.destinations import Destinations
from pymx.cli.exits import Failure
from pymx.cli.output import reason

_BATCH = 256  # routes taken at a time


class Window:
    """Lookups under way, as many as the resolver does at a time, and routes in order.

    A route that waits for an earlier one, or to be taken, counts as under way.
    """

    def __init__(self, resolver: Resolver) -> None:
        """Start empty."""
        self._resolver = resolver._native
        self._size: int = resolver._arguments["concurrency"]
        self._completions = Completions(descriptor=True)
        self._requests: dict[int, Request] = {}
        self._routes: dict[int, Route] = {}
        self._added = 0
        self._taken = 0

    @property
    def has_room(self) -> bool:
        """Whether `add` is allowed."""
        return self._added - self._taken < self._size

    @property
    def has_next(self) -> bool:
        """Whether `take` has the next route."""
        return self._taken in self._routes

    @property
    def is_empty(self) -> bool:
        """Whether nothing is under way."""
        return self._added == self._taken

    def add(self, destination: str) -> None:
        """Start a lookup."""
        self._requests[self._added] = self._resolver.submit(
            self._completions, self._added, destination, destination
        )
        self._added += 1

    def take(self) -> Route:
        """Return the next route."""
        self._taken += 1
        return self._routes.pop(self._taken - 1)

    def fileno(self) -> int:
        """Return a descriptor that is readable when a lookup has finished."""
        return self._completions.fileno()

    def wait(self, timeout: float | None = None) -> None:
        """Collect lookups that have finished, if need be in `timeout` seconds."""
        for number, outcome in self._completions.take(_BATCH, timeout):
            del self._requests[number]
            self._routes[number] = route_of(outcome)

    def close(self) -> None:
        """Cancel what is under way."""
        for request in self._requests.values():
            request.cancel()
        self._completions.close()


def routes(arguments: Sequence[str], resolver: Resolver) -> Iterator[Route]:
    """Yield the route of each destination in their order, each as soon as can be.

    At most the resolver's `concurrency` were read and not yielded. Raises Failure when
    standard input is wanted and cannot be read.
    """
    destinations = Destinations(arguments)
    with contextlib.closing(Window(resolver)) as window:
        while True:
            while destinations.has_next and window.has_room:
                window.add(destinations.take())
            if window.has_next:
                yield window.take()
            elif destinations.needs_reading and window.has_room:
                _wait_for_either(destinations, window)
            elif not window.is_empty:
                window.wait()
            else:
                break


def _wait_for_either(destinations: Destinations, window: Window) -> None:
    """Take a chunk of standard input or some routes, whichever is there first."""
    # What was closed from the start is None to Python.
    if sys.stdin is None:
        raise Failure("standard input is closed")
    try:
        descriptor = sys.stdin.fileno()
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        poll.register(window, select.POLLIN)
        if descriptor in dict(poll.poll()):
            destinations.read(descriptor)
    except (OSError, ValueError) as error:
        raise Failure(f"standard input: {reason(error)}") from None
    window.wait(0)
