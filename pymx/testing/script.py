# SPDX-License-Identifier: MIT
# ruff: noqa: A002 - `type` is what DNS and this interface call it.
"""Which behaviour the next query meets: rules by name, type and transport."""

import threading
from dataclasses import dataclass

import dns.rdatatype

from pymx.testing.log import Question, Transport
from pymx.testing.names import parse_type, plain_name
from pymx.testing.step import Behaviour

# Any name, any type.
_ANY = "*"


@dataclass(slots=True, eq=False)
class _Rule:
    behaviours: tuple[Behaviour, ...]
    times: int | None
    transport: Transport | None
    used: int = 0

    def next(self, transport: Transport) -> Behaviour | None:
        """Take the behaviour whose turn it is, if the rule covers this transport."""
        if self.transport not in (None, transport):
            return None
        behaviour = self.behaviours[min(self.used, len(self.behaviours) - 1)]
        if behaviour.transport not in (None, transport):
            return None
        self.used += 1
        return behaviour

    @property
    def spent(self) -> bool:
        return self.times is not None and self.used >= self.times


class Script:
    """The rules of one server. Any thread may add while the server takes.

    A rule for the very name goes before one for all names below a domain, the nearest
    domain first, and that before one for all names; then one for the very type before
    one for all types; then the newer before the older.
    """

    def __init__(self) -> None:
        """Start without rules: every question is answered normally."""
        self._lock = threading.Lock()
        self._rules: dict[tuple[str, str], list[_Rule]] = {}

    def add(
        self,
        name: str | None,
        type: str | None,
        behaviours: tuple[Behaviour, ...],
        times: int | None,
        transport: Transport | None,
    ) -> None:
        """Add a rule; see FakeDNS.script. Raises ValueError or TypeError."""
        if not behaviours:
            raise ValueError("script: no behaviour given, for example drop()")
        for behaviour in behaviours:
            if not isinstance(behaviour, Behaviour):
                raise TypeError(
                    f"script: {behaviour!r} is not a behaviour; "
                    f"call one, as in drop() or rcode('SERVFAIL')"
                )
        if times is not None and times < len(behaviours):
            raise ValueError(
                f"script: times={times!r} never reaches all of {list(behaviours)}"
            )
        if transport not in (None, "udp", "tcp"):
            raise ValueError(f"script: transport {transport!r} is not 'udp' or 'tcp'")
        rule = _Rule(behaviours, times, transport)
        with self._lock:
            # Newest first; a new dict entry only when the rule is known to be good.
            self._rules.setdefault(_key(name, type), []).insert(0, rule)

    def clear(self) -> None:
        """Forget every rule."""
        with self._lock:
            self._rules.clear()

    def take(self, question: Question) -> Behaviour | None:
        """Return the behaviour for a question and count it as used; None is normal."""
        if not self._rules:
            return None
        with self._lock:
            for name in _patterns(question.name):
                for key in ((name, question.type), (name, _ANY)):
                    rules = self._rules.get(key)
                    if rules is None:
                        continue
                    behaviour = _take_from(rules, question.transport)
                    if not rules:
                        del self._rules[key]
                    if behaviour:
                        return behaviour
        return None

    def renew_lock(self) -> None:
        """Give a forked child a lock that no thread of its parent holds."""
        self._lock = threading.Lock()


def _take_from(rules: list[_Rule], transport: Transport) -> Behaviour | None:
    for rule in rules:
        behaviour = rule.next(transport)
        if behaviour:
            if rule.spent:
                rules.remove(rule)
            return behaviour
    return None


def _key(name: str | None, type: str | None) -> tuple[str, str]:
    rtype = _ANY
    if type is not None and type.upper() not in ("ANY", _ANY):
        rtype = dns.rdatatype.to_text(parse_type(type))
    if name is None or name in (_ANY, "*."):
        return _ANY, rtype
    if name.startswith("*."):
        return "*." + plain_name(name[2:]), rtype
    return plain_name(name), rtype


def _patterns(name: str) -> list[str]:
    """Return what a rule may be filed under for `name`, the most telling first."""
    patterns = [name]
    rest = name
    while "." in rest.removesuffix("."):
        rest = rest.partition(".")[2]
        patterns.append("*." + rest)
    patterns.append(_ANY)
    return patterns
