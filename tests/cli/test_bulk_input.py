# SPDX-License-Identifier: MIT
"""pymx bulk: every line of every input gives one outcome with its number (D10)."""

import gzip
import json
from pathlib import Path

import pytest
from cli.bulk import QUIET, bulk, outcomes, records
from cli.command import run

from pymx.cli.bulk_rows import MAX_LINE, split

PLAIN = "plain.example"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", []),
        (b"plain.example\n", [(1, PLAIN, "ok")]),
        (b"plain.example", [(1, PLAIN, "ok")]),
        (
            b"plain.example\r\nnullmx.example\r\n",
            [(1, PLAIN, "ok"), (2, "nullmx.example", "null_mx")],
        ),
        (b"plain.example\r", [(1, PLAIN, "ok")]),
        (b"\xef\xbb\xbfplain.example\n", [(1, PLAIN, "ok")]),
        (
            b"\n\nplain.example\n\n",
            [
                (1, "", "invalid"),
                (2, "", "invalid"),
                (3, PLAIN, "ok"),
                (4, "", "invalid"),
            ],
        ),
        (b"\n", [(1, "", "invalid")]),
        (b"plain.example\nplain.example\n", [(1, PLAIN, "ok"), (2, PLAIN, "ok")]),
        (b"a\xffb\nplain.example\n", [(1, "a\udcffb", "invalid"), (2, PLAIN, "ok")]),
        (b"a\0b\nplain.example\n", [(1, "a\0b", "invalid"), (2, PLAIN, "ok")]),
        (
            b"user@plain.example\n[192.0.2.1]\n",
            [(1, "user@plain.example", "ok"), (2, "[192.0.2.1]", "ok")],
        ),
        ("bücher.example\n".encode(), [(1, "bücher.example", "ok")]),
        ("a\u2028b\x0bc\x85\n".encode(), [(1, "a\u2028b\x0bc\x85", "invalid")]),
    ],
)
def test_lines(
    tmp_path: Path, content: bytes, expected: list[tuple[int, str, str]]
) -> None:
    assert outcomes(tmp_path, content) == expected


def test_a_line_of_ten_mebibytes(tmp_path: Path) -> None:
    content = b"x" * (10 * 2**20) + b"\nplain.example\n"
    assert outcomes(tmp_path, content) == [
        (1, "x" * MAX_LINE + "…", "invalid"),
        (2, PLAIN, "ok"),
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 4096])
@pytest.mark.parametrize("character", ["x", "ü", "\U0001f600"])
def test_cuts_do_not_depend_on_blocks(size: int, character: str) -> None:
    lines = [character * MAX_LINE, character * (MAX_LINE + 1), "", "a" * 20_000, "b"]
    text = "\r\n".join(lines).encode()
    blocks = [text[start : start + size] for start in range(0, len(text), size)]
    expected = [
        line if len(line) <= MAX_LINE else line[:MAX_LINE] + "…" for line in lines
    ]
    assert [line for page in split(blocks, MAX_LINE) for line in page] == expected


@pytest.mark.parametrize(
    ("name", "content", "arguments", "error"),
    [
        ("i.csv", b"plain.example\nx\n", [], "looks like a destination"),
        ("i.csv", b"id,a@b.c\n1,x\n", ["--field", "2"], "say --no-header"),
        ("i.csv", b"id,d\n1,x\n", ["--field", "e"], "--field e: the header has id, d"),
        ("i.csv", b"id,d\n1,x\n", ["--field", "3"], "the header has 2 columns"),
        ("i.csv", b"1,x\n", ["--field", "d", "--no-header"], "by its number, from 1"),
        ("i.csv", b"1,x\n", ["--field", "0", "--no-header"], "by its number, from 1"),
        ("input", "plain.example".encode("utf-16"), [], "UTF-16"),
        ("input", b"", ["--field", "d"], "--field is for csv and ndjson"),
        ("input", b"", ["--passthrough"], "--passthrough is for csv and ndjson"),
        ("input", b"", ["--no-header"], "--no-header is for csv"),
        ("i.csv", b"", ["--delimiter", "ab"], "--delimiter must be one character"),
        ("input", b"", ["--limit", "x"], "'x' is no whole number"),
        ("input", b"", ["--retry-unknown", "101"], "--retry-unknown must be 100"),
        ("input", b"", ["--columns", "status,x"], "--columns 'x' is none of input"),
        ("input", b"", ["--", "more"], "one FILE at a time, not 2"),
        ("input", b"", ["--resume"], "--resume is for a file: say -o FILE"),
        ("input", b"", ["--force"], "--force is for a file: say -o FILE"),
        ("input", b"", ["--format", "parquet"], "is for a file: say -o FILE"),
        ("input", b"", ["--trace"], "--trace"),
    ],
)
def test_what_is_refused(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: bytes,
    arguments: list[str],
    error: str,
) -> None:
    source = tmp_path / name
    source.write_bytes(content)
    code = bulk(source, *arguments)
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert error in err
    assert code in (2, 74)


