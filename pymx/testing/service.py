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
from pymx.testing.responder import Responder, read_query, render
from pymx.testing.script import Script
from pymx.testing.step import Behaviour, Query, Send, Step

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
        self._responder = responder
        # By transport and by everything in the query after its id: the spelling of the
        # name, the flags and EDNS are all part of what the reply depends on.
        self._known: dict[tuple[Transport, bytes], _Known] = {}

    def serve(self, responder: Responder) -> None:
        """Answer by another responder from now on."""
        self._responder = responder
        self._known = {}

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
        known = self._known.get((transport, wire[2:]))
        if known is None:
            read = read_query(wire)
            if not isinstance(read, dns.message.Message):
                self.log.malformed.append(wire)
                return [Send(read)] if read and not self.is_paused else []
            known = self._learn(wire, transport, read)
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
        query = Query(wire, question, reply, self._responder)
        try:
            return behaviour.plan(query)
        # BaseException: pytest.fail() in a scripted function is one.
        except BaseException as error:
            self._fail(question, behaviour, error)
            message = self._responder.reply(query.message, dns.rcode.SERVFAIL)
            return [Send(query.render(message))]

    def _learn(
        self, wire: bytes, transport: Transport, message: dns.message.Message
    ) -> _Known:
        asked = message.question[0]
        reply = render(self._responder.respond(message), message, transport)
        known = _Known(
            plain_name(asked.name), dns.rdatatype.to_text(asked.rdtype), reply[2:]
        )
        if len(self._known) >= _MAX_KNOWN:
            self._known.clear()
        self._known[transport, wire[2:]] = known
        return known

    def _fail(
        self, question: Question, behaviour: Behaviour, error: BaseException
    ) -> None:
        failure = ServerError(
            f"{behaviour} failed on {question.name} {question.type} over "
            f"{question.transport}: {type(error).__name__}: {error}"
        )
        failure.__cause__ = error
        self.failures.append(failure)
