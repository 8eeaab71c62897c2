# SPDX-License-Identifier: MIT
"""The flags all commands share, and what they make of a resolver."""

import argparse
import contextlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pymx import ConfigurationError
from pymx.cli.exits import Failure
from pymx.cli.output import reason
from pymx.options import check_nameservers

# Arguments of Resolver that have a flag. Their defaults are Resolver's.
FLAGS = {
    "nameservers": "-n/--nameserver",
    "family": "-4/-6",
    "timeout": "-t/--timeout",
    "tries": "--tries",
    "concurrency": "-c/--concurrency",
    "rate": "--rate",
    "threads": "--threads",
    "seed": "--seed",
    "addresses": "--addresses",
    "transport": "--transport",
    "trace": "--trace",
}


def add_resolver_flags(
    parser: argparse.ArgumentParser, *, judges: bool = False, traces: bool = True
) -> None:
    """Add the flags that configure a resolver, with ``--trace`` if it `traces`.

    A command that `judges` what is published looks at all of it as the world sees it:
    there is no family or order to choose, and only public addresses count.
    """
    with_zone = "" if judges else "; --addresses is then any unless given"
    addresses = "public" if judges else "private"
    group = parser.add_argument_group("resolving")
    servers = group.add_mutually_exclusive_group()
    servers.add_argument(
        "-n",
        "--nameserver",
        dest="nameservers",
        metavar="ADDR",
        action="append",
        help="name server to ask: 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353;"
        " several with commas or by repeating the flag"
        " (default: PYMX_NAMESERVERS, else the system's)",
    )
    servers.add_argument(
        "--zone",
        metavar="FILE",
        help="answer from this zone file, served on loopback inside the process, and"
        f" need no network{with_zone}",
    )
    if not judges:
        _add_route_flags(group)
        if traces:
            _add_trace_flag(group)
    group.add_argument(
        "-t",
        "--timeout",
        metavar="SECONDS",
        type=float,
        help="time for one destination in all (default: 5)",
    )
    group.add_argument(
        "--tries",
        metavar="N",
        type=int,
        help="datagrams for one question, one a name server at least (default: 3)",
    )
    group.add_argument(
        "-c",
        "--concurrency",
        metavar="N",
        type=int,
        help="destinations looked up at the same time (default: 1000)",
    )
    group.add_argument(
        "--rate",
        metavar="N",
        type=float,
        help="messages a second at most (default: no limit)",
    )
    group.add_argument(
        "--addresses",
        choices=["public", "private", "any"],
        help="which addresses may be targets: globally reachable ones, private networks"
        f" too, or loopback and link-local as well (default: {addresses})",
    )
    group.add_argument(
        "--transport",
        choices=["auto", "c-ares", "tcp"],
        help="what queries are sent by: UDP and TCP of pymx, the same through c-ares"
        " alone, or TCP from the first (default: auto)",
    )


def _add_route_flags(group: argparse._ArgumentGroup) -> None:
    """Add the flags for which targets come, and in which order."""
    family = group.add_mutually_exclusive_group()
    family.add_argument(
        "-4",
        dest="family",
        action="store_const",
        const="ipv4",
        help="IPv4 addresses only",
    )
    family.add_argument(
        "-6",
        dest="family",
        action="store_const",
        const="ipv6",
        help="IPv6 addresses only",
    )
    group.add_argument(
        "--seed",
        metavar="N",
        type=int,
        help="make the order of exchanges with equal preference reproducible",
    )


def _add_trace_flag(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--trace",
        action="store_true",
        help="show each message, answer and decision of a lookup (not in csv)",
    )


