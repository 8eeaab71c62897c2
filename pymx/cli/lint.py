# SPDX-License-Identifier: MIT
"""``pymx lint``: what is wrong with the mail setup of domains, or of a zone file."""

import argparse
import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pymx import Resolver, Route
from pymx.cli import exits
from pymx.cli.destinations import explain_terminal
from pymx.cli.findings import Format, Json, Text, verdict_of
from pymx.cli.notes import say
from pymx.cli.options import (
    add_output_flags,
    add_resolver_flags,
    explained,
    ordinary_nameservers,
    resolver_arguments,
)
from pymx.cli.output import Output
from pymx.cli.parser import Parser
from pymx.cli.stream import routes
from pymx.cli.style import Style
from pymx.lint import SETTINGS, Report, judge

if TYPE_CHECKING:
    from pymx.lint.zonefile import ZoneFile

_EPILOG = """\
DOMAIN is a domain or a mail address; "-" reads them from standard input, one a line.
With --zone the default is every mail domain of the file: all owners of MX records, and
its apexes (where the SOA records stand) if they have an address or are aliases. Codes,
with what to do: docs/lint.rst.

exit status: 0 no errors, 1 errors, 2 bad usage, 74 results could not be written,
75 no errors but something could not be checked, 130 interrupted, 141 nobody reads the
results any more, 143 terminated
"""


def run(argv: Sequence[str]) -> int:
    """Run the command and return its exit code. Raises Failure."""
    arguments = _parse(argv)
    verdicts: Counter[bool | None] = Counter()
    with contextlib.ExitStack() as stack:
        reports = stack.enter_context(_reports(arguments))
        output = stack.enter_context(Output(arguments.output))
        if not arguments.quiet:
            explain_terminal(arguments.domains)
        form = _format(arguments, output)
        for report in reports:
            output.write(form.render(report))
            verdicts[verdict_of(report)] += 1
    if arguments.verbose:
        _summarise(verdicts)
    return exits.of_verdicts(verdicts)


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "pymx lint",
        "Show what is wrong with the mail setup of domains, or of a zone file.",
        _EPILOG,
    )
    parser.add_argument("domains", nargs="*", metavar="DOMAIN", help="see below")
    add_resolver_flags(parser, judges=True)
    parser.add_argument(
        "--outside",
        action="store_true",
        help="with --zone: ask ordinary DNS (PYMX_NAMESERVERS, else the system's name"
        " servers) for exchanges that the file does not hold",
    )
    add_output_flags(parser, "text", "json")
    arguments, rest = parser.parse(argv)
    given = vars(arguments)
    domains = given.get("domains", [])
    # Without flags that are digits argparse takes -4 for a number.
    flags = [word for word in domains if word.startswith("-") and word != "-"]
    if flags:
        parser.error(f"unrecognized arguments: {' '.join(flags)}")
    arguments.domains = [*domains, *rest]
    arguments.outside = given.get("outside", False)
    if "zone" not in given:
        if arguments.outside:
            parser.error("--outside needs a --zone")
        if not arguments.domains:
            parser.error('no domain given, nor "-" for standard input, nor a --zone')
    return arguments


@contextlib.contextmanager
def _reports(arguments: argparse.Namespace) -> Iterator[Iterator[Report]]:
    """Yield the reports to come; the zone is served, the resolver open meanwhile."""
    zone: ZoneFile | None = None

    def read_zone(path: Path) -> Any:
        # Needs dnspython, which only a --zone needs.
        from pymx.lint.zonefile import ZoneFile

        nonlocal zone
        zone = ZoneFile.read(path)
        return zone.server_zone()

    with contextlib.ExitStack() as stack:
        options = stack.enter_context(resolver_arguments(arguments, read_zone))
        given = vars(arguments)
        options["addresses"] = given.get("addresses", SETTINGS["addresses"])
        domains: Sequence[str] = arguments.domains
        to_report: Callable[[Route], Report] = judge
        settings = SETTINGS
        if zone is not None:
            outside = None
            if arguments.outside:
                with explained():
                    outside = stack.enter_context(_outside(options))
            domains, to_report, settings = _of_zone(arguments, zone, outside)
        with explained():
            resolver = stack.enter_context(Resolver(**{**settings, **options}))
        yield map(to_report, routes(domains, resolver))


def _outside(options: dict[str, Any]) -> Resolver:
    """Return the resolver for what the zone file does not hold."""
    return Resolver(**{**SETTINGS, **options, "nameservers": ordinary_nameservers()})


def _of_zone(
    arguments: argparse.Namespace, zone: "ZoneFile", outside: Resolver | None
) -> tuple[list[str], Callable[[Route], Report], Mapping[str, Any]]:
    """Return what to look up, what makes reports of the routes, and settings."""
    from pymx.lint.offline import ZONE_SETTINGS, ZoneJudge

    domains = arguments.domains or zone.domains
    if not domains:
        raise exits.Failure(
            f"--zone {arguments.zone}: no MX record, and no address at an apex;"
            " name a DOMAIN to check"
        )
    asked = [zone.asked_for(domain) for domain in domains]
    return asked, ZoneJudge(zone, outside).judge, ZONE_SETTINGS


def _format(arguments: argparse.Namespace, output: Output) -> Format:
    if arguments.format == "json":
        return Json()
    style = Style.choose(output, arguments.color)
    return Text(style, verbose=arguments.verbose)


def _summarise(verdicts: Counter[bool | None]) -> None:
    say(
        f"{verdicts.total()} checked: {verdicts[False]} with errors, "
        f"{verdicts[None]} without errors so far, {verdicts[True]} without errors"
    )
