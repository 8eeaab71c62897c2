# SPDX-License-Identifier: MIT
"""Where results go: standard output or the file of ``--output``."""

import contextlib
import io
import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from pymx.cli.exits import BROKEN_PIPE, IO_ERROR, Failure


class Output:
    """Takes text in pieces and hands each on at once: readers see it as it is found."""

    def __init__(self, path: str | None = None) -> None:
        """Open `path`; None and ``"-"`` are standard output. Raises Failure."""
        self._file: TextIO | None = None
        if path is None or path == "-":
            self.name = "standard output"
            if sys.stdout is None:
                raise Failure("standard output is closed", IO_ERROR)
            if isinstance(sys.stdout, io.TextIOWrapper):
                # A name that the locale cannot show must not end the run.
                sys.stdout.reconfigure(errors="backslashreplace")
            self._stream: TextIO = sys.stdout
        else:
            self.name = f"-o/--output {path}"
            try:
                # Closed by __exit__.
                self._file = Path(path).open(  # noqa: SIM115
                    "w", encoding="utf-8", errors="backslashreplace", newline=""
                )
            except (OSError, ValueError) as error:
                raise Failure(f"{self.name}: {reason(error)}") from None
            self._stream = self._file

    @property
    def is_terminal(self) -> bool:
        """Whether a person is likely to read it as it comes."""
        return self._stream.isatty()

    def write(self, text: str) -> None:
        """Write and flush. Raises Failure when that fails: no reader, no room."""
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError as error:
            raise self._failure(error) from None

    def _failure(self, error: OSError) -> Failure:
        # What is still buffered would fail again when the stream is closed.
        if self._file is None:
            discard_standard_output()
        else:
            with contextlib.suppress(OSError):
                self._file.close()
        if isinstance(error, BrokenPipeError):
            return Failure("", BROKEN_PIPE)
        return Failure(f"{self.name}: {reason(error)}", IO_ERROR)

    def __enter__(self) -> Self:
        """Return the output itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the file, if it is one. Raises Failure when that fails."""
        if self._file is None:
            return
        try:
            self._file.close()
        except OSError as failure:
            # Network file systems tell of a full disk only here.
            if error is None:
                raise self._failure(failure) from None


def discard_standard_output() -> None:
    """Lose what standard output still holds: the interpreter flushes it at exit."""
    # Replaced by an object without a descriptor, it is none of the interpreter's.
    with contextlib.suppress(OSError, ValueError):
        descriptor = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(descriptor, sys.stdout.fileno())
        finally:
            os.close(descriptor)


def reason(error: Exception) -> str:
    """Return what the system said, without number and path."""
    return getattr(error, "strerror", None) or str(error)
