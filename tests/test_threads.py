# SPDX-License-Identifier: MIT
"""One resolver in many threads."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import pymx

WORLD = {f"d{n}.example": {"A": f"192.0.2.{n}"} for n in range(100)}
THREADS = 16


def test_threads_share_a_resolver(dns, resolver):
    server = dns(WORLD)
    asking = resolver(server)
    with ThreadPoolExecutor(THREADS) as pool:
        routes = list(pool.map(asking.resolve, [*WORLD] * 20))
    assert [route.domain for route in routes] == [*WORLD] * 20
    assert {route.status for route in routes} == {"ok"}
    # Single flight and cache: whoever asks second does not.
    assert server.log.count(type="MX") == 100


def test_threads_share_a_bulk_run_each(dns, resolver):
    asking = resolver(dns(WORLD))

    def run(_):
        return sum(route.deliverable for route in asking.resolve_many(WORLD))

    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(run, range(THREADS))) == [100] * THREADS


def test_close_wakes_the_threads_that_wait(dns, resolver):
    server = dns()
    server.pause()
    asking = resolver(server, timeout=3600, attempt_timeout=3600)

    def step(n):
        if n % 3 == 0:
            return asking.resolve(f"n{n}.example")
        if n % 3 == 1:
            return next(asking.resolve_many([f"n{n}.example"]))
        with pytest.raises(pymx.TemporaryError) as raised:
            next(asking.targets(f"n{n}.example"))
        return raised.value.route

    with ThreadPoolExecutor(THREADS) as pool:
        waiting = [pool.submit(step, n) for n in range(THREADS)]
        server.log.wait(THREADS)
        asking.close()
        for future in waiting:
            route = future.result()
            assert (route.status, route.deliverable) == ("cancelled", None)


def test_close_while_threads_submit(dns, resolver):
    server = dns(WORLD)
    for _ in range(20):
        asking = resolver(server)
        started = threading.Barrier(THREADS + 1)

        def work(asking=asking, started=started):
            started.wait()
            try:
                while True:
                    route = asking.resolve("d1.example")
                    assert route.status in ("ok", "cancelled")
            except pymx.ClosedError:
                return True

        with ThreadPoolExecutor(THREADS) as pool:
            workers = [pool.submit(work) for _ in range(THREADS)]
            started.wait()
            asking.close()
            assert all(worker.result() for worker in workers)
        with pytest.raises(pymx.ClosedError):
            asking.resolve("d1.example")


def test_resolvers_come_and_go_in_threads(dns):
    server = dns(WORLD)

    def work(n):
        with pymx.Resolver([server.nameserver]) as asking:
            return asking.resolve(f"d{n}.example").status

    with ThreadPoolExecutor(THREADS) as pool:
        assert set(pool.map(work, range(100))) == {"ok"}


def test_a_resolver_may_be_dropped_while_a_thread_waits_in_it(dns):
    server = dns(WORLD)
    server.freeze()
    asking = pymx.Resolver([server.nameserver], attempt_timeout=3600, timeout=3600)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(asking.resolve, "d1.example")
        # The question is on its way or in the server's socket; both are kept for it.
        del asking
        server.resume()
        assert waiting.result().status == "ok"
