# SPDX-License-Identifier: MIT
"""What a server does about one query: steps, and behaviours that choose them.

A behaviour is a pure function from a query to steps. It sends nothing itself, so that
it can be tested without sockets, and waits for nothing: a step carries its own delay.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import dns.message

from pymx.testing.log import Question, Transport
from pymx.testing.responder import Responder, render


class Send(NamedTuple):
    """Send `data`.

    `after` is in seconds from the arrival of the query. Over TCP a `framed` message
    gets its length in front, an unframed one goes out as it is. Over UDP `source` is
    the address to send from, through a port that is not the server's; None means the
    server's own socket.
    """

    data: bytes
    after: float = 0.0
    framed: bool = True
    source: str | None = None

    def later(self, seconds: float) -> "Send":
        """Return the same step, `seconds` later."""
        return self._replace(after=self.after + seconds)


class Close(NamedTuple):
    """Close the TCP connection, with RST if `reset`. Nothing happens over UDP."""

    after: float = 0.0
    reset: bool = False

    def later(self, seconds: float) -> "Close":
        """Return the same step, `seconds` later."""
        return self._replace(after=self.after + seconds)


Step = Send | Close

# What a transport asks about each message it gets from a client at an address and port.
Take = Callable[[bytes, Transport, tuple[str, int]], Sequence[Step]]


@dataclass(frozen=True)
class Query:
    """One query to a server, and the means to answer it. `reply` is the true answer."""

    wire: bytes
    question: Question
    reply: bytes
    responder: Responder

    @property
    def transport(self) -> Transport:
        """``"udp"`` or ``"tcp"``."""
        return self.question.transport

    @cached_property
    def message(self) -> dns.message.Message:
        """The query, read."""
        return self.question.message()

    def truth(self) -> dns.message.Message:
        """Return the true answer as a message of the caller's own to change."""
        return self.responder.respond(self.message)

    def empty(self) -> dns.message.Message:
        """Return a reply without records: NOERROR, question and EDNS as asked."""
        return self.responder.reply(self.message)

    def render(self, message: dns.message.Message) -> bytes:
        """Return `message` in wire form, truncated to what the client takes."""
        return render(message, self.message, self.transport)


@dataclass(frozen=True, slots=True, repr=False)
class Behaviour:
    """How to treat a query: `plan` gives the steps, `text` is how a test writes it.

    With a `transport` it applies to queries over that transport only; the others are
    answered as if it were not there.

    >>> from pymx.testing import Behaviour, FakeDNS, Send
    >>> shout = Behaviour("shout()", lambda query: [Send(query.wire.upper())])
    >>> with FakeDNS() as server:
    ...     server.script("example.com", None, shout)
    """

    text: str
    plan: Callable[[Query], Sequence[Step]]
    transport: Transport | None = None

    def __repr__(self) -> str:
        """Return the text a test would write."""
        return self.text
