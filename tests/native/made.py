# SPDX-License-Identifier: MIT
"""Resolvers and routes for tests that have no DNS."""

from typing import Any

from pymx import _native

OPTIONS: dict[str, Any] = {
    "nameservers": (),
    "timeout": 5.0,
    "attempt_timeout": 1.5,
    "tries": 3,
    "addresses": "private",
    "family": "any",
    "implicit": True,
    "shuffle": "hosts",
    "seed": None,
    "prefer": None,
    "self_names": (),
    "self_addresses": (),
    "max_exchanges": 20,
    "max_addresses": 16,
    "address_wait": 1.0,
    "null_mx_mixed": "drop",
    "cname_exchange": "follow",
    "ip_exchange": "accept",
    "strict_names": False,
    "strict_idna": False,
    "lenient_literals": False,
    "cache_size": 0,
    "concurrency": 1000,
    "rate": None,
    "threads": 1,
    "dnssec": False,
    "transport": "auto",
    "trace": False,
}

FACTS: dict[str, Any] = {
    "status": "ok",
    "reason": None,
    "domain": "xn--bcher-kva.example",
    "canonical": "mail.example",
    "server": "",
    "implicit": False,
    "complete": False,
    "has_more": True,
    "cached": True,
    "authenticated": True,
    "ttl": 300,
    "elapsed": 1_500_000,
}
EXCHANGES = (
    ("a.example", "a.example", 10, ("192.0.2.1", "2001:db8::1"), 300, "ok", None),
    ("b.example", "c.example", 20, (), 60, "timeout", "timeout"),
)
TARGETS = ((0, "192.0.2.1"), (0, "2001:db8::1"))
EXCLUDED = (
    ("a.example", 10, "127.0.0.1", "loopback_address"),
    ("d.example", 65535, None, "limit"),
)
WARNINGS = ("partial", "cname_exchange")


def resolver(**options: Any) -> _native.Resolver:
    """Return a resolver with the default options but for these, and no cache."""
    return _native.Resolver(**{**OPTIONS, **options})


def state(
    route_input: object = "Bücher.example",
    exchanges: tuple[object, ...] = EXCHANGES,
    targets: tuple[object, ...] = TARGETS,
    excluded: tuple[object, ...] = EXCLUDED,
    warnings: tuple[object, ...] = WARNINGS,
    **facts: Any,
) -> tuple[Any, ...]:
    """Return the pickled state of a route with a bit of everything but for these."""
    return (
        route_input,
        "bücher.example",
        tuple({**FACTS, **facts}.values()),
        exchanges,
        targets,
        excluded,
        warnings,
    )


def route(**changes: Any) -> _native.Route:
    """Return a route with a bit of everything, or with these changes."""
    made: _native.Route = _native._rebuild_route(*state(**changes))  # type: ignore[attr-defined]
    return made
