# SPDX-License-Identifier: MIT
# ruff: noqa: A002 - `type` is what DNS and this interface call it.
"""FakeDNS: a DNS server in the process, on loopback, for tests."""

import dataclasses
import os
import socket
import weakref
from types import TracebackType
from typing import Literal, Self

from pymx.testing.bind import bind_both, bind_tcp, check_address, check_port
from pymx.testing.log import Log, Transport
from pymx.testing.loop import Loop
from pymx.testing.responder import Responder
from pymx.testing.service import ServerError, Service
from pymx.testing.step import Behaviour
from pymx.testing.tcp import Streams
from pymx.testing.udp import Datagrams
from pymx.testing.zone import Zone, ZoneSource

# How long the thread may take to end, in seconds.
_STOP_TIMEOUT = 5.0


class FakeDNS:
    """A DNS server on a loopback port, UDP and TCP, that answers out of `zone`.

    `zone` is the text of a master file (any number of domains; names are relative to
    the root), a path to one, or a dict such as ``{"example.com": {"MX": [(10,
    "mx.example.com")], "A": "192.0.2.1"}}``; what it does not say does not exist.
    `port` 0 takes a free one and keeps it. The server looks like a recursive resolver;
    with `authoritative` AA is set instead of RA. `authenticated` sets AD for clients
    that ask for it, `negative_soa=False` leaves the SOA out of NXDOMAIN and "no data".

    Use it as a context manager, or `start` and `stop` it. It runs in one daemon thread
    of its own; any thread may call. In a forked child it is closed, while its
    `nameserver` is still the parent's.

    Raises ZoneError for a bad zone (ValueError), ValueError for a bad address or port.

    >>> import dns.message, dns.query
    >>> from pymx.testing import FakeDNS, rcode
    >>> zone = "example.com. MX 10 mx.example.com."
    >>> with FakeDNS(zone) as server:
    ...     server.script("example.com", "MX", rcode("SERVFAIL"), times=1)
    ...     query = dns.message.make_query("example.com", "MX")
    ...     for _ in range(2):
    ...         reply = dns.query.udp(query, "127.0.0.1", port=server.port, timeout=5)
    ...         print(reply.rcode().name, [str(rrset) for rrset in reply.answer])
    SERVFAIL []
    NOERROR ['example.com. 300 IN MX 10 mx.example.com.']
    """

    def __init__(
        self,
        zone: ZoneSource | Zone | None = None,
        *,
        address: str = "127.0.0.1",
        port: int = 0,
        authoritative: bool = False,
        authenticated: bool = False,
        negative_soa: bool = True,
    ) -> None:
        """Read the zone; `start` opens the sockets."""
        check_address(address)
        check_port(port)
        self.address = address
        self._port = port
        self._responder = Responder(
            _zone(zone), authoritative, authenticated, negative_soa
        )
        self._service = Service(self._responder)
        self._tcp: Literal["serve", "refuse", "reset"] = "serve"
        self._loop: Loop | None = None
        self._datagrams: Datagrams | None = None
        self._streams: Streams | None = None
        # Holds the port while TCP is refused.
        self._placeholder: socket.socket | None = None

    @property
    def port(self) -> int:
        """The port of UDP and TCP. Raises RuntimeError before the first start."""
        if not self._port:
            raise RuntimeError(
                "FakeDNS has no port yet: use it in a with statement or call start()"
            )
        return self._port

    @property
    def nameserver(self) -> str:
        """``"127.0.0.1:port"`` or ``"[::1]:port"``, also when stopped.

        Raises RuntimeError before the first start.
        """
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}"

    @property
    def log(self) -> Log:
        """The questions so far, in order of arrival."""
        return self._service.log

    def start(self) -> Self:
        """Start serving; return self. Raises OSError when the port is taken."""
        if self._loop:
            raise RuntimeError(f"{self!r} has been started already")
        udp, tcp = bind_both(self.address, self._port)
        self._port = udp.getsockname()[1]
        self._loop = Loop(f"FakeDNS {self.nameserver}")
        self._datagrams = Datagrams(self._loop, udp, self._service.take)
        self._placeholder = tcp
        self._apply_tcp()
        self._loop.start()
        _started.add(self)
        return self

    def stop(self) -> None:
        """Stop and free the port; asking it is then refused. Twice is fine.

        Raises ServerError for what failed in the server's thread, such as a scripted
        function that raised, and RuntimeError if the thread does not end.
        """
        loop = self._loop
        if loop is None:
            return
        try:
            failure = loop.stop(_STOP_TIMEOUT)
        finally:
            self._abandon()
        failures = self._service.failures[:]
        self._service.failures.clear()
        if failure:
            error = ServerError(f"FakeDNS failed: {failure!r}")
            error.__cause__ = failure
            failures.append(error)
        if failures:
            for other in failures[1:]:
                failures[0].add_note(f"Then: {other}")
            raise failures[0]

    def restart(self) -> None:
        """Stop and start again on the same port; log, script and zone stay."""
        self.stop()
        self.start()

    def script(
        self,
        name: str | None,
        type: str | None,
        *behaviours: Behaviour,
        times: int | None = None,
        transport: Transport | None = None,
    ) -> None:
        """Misbehave on questions for `name` and `type`, one behaviour after the other.

        The last one goes on for ever, or, with `times`, until that many questions in
        all have met the script. `name` is a name, ``"*.domain"`` for all below a
        domain, or None or ``"*"`` for all; `type` None or ``"ANY"`` is every type. The
        more telling name goes first, then the type, then what was scripted last. With
        `transport` (``"udp"``, ``"tcp"``) questions over the other one are not touched;
        nor are they by behaviours that exist for one transport only.

        Raises ValueError for a bad name, type, times or transport.

        >>> from pymx.testing import FakeDNS, drop, normal, rcode
        >>> with FakeDNS() as server:
        ...     server.script("example.com", "MX", drop(), rcode("SERVFAIL"), normal())
        ...     server.script("*.slow.example", None, drop(), times=2)
        """
        self._service.script.add(name, type, behaviours, times, transport)

    def clear_script(self) -> None:
        """Forget everything scripted: answer normally."""
        self._service.script.clear()

    def load(self, zone: ZoneSource | Zone | None) -> None:
        """Answer out of another zone from now on. Raises ZoneError for a bad one."""
        self._responder = dataclasses.replace(self._responder, zone=_zone(zone))
        self._service.serve(self._responder)

    def pause(self) -> None:
        """Log questions but answer none, until `resume`."""
        self._service.is_paused = True

    def freeze(self) -> None:
        """Stand still as a stopped process does: what is asked is kept, until `resume`.

        Then all of it is answered at once, late.
        """
        self._running().freeze()

    def resume(self) -> None:
        """End `pause` and `freeze`."""
        self._service.is_paused = False
        if self._loop:
            self._loop.thaw()

    def refuse_tcp(self, *, after_accept: bool = False) -> None:
        """Refuse TCP connections, or with `after_accept` reset them at once.

        Open ones are closed. It holds across restarts, until `accept_tcp`.
        """
        self._switch_tcp("reset" if after_accept else "refuse")

    def accept_tcp(self) -> None:
        """Serve TCP again."""
        self._switch_tcp("serve")

    def _switch_tcp(self, mode: Literal["serve", "refuse", "reset"]) -> None:
        self._tcp = mode
        if self._loop:
            self._loop.call(self._apply_tcp)

    def _apply_tcp(self) -> None:
        loop = self._running()
        if self._tcp == "refuse":
            if self._streams:
                self._streams.stop()
                self._streams = None
                self._placeholder = bind_tcp(self.address, self._port)
            return
        if self._placeholder:
            self._streams = Streams(loop, self._placeholder, self._service.take)
            self._placeholder = None
        if self._streams:
            self._streams.resets = self._tcp == "reset"
            self._streams.end_connections()

    def _running(self) -> Loop:
        if self._loop is None:
            raise RuntimeError(f"{self!r} is not running; call start()")
        return self._loop

    def _abandon(self) -> None:
        """Close every descriptor: the thread has ended, or is the parent's."""
        _started.discard(self)
        for part in (self._datagrams, self._streams, self._placeholder, self._loop):
            if part:
                part.close()
        self._datagrams = self._streams = self._placeholder = self._loop = None

    def __enter__(self) -> Self:
        """Start serving."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop; a failure of the server becomes a note on that of the test."""
        try:
            self.stop()
        except Exception as failure:
            if error is None:
                raise
            # The test has failed already; this may be why.
            error.add_note(f"{type(failure).__name__}: {failure}")

    def __repr__(self) -> str:
        """Show where it serves and whether it does."""
        state = "running" if self._loop else "stopped"
        return f"<FakeDNS {self.address}:{self._port} {state}>"


def _zone(source: ZoneSource | Zone | None) -> Zone:
    return source if isinstance(source, Zone) else Zone.read(source)


_started: weakref.WeakSet[FakeDNS] = weakref.WeakSet()


def _leave_to_parent() -> None:
    """Close the copies a forked child has: its parent alone serves."""
    for server in list(_started):
        server._service.renew_locks()
        server._abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)
