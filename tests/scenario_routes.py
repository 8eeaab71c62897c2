# SPDX-License-Identifier: MIT
"""Routes in the words of scenarios, and what of them was not expected."""

import itertools
from collections import Counter

from scenario_files import ALWAYS, IF_EXPECTED, STANDS_FOR, Scenario

import pymx


def describe(route: pymx.Route, queries: int) -> list[str]:
    """Return what a route is, a line a fact."""
    deliverable = {True: "true", False: "false", None: "unknown"}[route.deliverable]
    smtp = "none"
    if route.smtp_reply:
        smtp = f"{route.smtp_reply[0]} {route.smtp_reply[1]}"
    lines = [
        _join("status", route.status, route.reason),
        f"deliverable {deliverable}",
        f"smtp {smtp}",
    ]
    if route.domain is not None:
        lines.append(f"domain {route.domain}")
    if route.canonical != route.domain:
        lines.append(f"canonical {route.canonical}")
    if route.domain_unicode != route.domain:
        lines.append(f"unicode {route.domain_unicode}")
    if route.implicit:
        lines.append("implicit")
    if not route.complete:
        lines.append("incomplete")
    if route.authenticated:
        lines.append("authenticated")
    lines += _describe_targets(route)
    lines += _describe_exchanges(route)
    lines += _describe_excluded(route)
    lines += [f"warning {warning}" for warning in route.warnings]
    lines += [f"ttl {route.ttl}", f"elapsed {route.elapsed}", f"queries {queries}"]
    return lines


def _join(*words: object) -> str:
    return " ".join(str(word) for word in words if word is not None)


def _describe_targets(route: pymx.Route) -> list[str]:
    lines = [_join("target", t.preference, t.host, t.address) for t in route.targets]
    return [*lines, f"targets {len(route.targets)}"]


def _describe_exchanges(route: pymx.Route) -> list[str]:
    lines = []
    for exchange in route.exchanges:
        if exchange.status != "ok" or exchange.reason is not None:
            lines.append(
                _join("exchange", exchange.host, exchange.status, exchange.reason)
            )
        told = {t.address for t in route.targets if t.host == exchange.host}
        if not told.issuperset(exchange.addresses):
            lines.append(_join("addresses", exchange.host, *exchange.addresses))
        lines.append(_join("exchange_ttl", exchange.host, exchange.ttl))
        if exchange.canonical != exchange.host:
            lines.append(_join("alias", exchange.host, exchange.canonical))
    return [*lines, f"exchanges {len(route.exchanges)}"]


def _describe_excluded(route: pymx.Route) -> list[str]:
    lines = [_join("excluded", e.host, e.address, e.reason) for e in route.excluded]
    counts = Counter(excluded.reason for excluded in route.excluded)
    return lines + [_join("excludes", counts[why], why) for why in counts]


def find_difference(scenario: Scenario, got: list[str]) -> str | None:
    """Return the first keyword whose lines are not those expected, or None."""
    replaced = {
        word
        for keyword, words in STANDS_FOR.items()
        if scenario.expects(keyword)
        for word in words
    }
    asked = ["unexpected", "unasked", "repeated"]
    looked_at = [word for word in asked + ALWAYS if word not in replaced]
    looked_at += [word for word in IF_EXPECTED if scenario.expects(word)]
    for keyword in looked_at:
        if not _is_same(scenario, keyword, got):
            return keyword
    return None


def _is_same(scenario: Scenario, keyword: str, got: list[str]) -> bool:
    wanted = _pick(scenario.expected, keyword)
    found = _pick(got, keyword)
    if keyword == "elapsed":
        return _took(float(wanted[0].split()[1]), float(found[0].split()[1]))
    if keyword == "excludes":
        return sorted(wanted) == sorted(found)
    if scenario.is_unordered:
        wanted, found = _sort_equals(wanted, keyword), _sort_equals(found, keyword)
    return wanted == found


def _took(wanted: float, elapsed: float) -> bool:
    """Tell whether it took so long; a busy machine may take much longer."""
    return wanted <= elapsed < wanted + 5


def _pick(lines: list[str], keyword: str) -> list[str]:
    return [line for line in lines if line.partition(" ")[0] == keyword]


def _sort_equals(lines: list[str], keyword: str) -> list[str]:
    """Sort what may come in any order: targets within their level, else all."""
    if keyword != "target":
        return sorted(lines)
    levels = itertools.groupby(lines, key=lambda line: line.split()[1])
    return [line for _, level in levels for line in sorted(level)]
