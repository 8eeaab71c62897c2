# SPDX-License-Identifier: MIT
"""The check of a zone before it is published, by lookups that see nothing but it."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from pymx import Resolver
from pymx.lint.finding import Report
from pymx.lint.live import SETTINGS
from pymx.lint.records import check_records
from pymx.lint.rules import NOT_IN_ZONE, RULES, SPECIAL_USE, is_special
from pymx.lint.setup import Host, Setup, host_of
from pymx.lint.zonefile import ZoneFile
from pymx.options import check
from pymx.testing import FakeDNS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from pymx import Route
    from pymx.options import Addresses
    from pymx.testing import ZoneSource

# The server is in this process: that it is slow says nothing about the zone.
ZONE_SETTINGS: Mapping[str, Any] = {
    **SETTINGS,
    "timeout": 60.0,
    "attempt_timeout": 10.0,
    "concurrency": 50,
}
_REFUSED = "server_refused"  # how the zone's server says that it is not in there


class ZoneJudge:
    """Judges the routes of a zone's server.

    `outside` is asked for exchanges that the zone does not hold.
    """

    def __init__(self, zone: ZoneFile, outside: Resolver | None = None) -> None:
        """Ask nothing yet."""
        self._zone = zone
        self._outside = outside

    def judge(self, route: Route) -> Report:
        """Return what is wrong with what the zone says about one of its domains."""
        setup = Setup.of(route, self._zone.shown_for(route.domain or ""))
        hosts = tuple(self._complete(host) for host in setup.hosts)
        setup = replace(setup, hosts=hosts)
        if setup.reason == _REFUSED and not hosts:
            end = [setup.domain, *self._zone.aliases(setup.domain)][-1]
            reason = SPECIAL_USE if is_special(end) else NOT_IN_ZONE
            setup = replace(setup, reason=reason, canonical=end)
        findings = [found for rule in RULES for found in rule(setup)]
        if setup.status != "invalid":
            findings += check_records(setup, self._zone)
        return Report.of(setup.domain, findings, route)

    def _complete(self, host: Host) -> Host:
        """Add what the zone's server does not tell of an exchange."""
        # An alias is one wherever it leads, and is told for what it is.
        end = [host.name, *self._zone.aliases(host.name)][-1]
        host = replace(host, canonical=end)
        if host.reason != _REFUSED:
            return host
        if is_special(end):
            return replace(host, status="no_address", reason=SPECIAL_USE)
        if self._outside is not None:
            found = _look_up(end, self._outside)
            if found is not None:
                return replace(found, name=host.name, preference=host.preference)
        return replace(host, reason=NOT_IN_ZONE)


def lint_zone(
    zone: ZoneSource,
    domains: Iterable[str] | None = None,
    *,
    addresses: Addresses = "public",
    outside: Resolver | None = None,
) -> Iterator[Report]:
    """Return a report for each domain of a zone that need not be published yet.

    `zone`: the text of a master file (RFC 1035 section 5), a `pathlib.Path` to one, or
    a dict as for `pymx.testing.FakeDNS`; it is served on loopback meanwhile. `domains`:
    by default its apexes (the owners of SOA records) and all owners of MX records.
    `addresses`: those that the senders can reach. `outside`: a resolver to be asked for
    exchanges that the zone does not hold; without it they are told as not checked.

    Raises ZoneError for a zone that cannot be read, OSError for a file, TypeError and
    ConfigurationError for the arguments.

    >>> from pymx.lint import lint_zone
    >>> zone = {"example.com": {"MX": (10, "mx")}, "mx.example.com": {"A": "10.0.0.1"}}
    >>> for report in lint_zone(zone):
    ...     for finding in report.findings:
    ...         print(finding.severity, finding.code, finding.where)
    warning single_label_exchange mx
    notice not_in_zone mx
    """
    if isinstance(domains, str):
        raise TypeError("domains must be an iterable of str, not a str")
    read = ZoneFile.read(zone)
    asked = read.domains if domains is None else tuple(domains)
    # Now, not at the first step of the generator.
    check({"addresses": addresses})
    return _reports(read, asked, {**ZONE_SETTINGS, "addresses": addresses}, outside)


def _reports(
    zone: ZoneFile,
    domains: Iterable[str],
    settings: Mapping[str, Any],
    outside: Resolver | None,
) -> Iterator[Report]:
    judge = ZoneJudge(zone, outside).judge
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(FakeDNS(zone.server_zone()))
        resolver = stack.enter_context(Resolver(server.nameserver, **settings))
        for domain in domains:
            yield judge(resolver.resolve(zone.asked_for(domain)))


def _look_up(name: str, resolver: Resolver) -> Host | None:
    """Return what ordinary DNS says about a host, if it can be asked for that.

    The engine looks for addresses on behalf of a mail domain: that finds a host which
    has no MX records, or is its own exchange.
    """
    route = resolver.resolve(name)
    for exchange in route.exchanges:
        if route.implicit or exchange.host == name:
            found = host_of(route, exchange)
            return replace(found, name=name, canonical=route.canonical or name)
    if route.status == "no_domain" and route.reason == "nxdomain":
        return Host(
            name, 0, route.canonical or name, (), (), 0, "no_address", "nxdomain"
        )
    if route.deliverable is None:
        return Host(name, 0, name, (), (), 0, route.status, route.reason)
    return None
