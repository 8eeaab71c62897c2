# SPDX-License-Identifier: MIT
"""The journal of a bulk run: what it needs to know of itself to be resumed.

A file beside the output, lines of JSON. The first says what the run is. After that come
marks of the input, each written before a line up to it is looked up, and lengths of the
output, each written when so much was known to be on the disk. Which lines are done
stands in the output alone: the journal can be behind it, and nothing is lost or doubled
when its last lines are.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pymx.cli.bulk_source import Mark
from pymx.cli.exits import IO_ERROR, Failure
from pymx.cli.output import reason

SUFFIX = ".pymx"
_FORMAT = 1  # of the journal
_NOTHING = Mark(0, 0, "")


@dataclass(frozen=True, slots=True)
class Identity:
    """What must be the same when a run is resumed."""

    version: str  # of pymx
    size: int | None  # of the input as it is stored, in octets
    options: dict[str, Any]  # those that shape the records, by their flags

    def check(self, before: "Identity", name: str) -> None:
        """Raise Failure unless the run `before`, of the journal `name`, was this one.

        A size that either does not know is no difference.
        """
        again = "or begin again with --force"
        if before.version != self.version:
            raise Failure(
                f"{name}: the run began with pymx {before.version}, and this is "
                f"{self.version}: finish it with that one, {again}"
            )
        for flag in self.options:
            was, now = before.options.get(flag), self.options.get(flag)
            if was != now:
                raise Failure(
                    f"{name}: the run began with {_shown(flag, was)}, and this is with "
                    f"{_shown(flag, now)}: give the same, {again}"
                )
        if None not in (self.size, before.size) and self.size != before.size:
            raise Failure(
                f"{name}: the input had {before.size} octets when the run began, and "
                f"has {self.size}: give it as it was, {again}"
            )


def _shown(flag: str, value: object) -> str:
    if value is None or value is False:
        return f"no {flag}"
    if isinstance(value, list):
        value = ",".join(value)
    return flag if value is True else f"{flag} {value}"


class Journal:
    """The journal of one output, open for writing. Raises Failure when that fails."""

    def __init__(self, path: str, identity: Identity, *, begins: bool) -> None:
        """Begin a journal with its first line, or go on with one that was read."""
        self.name = path
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        try:
            flags |= os.O_TRUNC if begins else 0
            self._descriptor = os.open(path, flags, 0o666)
        except OSError as error:
            raise Failure(f"{path}: {reason(error)}") from None
        if begins:
            self._write(
                journal=_FORMAT,
                version=identity.version,
                size=identity.size,
                options=identity.options,
            )
            sync(self._descriptor, path)
            _sync_folder(path)

    def mark(self, mark: Mark) -> None:
        """Write down how far the input was read."""
        self._write(octets=mark.octets, lines=mark.lines, digest=mark.digest)

    def synced(self, length: int) -> None:
        """Write down how much of the output is on the disk."""
        self._write(output=length)
        sync(self._descriptor, self.name)

    def remove(self) -> None:
        """Remove the file: the run is finished."""
        try:
            Path(self.name).unlink()
        except OSError as error:
            raise Failure(f"{self.name}: {reason(error)}", IO_ERROR) from None

    def close(self) -> None:
        """Close the file, which stays."""
        os.close(self._descriptor)

    def _write(self, /, **members: Any) -> None:
        line = json.dumps(members, separators=(",", ":")).encode() + b"\n"
        try:
            while line:
                line = line[os.write(self._descriptor, line) :]
        except OSError as error:
            raise Failure(f"{self.name}: {reason(error)}", IO_ERROR) from None


@dataclass(frozen=True, slots=True)
class Past:
    """What the journal of an earlier run says."""

    identity: Identity
    mark: Mark  # the last one: all lines that were looked up end before it
    synced: int  # octets of the output that are surely on the disk

    @classmethod
    def read(cls, path: str) -> Self | None:
        """Read a journal, and cut off what is torn at its end.

        None where there is none, or not even its first line. Raises Failure for what is
        no journal of ours.
        """
        try:
            text = Path(path).read_bytes()
            whole = text[: text.rfind(b"\n") + 1]
            if len(whole) < len(text):
                os.truncate(path, len(whole))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Failure(f"{path}: {reason(error)}") from None
        if not whole:
            return None
        try:
            return cls._of([json.loads(line) for line in whole.splitlines()])
        except (ValueError, KeyError, TypeError):
            raise Failure(
                f"{path} is no journal of this pymx: begin again with --force"
            ) from None

    @classmethod
    def _of(cls, lines: list[dict[str, Any]]) -> Self:
        first, *later = lines
        if first["journal"] != _FORMAT:
            raise ValueError
        mark, synced = _NOTHING, 0
        for line in later:
            if "output" in line:
                synced = int(line["output"])
            else:
                mark = Mark(line["octets"], line["lines"], line["digest"])
        identity = Identity(first["version"], first["size"], first["options"])
        return cls(identity, mark, synced)


def sync(descriptor: int, name: str) -> None:
    """Have the system bring a file to the disk. Raises Failure."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        raise Failure(f"{name}: {reason(error)}", IO_ERROR) from None


def _sync_folder(path: str) -> None:
    """Have a new file survive a power cut, where folders can be synced."""
    try:
        descriptor = os.open(Path(path).parent, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)
