# SPDX-License-Identifier: MIT
"""Parquet, made of a finished NDJSON file: the extra ``parquet``, which is pyarrow."""

import json
import os
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from pymx.cli.bulk_columns import COLUMNS
from pymx.cli.bulk_journal import sync
from pymx.cli.exits import IO_ERROR, Failure
from pymx.cli.output import reason

_ROWS = 20_000  # of one group in the file
# Octets that were no UTF-8: Parquet holds UTF-8 alone.
_SURROGATE = re.compile("[\ud800-\udfff]")


def check_pyarrow() -> None:
    """Raise Failure where pyarrow is missing."""
    try:
        import pyarrow  # noqa: F401
    except ModuleNotFoundError:
        raise Failure(
            "--format parquet needs pyarrow: pip install 'pymx[parquet]'"
        ) from None


def convert(
    source: str, target: str, columns: Sequence[str] | None, rest: Sequence[str]
) -> None:
    """Make the Parquet file `target` of the NDJSON file `source`, whole or not at all.

    `columns` are those of the records, None for whole routes; `rest` names the columns
    that were copied from the input, which are text. Raises Failure.
    """
    from pyarrow import parquet

    schema = _schema(columns, rest)
    part = f"{target}.part"
    try:
        with (
            Path(source).open(encoding="ascii") as lines,
            parquet.ParquetWriter(part, schema, compression="zstd") as writer,
        ):
            for table in _tables(lines, schema):
                writer.write_table(table)
        with Path(part).open("rb") as file:
            sync(file.fileno(), part)
        os.replace(part, target)  # noqa: PTH105
    except OSError as error:
        raise Failure(
            f"-o/--output {target}: {reason(error)}; when that is mended --resume "
            "goes on",
            IO_ERROR,
        ) from None


def _tables(lines: Iterator[str], schema: Any) -> Iterator[Any]:
    import pyarrow

    while texts := list(islice(lines, _ROWS)):
        if any("\\ud" in text for text in texts):
            rows = [_without_surrogates(json.loads(text)) for text in texts]
            yield pyarrow.Table.from_pylist(rows, schema=schema)
        else:
            yield _read("".join(texts).encode("ascii"), schema)


def _read(octets: bytes, schema: Any) -> Any:
    """Return the table of some lines; pyarrow reads them, in a third of the time.

    It takes no lone surrogates.
    """
    from pyarrow import BufferReader
    from pyarrow import json as arrow

    return arrow.read_json(
        BufferReader(octets),
        read_options=arrow.ReadOptions(use_threads=False, block_size=len(octets)),
        parse_options=arrow.ParseOptions(
            explicit_schema=schema, unexpected_field_behavior="ignore"
        ),
    ).select(schema.names)


def _without_surrogates(value: Any) -> Any:
    r"""Return a value of JSON whose texts show lone surrogates, as ``\udcff``."""
    if isinstance(value, str):
        return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", value)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {name: _without_surrogates(item) for name, item in value.items()}
    return value


def _schema(columns: Sequence[str] | None, rest: Sequence[str]) -> Any:
    import pyarrow as pa

    types = {
        "string": pa.string(),
        "bool": pa.bool_(),
        "uint16": pa.uint16(),
        "uint32": pa.uint32(),
        "double": pa.float64(),
        "strings": pa.list_(pa.string()),
    }
    fields: list[tuple[str, Any]] = [("number", pa.uint64())]
    if columns is not None:
        fields += [(name, types[COLUMNS[name][1]]) for name in columns]
    else:
        fields += _route_fields(types)
    return pa.schema(fields + [(name, pa.string()) for name in rest])


def _route_fields(types: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the fields of `Route.to_dict()`."""
    import pyarrow as pa

    text, number = types["string"], types["uint16"]
    exchange = [("host", text), ("canonical", text), ("preference", number)]
    exchange += [("addresses", types["strings"]), ("ttl", types["uint32"])]
    exchange += [("status", text), ("reason", text)]
    target = [("host", text), ("address", text), ("family", text)]
    excluded = [("host", text), ("preference", number), ("address", text)]
    reply = [("code", number), ("enhanced", text), ("text", text)]
    nested = {
        "exchanges": pa.list_(pa.struct(exchange)),
        "targets": pa.list_(pa.struct([*target, ("preference", number)])),
        "excluded": pa.list_(pa.struct([*excluded, ("reason", text)])),
        "smtp_reply": pa.struct(reply),
    }
    flat = ["input", "domain", "domain_unicode", "canonical", "status", "deliverable"]
    flat += ["reason", "message", "implicit", "complete"]
    fields = [(name, types[COLUMNS[name][1]]) for name in flat]
    fields += [(name, nested[name]) for name in ("exchanges", "targets", "excluded")]
    later = ["warnings", "ttl", "cached", "elapsed", "authenticated"]
    fields += [(name, types[COLUMNS[name][1]]) for name in later]
    return [*fields, ("smtp_reply", nested["smtp_reply"])]
