# SPDX-License-Identifier: MIT
"""``pymx bulk``: a great many destinations, one record each, nothing lost."""

import argparse
import contextlib
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from importlib.metadata import version
from itertools import islice
from operator import itemgetter
from pathlib import Path
from time import monotonic

from pymx import Resolver, Route
from pymx.cli import exits
from pymx.cli.bulk_files import Files
from pymx.cli.bulk_journal import Identity
from pymx.cli.bulk_options import parse, shaping
from pymx.cli.bulk_output import FileSink, StreamSink
from pymx.cli.bulk_progress import Look, Pauses, Progress, choose_display
from pymx.cli.bulk_records import (
    Columns,
    Csv,
    Format,
    NoRest,
    Rest,
    RestAsJson,
    RestOfObject,
    RestOfTable,
    Routes,
)
from pymx.cli.bulk_resume import rows_left
from pymx.cli.bulk_rows import Row, Table, read_lines, read_ndjson
from pymx.cli.bulk_source import Source
from pymx.cli.bulk_summary import Tally, as_json, as_text, summary
from pymx.cli.destinations import explain_terminal
from pymx.cli.held import held
from pymx.cli.notes import say
from pymx.cli.options import explained, resolver_arguments

_BATCH = 256  # routes taken at a time at most
_SYNC_INTERVAL = 5.0  # seconds of work that a power cut may cost


def run(argv: Sequence[str]) -> int:
    """Run the command and return its exit code. Raises Failure."""
    arguments = parse(argv)
    if arguments.format == "parquet":
        from pymx.cli.bulk_parquet import check_pyarrow

        check_pyarrow()
    with contextlib.ExitStack() as stack:
        source = Source(arguments.input)
        stack.callback(source.close)
        if not arguments.quiet:
            explain_terminal([arguments.input])
        files = Files(
            source, arguments.output, is_spooled=arguments.format == "parquet"
        )
        options = stack.enter_context(resolver_arguments(arguments))
        with explained():
            resolver = stack.enter_context(Resolver(**options))
        rows, rest = _open_rows(arguments, source)
        records = _records(arguments, rest)
        identity = Identity(version("pymx"), source.size, shaping(arguments))
        sink = files.open(stack, identity, records.header, _mode(arguments))
        run = _Run(arguments, resolver, files, sink, records)
        run.look_up(rows_left(rows, files.done, source) if files.is_resumed else rows)
        if source.failure is not None:
            raise source.failure
        _finish(arguments, files, sink, rest)
    return exits.OK


