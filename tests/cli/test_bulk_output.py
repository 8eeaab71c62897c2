# SPDX-License-Identifier: MIT
"""pymx bulk: what a record holds, in each format; hostile text breaks none (D14)."""

import json
from pathlib import Path

import pytest
from cli.bulk import QUIET, bulk, records, rows
from cli.command import ZONE, run

import pymx
from pymx.cli.bulk_columns import COLUMNS, RECORD_KEYS, USUAL, distinct
from pymx.testing import FakeDNS, rcode

HOSTILE = (
    b'id,d,"na""me"\n1,"plain.example",\'a"b"\n2,"a\nb,""c",\n'
    b'3,"x\r\ty\0",\xff\n4,d.example,"\r\0\n"\n'
)


def written(tmp_path: Path, name: str, content: bytes, *arguments: object) -> bytes:
    source = tmp_path / name
    source.write_bytes(content)
    output = tmp_path / "out"
    assert bulk(source, "-o", output, "--force", *arguments) == 0
    return output.read_bytes()


def test_a_record_is_the_route_with_its_number(tmp_path: Path) -> None:
    content = b"multihomed.example\nBad..example\nuser@nullmx.example\n"
    found = records(written(tmp_path, "input", content, "--seed", "1"))
    with FakeDNS(Path(ZONE)) as dns:
        resolver = pymx.Resolver(dns.nameserver, seed=1, addresses="any")
        for number, line in enumerate(content.decode().split(), 1):
            route = resolver.resolve(line).to_dict()
            record = found[number - 1]
            assert list(record) == ["number", *route] == list(RECORD_KEYS)
            for key in ("elapsed", "cached"):
                del route[key], record[key]
            assert record == {"number": number, **route}
        resolver.close()


@pytest.mark.parametrize(
    ("name", "content", "rest"),
    [
        (
            "i.csv",
            b"domain,id,status,id\nplain.example,7,old,8\n",
            {"id": "7", "input_status": "old", "id_2": "8"},
        ),
        (
            "i.csv",
            b"domain,\nplain.example,7,8\n",
            {"column_2": "7", "column_3": "8"},
        ),
        ("i.csv", b"domain,a,b\nplain.example,7\n", {"a": "7"}),
        (
            "i.ndjson",
            b'{"d":"plain.example","n":[1.5,null],"input":{"x":"\\u00fc"}}\n',
            {"n": [1.5, None], "input_input": {"x": "ü"}},
        ),
        ("i.ndjson", b'{"d":"plain.example"}\n"plain.example"', {}),
    ],
)
def test_passthrough_in_ndjson(
    tmp_path: Path, name: str, content: bytes, rest: dict[str, object]
) -> None:
    for flags in ([], ["--columns", "status"]):
        text = written(tmp_path, name, content, "--passthrough", *flags)
        for record in records(text):
            own = set(RECORD_KEYS)
            assert {key: record[key] for key in record if key not in own} == rest
            assert record["status"] == "ok"


def test_passthrough_in_csv(tmp_path: Path) -> None:
    flags = ("--passthrough", "--format", "csv", "--columns", "status")
    text = written(tmp_path, "i.csv", b"d,a,b\nplain.example,1\nx,2,3,4\n", *flags)
    assert rows(text) == [
        ["number", "status", "a", "b"],
        ["2", "ok", "1", ""],
        ["3", "no_domain", "2", "3", "4"],
    ]
    text = written(tmp_path, "i.ndjson", b'{"d":"plain.example","a":[1]}\n{}', *flags)
    assert rows(text) == [
        ["number", "status", "row"],
        ["1", "ok", '{"a":[1]}'],
        ["2", "invalid", "{}"],
    ]


def test_csv_has_what_people_want(tmp_path: Path) -> None:
    text = written(
        tmp_path, "input", b"equal.example\nnullmx.example\n", "--format", "csv"
    )
    header, good, bad = rows(text)
    assert header == ["number", *USUAL]
    record = dict(zip(header, good, strict=True))
    hosts = record.pop("exchanges").split()
    assert sorted(hosts) == ["a.equal.example", "b.equal.example", "c.equal.example"]
    assert record.pop("exchange") == hosts[0]
    assert len(record.pop("addresses").split()) == 3
    assert record == {
        "number": "1",
        "input": "equal.example",
        "domain": "equal.example",
        "status": "ok",
        "deliverable": "true",
        "reason": "",
        "implicit": "false",
        "ttl": "3600",
        "warnings": "",
    }
    assert dict(zip(header, bad, strict=True))["deliverable"] == "false"


def test_unknown_is_no_empty_cell(tmp_path: Path) -> None:
    source = tmp_path / "input"
    source.write_text("slow.example\n")
    with FakeDNS() as dns:
        dns.script(None, None, rcode("SERVFAIL"))
        done = run(
            *("bulk", "-q", "-n", dns.nameserver, "--format", "csv", str(source)),
            *("--columns", "deliverable,smtp_code,preference"),
        )
    assert rows(done.stdout)[1] == ["1", "unknown", "451", ""]


