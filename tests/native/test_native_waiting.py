# SPDX-License-Identifier: MIT
"""Lookups that a silent name server never answers, and what ends them."""

import gc
import socket
import threading
import time
import weakref
from collections.abc import Callable

import pytest
from native import made

import pymx
from pymx import _native

PATIENCE = 60.0  # more than any of this takes, less than for ever


@pytest.fixture(scope="module")
def silent():
    """A name server that takes every query and says nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def resolver(silent):
    resolver = made.resolver(
        nameservers=(silent,), timeout=3600.0, attempt_timeout=3600.0
    )
    yield resolver
    resolver.close()


@pytest.fixture
def queue():
    queue = _native.Completions()
    yield queue
    queue.close()


def in_flight(resolver: _native.Resolver, count: int) -> None:
    until(lambda: resolver.stats()["in_progress"] == count)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


class Thread(threading.Thread):
    """A thread whose result or exception can be had."""

    def __init__(self, target: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self._function = target
        self.result: object = None
        self.start()

    def run(self) -> None:
        try:
            self.result = self._function()
        except BaseException as error:
            self.result = error

    def end(self) -> object:
        self.join(PATIENCE)
        assert not self.is_alive()
        return self.result


def test_take_does_not_wait_without_time(resolver, queue):
    resolver.submit(queue, 1, "a.example")
    assert queue.take(1, 0) == []
    assert queue.take(1, 0.03) == []
    assert queue.pending == 1


def test_the_main_thread_waits_its_time(resolver, queue):
    resolver.submit(queue, 1, "a.example")
    start = time.monotonic()
    assert queue.take(timeout=0.05) == []
    assert time.monotonic() - start >= 0.05


def test_a_cancelled_lookup_comes_out(resolver, queue):
    requests = [resolver.submit(queue, n, f"d{n}.example") for n in range(3)]
    requests[1].cancel()
    ((token, route),) = queue.take()
    assert token == 1
    assert (route.status, route.deliverable) == ("cancelled", None)
    assert route.input == "d1.example"
    assert queue.pending == 2


def test_closing_the_resolver_ends_all(resolver, queue):
    for n in range(3):
        resolver.submit(queue, n, f"d{n}.example")
    waiting = Thread(lambda: resolver.resolve("a.example"))
    in_flight(resolver, 4)
    resolver.close()
    tokens = {token for _ in range(3) for token, _ in queue.take(1)}
    assert tokens == {0, 1, 2}
    assert waiting.end().status == "cancelled"


def test_closing_the_queue_cancels_what_is_in_flight(resolver, queue):
    for n in range(3):
        resolver.submit(queue, n, f"d{n}.example")
    in_flight(resolver, 3)
    queue.close()
    in_flight(resolver, 0)


def test_forgetting_the_queue_does_so_too(resolver):
    queue = _native.Completions(descriptor=True)
    requests = [resolver.submit(queue, n, f"d{n}.example") for n in range(3)]
    in_flight(resolver, 3)
    del queue
    gc.collect()
    in_flight(resolver, 0)
    for request in requests:
        request.cancel()


@pytest.mark.parametrize("timeout", [None, PATIENCE])
@pytest.mark.parametrize("in_main", [False, True])
def test_closing_the_queue_ends_a_wait(resolver, queue, timeout, in_main):
    resolver.submit(queue, 1, "a.example")
    if in_main:
        closing = threading.Timer(0.05, queue.close)
        closing.start()
        with pytest.raises(pymx.ClosedError, match="completions are closed"):
            queue.take(1, timeout)
        closing.join()
        return
    taking = Thread(lambda: queue.take(1, timeout))
    until(lambda: is_taking(queue))
    queue.close()
    assert isinstance(taking.end(), pymx.ClosedError)


def is_taking(queue: _native.Completions) -> bool:
    try:
        queue.take(0)
    except RuntimeError:
        return True
    return False


def test_a_queue_has_one_consumer(resolver, queue):
    request = resolver.submit(queue, 1, "a.example")
    taking = Thread(queue.take)
    until(lambda: is_taking(queue))
    with pytest.raises(RuntimeError, match="one consumer"):
        queue.take()
    request.cancel()
    ((token, route),) = taking.end()
    assert (token, route.status) == (1, "cancelled")
    assert not is_taking(queue)


def test_a_forgotten_resolver_stays_for_its_lookups(silent, queue):
    resolver = made.resolver(nameservers=(silent,), timeout=0.1, attempt_timeout=0.05)
    resolver.submit(queue, 1, "a.example")
    del resolver
    gc.collect()
    ((token, route),) = queue.take()
    assert (token, route.status) == (1, "timeout")


def test_a_destination_lives_no_longer_than_its_route(resolver, queue):
    class Row:
        pass

    row = Row()
    alive = weakref.ref(row)
    request = resolver.submit(queue, 1, "a.example", row)
    del row
    assert alive() is not None
    request.cancel()
    results = queue.take()
    del request
    assert alive() is not None
    results.clear()
    assert alive() is None


def test_many_threads_share_a_resolver(silent):
    resolver = made.resolver(nameservers=(silent,), timeout=0.2, attempt_timeout=0.1)
    threads = [
        Thread(lambda n=n: resolver.resolve(f"d{n}.example").status) for n in range(20)
    ]
    assert [thread.end() for thread in threads] == ["timeout"] * 20
