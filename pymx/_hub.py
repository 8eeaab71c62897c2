# SPDX-License-Identifier: MIT
"""Where the engine meets event loops: all lookups of a loop through one descriptor.

What differs between asyncio (and uvloop) and trio is in `_asyncio_hub` and `_trio_hub`.
Neither library is imported here, or at all unless its loop is running.
"""

from __future__ import annotations

import os
import sys

from pymx._native import Completions

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Coroutine
    from typing import Any, Protocol

    from pymx._native import Request, Resolver
    from pymx._outcome import Outcome

    Receive = Callable[[Outcome], None]

    class Waiter(Protocol):
        """One wait of one task: `set` ends it, from the thread of the loop."""

        def set(self, value: Any = None) -> None:
            """Let `wait` return `value`; a second time nothing happens."""

        def wait(self) -> Awaitable[Any]:
            """Wait for `set`."""


_BATCH = 256  # completions taken at a time


class Lookup:
    """A lookup that a hub submitted, to cancel it by."""

    __slots__ = ("_hub", "_request", "_token")

    def __init__(self, hub: Hub, token: int, request: Request) -> None:
        """Remember what to cancel."""
        self._hub = hub
        self._token = token
        self._request = request

    def cancel(self) -> None:
        """End the lookup unless its route was received; none is from now on."""
        if self._hub.forget(self._token):
            self._request.cancel()


class Hub:
    """Hands finished lookups to those in one event loop who wait for them.

    All is called in the loop's thread, but for `Lookup.cancel` in the collection of a
    loop that was closed early. A hub has no reference to its loop: the loop has one to
    it, so that they end together.
    """

    def __init__(self) -> None:
        """Open the descriptor; nothing watches it yet."""
        # A forked child shares the descriptor with its parent: it needs another hub.
        self.process = os.getpid()
        self._completions = Completions(descriptor=True)
        self._receivers: dict[int, Receive] = {}
        self._token = 0
        self._is_watched = False

    def submit(
        self,
        resolver: Resolver,
        destination: object,
        row: object,
        receive: Receive,
        *,
        levels: int = 0,
        retry: bool = False,
    ) -> Lookup:
        """Start a lookup; `receive` gets its outcome in a later turn of the loop."""
        self._token += 1
        request = resolver.submit(
            self._completions,
            self._token,
            destination,
            row,
            levels=levels,
            retry=retry,
        )
        self._receivers[self._token] = receive
        if not self._is_watched:
            self._watch(self._completions.fileno())
            self._is_watched = True
        return Lookup(self, self._token, request)

    def forget(self, token: int) -> bool:
        """Drop who waits for a lookup; tells whether somebody did."""
        return self._receivers.pop(token, None) is not None

    def deliver(self) -> None:
        """Hand out what is finished; for when the descriptor is readable."""
        for token, outcome in self._completions.take(_BATCH, 0):
            receive = self._receivers.pop(token, None)
            if receive is not None:
                receive(outcome)
        # An idle loop watches nothing of ours.
        if self._is_watched and not self._completions.pending:
            self._unwatch(self._completions.fileno())
            self._is_watched = False

    def waiter(self) -> Waiter:
        """Return what one task can wait for."""
        raise NotImplementedError

    async def readable(self, descriptor: int) -> None:
        """Wait until a descriptor is readable."""
        raise NotImplementedError

    def soon(self, function: Callable[[], object]) -> None:
        """Call a function, which must not raise, in the next turn of the loop."""
        raise NotImplementedError

    def spawn(
        self, function: Callable[[], Coroutine[Any, Any, None]]
    ) -> Callable[[], object]:
        """Run a function, which must not raise, in a task; return what cancels it."""
        raise NotImplementedError

    def _watch(self, descriptor: int) -> None:
        """Have `deliver` called while the descriptor is readable."""
        raise NotImplementedError

    def _unwatch(self, descriptor: int) -> None:
        """End what `_watch` began."""
        raise NotImplementedError


def current_hub() -> Hub:
    """Return the hub of the event loop that runs the caller.

    Raises RuntimeError if none does.
    """
    # Both may run in one thread (trio's guest mode): whose task is current is running.
    aio = sys.modules.get("asyncio")
    loop = aio._get_running_loop() if aio else None
    if aio and loop and aio.current_task(loop):
        return _asyncio_hub(loop)
    trio = sys.modules.get("trio")
    if trio:
        try:
            trio.lowlevel.current_task()
        except RuntimeError:
            pass
        else:
            from pymx._trio_hub import TrioHub

            return TrioHub.current()
    if loop:
        return _asyncio_hub(loop)
    raise RuntimeError("pymx.aio works in a running asyncio or trio event loop only")


def _asyncio_hub(loop: asyncio.AbstractEventLoop) -> Hub:
    from pymx._asyncio_hub import AsyncioHub

    return AsyncioHub.of(loop)
