# SPDX-License-Identifier: MIT
"""``pymx doctor``: versions, name servers, what works and what to do when not."""

import argparse
import json
from collections.abc import Sequence
from typing import Any

from pymx import Resolver
from pymx.cli import exits, installed
from pymx.cli.checkup import COLUMNS, Checkup, examine
from pymx.cli.formats import trace_lines
from pymx.cli.notes import escape
from pymx.cli.options import (
    add_output_flags,
    add_resolver_flags,
    explained,
    resolver_arguments,
    server_source,
)
from pymx.cli.output import Output
from pymx.cli.parser import Parser
from pymx.cli.style import Style

# Kept by RFC 2606 and published all the same: a resolver with a network has an answer.
_DEFAULT_DOMAIN = "example.com"
_EPILOG = """\
Each name server is asked through the engine, and then plainly over UDP and over TCP.

exit status: 0 every name server gives answers, 1 some do not, 2 bad usage,
74 the report could not be written, 75 no name server gives answers, 130 interrupted
"""
_NO_SERVERS = (
    "there is no name server to ask: put one into /etc/resolv.conf, or name it with -n "
    "or PYMX_NAMESERVERS"
)


def run(argv: Sequence[str]) -> int:
    """Run the command and return its exit code. Raises Failure."""
    arguments = _parse(argv)
    with resolver_arguments(arguments) as options:
        with explained(), Resolver(**options) as resolver:
            servers = resolver.nameservers
        with Output(arguments.output) as output:
            report = _report_json if arguments.format == "json" else _report_text
            return report(arguments, options, servers, output)


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "pymx doctor", "Show what pymx finds here and whether it works.", _EPILOG
    )
    parser.add_argument(
        "domain",
        nargs="?",
        default=_DEFAULT_DOMAIN,
        metavar="DOMAIN",
        help=f"what to ask the name servers about (default: {_DEFAULT_DOMAIN})",
    )
    add_resolver_flags(parser)
    add_output_flags(parser, "text", "json")
    arguments, rest = parser.parse(argv)
    if rest:
        parser.error("doctor takes one DOMAIN, before any --")
    return arguments


def _report_text(
    arguments: argparse.Namespace,
    options: dict[str, Any],
    servers: Sequence[str],
    output: Output,
) -> int:
    style = Style.choose(output, arguments.color)
    versions = installed.versions()
    # First what is known at once: silent name servers take their time.
    output.write(
        installed.describe(versions)
        + f"transport {_transport(options)}\n"
        + f"name servers ({server_source(arguments)}), asked for the MX of "
        + f"{escape(arguments.domain)}:\n"
    )
    checkups = _examine(arguments.domain, options, servers)
    if checkups:
        rows = [COLUMNS, *(found.row() for found in checkups)]
        output.write(style.table(rows))
    for found in checkups:
        output.write(_trace(found, style))
    for sentence in [*installed.advice(versions), *_advice(checkups)]:
        output.write(f"{style.paint('bad', 'problem:')} {escape(sentence)}\n")
    return _exit_code([found.answers for found in checkups])


def _report_json(
    arguments: argparse.Namespace,
    options: dict[str, Any],
    servers: Sequence[str],
    output: Output,
) -> int:
    versions = installed.versions()
    checkups = _examine(arguments.domain, options, servers)
    report = {
        **versions,
        "transport": _transport(options),
        "source": server_source(arguments),
        "domain": arguments.domain,
        "servers": [found.to_dict() for found in checkups],
        "advice": [*installed.advice(versions), *_advice(checkups)],
    }
    output.write(json.dumps(report) + "\n")
    return _exit_code([found.answers for found in checkups])


def _transport(options: dict[str, Any]) -> str:
    """Return what the engine sends its queries by."""
    return str(options.get("transport", "auto"))


def _trace(found: Checkup, style: Style) -> str:
    lines = [f"    {style.paint('dim', line)}\n" for line in trace_lines(found.route)]
    return "".join([f"{found.nameserver}, step by step:\n", *lines]) if lines else ""


def _examine(
    domain: str, options: dict[str, Any], servers: Sequence[str]
) -> list[Checkup]:
    return [examine(server, domain, options) for server in servers]


def _advice(checkups: Sequence[Checkup]) -> list[str]:
    if not checkups:
        return [_NO_SERVERS]
    return [sentence for found in checkups for sentence in found.advice()]


def _exit_code(answers: Sequence[bool]) -> int:
    if not any(answers):
        return exits.UNKNOWN
    return exits.OK if all(answers) else exits.UNDELIVERABLE
