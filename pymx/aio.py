# SPDX-License-Identifier: MIT
"""The same as `pymx`, for asyncio, uvloop, trio and anyio.

>>> import asyncio
>>> from pymx import aio
>>> async def main():
...     route = await aio.resolve("plain.example")
...     print(route.status)
...     async for target in aio.targets("plain.example"):
...         print(target.host, target.address)
>>> asyncio.run(main())
ok
mail.plain.example 192.0.2.25

The engine's thread does the work: a loop that stalls causes no false timeouts. Cancel a
task and its lookups end; so do those of a generator that is closed. To leave an
``async for`` early, iterate inside `contextlib.aclosing`: on trio nothing else closes
the generator at once.
"""

from __future__ import annotations

from pymx import _async_bulk
from pymx import resolver as blocking
from pymx._hub import current_hub
from pymx._outcome import route_of
from pymx.configuration import Configured
from pymx.levels import Levels
from pymx.options import check_destination

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable
    from types import TracebackType
    from typing import Any, Self

    from pymx._native import Request, Route, Target

__all__ = ["Resolver", "resolve", "resolve_many", "targets"]


class Resolver(Configured):
    """The twin of `pymx.Resolver` for event loops, with the same arguments.

    Any number of loops, in any number of threads, may share one.

    >>> import asyncio
    >>> from pymx import aio
    >>> async def main():
    ...     async with aio.Resolver(timeout=2.0) as resolver:
    ...         return await resolver.resolve("[192.0.2.1]")
    >>> asyncio.run(main()).status
    'ok'
    """

    async def resolve(self, destination: str) -> Route:
        """Return where mail for a domain, mail address or address literal goes.

        What DNS says, or fails to say, is in `Route.status`; it is never raised.
        Cancelling the task cancels the lookup.

        Raises TypeError unless `destination` is a str, ClosedError, RuntimeError when
        neither asyncio nor trio runs, and what the function `prefer` raises, which the
        loop calls: one that blocks stops the loop.
        """
        check_destination(destination)
        hub = current_hub()
        waiter = hub.waiter()
        request = hub.submit(self._native, destination, waiter.set)
        try:
            outcome = await waiter.wait()
        except BaseException:
            request.cancel()
            raise
        return route_of(outcome)

    def targets(self, destination: str) -> AsyncGenerator[Target, None]:
        """Yield the targets in the order in which to try them, each address once.

        Lazy, preference by preference, each with a `timeout` of its own; raises from
        the first step on, as `pymx.Resolver.targets` does. Who leaves the loop early
        closes the generator by `contextlib.aclosing`, as trio wants it.
        """
        return self._targets(check_destination(destination))

    async def _targets(self, destination: str) -> AsyncGenerator[Target, None]:
        hub = current_hub()
        waiter = hub.waiter()

        def submit(levels: int) -> Request:
            nonlocal waiter
            waiter = hub.waiter()
            return hub.submit(self._native, destination, waiter.set, levels=levels)

        levels = Levels(submit)
        try:
            while not levels.is_done:
                for target in levels.advance(await waiter.wait()):
                    yield target
        finally:
            levels.cancel()

    def resolve_many(
        self,
        destinations: Iterable[Any] | AsyncIterable[Any],
        *,
        ordered: bool = False,
        concurrency: int | None = None,
        key: Callable[[Any], object] | None = None,
        retry_unknown: int = 0,
        progress: Callable[[int, int], object] | None = None,
    ) -> AsyncGenerator[Route, None]:
        """Yield one route for each destination, as `pymx.Resolver.resolve_many` does.

        `destinations` may be an asynchronous iterable, which is read in a task of its
        own, so that routes do not wait for it; an asynchronous generator is closed at
        the end, however it came. An ordinary iterable is read in the loop's thread: one
        that blocks stops the loop.

        >>> import asyncio
        >>> from pymx import aio
        >>> async def main(domains):
        ...     async for route in aio.resolve_many(domains, ordered=True):
        ...         print(route.input, route.deliverable)
        >>> asyncio.run(main(["plain.example", "nullmx.example"]))
        plain.example True
        nullmx.example False
        """
        return _async_bulk.resolve_many(
            self._native,
            destinations,
            ordered=ordered,
            concurrency=concurrency,
            key=key,
            retry_unknown=retry_unknown,
            progress=progress,
            usual_concurrency=self._arguments["concurrency"],
        )

    async def close(self) -> None:
        """End lookups in progress with status ``cancelled`` and free the sockets.

        Does not wait. From then on lookups raise ClosedError. Twice is fine.
        """
        self._native.close()

    async def __aenter__(self) -> Self:
        """Return the resolver itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the resolver."""
        await self.close()


def default() -> Resolver:
    """Return a twin of the default resolver, with the same cache."""
    twin = Resolver.__new__(Resolver)
    vars(twin).update(vars(blocking.default()))
    return twin


async def resolve(destination: str) -> Route:
    """Return where mail goes, as `Resolver.resolve` of the default resolver does.

    The default resolver is that of `pymx.resolve`.
    """
    return await default().resolve(destination)


def targets(destination: str) -> AsyncGenerator[Target, None]:
    """Yield the targets in order, as `Resolver.targets` of the default resolver does.

    >>> import asyncio
    >>> from pymx import aio
    >>> async def main():
    ...     async for target in aio.targets("plain.example"):
    ...         print(target.host, target.address)
    >>> asyncio.run(main())
    mail.plain.example 192.0.2.25
    """
    return default().targets(destination)


def resolve_many(
    destinations: Iterable[Any] | AsyncIterable[Any],
    *,
    ordered: bool = False,
    concurrency: int | None = None,
    key: Callable[[Any], object] | None = None,
    retry_unknown: int = 0,
    progress: Callable[[int, int], object] | None = None,
) -> AsyncGenerator[Route, None]:
    """Yield a route a destination, as `Resolver.resolve_many` of the default one does.

    >>> import asyncio
    >>> from pymx import aio
    >>> async def main(domains):
    ...     async for route in aio.resolve_many(domains, ordered=True):
    ...         print(route.input, route.status)
    >>> asyncio.run(main(["plain.example", "nomail.example"]))
    plain.example ok
    nomail.example no_mail
    """
    return default().resolve_many(
        destinations,
        ordered=ordered,
        concurrency=concurrency,
        key=key,
        retry_unknown=retry_unknown,
        progress=progress,
    )
