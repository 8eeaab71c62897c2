# SPDX-License-Identifier: MIT
"""`resolve_many` in an event loop: a task takes routes, another one adds rows."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable
from functools import partial

from pymx._hub import current_hub
from pymx.bulk import check_bulk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from pymx._hub import Hub, Waiter
    from pymx._native import Bulk, Resolver, Route

# Routes at a time, of which more rows are read and started only afterwards: a part of
# what may be in progress, so that a loop body that is slow leaves work for the rest.
_BATCH = 256


def resolve_many(
    resolver: Resolver,
    destinations: Iterable[Any] | AsyncIterable[Any],
    **arguments: Any,
) -> AsyncGenerator[Route, None]:
    """Yield the routes; the arguments are checked now, not at the first step."""
    options = check_bulk(destinations, **arguments)
    part = max(1, min(_BATCH, options["concurrency"] // 8))
    if isinstance(destinations, AsyncIterable):
        return _feed(partial(resolver.feed, None, **options), part, destinations)
    return _read(partial(resolver.feed, iter(destinations), **options), part)


async def _read(begin: Callable[[], Bulk], part: int) -> AsyncGenerator[Route, None]:
    """Yield routes for rows that the engine's side reads itself."""
    hub = current_hub()
    bulk = begin()
    try:
        while not bulk.done:
            for route in bulk.poll(part):
                yield route
            if bulk.idle:
                await hub.readable(bulk.fileno())
    finally:
        bulk.close()


async def _feed(
    begin: Callable[[], Bulk], part: int, rows: AsyncIterable[Any]
) -> AsyncGenerator[Route, None]:
    """Yield routes for rows that a task of their own reads."""
    hub = current_hub()
    bulk = begin()
    feeder = Feeder(hub, bulk)
    stop = hub.spawn(partial(feeder.run, rows))
    try:
        while not bulk.done:
            for route in bulk.poll(part):
                yield route
            if feeder.failure is not None:
                raise feeder.failure
            feeder.make_room()
            if bulk.idle:
                await hub.readable(bulk.fileno())
    finally:
        stop()
        bulk.close()


class Feeder:
    """Reads rows as there is room for them."""

    def __init__(self, hub: Hub, bulk: Bulk) -> None:
        """Start with nothing read."""
        self.failure: BaseException | None = None  # one that waits for nothing
        self._hub = hub
        self._bulk = bulk
        self._waiter: Waiter | None = None

    async def run(self, rows: AsyncIterable[Any]) -> None:
        """Read all rows; in a task of its own."""
        failure: BaseException | None = None
        try:
            try:
                await self._read(rows)
            finally:
                # Now and here: its own clean-up belongs to the task it ran in.
                if isinstance(rows, AsyncGenerator):
                    await rows.aclose()
        except Exception as error:
            failure = error
        except (KeyboardInterrupt, SystemExit) as error:
            self.failure = error
        finally:
            self._bulk.end(failure)

    def make_room(self) -> None:
        """Wake the task that reads, if there is room for a row."""
        if self._waiter is not None and self._bulk.room > 0:
            self._waiter.set()

    async def _read(self, rows: AsyncIterable[Any]) -> None:
        async for row in rows:
            if self._bulk.add(row):
                # Once in a turn of the loop, for all that come in it.
                self._hub.soon(self._bulk.send)
            while self._bulk.room <= 0:
                self._waiter = self._hub.waiter()
                await self._waiter.wait()
                self._waiter = None
