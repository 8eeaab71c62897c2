# SPDX-License-Identifier: MIT
"""One message in, steps out: log, script and answers of a server, without sockets."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import dns.message
import dns.rcode
import dns.rdatatype

from pymx.testing.log import Log, Question, Transport
from pymx.testing.names import plain_name
from pymx.testing.responder import MAX_DATAGRAM, Responder, read_query, render
from pymx.testing.script import Script
from pymx.testing.step import Behaviour, Close, Query, Send, Step

# Replies kept ready; a run over more different queries than this starts over.
_MAX_KNOWN = 20_000


class ServerError(RuntimeError):
    """Something failed in the server's thread; the cause is the exception it was."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What was made of a query: all but the id, which is the query's."""

    name: str
    type: str
    reply: bytes


class _Ready:
    """A responder and its replies, kept ready.

    They are found by transport and by everything in the query after its id: the
    spelling of the name, the flags and EDNS are all part of what a reply depends on.
    """

    def __init__(self, responder: Responder) -> None:
        self.responder = responder
        self._known: dict[tuple[Transport, bytes], _Known] = {}

    def find(self, wire: bytes, transport: Transport) -> _Known | None:
        return self._known.get((transport, wire[2:]))

    def learn(
        self, wire: bytes, transport: Transport, message: dns.message.Message
    ) -> _Known:
        asked = message.question[0]
        reply = render(self.responder.respond(message), message, transport)
        known = _Known(
            plain_name(asked.name), dns.rdatatype.to_text(asked.rdtype), reply[2:]
        )
        if len(self._known) >= _MAX_KNOWN:
            self._known.clear()
        self._known[transport, wire[2:]] = known
        return known


class Service:
    """Decides what to do about each message. Only the server's thread calls `take`.

    `failures` are what went wrong meanwhile; they belong to whoever stops the server.
    While `is_paused`, questions are logged, not answered, and use up no behaviour.
    """

    def __init__(self, responder: Responder) -> None:
        """Answer by `responder`."""
        self.log = Log()
        self.script = Script()
        self.failures: list[ServerError] = []
        self.is_paused = False
        self._ready = _Ready(responder)

    def serve(self, responder: Responder) -> None:
        """Answer by another responder from now on. Any thread may call."""
        self._ready = _Ready(responder)

    def renew_locks(self) -> None:
        """Give a forked child locks that no thread of its parent holds."""
        self.log.renew_lock()
        self.script.renew_lock()

    def take(
        self, wire: bytes, transport: Transport, client: tuple[str, int]
    ) -> Sequence[Step]:
        """Log a message and return the steps to take about it.

        What raises, be it a scripted function, is kept as a failure and answered with
        SERVFAIL, so that the client need not wait for its timeout.
        """
        # One look: another thread may put another one in its place.
        ready = self._ready
        known = ready.find(wire, transport)
        if known is None:
            read = read_query(wire)
            if not isinstance(read, dns.message.Message):
                self.log.malformed.append(wire)
                return [Send(read)] if read and not self.is_paused else []
            known = ready.learn(wire, transport, read)
        question = Question(
            known.name, known.type, transport, client, time.monotonic(), wire
        )
        self.log.add(question)
        if self.is_paused:
            return []
        reply = wire[:2] + known.reply
        behaviour = self.script.take(question)
        if behaviour is None:
            return [Send(reply)]
        query = Query(wire, question, reply, ready.responder)
        try:
            steps = list(behaviour.plan(query))
            for step in steps:
                _check(step, transport)
            return steps
        # BaseException: pytest.fail() in a scripted function is one.
        except BaseException as error:
            self._fail(question, behaviour, error)
            message = ready.responder.reply(query.message, dns.rcode.SERVFAIL)
            return [Send(query.render(message))]

    def _fail(
        self, question: Question, behaviour: Behaviour, error: BaseException
    ) -> None:
        failure = ServerError(
            f"{behaviour} failed on {question.name} {question.type} over "
            f"{question.transport}: {type(error).__name__}: {error}"
        )
        failure.__cause__ = error
        self.failures.append(failure)


def _check(step: Step, transport: Transport) -> None:
    """Raise what would otherwise befall the thread when it comes to send."""
    if isinstance(step, Close):
        return
    if not isinstance(step, Send):
        raise TypeError(f"{step!r} is neither Send nor Close")
    limit = MAX_DATAGRAM if transport == "udp" else 65535
    if len(step.data) > limit and (transport == "udp" or step.framed):
        raise ValueError(f"{len(step.data)} octets are more than a message can have")
