# SPDX-License-Identifier: MIT
"""A hub for asyncio, and so for uvloop and for anyio on either."""

from __future__ import annotations

import asyncio
import os

from pymx._hub import ATTRIBUTE, Hub

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any, Self


class AsyncioWaiter:
    """A future that may be set although its task was cancelled."""

    __slots__ = ("_future",)

    def __init__(self) -> None:
        """Belong to the running loop."""
        self._future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def set(self, value: Any = None) -> None:
        """Let `wait` return `value`."""
        if not self._future.done():
            self._future.set_result(value)

    def wait(self) -> asyncio.Future[Any]:
        """Return the future itself, which is the cheapest thing to await."""
        return self._future


class AsyncioHub(Hub):
    """Watches its descriptor by `loop.add_reader`."""

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> Self:
        """Return the hub of a running loop."""
        # An attribute, no weak dictionary of loops: that would keep for ever a loop
        # that was closed early, because those who still wait refer to it.
        hub: Self | None = getattr(loop, ATTRIBUTE, None)
        if hub is None or hub.process != os.getpid():
            hub = cls()
            setattr(loop, ATTRIBUTE, hub)
        return hub

    def waiter(self) -> AsyncioWaiter:
        """Return what one task can wait for."""
        return AsyncioWaiter()

    async def readable(self, descriptor: int) -> None:
        """Wait until a descriptor is readable."""
        loop = asyncio.get_running_loop()
        waiter = AsyncioWaiter()
        loop.add_reader(descriptor, waiter.set)
        try:
            await waiter.wait()
        finally:
            loop.remove_reader(descriptor)

    def soon(self, function: Callable[[], object]) -> None:
        """Call a function in the next turn of the loop."""
        asyncio.get_running_loop().call_soon(function)

    def spawn(
        self, function: Callable[[], Coroutine[Any, Any, None]]
    ) -> Callable[[], object]:
        """Run a function in a task; return what cancels it."""
        return asyncio.get_running_loop().create_task(function()).cancel

    def _watch(self, descriptor: int) -> None:
        asyncio.get_running_loop().add_reader(descriptor, self.deliver)

    def _unwatch(self, descriptor: int) -> None:
        asyncio.get_running_loop().remove_reader(descriptor)
