# SPDX-License-Identifier: MIT
"""The C extension: results, the engine's front door, ordering. Private to pymx.

`Route`, `RouteIterator`, `Exchange`, `Target`, `Excluded`, `TraceStep`, `order` and
`own_addresses` are public by way of `pymx`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, Literal, NoReturn, Self, TypeVar, final

_Pair = TypeVar("_Pair", bound=Sequence[Any])

CARES_VERSION: Final[str]  # of the library in use at run time
CARES_HEADER_VERSION: Final[str]  # compiled against
EVENTS: Final[tuple[str, ...]]  # every word of TraceStep.event
REASONS: Final[dict[str, str]]  # every public code -> one line for people
STATUSES: Final[dict[str, bool | None]]  # every status -> deliverable

@final
class Target:
    """A host and one address of it: where to connect to, for one attempt.

    Immutable, hashable, equal by its fields.

    >>> pymx.Target("mail.example", "192.0.2.25", 10).sockaddr()
    ('192.0.2.25', 25)
    """

    def __new__(
        cls, host: str, address: str, preference: int = 0, *, implicit: bool = False
    ) -> Self:
        """Make one.

        Raises ValueError unless `address` is an IPv4 or IPv6 address and `preference`
        0 to 65535.
        """

    @property
    def host(self) -> str:
        """Name of the exchange as published, lower-cased: the name for TLS."""

    @property
    def address(self) -> str:
        """IPv4 or IPv6 (RFC 5952) address to connect to."""

    @property
    def family(self) -> Literal["ipv4", "ipv6"]:
        """Family of the address."""

    @property
    def preference(self) -> int:
        """Of the exchange: 0 to 65535, lower is tried first (RFC 5321 5.1)."""

    @property
    def implicit(self) -> bool:
        """The domain has no MX record and this is its own address."""

    def sockaddr(self, port: int = 25) -> tuple[str, int] | tuple[str, int, int, int]:
        """Return what `socket.connect` takes for this address.

        That is (address, port), for IPv6 (address, port, 0, 0). Raises ValueError
        unless `port` is 0 to 65535.
        """

    def to_dict(self) -> dict[str, Any]:
        """Return host, address, family and preference, ready for JSON."""

    def __hash__(self) -> int: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, memo: object, /) -> Self: ...

@final
class Exchange:
    """A mail exchange of a domain (an MX record) with its addresses.

    Immutable, hashable; equal when mail would do the same with both, whatever the TTL.
    """

    @property
    def host(self) -> str:
        """Name as published, lower-cased: the name for TLS."""

    @property
    def canonical(self) -> str:
        """End of its CNAME chain (RFC 2181 10.3 forbids one), usually the host."""

    @property
    def preference(self) -> int:
        """0 to 65535, lower is tried first (RFC 5321 5.1)."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """IPv4 and IPv6 addresses in delivery order."""

    @property
    def ttl(self) -> int:
        """Seconds that the addresses may be kept for."""

    @property
    def status(self) -> str:
        """``"ok"`` with addresses, else what came of asking for them."""

    @property
    def reason(self) -> str | None:
        """Why, as a code of `REASONS`; None if there is nothing to say."""

    def to_dict(self) -> dict[str, Any]:
        """Return all fields, ready for JSON."""

    def __hash__(self) -> int: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, memo: object, /) -> Self: ...

@final
class Excluded:
    """A mail exchange, or one address of it, that a route leaves out, and why.

    Immutable, hashable, equal by its fields.
    """

    @property
    def host(self) -> str:
        r"""Name of the exchange as published, odd bytes escaped as ``\DDD``."""

    @property
    def preference(self) -> int:
        """Of the exchange, 0 to 65535."""

    @property
    def address(self) -> str | None:
        """The one address that is not used; None for the whole exchange."""

    @property
    def reason(self) -> str:
        """Why, as a code of `REASONS`."""

    def to_dict(self) -> dict[str, Any]:
        """Return all fields, ready for JSON."""

    def __hash__(self) -> int: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, memo: object, /) -> Self: ...

@final
class TraceStep:
    """A step of a lookup: a message, an answer or a decision.

    Only a resolver with ``trace=True`` makes them. Immutable, hashable, equal by its
    fields; `str` makes a line for people of it. What a step has nothing to say of is
    None.
    """

    @property
    def time(self) -> float:
        """Seconds since the lookup began.

        Negative for a message that was sent before, for another lookup with the same
        question.
        """

    @property
    def event(self) -> str:
        """What happened, one of `EVENTS`: ``query``, ``reply``, ``answer``, ..."""

    @property
    def name(self) -> str | None:
        """Name of the question."""

    @property
    def type(self) -> str | None:
        """Type of the question: ``MX``, ``A``, ``AAAA``."""

    @property
    def server(self) -> str | None:
        """The name server, as ``"addr:port"`` or ``"[v6]:port"``."""

    @property
    def transport(self) -> Literal["udp", "tcp"] | None:
        """What carried the message."""

    @property
    def edns(self) -> bool | None:
        """Whether the query has an OPT record (RFC 6891)."""

    @property
    def rcode(self) -> str | None:
        """Of a reply: ``NOERROR``, ``SERVFAIL``, ..., ``RCODE17``."""

    @property
    def ede(self) -> int | None:
        """Extended DNS error of a reply, the info code of RFC 8914."""

    @property
    def elapsed(self) -> float | None:
        """Seconds since the message was sent; of ``wait``, waited at most from now."""

    @property
    def reason(self) -> str | None:
        """Why, as a code of `REASONS`."""

    @property
    def status(self) -> str | None:
        """Of ``verdict``: as `Route.status` or `Exchange.status`."""

    @property
    def count(self) -> int | None:
        """Records, exchanges, addresses, targets or steps, by the event."""

    @property
    def ttl(self) -> int | None:
        """Of ``answer``: seconds that it may be kept for."""

    @property
    def cached(self) -> bool | None:
        """Of ``answer``: whether it came from the cache."""

    @property
    def host(self) -> str | None:
        """An exchange, or what an alias leads to."""

    @property
    def preference(self) -> int | None:
        """Of the exchange."""

    @property
    def address(self) -> str | None:
        """The one address that is left out."""

    @property
    def text(self) -> str:
        """The step for people, without time and event."""

    def to_dict(self) -> dict[str, Any]:
        """Return the fields that are not None, ready for JSON."""

    def __hash__(self) -> int: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, memo: object, /) -> Self: ...

@final
class Route:
    """Where mail for one destination goes, or why it cannot be delivered.

    Immutable and hashable; equal when mail would do the same with both: `input`, `ttl`,
    `cached`, `elapsed`, `authenticated` and `trace` do not count. It has no truth
    value.
    """

    @property
    def input(self) -> Any:
        """The caller's object: the destination, or the row it was part of."""

    @property
    def domain(self) -> str | None:
        """The domain in lower-case A-labels, or the literal; None if invalid."""

    @property
    def domain_unicode(self) -> str | None:
        """The domain as people write it (RFC 5890 U-labels)."""

    @property
    def canonical(self) -> str | None:
        """End of the domain's CNAME chain, usually the domain."""

    @property
    def status(self) -> str:
        """What it comes to, a key of `STATUSES`."""

    @property
    def deliverable(self) -> bool | None:
        """True, False, or None if it could not be told: never a "no"."""

    @property
    def reason(self) -> str | None:
        """Why, as a code of `REASONS`; None if ok."""

    @property
    def message(self) -> str:
        """One line for people: what was wrong, where, or what was found."""

    @property
    def implicit(self) -> bool:
        """No MX record: the domain itself is the exchange (RFC 5321 5.1)."""

    @property
    def complete(self) -> bool:
        """False if any exchange failed for a while only: there may be more."""

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """All exchanges that were resolved, in delivery order."""

    @property
    def targets(self) -> tuple[Target, ...]:
        """Where to connect to, in delivery order, each address once."""

    @property
    def excluded(self) -> tuple[Excluded, ...]:
        """What was left out, and why."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Codes of `REASONS`: what is odd but does not stop mail."""

    @property
    def ttl(self) -> int:
        """Seconds that the route may be kept for: the least of all records used."""

    @property
    def cached(self) -> bool:
        """All answers came from the cache."""

    @property
    def elapsed(self) -> float:
        """Seconds that the lookup took."""

    @property
    def authenticated(self) -> bool:
        """The name server set AD (DNSSEC) in all answers; asked for by dnssec=True."""

    @property
    def smtp_reply(self) -> tuple[int, str, str] | None:
        """What a mailer answers: (RFC 5321 code, RFC 3463 code, text), or None."""

    @property
    def trace(self) -> tuple[TraceStep, ...] | None:
        """All steps of the lookup, oldest first; None unless ``trace=True``."""

    @property
    def _has_more(self) -> bool:
        """There are exchanges of worse preference than were asked for."""

    def raise_for_status(self) -> None:
        """Raise the `ResolutionError` of a route that is not ok; it has the route."""

    def to_dict(self) -> dict[str, Any]:
        """Return the route ready for JSON, keys in fixed order.

        An input that is no str is told by its destination. The key ``"trace"`` is there
        for a route that has one.
        """

    def __bool__(self) -> NoReturn:
        """Raise TypeError: whether mail can be delivered is three-valued."""

    def __hash__(self) -> int: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, memo: object, /) -> Self: ...

