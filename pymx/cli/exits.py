# SPDX-License-Identifier: MIT
"""Exit codes, and the exception that carries one to `main`."""

from collections.abc import Iterable

OK = 0
UNDELIVERABLE = 1  # at least one destination takes no mail
USAGE = 2  # a flag, its value or a file named by it is of no use
IO_ERROR = 74  # EX_IOERR of sysexits.h: results could not be written
UNKNOWN = 75  # EX_TEMPFAIL: none undeliverable, some could not be told
# Ended by a signal: 128 and its number, as a shell reports it.
INTERRUPTED = 130
BROKEN_PIPE = 141
TERMINATED = 143


class Failure(Exception):
    """The command cannot go on. The message is one line for the user, "" for none."""

    def __init__(self, message: str, code: int = USAGE) -> None:
        """Keep the exit code that goes with the message."""
        super().__init__(message)
        self.code = code


def of_verdicts(verdicts: Iterable[bool | None]) -> int:
    """Return the exit code for these values of `Route.deliverable`.

    A definite "no" outweighs "could not tell": it will not change by asking again.
    """
    found = set(verdicts)
    if False in found:
        return UNDELIVERABLE
    return UNKNOWN if None in found else OK
