# SPDX-License-Identifier: MIT
"""The arguments of a resolver, checked: each fault names the argument and the value."""

from __future__ import annotations

from itertools import islice

from pymx import _native
from pymx.errors import ConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, Literal

    Addresses = Literal["public", "private", "any"]
    Family = Literal["any", "ipv4", "ipv6", "ipv4_first", "ipv6_first", "interleave"]
    Shuffle = Literal["hosts", "addresses", "none"]
    NullMXMixed = Literal["drop", "reject"]
    CnameExchange = Literal["follow", "reject"]
    IPExchange = Literal["accept", "reject"]
    Transport = Literal["auto", "c-ares", "tcp"]
    # Host -> rank: the lowest is tried first, None last.
    Prefer = Callable[[str], float | None] | Mapping[str, float | None]

MAX_NAMESERVERS = 8
MAX_CONCURRENCY = 100_000
MAX_SEED = 2**64 - 1

# Seconds, least and most. A day-long limit would be a hang by another name.
_SECONDS: dict[str, tuple[float, float]] = {
    "timeout": (0.01, 3600),
    "attempt_timeout": (0.01, 3600),
    "address_wait": (0, 3600),
}
# Whole numbers, least and most.
_COUNTS: dict[str, tuple[int, int]] = {
    "tries": (1, 16),
    "max_exchanges": (1, 100),
    "max_addresses": (1, 100),
    "cache_size": (0, 2**40),
    "concurrency": (1, MAX_CONCURRENCY),
    "threads": (1, 64),
}
# Messages a second, least and most.
_RATE = (0.001, 1_000_000)
_CHOICES: dict[str, tuple[str, ...]] = {
    "addresses": ("public", "private", "any"),
    "family": ("any", "ipv4", "ipv6", "ipv4_first", "ipv6_first", "interleave"),
    "shuffle": ("hosts", "addresses", "none"),
    "null_mx_mixed": ("drop", "reject"),
    "cname_exchange": ("follow", "reject"),
    "ip_exchange": ("accept", "reject"),
    "transport": ("auto", "c-ares", "tcp"),
}
_TEXTS = ("self_names", "self_addresses")
MAX_SELF = 65_535  # names, or addresses, of one machine
_SHOWN = 100  # characters of a value that an error repeats
_SWITCHES = (
    "implicit",
    "strict_names",
    "strict_idna",
    "lenient_literals",
    "dnssec",
    "trace",
)


def show(value: object) -> str:
    """Return a value as errors repeat it."""
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."


def fault(name: str, value: object, allowed: str) -> ConfigurationError:
    """Return the error for a `value` of argument `name` that is not `allowed`."""
    return ConfigurationError(f"{name}={show(value)}: must be {allowed}")


def check(options: dict[str, Any]) -> None:
    """Raise ConfigurationError for the first option that cannot be used."""
    for name, value in options.items():
        if name in _SECONDS:
            check_seconds(name, value, *_SECONDS[name])
        elif name in _COUNTS:
            check_count(name, value, *_COUNTS[name])
        elif name in _CHOICES:
            if not isinstance(value, str) or value not in _CHOICES[name]:
                raise fault(name, value, _one_of(_CHOICES[name]))
        elif name in _SWITCHES:
            if not isinstance(value, bool):
                raise fault(name, value, "True or False")
        elif name in _TEXTS:
            continue  # the native resolver reads them, and says what is wrong
        elif name == "seed":
            if value is not None:
                check_count(name, value, 0, MAX_SEED, or_none=True)
        elif name == "rate":
            if value is not None:
                check_rate(name, value)
        elif name == "prefer":
            continue  # check_prefer made it
        else:
            raise AssertionError(f"option {name} has no rule")


def check_seconds(name: str, value: object, least: float, most: float) -> None:
    """Raise ConfigurationError unless `value` is a time in range."""
    # A bool is an int to Python and a slip here; NaN fails every comparison.
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not least <= value <= most:  # type: ignore[operator]
        raise fault(name, value, f"a number of seconds from {least} to {most}")


def check_rate(name: str, value: object) -> None:
    """Raise ConfigurationError unless `value` is a number of messages a second."""
    least, most = _RATE
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not least <= value <= most:  # type: ignore[operator]
        allowed = f"None or a number of messages a second from {least} to {most}"
        raise fault(name, value, allowed)


def check_count(
    name: str, value: object, least: int, most: int, *, or_none: bool = False
) -> None:
    """Raise ConfigurationError unless `value` is a whole number in range."""
    is_count = isinstance(value, int) and not isinstance(value, bool)
    if not is_count or not least <= value <= most:  # type: ignore[operator]
        nothing = "None or " if or_none else ""
        raise fault(name, value, f"{nothing}a whole number from {least} to {most}")


def check_nameservers(
    servers: str | Iterable[str] | None, name: str = "nameservers"
) -> tuple[str, ...]:
    """Return the servers as ``"addr:port"``; none for None, which is the system's.

    `name` is what an error calls the argument.
    """
    if servers is None:
        return ()
    if isinstance(servers, str):
        return (_nameserver(name, servers),)
    try:
        given = list(islice(servers, MAX_NAMESERVERS + 1))
    except TypeError:
        raise fault(
            name, servers, "None or an iterable of strings like '192.0.2.53:53'"
        ) from None
    if not 1 <= len(given) <= MAX_NAMESERVERS:
        raise fault(
            name,
            given,
            f"1 to {MAX_NAMESERVERS} name servers, or None for the system's",
        )
    return tuple(
        _nameserver(f"{name}[{index}]", server) for index, server in enumerate(given)
    )


def _nameserver(name: str, server: object) -> str:
    if isinstance(server, str):
        try:
            return _native.parse_nameserver(server)
        except ValueError:
            pass
    raise fault(
        name,
        server,
        "an IP address with or without a port, like '192.0.2.53', "
        "'192.0.2.53:5353' or '[2001:db8::53]:53'",
    )


def check_self_names(names: str | Iterable[str]) -> tuple[str, ...]:
    """Return the machine's own names, international ones as A-labels."""
    from pymx.destination import to_ascii

    checked = []
    for index, name in enumerate(_texts("self_names", names, "'mail.example.com'")):
        try:
            checked.append(name if name.isascii() else to_ascii(name))
        except ValueError as error:
            where = f"self_names[{index}]"
            raise fault(where, name, f"a host name: {error}") from None
    return tuple(checked)


def check_self_addresses(addresses: str | Iterable[str]) -> tuple[str, ...]:
    """Return the machine's own addresses."""
    return _texts("self_addresses", addresses, "'192.0.2.1' or '2001:db8::1'")


def _texts(name: str, values: object, example: str) -> tuple[str, ...]:
    if isinstance(values, str):
        return (values,)
    try:
        texts = tuple(islice(values, MAX_SELF + 1))  # type: ignore[call-overload]
    except TypeError:
        raise fault(name, values, f"an iterable of strings like {example}") from None
    if len(texts) > MAX_SELF:
        raise fault(name, texts[:3], f"at most {MAX_SELF} strings")
    for index, text in enumerate(texts):
        if not isinstance(text, str):
            raise fault(f"{name}[{index}]", text, f"a string like {example}")
    return texts


def _one_of(choices: tuple[str, ...]) -> str:
    *most, last = [repr(choice) for choice in choices]
    return f"{', '.join(most)} or {last}"


def check_destination(destination: object) -> str:
    """Return the destination. Raises TypeError unless it is a str."""
    if not isinstance(destination, str):
        raise TypeError(f"destination must be a str, not {type(destination).__name__}")
    return destination
