# SPDX-License-Identifier: MIT
"""The blocking resolver, and the functions that use one everybody shares."""

from __future__ import annotations

import os

from pymx._native import Completions
from pymx.bulk import check_bulk
from pymx.configuration import Configured
from pymx.levels import Levels
from pymx.options import check_destination, check_nameservers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from types import TracebackType
    from typing import Any, Self

    from pymx._native import Request, Route, RouteIterator, Target

NAMESERVERS = "PYMX_NAMESERVERS"


class Resolver(Configured):
    """Finds where, and in which order, mail for a destination goes.

    Any number of threads may share one; that is the way to share its cache. A forked
    child may go on using it. It is pickled as its configuration. Close it, or use it
    as a context manager, to free its sockets at a certain point; otherwise that happens
    when it is collected.

    `nameservers`: ``"addr"``, ``"addr:port"`` or ``"[v6]:port"``, one or up to 8 of
    them; None asks those of the system. Search lists, the hosts file and the like are
    never used: every name is absolute.

    Time, in seconds (0.01 to 3600): `timeout` of a whole lookup, which alone ends one
    that gets no answer; `attempt_timeout` before the next datagram is sent, from then
    on twice as long each time if all `tries` fit into `timeout` even so. `tries`
    (1 to 16): datagrams for one question, but at least one for each name server; after
    them it is asked once by TCP. An answer to any of them counts until `timeout`.
    `address_wait` (0 to 3600): how long the slower one of IPv4 and IPv6 is waited for
    once the other is there; `resolve_many`, where nobody waits for a single route, does
    so until `timeout`.

    Order: exchanges of equal preference are shuffled for each route (RFC 5321 5.1):
    `shuffle` ``"hosts"``, ``"addresses"`` (all addresses of a preference, as Postfix
    does) or ``"none"``. With a `seed` (0 to 2**64 - 1) a destination gets the same
    order every time. `family`: ``"any"``, ``"ipv4"``, ``"ipv6"`` (only these),
    ``"ipv4_first"``, ``"ipv6_first"``, ``"interleave"``.

    `prefer` is for those who know exchanges of equal preference apart ("unless there is
    a clear reason to favor one", RFC 5321 5.1): a mapping, which is copied, or a
    function gives each host a rank, a finite number. The lowest is tried first, before
    the shuffle decides and `max_exchanges` cuts; hosts without a rank, or with None,
    come last. A function is called with the lower-case host, each once in a lookup and
    only where two or more share a preference, by the thread or event loop that waits
    for the route; meanwhile `timeout` stands still. What it raises is raised by
    `resolve`, `targets` and `resolve_many`, so TypeError or ValueError for what is no
    rank.

    Loops (RFC 5321 5.1): for a machine that is itself an exchange, `self_names` are its
    names and `self_addresses` its addresses (`pymx.own_addresses` lists them). Where
    one of them is found, that preference and every worse one is left out, reason
    ``loop``; when nothing is left the status is ``refused``, for a reply 550 5.4.6.

    What counts: `addresses` are ``"public"`` ones only, ``"private"`` ones too, or
    ``"any"``, loopback too. `implicit` False: a domain without MX takes no mail.
    `max_exchanges`, `max_addresses` (of one exchange): 1 to 100, the rest is left out.
    `null_mx_mixed`: a null MX beside exchanges is dropped (``"drop"``) or believed
    (``"reject"``, RFC 7505 3). `cname_exchange`: an exchange that is an alias is
    followed (``"follow"``) or refused (``"reject"``, RFC 2181 10.3). `ip_exchange`: an
    address in the place of an exchange's name, ``"accept"`` or ``"reject"``.

    Destinations: `strict_names` refuses underscores, `strict_idna` what IDNA 2008
    leaves out (emoji), `lenient_literals` takes addresses without brackets.

    `cache_size`: octets, 0 for none. `concurrency`: lookups at a time, 1 to 100,000,
    the others wait their turn; one that waits long, while the name servers answer
    others, does not count. `rate` (0.001 to 1,000,000, None for no limit): messages
    a second at most, repetitions included; waiting for its turn costs no lookup its
    `timeout`. A name server that drops what is too much for it is not flooded even
    without: the pace it keeps up with is found. `threads` (1 to 64) of the engine do
    the lookups, each those of its part of all domains; more than one pay on machines
    with cores to spare, for some 100,000 domains and more. `dnssec`: ask for the AD
    bit, for `Route.authenticated`; it is as good as the path to the name server.
    `transport`:
    what queries are sent by. ``"auto"``: UDP, and TCP where that does not do;
    ``"c-ares"``: the same through c-ares alone; ``"tcp"``: TCP from the first, for a
    name server of one's own, and UDP where TCP cannot be had. `trace`: write down
    each message, answer and decision of a lookup, for `Route.trace`; it costs time
    and memory.

    Raises ConfigurationError for an argument that cannot be used.

    >>> with pymx.Resolver(timeout=2.0, addresses="public") as resolver:
    ...     resolver.resolve("user@[192.0.2.1]").status
    'refused'
    >>> servers = pymx.resolver.default().nameservers
    >>> with pymx.Resolver(servers, prefer={"c.equal.example": 1}) as resolver:
    ...     resolver.resolve("equal.example").exchanges[0].host
    'c.equal.example'
    """

    def resolve(self, destination: str) -> Route:
        """Return where mail for a domain, mail address or address literal goes.

        What DNS says, or fails to say, is in `Route.status`; it is never raised. Blocks
        for `timeout` seconds at most; Ctrl-C ends it at once.

        Raises TypeError unless `destination` is a str, ClosedError, and what the
        function `prefer` raises.

        >>> route = pymx.resolve("user@levels.example")
        >>> [(exchange.preference, exchange.host) for exchange in route.exchanges][0]
        (10, 'primary.levels.example')
        """
        return self._native.resolve(check_destination(destination))

    def targets(self, destination: str) -> Generator[Target, None, None]:
        """Yield the targets in the order in which to try them, each address once.

        Lazy: only the exchanges of the best preference are resolved before the first
        target, those of the next one while it is being tried. Each preference is a
        lookup with a `timeout` of its own. Closing the generator cancels what is in
        progress.

        Raises TypeError unless `destination` is a str. From the first step on raises
        ClosedError and, when there is no target at all, the ResolutionError of the
        route: `NullMX`, `DomainNotFound`, `ResolveTimeout` and so on. A preference that
        cannot be resolved after others were yielded ends the generator quietly: what to
        do after the last target has failed is the same.

        >>> for target in pymx.targets("multihomed.example"):
        ...     print(target.preference, target.address)
        10 203.0.113.3
        10 2001:db8:3::2
        10 203.0.113.1
        10 2001:db8:3::1
        10 203.0.113.2
        """
        return self._targets(check_destination(destination))

    def _targets(self, destination: str) -> Generator[Target, None, None]:
        completions = Completions()

        def submit(levels: int) -> Request:
            return self._native.submit(completions, 0, destination, levels=levels)

        levels = Levels(submit)
        try:
            while not levels.is_done:
                ((_, outcome),) = completions.take(1)
                yield from levels.advance(outcome)
        finally:
            levels.cancel()
            completions.close()

    def resolve_many(
        self,
        destinations: Iterable[Any],
        *,
        ordered: bool = False,
        concurrency: int | None = None,
        key: Callable[[Any], object] | None = None,
        retry_unknown: int = 0,
        progress: Callable[[int, int], object] | None = None,
    ) -> RouteIterator:
        """Yield one route for each destination, as they finish or, `ordered`, in order.

        The iterator has two more methods: `RouteIterator.take`, for many routes at a
        time, and `RouteIterator.close`.

        `destinations` is read as lookups finish and routes are taken: at most
        `concurrency` (default: the resolver's, 1 to 100,000) were read and not
        yielded at any time. What is no usable destination, even no str, gives a route
        with status ``invalid``. `key` picks the destination out of what is read, the
        whole of which is `Route.input`.

        A destination whose `Route.complete` is False, so also one whose `deliverable`
        is None, is resolved again up to `retry_unknown` times (0 to 100), after the
        lookups around it, before its route is yielded. `progress` is called with the
        numbers of routes yielded and destinations read, ten times a second at most, and
        at the end.

        While no name server can be heard, or this machine cannot ask, nothing is
        charged to a destination: it waits, as long as it takes, and goes on within two
        seconds (`stats` has ``outages`` and ``paused_ms``).

        An exception loses nothing that was read. One of `destinations` or `key` ends
        the input and is raised after the routes of all rows before; one of the
        resolver's `prefer` comes in the place of the row's route, one of `progress`
        between two routes; Ctrl-C comes at once. Whoever kept the iterator and catches
        the exception, or one of the loop's own body, goes on with it. Closing or
        forgetting it, as a loop does that is left early, cancels what is in progress.

        Raises TypeError for a str and for what is not iterable, ConfigurationError for
        another bad argument, ClosedError when the resolver is closed.

        >>> rows = [(1, "plain.example"), (2, "user@gone.example")]
        >>> for route in pymx.resolve_many(rows, key=lambda row: row[1], ordered=True):
        ...     print(route.input[0], route.domain, route.deliverable)
        1 plain.example True
        2 gone.example False
        """
        options = check_bulk(
            destinations,
            ordered=ordered,
            concurrency=concurrency,
            key=key,
            retry_unknown=retry_unknown,
            progress=progress,
            usual_concurrency=self._arguments["concurrency"],
        )
        return self._native.resolve_many(iter(destinations), **options)

    def close(self) -> None:
        """End lookups in progress with status ``cancelled`` and free the sockets.

        Does not wait. From then on lookups raise ClosedError. Twice is fine.
        """
        self._native.close()

    def __enter__(self) -> Self:
        """Return the resolver itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the resolver."""
        self.close()