@final
class Request:
    """A lookup in progress, to cancel it by. Forgetting it cancels nothing."""

    def cancel(self) -> None:
        """End the lookup soon, unless it has finished.

        Its route comes all the same, most likely with status ``cancelled``.
        """

@final
class Completions:
    """Finished lookups of one consumer, in the order in which they finish.

    Each submitted lookup comes out once. A forked child cannot use its parent's.
    """

    def __new__(cls, *, descriptor: bool = False) -> Self:
        """Make an empty queue; OSError when no `descriptor` can be had."""

    def fileno(self) -> int:
        """Return the descriptor that is readable while a finished lookup is queued.

        Raises ValueError without one, and ClosedError.
        """

    @property
    def pending(self) -> int:
        """Lookups that were submitted and not taken yet, finished or not."""

    def take(
        self, limit: int = 256, timeout: float | None = None
    ) -> list[tuple[Any, Route | BaseException]]:
        """Return up to `limit` finished lookups, oldest first, as (token, route).

        Where the resolver's `prefer`, which is called here, raised an exception, that
        comes in the place of the route. Waits for the first one, at most `timeout`
        seconds (None: as long as it takes), unless none is pending. Raises ClosedError,
        also when another thread closes the queue meanwhile and in a forked child;
        RuntimeError while another thread is taking; and what a signal handler raises.
        """

    def close(self) -> None:
        """Cancel what is in flight, drop what is queued, close the descriptor."""

