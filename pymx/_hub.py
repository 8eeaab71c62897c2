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
ATTRIBUTE = "_pymx_hub"  # of an asyncio loop: its hub


class Hub:
    """Hands finished lookups to those in one event loop who wait for them.

    All is called in the loop's thread. A hub has no reference to its loop: the loop has
    one to it, so that they end together.
    """

    def __init__(self) -> None:
        """Open the descriptor; nothing watches it yet."""
        # A forked child shares the descriptor with its parent: it needs another hub.
        self.process = os.getpid()
        self._completions = Completions(descriptor=True)
        self._is_watched = False

    def submit(
        self,
        resolver: Resolver,
        destination: object,
        receive: Receive,
        *,
        levels: int = 0,
    ) -> Request:
        """Start a lookup; `receive` gets its outcome in a later turn of the loop.

        That of one that is cancelled too: who waits no longer hears nothing of it.
        """
        # The receiver itself is what the engine's side knows the lookup by.
        request = resolver.submit(
            self._completions, receive, destination, levels=levels
        )
        if not self._is_watched:
            self._watch(self._completions.fileno())
            self._is_watched = True
        return request

    def deliver(self) -> None:
        """Hand out what is finished; for when the descriptor is readable."""
        completions = self._completions
        for receive, outcome in completions.take(_BATCH, 0):
            receive(outcome)
        # An idle loop watches nothing of ours.
        if self._is_watched and not completions.pending:
            self._unwatch(completions.fileno())
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
        # The one of _asyncio_hub, found for a lookup without the way there.
        hub: Hub | None = getattr(loop, ATTRIBUTE, None)
        if hub is not None and hub.process == os.getpid():
            return hub
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
