# SPDX-License-Identifier: MIT
"""What asyncio, uvloop and trio do alike, under one name each, for tests of `aio`."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import trio
import uvloop

Function = Callable[[], Awaitable[Any]]


class Asyncio:
    """Runs coroutines in asyncio."""

    name = "asyncio"

    def run(self, function: Function) -> Any:
        """Run a function in a loop of its own; return its result."""
        return asyncio.run(function())

    async def together(self, *functions: Function) -> list[Any]:
        """Run functions at the same time; return their results."""
        return await asyncio.gather(*(function() for function in functions))

    async def in_thread(self, function: Callable[[], object]) -> None:
        """Wait for a function that blocks."""
        await asyncio.to_thread(function)

    async def cancel(self, function: Function, *, when: Callable[[], object]) -> None:
        """Start a function, wait until `when` has returned, then cancel it."""
        task = asyncio.ensure_future(function())
        await self.in_thread(when)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            return
        raise AssertionError("was not cancelled")

    def channel(self) -> tuple[Function, Callable[[Any], Awaitable[None]]]:
        """Return a function to receive by, and one to send by."""
        queue: asyncio.Queue[Any] = asyncio.Queue()
        return queue.get, queue.put


class Uvloop(Asyncio):
    """Runs coroutines in asyncio on uvloop."""

    name = "uvloop"

    def run(self, function: Function) -> Any:
        """Run a function in a loop of its own; return its result."""
        return uvloop.run(function())


class Trio:
    """Runs functions in trio."""

    name = "trio"

    def run(self, function: Function) -> Any:
        """Run a function in a run of its own; return its result."""
        return trio.run(function)

    async def together(self, *functions: Function) -> list[Any]:
        """Run functions at the same time; return their results."""
        results = [None] * len(functions)

        async def run(place: int, function: Function) -> None:
            results[place] = await function()

        async with trio.open_nursery() as nursery:
            for place, function in enumerate(functions):
                nursery.start_soon(run, place, function)
        return results

    async def in_thread(self, function: Callable[[], object]) -> None:
        """Wait for a function that blocks."""
        await trio.to_thread.run_sync(function)

    async def cancel(self, function: Function, *, when: Callable[[], object]) -> None:
        """Start a function, wait until `when` has returned, then cancel it."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(function)
            await self.in_thread(when)
            nursery.cancel_scope.cancel()

    def channel(self) -> tuple[Function, Callable[[Any], Awaitable[None]]]:
        """Return a function to receive by, and one to send by."""
        send, receive = trio.open_memory_channel[Any](100)
        return receive.receive, send.send
