# SPDX-License-Identifier: MIT
"""pymx bulk: CSV and NDJSON, every record with the number of its first line (D10)."""

from pathlib import Path

import pytest
from cli.bulk import outcomes

from pymx.cli.bulk_quotes import MAX_LINES
from pymx.cli.bulk_quotes import records as read_records
from pymx.cli.bulk_rows import MAX_LINE

PLAIN = "plain.example"


@pytest.mark.parametrize(
    ("name", "content", "arguments", "expected"),
    [
        ("i.csv", b"domain,id\nplain.example,7\n", [], [(2, PLAIN, "ok")]),
        (
            "i.csv",
            b"id,domain\n7,plain.example\n",
            ["--field", "domain"],
            [(2, PLAIN, "ok")],
        ),
        (
            "i.csv",
            b"id,domain\r\n7,plain.example\r\n",
            ["--field", "2"],
            [(2, PLAIN, "ok")],
        ),
        (
            "i.csv",
            b"7,plain.example\n",
            ["--field", "2", "--no-header"],
            [(1, PLAIN, "ok")],
        ),
        ("i.csv", b"2,x.y\nplain.example,b\n", ["--field", "2"], [(2, PLAIN, "ok")]),
        (
            "i.tsv",
            b"id\tdomain\n7\tplain.example\n",
            ["--field", "domain"],
            [(2, PLAIN, "ok")],
        ),
        (
            "i.csv",
            b"id;d\n7;plain.example\n",
            ["--delimiter", ";", "--field", "d"],
            [(2, PLAIN, "ok")],
        ),
        ("input", b"d\nplain.example\n", ["--input-format", "csv"], [(2, PLAIN, "ok")]),
        (
            "i.csv",
            b'd,n\n"plain.example","a\nb"\nnullmx.example,x\n',
            [],
            [(2, PLAIN, "ok"), (4, "nullmx.example", "null_mx")],
        ),
        ("i.csv", b'd\n"a""b"\n', [], [(2, 'a"b', "invalid")]),
        (
            "i.csv",
            b"d,e\n\nplain.example,1\n",
            [],
            [(2, "", "invalid"), (3, PLAIN, "ok")],
        ),
        (
            "i.csv",
            b"id,d\n1\n2,plain.example\n",
            ["--field", "d"],
            [(2, "", "invalid"), (3, PLAIN, "ok")],
        ),
        (
            "i.csv",
            b"\xef\xbb\xbfd\nplain.example\n",
            ["--field", "d"],
            [(2, PLAIN, "ok")],
        ),
        (
            "i.csv",
            b"d\na\0b\na\xffb\nplain.example",
            [],
            [(2, "a\0b", "invalid"), (3, "a\udcffb", "invalid"), (4, PLAIN, "ok")],
        ),
        ("i.csv", b"", [], []),
        ("i.csv", b"d\n", [], []),
        ("i.ndjson", b'{"d":"plain.example","id":1}\n', [], [(1, PLAIN, "ok")]),
        (
            "i.jsonl",
            b'{"id":1,"d":"plain.example"}\n',
            ["--field", "d"],
            [(1, PLAIN, "ok")],
        ),
        (
            "i.ndjson",
            b'"plain.example"\n"[192.0.2.1]"\n',
            [],
            [(1, PLAIN, "ok"), (2, "[192.0.2.1]", "ok")],
        ),
        (
            "i.ndjson",
            b'{"d":1}\n{}\n7\n[]\n\n',
            [],
            [
                (1, "1", "invalid"),
                (2, "", "invalid"),
                (3, "7", "invalid"),
                (4, "[]", "invalid"),
                (5, "", "invalid"),
            ],
        ),
        (
            "i.ndjson",
            b"plain.example\n[192.0.2.1]\nNaN",
            [],
            [
                (1, "plain.example", "invalid"),
                (2, "[192.0.2.1]", "invalid"),
                (3, "NaN", "invalid"),
            ],
        ),
        (
            "i.ndjson",
            b'{"d":"a\\nb"}\r\n{"d":"\\ud800"}',
            [],
            [(1, "a\nb", "invalid"), (2, "\ud800", "invalid")],
        ),
        ("i.ndjson", b'{"d":1e400}', [], [(1, '{"d":1e400}', "invalid")]),
        (
            "i.ndjson",
            b"[" * 100_000 + b"\n",
            [],
            [(1, "[" * MAX_LINE + "…", "invalid")],
        ),
    ],
)
def test_csv_and_ndjson(
    tmp_path: Path,
    name: str,
    content: bytes,
    arguments: list[str],
    expected: list[tuple[int, str, str]],
) -> None:
    assert outcomes(tmp_path, content, *arguments, name=name) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a\n"b\nc\nd', [(1, ["a"]), (2, ['"b']), (3, ["c"]), (4, ["d"])]),
        ('"a\nb"\n"c\nd', [(1, ["a\nb"]), (3, ['"c']), (4, ["d"])]),
        ('x,5" disk\ny', [(1, ["x", '5" disk']), (2, ["y"])]),
        ('"a"b,c\nd', [(1, ["ab", "c"]), (2, ["d"])]),
        ("a\rb,c\nd", [(1, ["a\rb", "c"]), (2, ["d"])]),
    ],
)
def test_quotes_swallow_no_lines(
    text: str, expected: list[tuple[int, list[str]]]
) -> None:
    assert list(read_records(text.split("\n"), ",")) == expected


def test_a_quote_that_is_never_closed_costs_one_line() -> None:
    lines = ["a", '"b', *(f"d{number}.example" for number in range(3 * MAX_LINES))]
    found = list(read_records(lines, ","))
    assert [number for number, _ in found] == list(range(1, len(lines) + 1))
    assert [cells for _, cells in found] == [[line] for line in lines]
