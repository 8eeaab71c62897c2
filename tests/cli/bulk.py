# SPDX-License-Identifier: MIT
"""Running ``pymx bulk`` and reading what it wrote."""

import csv
import io
import json
from pathlib import Path
from typing import Any

from cli.command import ZONE

from pymx.cli import main

QUIET = ("--zone", ZONE, "-q")


def bulk(*arguments: object) -> int:
    """Run the command here, with a zone and without notes; return its exit code."""
    return main(["bulk", *QUIET, *map(str, arguments)])


def records(text: bytes | str) -> list[dict[str, Any]]:
    """Read NDJSON; each line must be whole. Records in the order of their numbers."""
    lines = text.encode() if isinstance(text, str) else text
    assert lines == b"" or lines.endswith(b"\n")
    found = [json.loads(line) for line in lines.splitlines()]
    return sorted(found, key=lambda record: record["number"])


def outcomes(
    tmp_path: Path, content: bytes, *arguments: object, name: str = "input"
) -> list[tuple[int, str, str]]:
    """Return number, input and status of each record for an input of this content."""
    source = tmp_path / name
    source.write_bytes(content)
    output = tmp_path / "output"
    assert bulk(source, "-o", output, "--force", *arguments) == 0
    assert not (tmp_path / "output.pymx").exists()
    return [
        (record["number"], record["input"], record["status"])
        for record in records(output.read_bytes())
    ]


def rows(text: bytes) -> list[list[str]]:
    """Read CSV: the header, then the records in the order of their numbers."""
    header, *others = csv.reader(io.StringIO(text.decode(), newline=""))
    return [header, *sorted(others, key=lambda row: int(row[0]))]
