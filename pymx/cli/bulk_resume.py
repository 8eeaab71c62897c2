# SPDX-License-Identifier: MIT
"""What of a run is done: read from its output, which alone is to be believed."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pymx.cli.bulk_rows import Row
from pymx.cli.bulk_source import Source
from pymx.cli.exits import Failure
from pymx.cli.output import reason

_JSON = re.compile(rb'\{"number":(\d{1,18})[,}][^\0]*\n')
_CSV = re.compile(rb"(\d{1,18})(?:,[^\0]*)?\n")


class Done:
    """The numbers of records that are written whole, and where they end."""

    def __init__(self) -> None:
        """Begin with none."""
        self._flags = bytearray()  # one a line of the input
        self.count = 0
        self.length = 0  # octets of the output that hold them

    def add(self, number: int) -> bool:
        """Take one in; False when it is there already."""
        if number >= len(self._flags):
            # By halves more, so that it is not copied each time.
            self._flags.extend(bytes(number + 1 - len(self._flags) + number // 2))
        if self._flags[number]:
            return False
        self._flags[number] = 1
        self.count += 1
        return True

    def __contains__(self, number: int) -> bool:
        """Tell whether a record is there."""
        return number < len(self._flags) and self._flags[number] == 1


def read_done(
    path: str, header: bytes, *, is_csv: bool, lines: int, synced: int
) -> Done:
    """Read which records an output holds, up to the first that is not whole.

    `header` is what it must begin with. `lines` of the input were read at most when it
    was written; so many octets of it were `synced`. Raises Failure when what is wrong
    stands before that point, and is no end of a file that became shorter: nothing that
    happens to a run leaves it so.
    """
    done = Done()
    try:
        with Path(path).open("rb") as file:
            start = file.read(len(header))
            if start != header:
                if header.startswith(start):
                    return done
                raise _damaged(path, 0)
            done.length = len(header)
            for record in _csv_records(file) if is_csv else file:
                number = _number(record, is_csv=is_csv)
                # The last line may lack its end, and is then one more than have one.
                if not 0 < number <= lines + 1 or not done.add(number):
                    is_torn = not record.endswith(b"\n") and _size(file) < synced
                    if done.length < synced and not is_torn:
                        raise _damaged(path, done.length)
                    break
                done.length += len(record)
    except OSError as error:
        raise Failure(f"-o/--output {path}: {reason(error)}") from None
    return done


def _size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size


def _damaged(path: str, place: int) -> Failure:
    return Failure(
        f"-o/--output {path}: octet {place} begins no record of this run: restore the "
        "file, or begin again with --force"
    )


def _number(record: bytes, *, is_csv: bool) -> int:
    """Return the number of a record, 0 if it is not whole."""
    match = (_CSV if is_csv else _JSON).fullmatch(record)
    return 0 if match is None else int(match[1])


def _csv_records(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Put lines together where a quoted cell goes over several."""
    begun: list[bytes] = []
    is_open = False
    for line in lines:
        begun.append(line)
        is_open ^= line.count(b'"') % 2 == 1
        if not is_open:
            yield b"".join(begun)
            begun.clear()
    if begun:
        # Torn: without the end that a record has.
        yield b"".join(begun).rstrip(b"\n")


def rows_left(rows: Iterator[Row], done: Done, source: Source) -> Iterator[Row]:
    """Yield the rows that are not done, none before the input was recognised.

    Held back until then are those that were under way when the run ended, which were
    never more than its concurrency. None come of an input that has changed.
    """
    left = (row for row in rows if row[0] not in done)
    held = []
    for row in left:
        held.append(row)
        if source.is_verified:
            break
    if source.is_verified:
        yield from held
        yield from left
