# SPDX-License-Identifier: MIT
"""Where the records of a bulk run go, in batches of whole records."""

import contextlib
import errno
import fcntl
import io
import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO, Protocol

from pymx.cli.bulk_journal import sync
from pymx.cli.exits import BROKEN_PIPE, IO_ERROR, Failure
from pymx.cli.output import discard_standard_output, reason

_LOCKED = (errno.EWOULDBLOCK, errno.EACCES)


class Sink(Protocol):
    """Takes batches of records. Each method raises Failure when it cannot."""

    def write(self, batch: bytes) -> None:
        """Write a batch, all of it."""

    def settle(self) -> None:
        """Finish a batch of which an exception may have left a part unwritten."""

    def close(self) -> None:
        """Be done."""


class StreamSink:
    """Standard output, or a path that is no regular file: a pipe, a device."""

    def __init__(self, stream: BinaryIO, name: str, *, is_standard: bool) -> None:
        """Take over an open stream."""
        self._stream = stream
        self._is_standard = is_standard
        self.name = name

    def write(self, batch: bytes) -> None:
        """Write and hand on at once; a slow reader is waited for."""
        try:
            self._stream.write(batch)
            self._stream.flush()
        except OSError as error:
            raise self._failure(error) from None

    def settle(self) -> None:
        """Do nothing: how much a pipe has taken cannot be known."""

    def close(self) -> None:
        """Close what was opened."""
        if not self._is_standard:
            try:
                self._stream.close()
            except OSError as error:
                raise self._failure(error) from None

    def _failure(self, error: OSError) -> Failure:
        # What is still buffered would fail again when the stream is closed.
        if self._is_standard:
            discard_standard_output()
        else:
            with contextlib.suppress(OSError):
                self._stream.close()
        if isinstance(error, BrokenPipeError):
            return Failure("", BROKEN_PIPE)
        return Failure(f"{self.name}: {reason(error)}", IO_ERROR)


class FileSink:
    """A regular file that is ours alone: it ends with a whole record, or is made to."""

    def __init__(self, file: io.FileIO, name: str) -> None:
        """Take over an open file. Raises Failure when another run has it."""
        self._file = file
        self.name = name
        # Where the batch begins, and the batch: one value, so that an exception between
        # any two steps cannot tear them apart.
        self._pending = (0, b"")
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            if error.errno in _LOCKED:
                raise Failure(
                    f"{name}: another pymx bulk is writing to it: wait for that one"
                ) from None
            raise Failure(f"{name}: cannot be locked: {reason(error)}") from None

    @property
    def length(self) -> int:
        """How long the file is, in octets, with whole batches."""
        start, batch = self._pending
        return start + len(batch)

    def continue_at(self, length: int) -> None:
        """Cut the file to `length`; the next batch goes there."""
        try:
            self._file.truncate(length)
            self._file.seek(length)
        except OSError as error:
            raise self._failure(error) from None
        self._pending = (length, b"")

    def write(self, batch: bytes) -> None:
        """Write a batch; where that fails the file ends before it."""
        self._pending = (self.length, batch)
        try:
            self._write_rest()
        except OSError as error:
            with contextlib.suppress(OSError):
                self._file.truncate(self._pending[0])
            raise self._failure(error) from None
        self._pending = (self.length, b"")

    def settle(self) -> None:
        """Write what is missing of the batch that an exception interrupted."""
        try:
            self._write_rest()
        except OSError as error:
            raise self._failure(error) from None

    def _write_rest(self) -> None:
        start, batch = self._pending
        rest = memoryview(batch)[self._file.tell() - start :] if batch else b""
        while rest:
            rest = rest[self._file.write(rest) :]

    def sync(self) -> None:
        """Have the system bring all of it to the disk."""
        sync(self._file.fileno(), self.name)

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._file.fileno()

    def close(self) -> None:
        """Close the file, and let other runs have it."""
        try:
            self._file.close()
        except OSError as error:
            # Network file systems tell of a full disk only here.
            raise self._failure(error) from None

    def _failure(self, error: OSError) -> Failure:
        return Failure(
            f"{self.name}: {reason(error)}; when that is mended --resume goes on",
            IO_ERROR,
        )


def open_sink(path: str | None) -> StreamSink | FileSink:
    """Open an output as it is; None and ``"-"`` are standard output. Raises Failure."""
    if path is None or path == "-":
        if sys.stdout is None:
            raise Failure("standard output is closed", IO_ERROR)
        return StreamSink(sys.stdout.buffer, "standard output", is_standard=True)
    name = f"-o/--output {path}"
    try:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        if _is_special(path):
            flags = os.O_WRONLY | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o666)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return StreamSink(os.fdopen(descriptor, "wb"), name, is_standard=False)
    except (OSError, ValueError) as error:
        raise Failure(f"{name}: {reason(error)}") from None
    return FileSink(io.FileIO(descriptor, "r+"), name)


def _is_special(path: str) -> bool:
    """Tell a pipe or a device, which need not be readable, from a file."""
    found = Path(path)
    return found.exists() and not found.is_file()
