# SPDX-License-Identifier: MIT
"""The input of a bulk run as octets: a file or standard input, unpacked, digested.

Every block is accounted for before it is used: what was read of an input can be
recognised when the run is resumed.
"""

import hashlib
import io
import os
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from pymx.cli.exits import IO_ERROR, Failure
from pymx.cli.output import reason

STANDARD_INPUT = "-"
_BLOCK = 256 * 1024  # octets read at a time
_PACKED_BLOCK = 16 * 1024  # these may grow a thousandfold
_GZIP = b"\x1f\x8b"
_GZIP_FORMAT = 31  # of zlib: a gzip header, and the largest window
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class Mark(NamedTuple):
    """A point of an input: what was read up to there, unpacked."""

    octets: int
    lines: int  # that end before it
    digest: str  # of all these octets


class Source:
    """An open input. `size` is that of a file as it is stored, else None."""

    def __init__(self, path: str) -> None:
        """Open a file, or standard input for ``"-"``. Raises Failure."""
        self.name = "standard input" if path == STANDARD_INPUT else path
        try:
            self._raw = _open(path)
            self.status = os.fstat(self._raw.fileno())
        except (OSError, ValueError) as error:
            raise Failure(f"{self.name}: {reason(error)}") from None
        is_file = stat.S_ISREG(self.status.st_mode)
        self.size = self.status.st_size if is_file else None
        # Why reading ended before the end, for whoever has done with what was read.
        self.failure: Failure | None = None
        self.is_verified = True
        self._expected: Mark | None = None
        self._note: Callable[[Mark], object] | None = None
        self._early: list[bytes] | None = []
        self._digest = hashlib.blake2b(digest_size=16)
        self._octets = 0
        self._lines = 0
        self._stored = 0

    @property
    def share(self) -> float | None:
        """How much of it was read, 0 to 1; None where nobody knows."""
        if self.size is None:
            return None
        return min(self._stored / self.size, 1.0) if self.size else 1.0

    @property
    def lines(self) -> int:
        """Lines whose ends were read."""
        return self._lines

    def start(
        self, note: Callable[[Mark], object] | None, expected: Mark | None
    ) -> None:
        """Begin to account for what is read, also for what was read before.

        `note`, if any, is called with the mark at the end of each block, before that is
        used. What was `expected`, if anything, is what must be found; `is_verified` is
        False until the input is read so far. Raises Failure.
        """
        self._note = note
        self._expected = expected
        self.is_verified = expected is None
        early, self._early = self._early, None
        for block in early or []:
            self._account(block)

    def blocks(self) -> Iterator[bytes]:
        """Yield what is in it, unpacked, from the start, without a byte order mark.

        Raises Failure when it cannot be read, unpacked or used, or is not as expected.
        """
        is_first = True
        for block in self._whole_marks(self._unpacked()):
            if self._early is not None:
                self._early.append(block)
            else:
                self._account(block)
            yield block.removeprefix(_BYTE_ORDER_MARK) if is_first else block
            is_first = False
        if not self.is_verified:
            raise self._changed()

    def close(self) -> None:
        """Close the file; standard input stays open."""
        self._raw.close()

    def _account(self, block: bytes) -> None:
        if self._expected is not None and not self.is_verified:
            left = self._expected.octets - self._octets
            if left > len(block):
                self._add(block)
                return
            if self._add(block[:left]) != self._expected:
                raise self._changed()
            self.is_verified = True
            block = block[left:]
        mark = self._add(block)
        if self._note is not None:
            self._note(mark)

    def _add(self, octets: bytes) -> Mark:
        self._digest.update(octets)
        self._octets += len(octets)
        self._lines += octets.count(b"\n")
        return Mark(self._octets, self._lines, self._digest.hexdigest())

    def _changed(self) -> Failure:
        return Failure(
            f"{self.name} is not what it was when the run began: give it as it was, "
            "or begin again with --force"
        )

    def _whole_marks(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Have the first block hold a whole byte order mark, if there is one."""
        first = b""
        for block in blocks:
            first += block
            if len(first) >= len(_BYTE_ORDER_MARK):
                break
        if first.startswith(_UTF_16):
            raise Failure(f"{self.name} is UTF-16: make it UTF-8, as with iconv")
        if first:
            yield first
        yield from blocks

    def _unpacked(self) -> Iterator[bytes]:
        first = self._read(_BLOCK)
        while 0 < len(first) < len(_GZIP):
            more = self._read(_BLOCK)
            if not more:
                break
            first += more
        if first.startswith(_GZIP):
            yield from self._inflated(first)
            return
        while first:
            yield first
            first = self._read(_BLOCK)

    def _inflated(self, packed: bytes) -> Iterator[bytes]:
        """Unpack gzip (RFC 1952), which may be several members one after the other."""
        inflater = zlib.decompressobj(_GZIP_FORMAT)
        try:
            while packed:
                for start in range(0, len(packed), _PACKED_BLOCK):
                    piece = packed[start : start + _PACKED_BLOCK]
                    while piece:
                        if inflater.eof:
                            inflater = zlib.decompressobj(_GZIP_FORMAT)
                        block = inflater.decompress(piece)
                        # Tape-sized files are filled up with zeros.
                        piece = inflater.unused_data.lstrip(b"\0")
                        if block:
                            yield block
                packed = self._read(_BLOCK)
        except zlib.error as error:
            raise Failure(f"{self.name}: {error}", IO_ERROR) from None
        if not inflater.eof:
            raise Failure(f"{self.name}: the compressed data ends early", IO_ERROR)

    def _read(self, size: int) -> bytes:
        try:
            block = self._raw.read(size) or b""
        except OSError as error:
            raise Failure(f"{self.name}: {reason(error)}", IO_ERROR) from None
        self._stored += len(block)
        return block


def _open(path: str) -> io.FileIO:
    if path != STANDARD_INPUT:
        file = Path(path).open("rb", buffering=0)  # noqa: SIM115
        assert isinstance(file, io.FileIO)
        return file
    # What was closed from the start is None to Python.
    if sys.stdin is None:
        raise ValueError("it is closed")
    return io.FileIO(sys.stdin.fileno(), "rb", closefd=False)
