# SPDX-License-Identifier: MIT
"""`pymx.aio` in asyncio: loops that stop, close early and come anew."""

import asyncio
import gc
import weakref

import pytest

from pymx import aio

ZONE = {"a.example": {"A": "192.0.2.1"}, "b.example": {"A": "192.0.2.2"}}
PATIENT = {"timeout": 3600, "attempt_timeout": 3600}


def test_outside_of_a_loop():
    lookup = aio.resolve("a.example")
    with pytest.raises(RuntimeError, match="running asyncio or trio event loop"):
        lookup.send(None)


def test_a_loop_that_stops_and_runs_again(dns):
    resolver = aio.Resolver([dns(ZONE).nameserver])
    loop = asyncio.new_event_loop()
    for name in ("a.example", "b.example"):
        route = loop.run_until_complete(resolver.resolve(name))
        assert route.status == "ok"
    loop.close()


def test_a_lookup_that_outlives_a_stop_of_the_loop(dns):
    server = dns(ZONE)
    server.freeze()
    resolver = aio.Resolver([server.nameserver], **PATIENT)
    loop = asyncio.new_event_loop()
    task = loop.create_task(resolver.resolve("a.example"))
    loop.run_until_complete(asyncio.sleep(0))
    server.resume()
    server.log.wait(1)
    assert loop.run_until_complete(task).status == "ok"
    loop.close()


def test_a_new_loop_with_the_same_resolver(dns):
    resolver = aio.Resolver([dns(ZONE).nameserver])
    for _ in range(10):
        assert asyncio.run(resolver.resolve("a.example")).status == "ok"


def test_a_loop_closed_early_is_freed_with_what_waited_in_it(dns):
    server = dns(ZONE)
    server.pause()
    resolver = aio.Resolver([server.nameserver], **PATIENT)
    loop = asyncio.new_event_loop()
    task = loop.create_task(resolver.resolve("a.example"))
    task._log_destroy_pending = False  # asyncio's own complaint, about this test
    loop.run_until_complete(asyncio.sleep(0))
    server.log.wait(1)
    loop.close()
    witnesses = [weakref.ref(loop), weakref.ref(task), weakref.ref(loop._pymx_hub)]
    del loop, task
    gc.collect()
    assert [witness() for witness in witnesses] == [None] * 3
    # Its lookup was cancelled by that.
    server.resume()
    assert asyncio.run(resolver.resolve("b.example")).status == "ok"
    assert resolver.stats()["in_progress"] == 0


def test_an_idle_loop_watches_nothing(dns):
    resolver = aio.Resolver([dns(ZONE).nameserver])

    async def main():
        await resolver.resolve("a.example")
        selector = asyncio.get_running_loop()._selector
        return [key.data for key in selector.get_map().values()]

    # The loop's own wake-up is all there is.
    assert len(asyncio.run(main())) == 1


def test_nothing_is_left_to_watch_after_a_cancellation(dns):
    server = dns(ZONE)
    server.pause()
    resolver = aio.Resolver([server.nameserver], **PATIENT)

    async def main():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await resolver.resolve("a.example")
        server.resume()
        await resolver.resolve("b.example")
        return len(asyncio.get_running_loop()._selector.get_map())

    assert asyncio.run(main()) == 1


def test_breaking_out_of_async_for(dns):
    """Without aclosing() the loop closes the generators, at its end at the latest."""
    resolver = aio.Resolver([dns(ZONE).nameserver])

    async def endless():
        while True:
            yield "a.example"

    async def main():
        async for _ in resolver.resolve_many(endless()):
            break
        async for _ in resolver.targets("a.example"):
            break

    asyncio.run(main(), debug=True)


def test_the_input_runs_in_one_task(dns):
    """So that a timeout may be open across its yields."""
    resolver = aio.Resolver([dns(ZONE).nameserver])
    tasks = set()

    async def rows():
        async with asyncio.timeout(3600):
            for name in ["a.example", "b.example"] * 5:
                tasks.add(asyncio.current_task())
                yield name
                await asyncio.sleep(0)

    async def main():
        routes = resolver.resolve_many(rows(), concurrency=2)
        return [route.status async for route in routes]

    assert asyncio.run(main()) == ["ok"] * 10
    assert len(tasks) == 1


def test_leaving_early_ends_the_input(dns):
    resolver = aio.Resolver([dns(ZONE).nameserver])
    ended = []

    async def rows():
        try:
            yield "a.example"
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async def main():
        routes = resolver.resolve_many(rows())
        await anext(routes)
        await routes.aclose()
        await asyncio.sleep(0)
        assert ended == [True]

    asyncio.run(main())
