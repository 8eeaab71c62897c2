# SPDX-License-Identifier: MIT
"""Runs a scenario over real sockets: a server that says what it says, a resolver."""

import contextlib
import struct
from collections import Counter
from typing import Any

import scenario_messages
from scenario_files import Scenario
from scenario_routes import describe
from written import check_line

import pymx
from pymx.testing import Behaviour, FakeDNS, Query, Send, rcode

# Where nothing but silence is to be waited for, the wait is short.
HURRY = {"timeout": 0.6, "attempt_timeout": 0.1, "address_wait": 0.05}
PATIENCE = {"timeout": 60.0, "attempt_timeout": 20.0}
TRUNCATED = 0x200
# The same for every transport, unless a scenario has its own.
SEED = 4
BLAMES_EDNS = ("FORMERR", "NOTIMP", "BADVERS", "BADCOOKIE")
LISTS = ("self_names", "self_addresses")


def answer(text: str) -> Behaviour:
    """Answer as a `dns` line says, messages between semicolons one after the other."""

    def plan(query: Query) -> list[Send]:
        parts = [part.strip() for part in text.split(";")]
        return [Send(fit(query, part)) for part in parts if part != "SILENCE"]

    return Behaviour(f"answer({text!r})", plan)


def fit(query: Query, text: str) -> bytes:
    """Return a message, without its records and truncated where UDP is too small."""
    message = scenario_messages.build(query.wire, text)
    if query.transport == "tcp" or len(message) <= max(512, query.message.payload):
        return message
    (flags,) = struct.unpack_from("!H", message, 2)
    return query.wire[:2] + struct.pack("!H", flags | TRUNCATED) + short(query.wire)


def short(query: bytes) -> bytes:
    """Return counts and question of a query without its OPT record."""
    end = query.index(b"\0", 12) + 5
    return struct.pack("!4H", 1, 0, 0, 0) + query[12:end]


def is_slow(scenario: Scenario) -> bool:
    """Tell whether the outcome is one of waiting in vain."""
    return any(
        line.split()[-1] in ("timeout", "unreachable") for line in scenario.expected
    )


def is_down(scenario: Scenario) -> bool:
    """Tell whether the name server cannot be reached, which is no matter of names."""
    unreachable = {reply == "UNREACHABLE" for _, _, reply in scenario.dns}
    assert len(unreachable) < 2, scenario.place
    return unreachable == {True}


def options_of(scenario: Scenario) -> dict[str, Any]:
    """Return the options of the resolver."""
    options: dict[str, Any] = {"tries": 1, **(HURRY if is_slow(scenario) else PATIENCE)}
    for name, value in scenario.options.items():
        options[name] = value.split() if name in LISTS else read_value(value)
    return options


def read_value(text: str) -> object:
    """Return an option's value: a switch, ranks of hosts, a number or a word."""
    if "=" in text:
        pairs = (pair.partition("=") for pair in text.split())
        return {host: float(rank) for host, _, rank in pairs}
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def nearest(name: str, type_: str, scenario: Scenario) -> int | None:
    """Return which `dns` line a question is for: the very name, or the nearest "*"."""
    best = None
    fit = 0
    for place, (pattern, its_type, _) in enumerate(scenario.dns):
        if its_type != type_:
            continue
        if pattern == name:
            return place
        is_below = pattern[0] == "*" and name.endswith(pattern[1:])
        if is_below and len(pattern) > fit:
            best, fit = place, len(pattern)
    return best


def may_repeat(scenario: Scenario, reply: str) -> bool:
    """Tell whether the engine asks again: after silence, and without EDNS."""
    return is_slow(scenario) or any(word in reply for word in BLAMES_EDNS)


def check_questions(scenario: Scenario, asked: Counter[tuple[str, str]]) -> list[str]:
    """Return what was asked without being expected, too often, or not at all."""
    lines = []
    used = set()
    for (name, type_), count in asked.items():
        place = nearest(name, type_, scenario)
        used.add(place)
        if place is None:
            lines.append(f"unexpected {name} {type_}")
        elif count > 1 and not may_repeat(scenario, scenario.dns[place][2]):
            lines.append(f"repeated {name} {type_}")
    for place, line in enumerate(scenario.dns):
        if place not in used and line[2] != "UNREACHABLE":
            lines.append(f"unasked {' '.join(line)}")
    return lines


def await_questions(scenario: Scenario, server: FakeDNS) -> None:
    """Let a question arrive whose answer the resolver did not wait for."""
    if is_slow(scenario) and not is_down(scenario):
        with contextlib.suppress(TimeoutError):
            for name, type_, _ in scenario.dns:
                if "*" not in name:
                    server.log.wait(1, name, type_, timeout=2.0)


def run(scenario: Scenario, transport: str) -> list[str]:
    """Resolve the destination; return the route, and what was wrong with questions."""
    assert scenario.destination is not None
    with FakeDNS() as server:
        server.script(None, None, rcode("REFUSED"))
        for name, type_, reply in scenario.dns:
            server.script(name, type_, answer(reply))
        if is_down(scenario):
            server.stop()
        options = {"seed": SEED, **options_of(scenario), "transport": transport}
        with pymx.Resolver([server.nameserver], **options) as resolver:
            route = resolver.resolve(scenario.destination)
            check_line(route)
            await_questions(scenario, server)
        questions = [q for q in server.log if q.transport == "udp"]
        asked = Counter((question.name, question.type) for question in questions)
    return describe(route, len(asked)) + check_questions(scenario, asked)
