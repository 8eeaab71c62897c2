# SPDX-License-Identifier: MIT
"""The TCP side of a server: a listener, connections and their framing."""

import errno
import socket
import struct
from collections.abc import Callable
from functools import partial

from pymx.testing.loop import Loop
from pymx.testing.step import Close, Step, Take

_BACKLOG = 1024
_CHUNK = 65536
# How long not to accept when there are no descriptors left, in seconds.
_EXHAUSTED_PAUSE = 0.01
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
# SO_LINGER on, zero seconds: close() sends RST instead of FIN.
_RESET = struct.pack("ii", 1, 0)


class Streams:
    """Accepts connections on a bound socket, which it owns, and answers on them.

    `resets` is for servers that take a connection only to reset it.
    """

    def __init__(self, loop: Loop, sock: socket.socket, take: Take) -> None:
        """Start listening on `sock`."""
        self.resets = False
        self._loop = loop
        self._listener = sock
        self._take = take
        self._connections: set[_Connection] = set()
        sock.listen(_BACKLOG)
        loop.watch(sock, self._accept)

    def stop(self) -> None:
        """Stop listening and end every connection, while the loop goes on."""
        self._loop.forget(self._listener)
        self._listener.close()
        self.end_connections()

    def end_connections(self) -> None:
        """End every connection, go on listening."""
        for connection in list(self._connections):
            connection.end()

    def close(self) -> None:
        """Close every descriptor, once the loop does not run any more."""
        self._listener.close()
        for connection in self._connections:
            connection.close()
        self._connections.clear()

    def _accept(self) -> None:
        while True:
            try:
                sock, client = self._listener.accept()
            except BlockingIOError:
                return
            except ConnectionError:
                continue  # The client gave up while it waited.
            except OSError as error:
                if error.errno not in _EXHAUSTED:
                    raise
                self._loop.forget(self._listener)
                self._loop.after(_EXHAUSTED_PAUSE, self._accept_again)
                return
            if self.resets:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                sock.close()
                continue
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connections.add(
                _Connection(
                    self._loop, sock, client[:2], self._take, self._connections.discard
                )
            )

    def _accept_again(self) -> None:
        # The server may have stopped listening in the pause.
        if self._listener.fileno() >= 0:
            self._loop.watch(self._listener, self._accept)


class _Connection:
    """One connection: messages with their length in front (RFC 1035 section 4.2.2)."""

    def __init__(
        self,
        loop: Loop,
        sock: socket.socket,
        client: tuple[str, int],
        take: Take,
        ended: Callable[["_Connection"], None],
    ) -> None:
        self._loop = loop
        self._socket = sock
        self._client = client
        self._take = take
        self._ended = ended
        self._incoming = bytearray()
        self._outgoing = bytearray()
        # Steps that wait for their time.
        self._pending = 0
        # The client has ended its side: nothing more to read, still time to answer.
        self._eof = False
        # A step says to close as soon as all is sent.
        self._closing: Close | None = None
        loop.watch(sock, self._receive)

    def end(self, *, reset: bool = False) -> None:
        """Close now, whatever is still to be sent. A second time does nothing."""
        if self._is_closed():
            return
        if reset:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._loop.forget(self._socket)
        self._socket.close()
        self._ended(self)

    def close(self) -> None:
        """Close the descriptor alone, once the loop does not run any more."""
        self._socket.close()

    def _is_closed(self) -> bool:
        return self._socket.fileno() < 0

    def _receive(self) -> None:
        try:
            data = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return
        except ConnectionError:
            self.end()
            return
        self._eof = not data
        self._incoming += data
        while not self._closing and (message := self._next_message()):
            for step in self._take(message, "tcp", self._client):
                if step.after:
                    self._pending += 1
                    self._loop.after(step.after, partial(self._perform_late, step))
                else:
                    self._perform(step)
        self._flush()

    def _next_message(self) -> bytes:
        """Take the next whole message from what came in; empty when there is none.

        Messages of length zero say nothing and are passed over.
        """
        while len(self._incoming) >= 2:
            end = 2 + int.from_bytes(self._incoming[:2])
            if len(self._incoming) < end:
                break
            message = bytes(self._incoming[2:end])
            del self._incoming[:end]
            if message:
                return message
        return b""

    def _perform_late(self, step: Step) -> None:
        self._pending -= 1
        self._perform(step)
        self._flush()

    def _perform(self, step: Step) -> None:
        if self._closing or self._is_closed():
            return
        if isinstance(step, Close):
            self._closing = step
            return
        if step.framed:
            self._outgoing += len(step.data).to_bytes(2)
        self._outgoing += step.data

    def _flush(self) -> None:
        """Send what can be sent, and close when that was all there will be."""
        if self._is_closed():
            return
        try:
            while self._outgoing:
                del self._outgoing[: self._socket.send(self._outgoing)]
        except BlockingIOError:
            pass
        except ConnectionError:
            self.end()
            return
        if not self._outgoing:
            if self._closing:
                self.end(reset=self._closing.reset)
                return
            if self._eof and not self._pending:
                self.end()
                return
        # The end of a stream stays readable for ever: look at it no more.
        readable = None if self._eof or self._closing else self._receive
        self._loop.watch(
            self._socket, readable, self._flush if self._outgoing else None
        )