@final
class RouteIterator:
    """The routes of `resolve_many`, one for each row of its input.

    Closed when it is collected. An exception that it raises takes nothing with it: who
    catches it may go on. One thread at a time, but for `close`; a forked child cannot
    use its parent's.

    >>> routes = pymx.resolve_many(["plain.example"] * 3)
    >>> next(routes).status
    'ok'
    >>> len(routes.take() + routes.take())
    2
    """

    def __iter__(self) -> Self:
        """Return the iterator itself."""

    def __next__(self) -> Route:
        """Return the next route; waits for it, but not for Ctrl-C.

        Raises what the input, `key`, `progress` or the resolver's `prefer` raise, and
        ClosedError; ValueError while another thread is waiting for one.
        """

    def take(self, limit: int = 256) -> list[Route]:
        """Return up to `limit` (1 or more) routes that are ready, in a list.

        Waits for the first one; an empty list is the end. Raises what `next` does, and
        ValueError for another limit.
        """

    def close(self) -> None:
        """Cancel what is in progress and forget the rest; any thread may.

        Nothing comes any more. Twice is fine.
        """

@final
class Bulk:
    """Routes for many rows, taken without waiting: `resolve_many` for event loops.

    Made by `Resolver.feed` only. Closed when it is collected.
    """

    @property
    def room(self) -> int:
        """How many rows may be added now."""

    @property
    def idle(self) -> bool:
        """The last `poll` gave nothing: wait for the descriptor."""

    @property
    def done(self) -> bool:
        """Nothing comes any more."""

    def add(self, row: Any, /) -> bool:
        """Take a row, for which there must be room; True when `send` is to be called.

        Raises what `key` raises, ClosedError and OSError.
        """

    def send(self) -> None:
        """Start the lookups of the rows that were added."""

    def end(self, failure: BaseException | None, /) -> None:
        """No more rows will be added, because of an exception or None.

        `poll` raises the exception once the routes of all rows are out.
        """

    def poll(self, limit: int = 256) -> list[Route]:
        """Return up to `limit` routes that are ready; does not wait for any.

        They count as yielded at the next call. Raises what `RouteIterator` raises.
        """

    def fileno(self) -> int:
        """Return the descriptor that is readable when it is worth a `poll`."""

    def close(self) -> None:
        """Cancel what is in progress; nothing comes any more."""

