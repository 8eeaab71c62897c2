# SPDX-License-Identifier: MIT
"""The UDP side of a server: one socket, many datagrams a wakeup."""

import socket
from functools import partial
from typing import Any

from pymx.testing.loop import Loop
from pymx.testing.step import Send, Take

# Datagrams taken before timers and TCP get their turn.
_BATCH = 256
# A datagram of any size fits.
_MAX_MESSAGE = 65535
# How long to wait when the send buffer is full, in seconds.
_FULL_PAUSE = 0.001


class Datagrams:
    """Answers datagrams on a bound, non-blocking socket, which it owns."""

    def __init__(self, loop: Loop, sock: socket.socket, take: Take) -> None:
        """Start receiving from `sock`."""
        self._loop = loop
        self._socket = sock
        self._take = take
        # Sockets for replies from elsewhere, by the address they are bound to.
        self._elsewhere: dict[str, socket.socket] = {}
        loop.watch(sock, self._receive)

    def close(self) -> None:
        """Close every socket."""
        self._socket.close()
        for sock in self._elsewhere.values():
            sock.close()
        self._elsewhere.clear()

    def _receive(self) -> None:
        for _ in range(_BATCH):
            try:
                wire, client = self._socket.recvfrom(_MAX_MESSAGE)
            except BlockingIOError:
                return
            for step in self._take(wire, "udp", client[:2]):
                if not isinstance(step, Send):
                    continue
                if step.after:
                    self._loop.after(step.after, partial(self._send, step, client))
                else:
                    self._send(step, client)

    def _send(self, step: Send, client: Any) -> None:
        sock = self._socket
        if step.source is not None:
            sock = self._socket_at(step.source)
        try:
            sock.sendto(step.data, client)
        except BlockingIOError:
            # A loss here would be none that the test has asked for.
            self._loop.after(_FULL_PAUSE, partial(self._send, step, client))
        except ConnectionError:
            pass  # ICMP: the client has gone; datagrams do not mind.

    def _socket_at(self, address: str) -> socket.socket:
        if address not in self._elsewhere:
            sock = socket.socket(self._socket.family, socket.SOCK_DGRAM)
            sock.setblocking(False)
            sock.bind((address or self._socket.getsockname()[0], 0))
            self._elsewhere[address] = sock
        return self._elsewhere[address]
