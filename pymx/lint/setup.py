# SPDX-License-Identifier: MIT
"""A published mail setup as the checks see it: plain values, made of a Route.

A Route is what one lookup gave. What a zone file does not hold may be filled in from
another one.
"""

from __future__ import annotations

from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pymx import Exchange, Route


@dataclass(frozen=True, slots=True)
class Host:
    """An exchange and what came of asking for its addresses; as in `pymx.Exchange`.

    `left_out`: addresses that are no targets, each with the reason.
    """

    name: str
    preference: int
    canonical: str
    addresses: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    ttl: int
    status: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Setup:
    """What is published for `domain`; the names are those of `pymx.Route`.

    `dropped`: exchanges that are not asked for, as (name, preference, reason).
    """

    domain: str
    canonical: str
    status: str
    reason: str | None
    message: str
    implicit: bool
    warnings: tuple[str, ...]
    ttl: int
    hosts: tuple[Host, ...]
    dropped: tuple[tuple[str, int, str], ...]

    @classmethod
    def of(cls, route: Route, domain: str | None = None) -> Setup:
        """Return what a route tells; `domain` if it was looked up for another name."""
        domain = domain or route.domain or str(route.input)
        if domain.startswith("["):
            return cls._of_no_domain(domain, f"{domain} is an address, no domain")
        if route.status == "invalid":
            return cls._of_no_domain(domain, route.message)
        is_alias = route.canonical != route.domain
        return cls(
            domain=domain,
            canonical=route.canonical if is_alias and route.canonical else domain,
            status=route.status,
            reason=route.reason,
            message=route.message,
            implicit=route.implicit,
            warnings=route.warnings,
            ttl=route.ttl,
            hosts=tuple(host_of(route, exchange) for exchange in route.exchanges),
            dropped=tuple(
                (excluded.host, excluded.preference, excluded.reason)
                for excluded in route.excluded
                if excluded.address is None
            ),
        )

    @classmethod
    def _of_no_domain(cls, text: str, message: str) -> Setup:
        return cls(text, text, "invalid", None, message, False, (), 0, (), ())

    @property
    def is_alias(self) -> bool:
        """Whether the records are those of another name."""
        return self.canonical != self.domain


def host_of(route: Route, exchange: Exchange) -> Host:
    """Return an exchange of a route with the addresses that the route left out."""
    return Host(
        name=exchange.host,
        preference=exchange.preference,
        canonical=exchange.canonical,
        addresses=exchange.addresses,
        left_out=tuple(
            (excluded.address, excluded.reason)
            for excluded in route.excluded
            if excluded.host == exchange.host and excluded.address is not None
        ),
        ttl=exchange.ttl,
        status=exchange.status,
        reason=exchange.reason,
    )