class _Run:
    """The middle of a run: rows go in, records come out."""

    def __init__(
        self,
        arguments: argparse.Namespace,
        resolver: Resolver,
        files: Files,
        sink: StreamSink | FileSink,
        records: Format,
    ) -> None:
        self._arguments = arguments
        self._resolver = resolver
        self._files = files
        self._sink = sink
        self._records = records
        self._tally = Tally()
        self._pauses = Pauses()

    def look_up(self, rows: Iterable[Row]) -> None:
        """Look up the rows and write their records; tell how it goes and went."""
        try:
            display = choose_display(self._arguments.progress)
        except ImportError:
            raise exits.Failure(
                "--progress rich needs rich: pip install 'pymx[cli]'"
            ) from None
        try:
            with Progress(display, self._look):
                self._write_all(rows)
        except BaseException as error:
            self._sink.settle()
            # Ctrl-C and SIGTERM; a failure has a message of its own.
            if not isinstance(error, Exception) and isinstance(self._sink, FileSink):
                self._say_how_to_go_on()
            raise
        finally:
            self._tell()

    def _say_how_to_go_on(self) -> None:
        if not self._arguments.quiet:
            say("stopped; the same command with --resume goes on")

    def _write_all(self, rows: Iterable[Row]) -> None:
        routes = self._resolver.resolve_many(
            rows,
            key=itemgetter(1),
            ordered=self._arguments.ordered,
            retry_unknown=self._arguments.retry_unknown,
        )
        encode, write, count = self._records.encode, self._sink.write, self._tally.add
        sync_at = monotonic() + _SYNC_INTERVAL
        with contextlib.closing(routes):
            for batch in _batches(routes):
                records = encode(batch)
                with self._whole():
                    write(records)
                    count(batch)
                if monotonic() > sync_at:
                    self._sync()
                    sync_at = monotonic() + _SYNC_INTERVAL

    def _whole(self) -> contextlib.AbstractContextManager[None]:
        """Return what a batch is written in: all of it, and counted, or nothing.

        A pipe may not be read for ever, so that Ctrl-C must come between.
        """
        return held() if isinstance(self._sink, FileSink) else contextlib.nullcontext()

    def _sync(self) -> None:
        if isinstance(self._sink, FileSink) and self._files.journal is not None:
            self._sink.sync()
            self._files.journal.synced(self._sink.length)

    def _look(self) -> Look:
        done = self._tally.done
        share = self._files.source.share
        lines = self._files.source.lines
        before = self._files.done.count
        if share is not None and lines > 0:
            # Of what was read some is still under way.
            share *= min((done + before) / lines, 1.0)
        return Look(
            monotonic(),
            done + before,
            share,
            Counter(dict(self._tally.statuses)),
            self._pauses.go_on(self._resolver.stats()),
        )

    def _tell(self) -> None:
        if self._arguments.summary == "none" or sys.stderr is None:
            return
        figures = summary(self._tally, self._resolver.stats(), self._files.done.count)
        text = as_json if self._arguments.summary == "json" else as_text
        with contextlib.suppress(OSError):
            sys.stderr.write(text(figures))
            sys.stderr.flush()


def _batches(routes: Iterator[Route]) -> Iterator[list[Route]]:
    """Yield what is finished, some at a time."""
    take: Callable[[int], list[Route]] | None = getattr(routes, "take", None)
    if take is None:
        return iter(lambda: list(islice(routes, _BATCH)), [])
    return iter(partial(take, _BATCH), [])


def _open_rows(
    arguments: argparse.Namespace, source: Source
) -> tuple[Iterator[Row], Rest | None]:
    """Return the rows of an input, and what is copied of each."""
    rest: Rest | None = None
    has_rest = arguments.passthrough
    if arguments.input_format == "lines":
        rows = read_lines(source)
    elif arguments.input_format == "ndjson":
        rows = read_ndjson(source, arguments.field, has_rest=has_rest)
        if has_rest:
            is_flat = arguments.format == "ndjson"
            rest = RestOfObject() if is_flat else RestAsJson()
    else:
        table = Table(
            source,
            delimiter=arguments.delimiter,
            field=arguments.field,
            has_header=not arguments.no_header,
        )
        rows = table.rows(has_rest=has_rest)
        if has_rest:
            rest = RestOfTable(table.rest_names)
    return (rows if arguments.limit is None else islice(rows, arguments.limit)), rest


def _records(arguments: argparse.Namespace, rest: Rest | None) -> Format:
    if arguments.format == "csv":
        return Csv(arguments.columns, rest or NoRest())
    if arguments.columns is not None:
        return Columns(arguments.columns, rest or NoRest())
    return Routes(rest)


def _mode(arguments: argparse.Namespace) -> str:
    if arguments.force:
        return "force"
    return "resume" if arguments.resume else "new"


def _finish(
    arguments: argparse.Namespace,
    files: Files,
    sink: StreamSink | FileSink,
    rest: Rest | None,
) -> None:
    """Have the output be what it is to be, and remove what served to get there."""
    if not isinstance(sink, FileSink) or files.journal is None:
        return
    sink.sync()
    if arguments.format == "parquet":
        from pymx.cli.bulk_parquet import convert

        assert files.path is not None
        names = rest.names if rest is not None else []
        convert(files.path, arguments.output, arguments.columns, names)
        Path(files.path).unlink()
    files.journal.remove()
