# SPDX-License-Identifier: MIT
"""The command line of ``pymx bulk``."""

import argparse
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from pymx.bulk import MAX_RETRIES
from pymx.cli.bulk_columns import COLUMNS, USUAL
from pymx.cli.bulk_source import STANDARD_INPUT
from pymx.cli.exits import Failure
from pymx.cli.options import add_resolver_flags
from pymx.cli.parser import Parser

_EPILOG = """\
FILE has one destination a line: a domain, a mail address or an address literal. "-",
and no FILE, is standard input. What is compressed with gzip is unpacked. Every line
gives one record with its number, whatever is in it; records come as they finish.

With -o a run that ended early, however it did, goes on with --resume: nothing is lost
and nothing is there twice.

exit status: 0 finished, whatever the results; 2 bad usage, or a file that cannot be
used; 74 reading or writing failed on the way; 130 interrupted, 141 nobody reads the
results any more, 143 terminated
"""
_SUFFIXES = {".csv": "csv", ".tsv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson"}


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Return the arguments, complete and checked. Raises Failure."""
    parser = Parser("pymx bulk", "Look up a great many destinations.", _EPILOG)
    parser.add_argument(
        "input",
        nargs="?",
        metavar="FILE",
        default=STANDARD_INPUT,
        help='what to look up (default: "-", standard input)',
    )
    _add_input_flags(parser)
    _add_output_flags(parser)
    _add_run_flags(parser)
    add_resolver_flags(parser, traces=False)
    arguments, rest = parser.parse(argv)
    given = [arguments.input] * (arguments.input != STANDARD_INPUT) + rest
    if len(given) > 1:
        parser.error(f"one FILE at a time, not {len(given)}")
    arguments.input = given[0] if given else STANDARD_INPUT
    _complete(arguments)
    _check(parser, arguments)
    return arguments


def _add_input_flags(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("input")
    group.add_argument(
        "--input-format",
        choices=["lines", "csv", "ndjson"],
        default=None,
        help="form of the input (default: by the name of FILE: .csv, .tsv, .ndjson,"
        " .jsonl, each also with .gz; else lines)",
    )
    group.add_argument(
        "--field",
        metavar="NAME|NUMBER",
        default=None,
        help="the column of csv, by name or by number from 1, or the key of ndjson,"
        " that is the destination (default: the first)",
    )
    group.add_argument(
        "--no-header",
        action="store_true",
        default=False,
        help="the first line of csv is data",
    )
    group.add_argument(
        "--delimiter",
        metavar="CHARACTER",
        default=None,
        help="what is between the cells of csv (default: a comma, a tab in .tsv)",
    )
    group.add_argument(
        "--passthrough",
        action="store_true",
        default=False,
        help="copy the other columns or keys of the input to the output",
    )
    group.add_argument(
        "--limit",
        metavar="N",
        type=_whole,
        default=None,
        help="the first N destinations of the input alone",
    )


def _add_output_flags(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("output")
    group.add_argument(
        "--format",
        choices=["ndjson", "csv", "parquet"],
        default=None,
        help="form of the records (default: by the name of the output: .csv, .parquet;"
        " else ndjson, a JSON object a line)",
    )
    group.add_argument(
        "--columns",
        metavar="NAME,...",
        default=None,
        help="what a record has behind its number (default: all that is known; in csv"
        f" {','.join(USUAL)}), of: {', '.join(COLUMNS)}",
    )
    group.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        default=None,
        help="write the records to FILE instead of standard output; FILE.pymx is beside"
        " it until the run is finished",
    )
    again = group.add_mutually_exclusive_group()
    again.add_argument(
        "--resume",
        action="store_true",
        default=False,
        help="go on with the run that wrote FILE, or begin it",
    )
    again.add_argument(
        "--force",
        action="store_true",
        default=False,
        help="begin again, whatever FILE holds",
    )
    group.add_argument(
        "--progress",
        choices=["auto", "rich", "plain", "json", "off"],
        default="auto",
        help="how far it is, on standard error (default: auto, on a terminal)",
    )
    group.add_argument(
        "--summary",
        choices=["text", "json", "none"],
        default="text",
        help="what it came to, on standard error (default: text)",
    )
    group.add_argument(
        "-q",
        "--quiet",
        action="store_true",
        default=False,
        help="neither of the two, errors only",
    )


def _add_run_flags(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("run")
    group.add_argument(
        "--ordered",
        action="store_true",
        default=False,
        help="records in the order of the input: one that is slow holds up the others",
    )
    group.add_argument(
        "--retry-unknown",
        metavar="N",
        type=_whole,
        default=0,
        help="look up again, up to N times, what could not be told whole (default: 0,"
        f" {MAX_RETRIES} at most)",
    )

    group.add_argument(
        "--threads",
        metavar="N",
        type=int,
        help="native threads that look up (default: 1)",
    )


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number")
    return int(text)


def _complete(arguments: argparse.Namespace) -> None:
    """Put in what follows from the names of the files."""
    suffix = _suffix(arguments.input)
    if arguments.input_format is None:
        arguments.input_format = _SUFFIXES.get(suffix, "lines")
    if arguments.delimiter is None:
        arguments.delimiter = "\t" if suffix == ".tsv" else ","
    if arguments.output == "-":
        arguments.output = None
    if arguments.format is None:
        suffix = PurePath(arguments.output or "").suffix.lower()
        arguments.format = {".csv": "csv", ".parquet": "parquet"}.get(suffix, "ndjson")
    if arguments.columns is not None:
        arguments.columns = [name.strip() for name in arguments.columns.split(",")]
    elif arguments.format == "csv":
        arguments.columns = list(USUAL)
    if arguments.quiet:
        arguments.progress, arguments.summary = "off", "none"


def _suffix(path: str) -> str:
    name = PurePath(path)
    if name.suffix.lower() == ".gz":
        name = name.with_suffix("")
    return name.suffix.lower()


def _check(parser: Parser, arguments: argparse.Namespace) -> None:
    for name in arguments.columns or []:
        if name not in COLUMNS:
            parser.error(f"--columns {name!r} is none of {', '.join(COLUMNS)}")
    is_plain = arguments.input_format == "lines"
    for flag in ("field", "passthrough"):
        if is_plain and getattr(arguments, flag):
            parser.error(f"--{flag} is for csv and ndjson: say --input-format")
    if len(arguments.delimiter) != 1 or arguments.delimiter in '"\r\n':
        parser.error("--delimiter must be one character, and no quote")
    if arguments.no_header and arguments.input_format != "csv":
        parser.error("--no-header is for csv: say --input-format")
    if arguments.retry_unknown > MAX_RETRIES:
        parser.error(f"--retry-unknown must be {MAX_RETRIES} at most")
    if arguments.output is None:
        for flag in ("resume", "force"):
            if getattr(arguments, flag):
                parser.error(f"--{flag} is for a file: say -o FILE")
        if arguments.format == "parquet":
            raise Failure("--format parquet is for a file: say -o FILE")


def shaping(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the options that decide what the records are, by their flags."""
    given = vars(arguments)
    options = {
        f"--{name.replace('_', '-')}": given[name]
        for name in (
            *("input_format", "field", "no_header", "delimiter", "passthrough"),
            *("limit", "format", "columns", "ordered"),
        )
    }
    # Those of Resolver are there only when they were given.
    for name, flag in (("family", "-4/-6"), ("seed", "--seed")):
        options[flag] = given.get(name)
    options["--addresses"] = given.get("addresses")
    options["--zone"] = given.get("zone")
    return options