_default: Resolver | None = None


def default() -> Resolver:
    """Return the resolver of the module functions, made at first use.

    Its name servers are those of the environment variable PYMX_NAMESERVERS, with commas
    or blanks between them, or else the system's. The variable is read once, at first
    use. Raises ConfigurationError.
    """
    global _default
    if _default is None:
        # Two threads at once may both make one. The later is kept, the other one
        # serves its one call; a lock would have to be minded at every fork.
        servers = os.environ.get(NAMESERVERS, "").replace(",", " ").split()
        check_nameservers(servers or None, NAMESERVERS)
        _default = Resolver(servers or None)
    return _default


def resolve(destination: str) -> Route:
    """Return where mail goes, as `Resolver.resolve` of the default resolver does.

    The default resolver is made at first use and asks the name servers of the
    environment variable PYMX_NAMESERVERS (addresses with commas or blanks between them,
    read once), or else the system's.

    >>> route = pymx.resolve("plain.example")
    >>> route.status, route.deliverable
    ('ok', True)
    >>> [(target.host, target.address) for target in route.targets]
    [('mail.plain.example', '192.0.2.25')]
    >>> pymx.resolve("nullmx.example").message
    'nullmx.example accepts no mail: it publishes a null MX (RFC 7505)'
    """
    return default().resolve(destination)


def targets(destination: str) -> Generator[Target, None, None]:
    """Yield the targets in order, as `Resolver.targets` of the default resolver does.

    >>> for target in pymx.targets("plain.example"):
    ...     print(target.sockaddr())
    ('192.0.2.25', 25)
    """
    return default().targets(destination)


def resolve_many(
    destinations: Iterable[Any],
    *,
    ordered: bool = False,
    concurrency: int | None = None,
    key: Callable[[Any], object] | None = None,
    retry_unknown: int = 0,
    progress: Callable[[int, int], object] | None = None,
) -> RouteIterator:
    """Yield a route a destination, as `Resolver.resolve_many` of the default one does.

    >>> domains = ["plain.example", "nomail.example", "a..b"]
    >>> for route in pymx.resolve_many(domains, ordered=True):
    ...     print(route.input, route.status, route.reason)
    plain.example ok None
    nomail.example no_mail no_data
    a..b invalid empty_label
    """
    return default().resolve_many(
        destinations,
        ordered=ordered,
        concurrency=concurrency,
        key=key,
        retry_unknown=retry_unknown,
        progress=progress,
    )