def test_each_column(tmp_path: Path) -> None:
    names = ",".join(COLUMNS)
    content = b"plain.example\nnullmx.example\na..b\n"
    found = records(written(tmp_path, "input", content, "--columns", names))
    whole = records(written(tmp_path, "input", content))
    for short, full in zip(found, whole, strict=True):
        assert list(short) == ["number", *COLUMNS]
        for name in set(COLUMNS) & set(RECORD_KEYS) - {"exchanges", "elapsed"}:
            if name != "cached":
                assert short[name] == full[name]
        assert short["exchanges"] == [one["host"] for one in full["exchanges"]]
        assert short["addresses"] == [one["address"] for one in full["targets"]]
        reply = full["smtp_reply"] or {"code": None, "enhanced": None, "text": None}
        assert [short[f"smtp_{key}"] for key in reply] == list(reply.values())
    assert found[0]["exchange"] == "mail.plain.example"
    assert found[0]["preference"] == 10
    assert found[1]["exchange"] is None
    flat = rows(
        written(tmp_path, "input", content, "--columns", names, "--format", "csv")
    )
    assert flat[0] == ["number", *COLUMNS]
    assert {len(row) for row in flat} == {len(COLUMNS) + 1}


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_hostile_text_breaks_no_format(tmp_path: Path, form: str) -> None:
    flags = ("--field", "d", "--passthrough", "--format", form)
    text = written(tmp_path, "i.csv", HOSTILE, *flags)
    text.decode("utf-8")
    if form == "ndjson":
        found = records(text)
        assert [record["number"] for record in found] == [2, 3, 5, 6]
        assert [record["input"] for record in found] == [
            "plain.example",
            'a\nb,"c',
            "x\r\ty\0",
            "d.example",
        ]
        assert found[3]['na"me'] == "\r\0\n"
        assert found[2]['na"me'] == "\udcff"
    else:
        _, *found_rows = rows(text)
        assert [row[0] for row in found_rows] == ["2", "3", "5", "6"]
        assert [row[1] for row in found_rows] == [
            "plain.example",
            'a\\nb,"c',
            "x\\r\\ty\\x00",
            "d.example",
        ]
        assert found_rows[3][-1] == "\r\\x00\n"
        assert found_rows[2][-1] == "\\udcff"
        assert {len(row) for row in found_rows} == {len(USUAL) + 3}


def test_hostile_names_of_dns_break_no_format(tmp_path: Path) -> None:
    source = tmp_path / "input"
    source.write_text("evil.example\n")
    host = 'a\\010b\\,\\"c.evil.example'
    with FakeDNS({"evil.example": {"MX": [(10, host), (20, "x.example")]}}) as dns:
        for form in ("ndjson", "csv"):
            done = run(
                "bulk", "-q", "-n", dns.nameserver, "--format", form, str(source)
            )
            assert done.returncode == 0
            lines = done.stdout.splitlines()
            assert len(lines) == (1 if form == "ndjson" else 2)
    assert (
        "\n"
        not in json.loads(run("bulk", *QUIET, lines=b"plain.example").stdout)["message"]
    )


def test_names_that_copied_columns_get() -> None:
    assert distinct(["a", "a", "a_2", "status", "input_status", "number"]) == [
        *("a", "a_2", "a_2_2", "input_status", "input_status_2", "input_number"),
    ]


def test_parquet_has_the_keys_of_ndjson(tmp_path: Path) -> None:
    from pyarrow import parquet

    content = b"d,note\nmultihomed.example,x\na\xff,\xff\nnullmx.example,\\udead\n"
    source = tmp_path / "i.csv"
    source.write_bytes(content)
    output = tmp_path / "out.parquet"
    assert bulk(source, "-o", output, "--passthrough", "--seed", "1") == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["i.csv", "out.parquet"]
    table = parquet.read_table(output).sort_by("number").to_pylist()
    text = written(tmp_path, "i.csv", content, "--passthrough", "--seed", "1")
    for row, record in zip(table, records(text), strict=True):
        assert list(row) == [*RECORD_KEYS, "note"]
        for key in ("elapsed", "cached", "message"):
            del row[key], record[key]
        for key in ("input", "note"):
            record[key] = record[key].replace("\udcff", "\\udcff")
        assert row == record


def test_parquet_of_columns(tmp_path: Path) -> None:
    from pyarrow import parquet

    source = tmp_path / "i.ndjson"
    source.write_text('{"d":"plain.example","a":{"b":1}}\n')
    output = tmp_path / "out.parquet"
    names = ",".join(COLUMNS)
    assert bulk(source, "-o", output, "--passthrough", "--columns", names) == 0
    (row,) = parquet.read_table(output).to_pylist()
    assert list(row) == ["number", *COLUMNS, "row"]
    assert row["row"] == '{"a":{"b":1}}'
    assert row["exchanges"] == ["mail.plain.example"]
    assert bulk(source, "-o", output) == 2
    assert bulk(source, "-o", output, "--resume") == 2
    assert bulk(source, "-o", output, "--force") == 0


def test_parquet_without_pyarrow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    source = tmp_path / "input"
    source.write_text("plain.example\n")
    assert bulk(source, "-o", tmp_path / "out.parquet") == 2
    assert "pip install 'pymx[parquet]'" in capsys.readouterr().err
    assert not (tmp_path / "out.parquet").exists()
