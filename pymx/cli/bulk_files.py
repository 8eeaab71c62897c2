# SPDX-License-Identifier: MIT
"""The files of a bulk run: opened, or refused, before any work is done."""

import os
import stat
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

from pymx.cli.bulk_journal import SUFFIX, Identity, Journal, Past
from pymx.cli.bulk_output import FileSink, StreamSink, open_sink
from pymx.cli.bulk_resume import Done, read_done
from pymx.cli.bulk_source import Source
from pymx.cli.exits import Failure

SPOOL = ".ndjson"  # behind the name of a Parquet file, which is made at the end


class Files:
    """Input, output and journal of one run."""

    def __init__(
        self, source: Source, output: str | None, *, is_spooled: bool = False
    ) -> None:
        """Look at the paths of a run; `output` None is standard output.

        Raises Failure when the output is the input.
        """
        self.source = source
        self.output = output
        self.path = f"{output}{SPOOL}" if output and is_spooled else output
        self.done = Done()
        self.is_resumed = False
        self.journal: Journal | None = None
        self._is_spooled = is_spooled
        self._check_distinct()

    def _check_distinct(self) -> None:
        """Refuse to write to what is read: it would be lost, or never end."""
        if self.output is None:
            paths: dict[str, str | int] = {}
            if sys.stdout is not None:
                with suppress(OSError, ValueError):
                    paths["standard output"] = sys.stdout.fileno()
        else:
            names = [self.output, str(self.path), f"{self.output}{SUFFIX}"]
            paths = {f"-o/--output {name}": name for name in names}
        for name, path in paths.items():
            with suppress(OSError, ValueError):
                status = os.stat(path)  # noqa: PTH116
                is_file = stat.S_ISREG(status.st_mode)
                if is_file and os.path.samestat(status, self.source.status):
                    raise Failure(f"{name} is the input itself")

    def open(
        self, stack: ExitStack, identity: Identity, header: bytes, mode: str
    ) -> StreamSink | FileSink:
        """Open output and journal and return the sink; `stack` closes them.

        `mode` is ``"new"``, ``"force"`` or ``"resume"``. Raises Failure.
        """
        self._check_finished(mode)
        sink = open_sink(self.path)
        stack.callback(sink.close)
        if isinstance(sink, StreamSink):
            if mode == "resume":
                raise Failure(f"{sink.name} is no file: it cannot be resumed")
            self.source.start(None, None)
            sink.write(header)
            return sink
        name = f"{self.output}{SUFFIX}"
        is_empty = os.fstat(sink.fileno()).st_size == 0
        past = Past.read(name) if mode == "resume" else None
        if past is not None:
            self._resume(past, sink, identity, header, name)
        elif not is_empty and mode != "force":
            raise Failure(self._refusal(mode, name))
        else:
            # In this order: a journal must never be beside records that are not its.
            sink.continue_at(0)
        self.journal = Journal(name, identity, begins=past is None)
        stack.callback(self.journal.close)
        if sink.length == 0:
            sink.write(header)
        self.is_resumed = past is not None
        is_read = past is not None and past.mark.octets > 0
        self.source.start(self.journal.mark, past.mark if past and is_read else None)
        return sink

    def _check_finished(self, mode: str) -> None:
        """Refuse a Parquet file that is there: its spool is not."""
        if self._is_spooled and self.output is not None and mode != "force":
            is_running = Path(f"{self.output}{SUFFIX}").exists()
            if Path(self.output).exists() and not (mode == "resume" and is_running):
                raise Failure(self._refusal(mode, f"{self.output}{SUFFIX}"))

    def _refusal(self, mode: str, journal: str) -> str:
        if mode == "resume":
            return (
                f"-o/--output {self.output} is there without {journal}: either it is "
                "finished, or pymx bulk did not write it; --force begins again"
            )
        return (
            f"-o/--output {self.output} is there already: --resume goes on with it, "
            "--force begins again"
        )

    def _resume(
        self, past: Past, sink: FileSink, identity: Identity, header: bytes, name: str
    ) -> None:
        identity.check(past.identity, name)
        assert self.path is not None
        self.done = read_done(
            self.path,
            header,
            is_csv=bool(header),
            lines=past.mark.lines,
            synced=past.synced,
        )
        sink.continue_at(self.done.length)
