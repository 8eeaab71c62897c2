# SPDX-License-Identifier: MIT
"""What is said on standard error, so that standard output holds results alone."""

import contextlib
import sys


def escape(text: str) -> str:
    r"""Return `text` with what does not print as backslash escapes.

    Input is echoed, and must neither break a line nor command the terminal.

    >>> escape("a\nb\x1b[2J")
    'a\\nb\\x1b[2J'
    """
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable()
        else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def say(message: str) -> None:
    """Write one line to standard error, if there is one that takes it."""
    # A closed standard error is None, for which print would use standard output.
    if sys.stderr is not None:
        with contextlib.suppress(OSError):
            print(f"pymx: {escape(message)}", file=sys.stderr, flush=True)
