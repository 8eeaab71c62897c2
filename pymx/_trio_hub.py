# SPDX-License-Identifier: MIT
"""A hub for trio, and so for anyio on trio."""

from __future__ import annotations

from contextvars import copy_context

import trio

from pymx._hub import Hub

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any


class TrioWaiter:
    """An event with a value."""

    __slots__ = ("_event", "_value")

    def __init__(self) -> None:
        """Start unset."""
        self._event = trio.Event()
        self._value: Any = None

    def set(self, value: Any = None) -> None:
        """Let `wait` return `value`."""
        if not self._event.is_set():
            self._value = value
            self._event.set()

    async def wait(self) -> Any:
        """Wait for `set`; a checkpoint."""
        await self._event.wait()
        return self._value


class TrioHub(Hub):
    """Watches its descriptor in a system task, which ends when nothing is pending."""

    @staticmethod
    def current() -> TrioHub:
        """Return the hub of the running `trio.run`."""
        try:
            return _hub.get()
        except LookupError:
            hub = TrioHub()
            _hub.set(hub)
            return hub

    def waiter(self) -> TrioWaiter:
        """Return what one task can wait for."""
        return TrioWaiter()

    async def readable(self, descriptor: int) -> None:
        """Wait until a descriptor is readable."""
        await trio.lowlevel.wait_readable(descriptor)

    def soon(self, function: Callable[[], object]) -> None:
        """Call a function in the next turn of the loop."""
        trio.lowlevel.current_trio_token().run_sync_soon(function)

    def spawn(
        self, function: Callable[[], Coroutine[Any, Any, None]]
    ) -> Callable[[], object]:
        """Run a function in a task that no nursery of the caller has to wait for."""
        scope = trio.CancelScope()

        async def run() -> None:
            with scope:
                await function()

        trio.lowlevel.spawn_system_task(run, context=copy_context())
        return scope.cancel

    def _watch(self, descriptor: int) -> None:
        async def watch() -> None:
            # deliver() ends the watch in its last round.
            while self._is_watched:
                await trio.lowlevel.wait_readable(descriptor)
                self.deliver()

        trio.lowlevel.spawn_system_task(watch)

    def _unwatch(self, descriptor: int) -> None:
        """Do nothing: `watch` sees that it is over."""


_hub: trio.lowlevel.RunVar[TrioHub] = trio.lowlevel.RunVar("pymx_hub")