@final
class Resolver:
    """The engine's side of one configuration; its arguments were checked by pymx.

    Any number of threads may use it. In a forked child it begins afresh.
    """

    def __new__(
        cls,
        *,
        nameservers: tuple[str, ...],
        timeout: float,
        attempt_timeout: float,
        tries: int,
        addresses: str,
        family: str,
        implicit: bool,
        shuffle: str,
        seed: int | None,
        prefer: Callable[[str], float | None] | dict[str, float | None] | None,
        self_names: tuple[str, ...],
        self_addresses: tuple[str, ...],
        max_exchanges: int,
        max_addresses: int,
        address_wait: float,
        null_mx_mixed: str,
        cname_exchange: str,
        ip_exchange: str,
        strict_names: bool,
        strict_idna: bool,
        lenient_literals: bool,
        cache_size: int,
        concurrency: int,
        rate: float | None,
        threads: int,
        dnssec: bool,
        transport: str,
        trace: bool,
    ) -> Self:
        """Make one; starts and opens nothing. No `nameservers`: the system's.

        Raises ValueError for a name or address of ours that is none.
        """

    @property
    def closed(self) -> bool:
        """`close` was called."""

    def resolve(self, destination: str, input: Any = ...) -> Route:  # noqa: A002
        """Return the route of a destination; blocks, but not for Ctrl-C.

        `input` is what the route calls its input, else the destination. When another
        thread closes the resolver meanwhile the status is ``cancelled``. Raises
        TypeError unless `destination` is a str, ClosedError, and what `prefer` raises,
        which is called here.
        """

    def submit(
        self,
        completions: Completions,
        token: Any,
        destination: object,
        input: Any = ...,  # noqa: A002
        *,
        levels: int = 0,
        seed: int | None = None,
        retry: bool = False,
    ) -> Request:
        """Start a lookup whose (token, route) `completions` will give.

        Any object is a destination; one that cannot be used gives a route with status
        ``invalid``. `levels`: only the exchanges of so many best preferences are
        resolved, 0 is all. `seed` (0 to 2**64 - 1) decides the shuffle, together with
        the domain. A `retry` asks again where the cache knows a failure. Raises
        ClosedError.
        """

    def resolve_many(
        self,
        rows: Iterator[Any],
        /,
        concurrency: int,
        ordered: bool = False,
        key: Callable[[Any], object] | None = None,
        retries: int = 0,
        progress: Callable[[int, int], object] | None = None,
    ) -> RouteIterator:
        """Return the routes for rows that are read as there is room for them."""

    def feed(
        self,
        rows: Iterator[Any] | None,
        /,
        concurrency: int,
        ordered: bool = False,
        key: Callable[[Any], object] | None = None,
        retries: int = 0,
        progress: Callable[[int, int], object] | None = None,
    ) -> Bulk:
        """Return the same for an event loop; no `rows`: they will be added.

        Raises OSError when no descriptor can be had.
        """

    def stats(self) -> dict[str, int]:
        """Return figures of the engine and the cache by name.

        They count from when the resolver, or its process, began: ``lookups`` finished,
        ``queries`` sent, of those ``tcp_queries`` and ``retries``; questions that
        joined one in flight (``joins``); lookups ``in_progress`` and ``waiting`` now;
        ``cache_answers``, ``cache_bytes``, ``cache_capacity`` now, ``cache_hits``,
        ``cache_misses``, ``cache_evictions``. What needs no DNS is not counted.
        """

    def clear_cache(self) -> None:
        """Forget all answers."""

    def close(self) -> None:
        """End all lookups as ``cancelled`` and free the sockets, soon.

        Later lookups raise ClosedError. Twice is fine.
        """