def add_output_flags(parser: argparse.ArgumentParser, *formats: str) -> None:
    """Add the flags that say where results go and how they look."""
    group = parser.add_argument_group("output")
    group.add_argument(
        "--format",
        choices=formats,
        default=formats[0],
        help=f"form of the results (default: {formats[0]})",
    )
    group.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        default=None,
        help="write results to FILE instead of standard output",
    )
    group.add_argument(
        "--color",
        choices=["auto", "always", "never"],
        default="auto",
        help="colours in text (default: auto, on a terminal unless NO_COLOR is set)",
    )
    noise = group.add_mutually_exclusive_group()
    noise.add_argument(
        "-q",
        "--quiet",
        action="store_true",
        default=False,
        help="no notes on standard error, errors only",
    )
    noise.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        default=False,
        help="more detail in text",
    )


@contextlib.contextmanager
def resolver_arguments(
    arguments: argparse.Namespace, read_zone: Callable[[Path], Any] = Path
) -> Iterator[dict[str, Any]]:
    """Yield the keyword arguments for Resolver; a ``--zone`` is served meanwhile.

    `read_zone` makes of its path what FakeDNS takes.

    Raises Failure for a zone that cannot be served, or that ``--output`` would
    overwrite, and for a bad PYMX_NAMESERVERS.
    """
    given = vars(arguments)
    chosen = {name: given[name] for name in FLAGS if name in given}
    with contextlib.ExitStack() as stack:
        source = server_source(arguments)
        if source == "--zone":
            _check_output(given["zone"], arguments.output)
            served = _zone_served(given["zone"], read_zone)
            chosen["nameservers"] = [stack.enter_context(served)]
            chosen.setdefault("addresses", "any")
        elif source == FLAGS["nameservers"]:
            chosen["nameservers"] = _separated(" ".join(given["nameservers"]))
        elif source == "PYMX_NAMESERVERS":
            chosen["nameservers"] = ordinary_nameservers()
        yield chosen


def server_source(arguments: argparse.Namespace) -> str:
    """Return where the name servers come from: a flag, a variable, or "system"."""
    given = vars(arguments)
    if "zone" in given:
        return "--zone"
    if "nameservers" in given:
        return FLAGS["nameservers"]
    return "PYMX_NAMESERVERS" if os.environ.get("PYMX_NAMESERVERS") else "system"


def ordinary_nameservers() -> tuple[str, ...] | None:
    """Return those of PYMX_NAMESERVERS; None for the system's. Raises Failure."""
    listed = _separated(os.environ.get("PYMX_NAMESERVERS", ""))
    if not listed:
        return None
    with explained():
        return check_nameservers(listed, "PYMX_NAMESERVERS")


def _separated(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _check_output(zone: str, output: str | None) -> None:
    with contextlib.suppress(OSError, ValueError):
        if output is not None and Path(zone).samefile(output):
            raise Failure(f"-o/--output {output} is the --zone itself")


@contextlib.contextmanager
def _zone_served(path: str, read_zone: Callable[[Path], Any]) -> Iterator[str]:
    try:
        from pymx.testing import FakeDNS, ZoneError
    except ModuleNotFoundError:
        raise
    except ImportError as error:
        raise Failure(f"--zone {path}: {error}") from None
    try:
        server = FakeDNS(read_zone(Path(path))).start()
    except ZoneError as error:
        raise Failure(f"--zone {error}") from None
    except (OSError, ValueError) as error:
        raise Failure(f"--zone {path}: {reason(error)}") from None
    try:
        yield server.nameserver
    finally:
        server.stop()


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Turn a ConfigurationError inside into a failure that names the flag."""
    try:
        yield
    except ConfigurationError as error:
        raise Failure(_with_flag(str(error))) from None


def _with_flag(message: str) -> str:
    """Put the flag for the argument in ``timeout=-1.0: must be ...``."""
    argument = re.match(r"(\w+)(?:\[\d+\])?=", message)
    if argument is None or argument[1] not in FLAGS:
        return message
    allowed = message[argument.end() :]
    # What Python writes as None is to leave the flag out.
    for none in ("None or ", ", or None for the system's"):
        allowed = allowed.replace(none, "", 1)
    return f"{FLAGS[argument[1]]} {allowed}"
