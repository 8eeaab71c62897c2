# SPDX-License-Identifier: MIT
"""One thread, one selector and a heap of timers."""

import contextlib
import heapq
import itertools
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")
Callback = Callable[[], None]


class Loop:
    """Calls back when a socket is ready or a time has come, from one daemon thread.

    `call` and `stop` are for other threads; everything else belongs to the loop's own
    thread, or to whoever has not started it yet. A callback that raises ends the loop;
    `stop` returns that exception.
    """

    def __init__(self, name: str) -> None:
        """Make a loop whose thread will be called `name`."""
        self._selector = selectors.DefaultSelector()
        self._timers: list[tuple[float, int, Callback]] = []
        # Timers of the same moment run in the order they were set.
        self._order = itertools.count()
        self._calls: deque[Callback] = deque()
        self._waker, self._wakened = socket.socketpair()
        self._waker.setblocking(False)
        self._wakened.setblocking(False)
        self._running = True
        self._failure: BaseException | None = None
        self._thawed = threading.Event()
        self._thawed.set()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.watch(self._wakened, self._wake_up)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def watch(
        self,
        sock: socket.socket,
        readable: Callback | None,
        writable: Callback | None = None,
    ) -> None:
        """Call `readable` or `writable` whenever the socket is so; None, None: forget.

        A socket must be forgotten before it is closed.
        """
        events = selectors.EVENT_READ if readable else 0
        events |= selectors.EVENT_WRITE if writable else 0
        watched = sock in self._selector.get_map()
        if watched and events:
            self._selector.modify(sock, events, (readable, writable))
        elif events:
            self._selector.register(sock, events, (readable, writable))
        elif watched:
            self._selector.unregister(sock)

    def forget(self, sock: socket.socket) -> None:
        """Watch a socket no longer."""
        self.watch(sock, None)

    def after(self, seconds: float, callback: Callback) -> None:
        """Call back once `seconds` have passed."""
        when = time.monotonic() + seconds
        heapq.heappush(self._timers, (when, next(self._order), callback))

    def call(self, function: Callable[[], T]) -> T:
        """Run `function` in the loop's thread; return or raise what it does.

        Raises RuntimeError when the loop has ended or is frozen.
        """
        if threading.current_thread() is self._thread:
            return function()
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(function())
            except BaseException as error:
                future.set_exception(error)

        if not self._thawed.is_set():
            raise RuntimeError("the server is frozen; call resume() first")
        self._post(run)
        return future.result()

    def freeze(self) -> None:
        """Stand still, timers too, as a stopped process does, until `thaw`."""
        if not self._thawed.is_set():
            return
        frozen = threading.Event()

        def stand_still() -> None:
            frozen.set()
            self._thawed.wait()

        self._thawed.clear()
        self._post(stand_still)
        frozen.wait()

    def thaw(self) -> None:
        """Go on after `freeze`; without one it does nothing."""
        self._thawed.set()

    def stop(self, timeout: float) -> BaseException | None:
        """End the thread and wait for it; return the exception that ended it before.

        Raises RuntimeError when it does not end within `timeout` seconds.
        """
        self.thaw()
        with self._lock:
            self._running = False
            self._wake()
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise RuntimeError(
                f"{self._thread.name} does not end within {timeout} s; "
                f"a scripted function that blocks?"
            )
        return self._failure

    def close(self) -> None:
        """Close the loop's own descriptors, once it does not run any more.

        In a forked child that leaves the parent's loop as it is.
        """
        self._selector.close()
        self._waker.close()
        self._wakened.close()

    def _post(self, callback: Callback) -> None:
        with self._lock:
            if not self._running:
                raise RuntimeError("the server's thread has ended") from self._failure
            self._calls.append(callback)
            self._wake()

    def _wake(self) -> None:
        # Full is fine: then the thread wakes anyway.
        with contextlib.suppress(BlockingIOError):
            self._waker.send(b"\0")

    def _run(self) -> None:
        try:
            while self._running:
                self._turn()
        except BaseException as error:
            self._failure = error
        with self._lock:
            self._running = False
        # What was asked for before the end gets its answer.
        self._make_calls()

    def _turn(self) -> None:
        timeout = None
        if self._timers:
            timeout = max(0.0, self._timers[0][0] - time.monotonic())
        for key, events in self._selector.select(timeout):
            readable, writable = key.data
            # A callback before may have closed or changed this socket; what is still
            # ready then comes back in the next turn.
            if events & selectors.EVENT_READ and self._watches(key):
                readable()
            if events & selectors.EVENT_WRITE and self._watches(key):
                writable()
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            heapq.heappop(self._timers)[2]()

    def _watches(self, key: selectors.SelectorKey) -> bool:
        return self._selector.get_map().get(key.fd) is key

    def _wake_up(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._wakened.recv(4096):
                pass
        self._make_calls()

    def _make_calls(self) -> None:
        while self._calls:
            self._calls.popleft()()
