# SPDX-License-Identifier: MIT
"""The bookkeeping of `resolve_many`, the same for blocking callers and event loops."""

from __future__ import annotations

from collections import deque
from functools import partial
from time import monotonic

from pymx._outcome import route_of
from pymx.options import MAX_CONCURRENCY, check_count, fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from pymx._native import Route
    from pymx._outcome import Outcome

    class Lookup(Protocol):
        """A lookup in progress."""

        def cancel(self) -> None:
            """End it."""

    class Submit(Protocol):
        """Starts the lookup of a row."""

        def __call__(
            self, number: int, destination: object, row: Any, /, *, retry: bool
        ) -> Lookup:
            """Return it; a `retry` takes no failure from the cache."""

    Key = Callable[[Any], object]
    Report = Callable[[int, int], object]

MAX_RETRIES = 100
REPORT_INTERVAL = 0.1  # seconds


class Bulk:
    """The rows of one call on their way: read, in flight, perhaps held, ready, yielded.

    A row is what was read, with a destination in it. Rows are numbered in the order of
    reading; the number is the token of the row's lookup. `room` bounds all of them, so
    nothing here grows with the input.
    """

    def __init__(
        self,
        submit: Submit,
        concurrency: int,
        *,
        key: Key | None = None,
        ordered: bool = False,
        retries: int = 0,
        report: Report | None = None,
    ) -> None:
        """Start with nothing read; the arguments are those of `resolve_many`."""
        self._submit = submit
        self._concurrency = concurrency
        self._key = key
        self._ordered = ordered
        self._retries = retries
        self._report = report
        self._report_at = monotonic() + REPORT_INTERVAL
        self._read = 0
        self._yielded = 0
        # By number: what to cancel, what to ask again, how often still.
        self._in_flight: dict[int, tuple[Lookup, object, Any, int]] = {}
        self._held: list[tuple[int, object, Any, int]] = []
        self._ready: deque[Route] = deque()
        # Ordered: the routes that wait for an earlier one, and the number of that.
        self._early: dict[int, Route] = {}
        self._next = 0

    @property
    def room(self) -> int:
        """How many rows may be read now."""
        return self._concurrency - (self._read - self._yielded)

    @property
    def is_ready(self) -> bool:
        """Whether `pop` has a route."""
        return bool(self._ready)

    @property
    def is_in_flight(self) -> bool:
        """Whether a lookup will finish."""
        return bool(self._in_flight)

    def add(self, row: Any) -> None:
        """Start the lookup of a row that was read."""
        destination = row if self._key is None else self._key(row)
        number = self._read
        self._read += 1
        self._start(number, destination, row, self._retries, is_first=True)

    def finish(self, number: int, outcome: Outcome) -> None:
        """Take the route of a lookup; raises the exception that came in its place."""
        _, destination, row, retries = self._in_flight.pop(number)
        route = route_of(outcome)
        is_unknown = route.deliverable is None and route.status != "cancelled"
        if is_unknown and retries > 0:
            self._held.append((number, destination, row, retries - 1))
        else:
            self._put(number, route)
        # As late as can be, so that what is wrong may pass; but what is held takes room
        # from the others.
        if self._held and (
            not self._in_flight or 2 * len(self._held) >= self._concurrency
        ):
            held, self._held = self._held, []
            for again in held:
                self._start(*again)

    def pop(self) -> Route:
        """Return the next route, which counts as yielded."""
        self._yielded += 1
        return self._ready.popleft()

    def report(self, *, is_last: bool = False) -> None:
        """Tell who wants to know how far it is, if it is time to."""
        if self._report is None:
            return
        now = monotonic()
        if is_last or now >= self._report_at:
            self._report_at = now + REPORT_INTERVAL
            self._report(self._yielded, self._read)

    def cancel(self) -> None:
        """Cancel what is in flight; for the end, whatever the reason."""
        for request, *_ in self._in_flight.values():
            request.cancel()
        self._in_flight.clear()

    def _start(
        self,
        number: int,
        destination: object,
        row: Any,
        retries: int,
        *,
        is_first: bool = False,
    ) -> None:
        request = self._submit(number, destination, row, retry=not is_first)
        self._in_flight[number] = (request, destination, row, retries)

    def _put(self, number: int, route: Route) -> None:
        if not self._ordered:
            self._ready.append(route)
            return
        self._early[number] = route
        while self._next in self._early:
            self._ready.append(self._early.pop(self._next))
            self._next += 1


def prepare(
    destinations: object,
    *,
    ordered: bool,
    concurrency: int | None,
    key: Key | None,
    retry_unknown: int,
    progress: Report | None,
    usual_concurrency: int,
) -> Callable[[Submit], Bulk]:
    """Check the arguments of `resolve_many`; return what makes its `Bulk`.

    Raises TypeError or ConfigurationError.
    """
    if isinstance(destinations, str | bytes | bytearray):
        raise TypeError(
            "resolve_many takes an iterable of destinations, not one string"
        )
    if not isinstance(ordered, bool):
        raise fault("ordered", ordered, "True or False")
    if concurrency is not None:
        check_count("concurrency", concurrency, 1, MAX_CONCURRENCY, or_none=True)
    check_count("retry_unknown", retry_unknown, 0, MAX_RETRIES)
    for name, function in (("key", key), ("progress", progress)):
        if function is not None and not callable(function):
            raise fault(name, function, "None or a function")
    return partial(
        Bulk,
        concurrency=concurrency or usual_concurrency,
        key=key,
        ordered=ordered,
        retries=retry_unknown,
        report=progress,
    )
