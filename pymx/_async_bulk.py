# SPDX-License-Identifier: MIT
"""`resolve_many` in an event loop: a task reads, another one takes the routes."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable
from functools import partial

from pymx._hub import current_hub
from pymx.bulk import prepare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from pymx._hub import Hub, Lookup, Waiter
    from pymx._native import Resolver, Route
    from pymx._outcome import Outcome
    from pymx.bulk import Bulk, Submit

_END = object()


def resolve_many(
    resolver: Resolver,
    destinations: Iterable[Any] | AsyncIterable[Any],
    **options: Any,
) -> AsyncGenerator[Route, None]:
    """Yield the routes; the arguments are checked now, not at the first step."""
    make_bulk = prepare(destinations, **options)
    if isinstance(destinations, AsyncIterable):
        return _yield_routes(resolver, destinations, make_bulk)
    return _yield_routes(resolver, iter(destinations), make_bulk)


async def _yield_routes(
    resolver: Resolver,
    destinations: Iterator[Any] | AsyncIterable[Any],
    make_bulk: Callable[[Submit], Bulk],
) -> AsyncGenerator[Route, None]:
    flow = Flow(resolver, make_bulk)
    bulk = flow.bulk
    stop_reading: Callable[[], object] | None = None
    rows: Iterator[Any] = iter(())
    if isinstance(destinations, AsyncIterable):
        stop_reading = flow.hub.spawn(partial(flow.read, destinations))
    else:
        rows = destinations
    try:
        while True:
            if stop_reading is None:
                flow.fill(rows)
            while flow.finished:
                bulk.finish(*flow.finished.popleft())
            if flow.failure is not None:
                raise flow.failure
            if bulk.is_ready:
                yield bulk.pop()
                bulk.report()
                flow.room_made.set()
            elif flow.is_more or bulk.is_in_flight:
                await flow.news.wait()
            else:
                break
        bulk.report(is_last=True)
    finally:
        if stop_reading is not None:
            stop_reading()
        bulk.cancel()


class Flow:
    """What the task that reads and the one that takes routes share."""

    def __init__(self, resolver: Resolver, make_bulk: Callable[[Submit], Bulk]) -> None:
        """Belong to the running loop."""
        self.hub = current_hub()
        self.bulk = make_bulk(self._submit)
        self.finished: deque[tuple[int, Outcome]] = deque()
        self.is_more = True
        self.failure: BaseException | None = None
        self.news = Signal(self.hub)
        self.room_made = Signal(self.hub)
        self._resolver = resolver

    def fill(self, rows: Iterator[Any]) -> None:
        """Read as many rows as there is room for."""
        while self.is_more and self.bulk.room > 0:
            row = next(rows, _END)
            if row is _END:
                self.is_more = False
            else:
                self.bulk.add(row)

    async def read(self, rows: AsyncIterable[Any]) -> None:
        """Read all rows, each when there is room for it; in a task of its own."""
        try:
            try:
                async for row in rows:
                    self.bulk.add(row)
                    while self.bulk.room <= 0:
                        await self.room_made.wait()
            finally:
                # Now and here: its own clean-up belongs to the task it ran in.
                if isinstance(rows, AsyncGenerator):
                    await rows.aclose()
        except (Exception, KeyboardInterrupt, SystemExit) as failure:
            # For the task that takes the routes to raise.
            self.failure = failure
        finally:
            self.is_more = False
            self.news.set()

    def _submit(
        self, number: int, destination: object, row: Any, /, *, retry: bool
    ) -> Lookup:
        receive = partial(self._receive, number)
        return self.hub.submit(self._resolver, destination, row, receive, retry=retry)

    def _receive(self, number: int, outcome: Outcome) -> None:
        self.finished.append((number, outcome))
        self.news.set()


class Signal:
    """Wakes the one task that may wait for it; unheard while it does not."""

    def __init__(self, hub: Hub) -> None:
        """Start with nobody waiting."""
        self._hub = hub
        self._waiter: Waiter | None = None

    def set(self) -> None:
        """Wake who waits."""
        if self._waiter is not None:
            self._waiter.set()

    async def wait(self) -> None:
        """Wait for the next `set`."""
        self._waiter = self._hub.waiter()
        try:
            await self._waiter.wait()
        finally:
            self._waiter = None
