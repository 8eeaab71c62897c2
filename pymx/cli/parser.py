# SPDX-License-Identifier: MIT
"""An argparse parser whose errors are one line."""

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

from pymx.cli.exits import Failure
from pymx.cli.output import Output


class Parser(argparse.ArgumentParser):
    """Takes options between positional arguments, and only whole names of options.

    Abbreviations would change their meaning with each new option.
    """

    def __init__(self, prog: str, description: str, epilog: str) -> None:
        """Make a parser with ``--help`` and ``--version``."""
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
            # An option that was not given is absent, so that defaults live in Resolver.
            argument_default=argparse.SUPPRESS,
        )
        self.add_argument(
            "--version", action=_Version, nargs=0, help="show the version and exit"
        )

    def parse(self, argv: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
        """Return what stands before the first ``--`` parsed, and what follows as it is.

        parse_intermixed_args itself loses a ``--`` that comes first.
        """
        end = argv.index("--") if "--" in argv else len(argv)
        return self.parse_intermixed_args(argv[:end]), list(argv[end + 1 :])

    def print_help(self, file: object = None) -> None:
        """Write the help to standard output, by the rules of results.

        argparse would hide that nobody reads it.
        """
        del file
        Output().write(self.format_help())

    def error(self, message: str) -> NoReturn:
        """Raise the failure that says what is wrong and where to read on."""
        raise Failure(f"{message}; see {self.prog} --help")


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib.metadata import version

        Output().write(f"pymx {version('pymx')}\n")
        parser.exit()