def test_an_input_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert bulk("/nowhere/domains") == 2
    assert capsys.readouterr().err == (
        "pymx: /nowhere/domains: No such file or directory\n"
    )


@pytest.mark.parametrize("name", ["input", "input.gz"])
def test_gzip_is_known_by_its_first_octets(tmp_path: Path, name: str) -> None:
    members = gzip.compress(b"plain.exam") + gzip.compress(b"ple\nnullmx.example\n")
    assert outcomes(tmp_path, members + b"\0" * 512, name=name) == [
        (1, PLAIN, "ok"),
        (2, "nullmx.example", "null_mx"),
    ]


def test_gzip_of_csv_is_known_by_its_name(tmp_path: Path) -> None:
    content = gzip.compress(b"id,d\n1,plain.example\n")
    found = outcomes(tmp_path, content, "--field", "d", name="i.csv.gz")
    assert found == [(2, PLAIN, "ok")]


def test_gzip_that_grows_a_thousandfold(tmp_path: Path) -> None:
    content = gzip.compress(b"x" * (64 * 2**20) + b"\nplain.example\n")
    assert len(outcomes(tmp_path, content)) == 2


@pytest.mark.parametrize(
    ("damage", "error"),
    [(slice(0, -20), "ends early"), (slice(0, None), "incorrect data check")],
)
def test_what_was_read_of_damaged_gzip_is_looked_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: slice, error: str
) -> None:
    # Stored, not compressed, so that it is known where the cut is.
    packed = bytearray(gzip.compress(b"plain.example\nnullmx.example\nrest", 0))
    packed[-8] ^= 1
    source = tmp_path / "input.gz"
    source.write_bytes(packed[damage])
    assert bulk(source) == 74
    out, err = capsys.readouterr()
    assert error in err
    assert {record["number"] for record in records(out)} <= {1, 2}


def test_standard_input() -> None:
    for arguments in ([], ["-"]):
        done = run("bulk", *QUIET, *arguments, lines=b"plain.example\nshop.example")
        assert (done.returncode, done.stderr) == (0, b"")
        assert [record["status"] for record in records(done.stdout)] == ["ok", "ok"]
    done = run("bulk", *QUIET, lines=gzip.compress(b"plain.example\n"))
    assert [record["number"] for record in records(done.stdout)] == [1]
    done = run(
        *("bulk", *QUIET, "--input-format", "ndjson", "--field", "d"),
        lines=b'{"d":"plain.example"}\n',
    )
    assert records(done.stdout)[0]["input"] == PLAIN


@pytest.mark.parametrize("limit", [0, 1, 2, 5])
def test_limit(tmp_path: Path, limit: int) -> None:
    content = b"a.example\nb.example\nc.example\n"
    numbers = [one[0] for one in outcomes(tmp_path, content, "--limit", limit)]
    assert numbers == [1, 2, 3][:limit]


def test_ordered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "input"
    source.write_text("".join(f"d{number}.example\n" for number in range(500)))
    assert bulk(source, "--ordered", "-c", "50") == 0
    lines = capsys.readouterr().out.splitlines()
    numbers = [json.loads(line)["number"] for line in lines]
    assert numbers == list(range(1, 501))