def order(
    exchanges: Iterable[_Pair], *, seed: int | None = None, shuffle: bool = True
) -> list[_Pair]:
    """Return (preference, ...) pairs in delivery order.

    Lowest preference first; equal ones in random order, every order equally likely
    (RFC 5321 5.1), or as given with ``shuffle=False``. `exchanges` is any iterable of
    sequences of two or more; the same objects are returned. The same `seed` (0 to
    2**64 - 1) gives the same order, on every machine.

    Raises ValueError for a preference outside of 0 to 65535, TypeError for what is no
    pair or no whole number.

    >>> pymx.order([(20, "b"), (10, "a")])
    [(10, 'a'), (20, 'b')]
    """

def hosts(routes: list[Route], /) -> list[str]:
    """Return the hosts of all exchanges of these routes, without making the exchanges.

    Raises TypeError.
    """

def ndjson(
    routes: list[Route], numbers: list[int], members: list[bytes] | None = None
) -> bytes:
    """Return a line of JSON for each route, ASCII without blanks.

    That is an object with its ``number`` of `numbers` (0 to 2**64 - 1), all of
    `Route.to_dict` but a trace, and its `members`: bytes such as ``b'"id":7'`` or
    ``b""``, which must be JSON. Raises TypeError, ValueError unless the lists have one
    length, and OverflowError.
    """

def own_addresses() -> tuple[str, ...]:
    """Return the IPv4 and IPv6 addresses of this machine's interfaces, as text.

    Loopback ones too, each once, IPv4 before IPv6, by value, without zone ids. For a
    mail server that may find itself among the exchanges (RFC 5321 5.1)::

        Resolver(self_addresses=pymx.own_addresses(), self_names=[socket.getfqdn()])

    An address that a router translates is none of the machine's: add it. Raises OSError
    when the interfaces cannot be listed.

    >>> "127.0.0.1" in pymx.own_addresses()
    True
    """

def parse_nameserver(text: str, /) -> str:
    """Return a name server as ``"addr:port"`` or ``"[v6]:port"``, port 53 unless given.

    Raises ValueError.
    """

def system_nameservers() -> tuple[str, ...]:
    """Return the name servers the system is configured with, in order; at most 8.

    None if there are none or they cannot be read.
    """

def shutdown() -> None:
    """End all lookups as ``cancelled``, and the engine's thread, for good.

    Called when the interpreter ends. Later lookups raise ClosedError.
    """
