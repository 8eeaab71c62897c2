# SPDX-License-Identifier: MIT
"""`pymx.aio` in trio: cancel scopes, and trio as asyncio's guest."""

import asyncio

import pytest
import trio
import trio.testing

from pymx import aio

ZONE = {"a.example": {"A": "192.0.2.1"}, "b.example": {"A": "192.0.2.2"}}
PATIENT = {"timeout": 3600, "attempt_timeout": 3600}


def test_a_cancel_scope_ends_a_lookup(dns):
    server = dns(ZONE)
    server.pause()
    resolver = aio.Resolver([server.nameserver], **PATIENT)

    async def main():
        with trio.move_on_after(0.01) as scope:
            await resolver.resolve("a.example")
        assert scope.cancelled_caught
        server.resume()
        assert (await resolver.resolve("b.example")).status == "ok"

    trio.run(main)


def test_a_run_that_ends_with_a_lookup_in_flight(dns):
    server = dns(ZONE)
    server.pause()
    resolver = aio.Resolver([server.nameserver], **PATIENT)

    async def main():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(resolver.resolve, "a.example")
            await trio.testing.wait_all_tasks_blocked()
            raise KeyError

    with pytest.raises(ExceptionGroup) as raised:
        trio.run(main)
    assert raised.group_contains(KeyError)


def test_resolve_is_a_checkpoint(dns):
    resolver = aio.Resolver([dns(ZONE).nameserver])

    async def main():
        await resolver.resolve("a.example")
        with trio.testing.assert_checkpoints():
            assert (await resolver.resolve("a.example")).cached

    trio.run(main)


def test_guest_of_asyncio(dns):
    """Both loops run in one thread: each lookup wakes the one that asked."""
    resolver = aio.Resolver([dns(ZONE).nameserver])

    async def in_trio():
        return (await resolver.resolve("a.example")).status

    async def in_asyncio():
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        trio.lowlevel.start_guest_run(
            in_trio,
            run_sync_soon_threadsafe=loop.call_soon_threadsafe,
            done_callback=lambda outcome: done.set_result(outcome.unwrap()),
        )
        own = await asyncio.gather(*(resolver.resolve("b.example") for _ in range(5)))
        assert {route.status for route in own} == {"ok"}
        return await done

    assert asyncio.run(in_asyncio()) == "ok"


def test_leaving_early_ends_the_input(dns):
    resolver = aio.Resolver([dns(ZONE).nameserver])
    ended = []

    async def rows():
        try:
            yield "a.example"
            await trio.sleep_forever()
        finally:
            ended.append(True)

    async def main():
        routes = resolver.resolve_many(rows())
        await anext(routes)
        await routes.aclose()
        await trio.testing.wait_all_tasks_blocked()
        assert ended == [True]

    trio.run(main)
