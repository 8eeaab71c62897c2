# SPDX-License-Identifier: MIT
"""A mail world made up from a seed: domains, their exchanges, the exchanges' addresses.

Domain number i is a function of the seed and i alone, so that a world of a million
needs no memory and a smaller one is the beginning of a larger one.

>>> world = World(1000)
>>> world.domain(7) == World(10).domain(7)
True
>>> world.named("d0000007.test") == world.domain(7)
True
"""

import random
from collections.abc import Iterator
from typing import NamedTuple, TypeVar

# Share of the domains of each kind, in percent.
MIX = {
    "shared": 45,  # the exchanges of a provider
    "own": 30,  # exchanges of their own
    "implicit": 10,  # no MX, but addresses
    "null_mx": 5,
    "nxdomain": 5,
    "mx_cname": 3,  # an exchange that is an alias of a provider's
    "servfail": 2,
}
STATUS = {"null_mx": "null_mx", "nxdomain": "no_domain", "servfail": "server_failure"}
PROVIDERS = 12  # used by Zipf's law: 1, 1/2, 1/3, ...
PROVIDER_WEIGHTS = [1 / (i + 1) for i in range(PROVIDERS)]
OWN_EXCHANGES = {1: 60, 2: 28, 3: 8, 5: 3, 20: 1}  # how many: percent

T = TypeVar("T")


class Host(NamedTuple):
    """An exchange: its name, its addresses, and whose alias it is."""

    name: str
    ipv4: tuple[str, ...]
    ipv6: tuple[str, ...]
    alias_of: str = ""


class Domain(NamedTuple):
    """A domain; `exchanges` are (preference, host), and itself if it is implicit."""

    name: str
    kind: str
    exchanges: tuple[tuple[int, Host], ...] = ()

    @property
    def status(self) -> str:
        """What a resolver must find, in the words of `pymx.Route.status`."""
        return STATUS.get(self.kind, "ok")

    @property
    def target_count(self) -> int:
        """How many targets a resolver must find."""
        return sum(len(host.ipv4) + len(host.ipv6) for _, host in self.exchanges)

    def questions(self) -> Iterator[tuple[str, str]]:
        """Yield (name, type) of all that must be asked, without a cache."""
        yield self.name, "MX"
        for _, host in self.exchanges:
            yield host.name, "A"
            yield host.name, "AAAA"


class World:
    """The first `count` domains of the world of this seed."""

    def __init__(self, count: int, seed: int = 1) -> None:
        """Make the providers; domains are made when asked for."""
        self.count = count
        self.seed = seed
        rng = random.Random(seed)
        self.providers = [_make_provider(rng, i) for i in range(PROVIDERS)]

    def __iter__(self) -> Iterator[Domain]:
        """Yield the domains."""
        return map(self.domain, range(self.count))

    def domain(self, index: int) -> Domain:
        """Return the domain of this number."""
        rng = random.Random(self.seed << 32 | index)
        kind = _pick(rng, MIX)
        name = f"d{index:07d}.test"
        if kind == "shared":
            return Domain(name, kind, self._provider(rng))
        if kind == "own":
            return Domain(name, kind, tuple(_make_own(rng, name)))
        if kind == "implicit":
            ipv6 = _make_ipv6(rng, int(rng.random() < 0.2))
            itself = Host(name, _make_ipv4(rng, rng.choice((1, 1, 2))), ipv6)
            return Domain(name, kind, ((0, itself),))
        if kind == "mx_cname":
            _, host = rng.choice(self._provider(rng))
            alias = Host(f"mail.{name}", host.ipv4, host.ipv6, host.name)
            return Domain(name, kind, ((10, alias),))
        return Domain(name, kind)

    def named(self, name: str) -> Domain | None:
        """Return the domain of this name, None when the world has none."""
        number = name.removeprefix("d").removesuffix(".test")
        if not number.isdecimal() or int(number) >= self.count:
            return None
        domain = self.domain(int(number))
        return domain if domain.name == name else None

    def _provider(self, rng: random.Random) -> tuple[tuple[int, Host], ...]:
        return rng.choices(self.providers, PROVIDER_WEIGHTS)[0]


def _pick(rng: random.Random, percent: dict[T, int]) -> T:
    return rng.choices(list(percent), list(percent.values()))[0]


def _make_ipv4(rng: random.Random, count: int) -> tuple[str, ...]:
    values = rng.sample(range(1 << 24), count)
    return tuple(f"10.{v >> 16}.{v >> 8 & 255}.{v & 255}" for v in values)


def _make_ipv6(rng: random.Random, count: int) -> tuple[str, ...]:
    values = rng.sample(range(1, 1 << 31), count)
    return tuple(f"2001:db8:{(v >> 16) + 1:x}:{v & 0xFFFF | 1:x}::1" for v in values)


def _make_provider(rng: random.Random, number: int) -> tuple[tuple[int, Host], ...]:
    exchanges = []
    equal = rng.random() < 0.4
    for i in range(rng.randint(2, 5)):
        ipv4 = _make_ipv4(rng, rng.randint(1, 4))
        ipv6 = _make_ipv6(rng, rng.choice((0, 0, 1, 2, 4)))
        host = Host(f"mx{i + 1}.provider{number:02d}.test", ipv4, ipv6)
        exchanges.append((10 if equal else 5 + 5 * i, host))
    return tuple(exchanges)


def _make_own(rng: random.Random, domain: str) -> Iterator[tuple[int, Host]]:
    for i in range(_pick(rng, OWN_EXCHANGES)):
        ipv6 = _make_ipv6(rng, int(rng.random() < 0.2))
        host = Host(f"mx{i + 1}.{domain}", _make_ipv4(rng, 1), ipv6)
        yield 10 * rng.randint(1, 3), host
