# SPDX-License-Identifier: MIT
"""The check of what is published: a lookup, judged."""

from __future__ import annotations

from pymx import Resolver
from pymx.lint.finding import Report
from pymx.lint.rules import RULES, check_ttl
from pymx.lint.setup import Setup
from pymx.options import check_destination
from pymx.resolver import default

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Final

    from pymx import Route
    from pymx.options import Addresses

# Everything published is looked at, as the world sees it; nothing is hurried.
SETTINGS: Final[Mapping[str, Any]] = {
    "addresses": "public",
    "shuffle": "none",
    "max_exchanges": 100,
    "max_addresses": 100,
    "address_wait": 3600.0,
}
# Of a resolver given by the caller: whom to ask, and for how long.
_TAKEN = ("timeout", "attempt_timeout", "tries", "dnssec", "transport")


def judge(route: Route) -> Report:
    """Return what is wrong with the mail setup that a route was made of.

    A pure function. The route is best that of a resolver made with `SETTINGS`: what
    another one leaves out, or does not ask for, cannot be judged.

    >>> from pymx.lint import judge
    >>> judge(pymx.resolve("nullmx.example")).worst
    'notice'
    """
    setup = Setup.of(route)
    findings = [found for rule in (*RULES, check_ttl) for found in rule(setup)]
    return Report.of(setup.domain, findings, route)


def lint(
    domain: str,
    *,
    resolver: Resolver | None = None,
    addresses: Addresses = "public",
) -> Report:
    """Look up a domain (or the domain of a mail address) and return what is wrong.

    `resolver`: whose name servers are asked, with its times; everything else is as
    `SETTINGS` says. Default: that of the module functions. `addresses`: those that the
    senders can reach, ``"private"`` for a domain inside one's own network.

    Blocks for the resolver's `timeout` at most. What cannot be looked up is a finding,
    never an exception. Raises TypeError unless `domain` is a str, and
    ConfigurationError.

    >>> from pymx.lint import lint
    >>> for finding in lint("cnamex.example", addresses="private").findings:
    ...     print(finding.severity, finding.code, finding.where)
    error cname_exchange smtp.cnamex.example
    """
    check_destination(domain)
    with linting_resolver(resolver or default(), addresses) as own:
        return judge(own.resolve(domain))


def linting_resolver(resolver: Resolver, addresses: Addresses) -> Resolver:
    """Return a resolver that asks whom `resolver` asks, with settings of a check."""
    state = resolver.__getstate__()
    times = {name: state[name] for name in _TAKEN}
    settings = {**SETTINGS, **times, "addresses": addresses}
    return Resolver(state["nameservers"], **settings)
