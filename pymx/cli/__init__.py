# SPDX-License-Identifier: MIT
"""The command line: ``pymx resolve``, ``bulk``, ``lint`` and ``doctor``.

What only one command, or only one flag, needs is imported when it comes to that:
``--help`` and mistakes are answered at once.
"""

import contextlib
import importlib
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import NoReturn

from pymx.cli import exits
from pymx.cli.notes import say
from pymx.cli.parser import Parser

_COMMANDS = {
    "resolve": "show where, in which order, mail for destinations goes",
    "bulk": "look up a great many destinations, and lose none of them",
    "lint": "show what is wrong with the mail setup of domains, or of a zone file",
    "doctor": "show versions and name servers, what works, what to do when not",
}


class _Terminated(BaseException):
    """SIGTERM came: unwind, so that files are closed and the zone server is stopped."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line (default: that of the process) and return its exit code.

    Results go to standard output, everything else to standard error. Nothing is raised.
    """
    try:
        with _ending_by_sigterm():
            return _run(sys.argv[1:] if argv is None else list(argv))
    except exits.Failure as failure:
        if str(failure):
            say(str(failure))
        return failure.code
    except KeyboardInterrupt:
        return exits.INTERRUPTED
    except _Terminated:
        return exits.TERMINATED


def _run(argv: list[str]) -> int:
    try:
        if argv and argv[0] in _COMMANDS:
            command = importlib.import_module(f"pymx.cli.{argv[0]}")
            return int(command.run(argv[1:]))
        _run_without_command(argv)
    except SystemExit:
        # --help and --version end so.
        return exits.OK


def _run_without_command(argv: list[str]) -> NoReturn:
    parser = Parser(
        "pymx",
        "Find where, in which order, mail for a domain goes.",
        "commands:\n"
        + "".join(f"  {name:<10}{text}\n" for name, text in _COMMANDS.items())
        + "\nEach has its own --help.\n",
    )
    parser.usage = "pymx [-h] [--version] COMMAND ..."
    _, rest = parser.parse_known_args(argv)
    *first, last = _COMMANDS
    commands = f"{', '.join(first)} or {last}"
    if rest:
        parser.error(f"{rest[0]!r} is no command; the first word is {commands}")
    parser.error(f"no command given; the first word is {commands}")


@contextlib.contextmanager
def _ending_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the block by an exception, as SIGINT does."""
    is_ours = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    )
    if not is_ours:
        yield
        return
    signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _terminate(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    raise _Terminated
