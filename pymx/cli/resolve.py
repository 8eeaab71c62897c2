# SPDX-License-Identifier: MIT
"""``pymx resolve``: where, in which order, mail for destinations goes."""

import argparse
import contextlib
from collections import Counter
from collections.abc import Sequence

from pymx import Resolver
from pymx.cli import exits
from pymx.cli.destinations import explain_terminal
from pymx.cli.formats import Csv, Format, Json, Text
from pymx.cli.notes import say
from pymx.cli.options import (
    add_output_flags,
    add_resolver_flags,
    explained,
    resolver_arguments,
)
from pymx.cli.output import Output
from pymx.cli.parser import Parser
from pymx.cli.stream import routes
from pymx.cli.style import Style

_EPILOG = """\
DEST is a domain, a mail address or an address literal such as [192.0.2.1]; "-" reads
them from standard input, one a line. After "--" a DEST may begin with a hyphen. Results
come in the order of the destinations, each as soon as it is known.

exit status: 0 all deliverable, 1 some undeliverable, 2 bad usage, 74 results could not
be written, 75 none undeliverable but some unknown, 130 interrupted, 141 nobody reads
the results any more, 143 terminated
"""


def run(argv: Sequence[str]) -> int:
    """Run the command and return its exit code. Raises Failure."""
    arguments = _parse(argv)
    verdicts: Counter[bool | None] = Counter()
    with contextlib.ExitStack() as stack:
        options = stack.enter_context(resolver_arguments(arguments))
        with explained():
            resolver = stack.enter_context(Resolver(**options))
        output = stack.enter_context(Output(arguments.output))
        if not arguments.quiet:
            explain_terminal(arguments.destinations)
        form = _format(arguments, output)
        output.write(form.header)
        for route in routes(arguments.destinations, resolver):
            output.write(form.render(route))
            verdicts[route.deliverable] += 1
    if arguments.verbose:
        _summarise(verdicts)
    return exits.of_verdicts(verdicts)


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "pymx resolve",
        "Show where, in which order, mail for destinations goes.",
        _EPILOG,
    )
    parser.add_argument("destinations", nargs="*", metavar="DEST", help="see below")
    add_resolver_flags(parser)
    add_output_flags(parser, "text", "json", "csv")
    arguments, rest = parser.parse(argv)
    arguments.destinations = [*vars(arguments).get("destinations", []), *rest]
    if arguments.format == "csv" and "trace" in arguments:
        parser.error("--trace has no place in a row of csv: use --format json or text")
    if not arguments.destinations:
        parser.error('no destination given, nor "-" for standard input')
    return arguments


def _format(arguments: argparse.Namespace, output: Output) -> Format:
    if arguments.format == "json":
        return Json()
    if arguments.format == "csv":
        return Csv()
    style = Style.choose(output, arguments.color)
    return Text(style, verbose=arguments.verbose)


def _summarise(verdicts: Counter[bool | None]) -> None:
    say(
        f"{verdicts.total()} looked up: {verdicts[True]} deliverable, "
        f"{verdicts[False]} undeliverable, {verdicts[None]} unknown"
    )
