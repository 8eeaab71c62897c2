# SPDX-License-Identifier: MIT
"""ndjson(): the same text as Python's json; tests/test_scenarios.py has more routes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from native import made
from written import check_line

import pymx
from pymx import _native

RESOLVER = made.resolver()
LITERAL = RESOLVER.resolve("user@[192.0.2.1]")


def route_of(*arguments: Any, **facts: Any) -> pymx.Route:
    return _native._rebuild_route(*made.state(*arguments, **facts))


@given(st.text())
def test_any_text_as_destination(text: str) -> None:
    check_line(RESOLVER.resolve(text))


@given(st.text(st.characters()), st.integers(0, 2**64 - 1))
def test_any_text_as_input(text: str, number: int) -> None:
    check_line(RESOLVER.resolve("[192.0.2.1]", text), number)


@given(st.integers(0, 10**12))
def test_any_time(elapsed: int) -> None:
    check_line(route_of(elapsed=elapsed))


@pytest.mark.parametrize("status", sorted(_native.STATUSES))
def test_each_status(status: str) -> None:
    check_line(route_of(status=status, reason="timeout"))


@pytest.mark.parametrize("reason", sorted(_native.REASONS))
def test_each_reason(reason: str) -> None:
    excluded = (("d.example", 65535, None, reason), ("d.example", 0, "::1", reason))
    check_line(route_of("x", excluded=excluded, status="refused", reason=reason))


def test_a_message_that_is_cut() -> None:
    check_line(route_of(status="timeout", reason="timeout", domain="d" * 600))


@pytest.mark.parametrize(
    "facts", [{"implicit": True}, {"complete": True}, {"cached": False}, {"ttl": 0}]
)
def test_each_fact(facts: dict[str, Any]) -> None:
    check_line(route_of(**facts))


def test_a_row_is_told_by_its_destination() -> None:
    rows = [(1, "[192.0.2.1]"), (2, None), (3, 7), (4, b"\xff"), (5, "\udcff")]
    with pymx.Resolver("127.0.0.1") as resolver:
        for route in resolver.resolve_many(rows, key=lambda row: row[1]):
            check_line(route)


def test_lines_have_numbers_and_members() -> None:
    members = [b'"a":[1],"b":"x"', b"", b'"c":0']
    lines = _native.ndjson([LITERAL] * 3, [2, 0, 5], members)
    first, second, third = map(json.loads, lines.splitlines())
    assert next(iter(first)) == "number"
    assert list(first)[-2:] == ["a", "b"]
    assert (first["number"], second["number"], third["number"]) == (2, 0, 5)
    assert (first["a"], first["b"], third["c"]) == ([1], "x", 0)
    assert list(second)[-1] == "smtp_reply"


def test_no_routes_give_no_lines() -> None:
    assert _native.ndjson([], []) == b""


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (((), []), "routes must be a list, not tuple"),
        (([], [1]), "there are 0 routes and 1 numbers"),
        (([LITERAL], [1], []), "there are 1 routes and 0 members"),
        (([LITERAL], [1], ["x"]), "members must be bytes, not str"),
        ((["x"], [1]), r"routes\[0\] must be a Route, not str"),
        (([LITERAL], ["1"]), "int"),
        (([LITERAL], [-1]), "negative"),
        (([LITERAL], [2**64]), "too (big|large)"),
        (([LITERAL],), "numbers"),
    ],
)
def test_what_it_refuses(arguments: tuple[Any, ...], error: str) -> None:
    with pytest.raises((TypeError, ValueError, OverflowError), match=error):
        _native.ndjson(*arguments)
