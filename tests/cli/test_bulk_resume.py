# SPDX-License-Identifier: MIT
"""pymx bulk --resume: nothing lost and nothing twice, whenever a run ended."""

import gzip
import json
import random
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.bulk import records, rows
from cli.command import COMMAND, ENVIRONMENT, TIME_LIMIT, run, start

import pymx
from pymx.cli import bulk_journal, bulk_output, main
from pymx.cli.bulk_summary import Tally
from pymx.testing import FakeDNS, drop, normal

ZONE = {
    "ok.example": {"MX": [(10, "mx.ok.example")]},
    "mx.ok.example": {"A": ["192.0.2.1"]},
}
KILLS = 20
MOST, MORE = 100, 40  # questions before a kill, answers after it
# More than all runs that are killed can do.
LINES = [f"d{number}.example" for number in range(1, 3001)]


@pytest.fixture
def dns() -> Iterator[FakeDNS]:
    with FakeDNS(ZONE) as server:
        yield server


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "input"
    path.write_text("\n".join(LINES) + "\n")
    return path


def kill(dns: FakeDNS, questions: int, *arguments: object) -> int:
    """Run the command and kill it after so many questions; return its exit code.

    It never gets more than MORE answers beyond them, however late the kill comes.
    """
    dns.log.clear()
    dns.clear_script()
    dns.script(None, None, *[normal()] * (questions + MORE), drop())
    command = [*COMMAND, "bulk", "-q", "-n", dns.nameserver, *map(str, arguments)]
    with subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE) as child:
        dns.log.wait(questions, timeout=TIME_LIMIT)
        child.kill()
        _, errors = child.communicate()
    dns.clear_script()
    assert errors == b""
    return child.returncode


def finish(dns: FakeDNS, *arguments: object) -> None:
    """Resume in this process, to the end."""
    assert bulk_here(dns, "--resume", *arguments) == 0


def bulk_here(dns: FakeDNS, *arguments: object) -> int:
    return main(["bulk", "-q", "-n", dns.nameserver, *map(str, arguments)])


@pytest.mark.parametrize(("form", "seed"), [("ndjson", 1), ("csv", 2), ("parquet", 3)])
def test_killed_again_and_again(
    tmp_path: Path, dns: FakeDNS, source: Path, form: str, seed: int
) -> None:
    chance = random.Random(seed)
    output = tmp_path / f"out.{form}"
    arguments = (source, "-o", output, "--resume", "-c", "40")
    for _ in range(KILLS):
        questions = chance.randrange(1, MOST)
        assert kill(dns, questions, *arguments) == -signal.SIGKILL
    finish(dns, *arguments[:3], "-c", "40")
    assert read(output) == list(enumerate(LINES, 1))
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["input", output.name]


def read(output: Path) -> list[tuple[int, str]]:
    """Return numbers and inputs of an output of any format."""
    if output.suffix == ".parquet":
        from pyarrow import parquet

        found = parquet.read_table(output).to_pylist()
        return sorted((row["number"], row["input"]) for row in found)
    if output.suffix == ".csv":
        return [(int(row[0]), row[1]) for row in rows(output.read_bytes())[1:]]
    found = records(output.read_bytes())
    return [(record["number"], record["input"]) for record in found]


def interrupt(tmp_path: Path, dns: FakeDNS, content: bytes, *arguments: object) -> Path:
    """Leave an output and a journal as a kill does: three lines are done."""
    source = tmp_path / "input"
    source.write_bytes(content)
    output = tmp_path / "out"
    removed = bulk_journal.Journal.remove
    bulk_journal.Journal.remove = lambda _: None  # type: ignore[method-assign]
    try:
        assert bulk_here(dns, source, "-o", output, *arguments) == 0
    finally:
        bulk_journal.Journal.remove = removed  # type: ignore[method-assign]
    return output


CONTENT = b"a.example\nok.example\nc.example\n"


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_torn_at_every_octet_of_the_last_record(
    tmp_path: Path, dns: FakeDNS, form: str
) -> None:
    # Records of few octets, for few runs.
    flags = ("--format", form, "--columns", "status,warnings")
    output = interrupt(tmp_path, dns, CONTENT, *flags)
    whole = output.read_bytes()
    journal = (tmp_path / "out.pymx").read_bytes()
    # Without its last line: what was synced is no longer known, as after a kill.
    assert b'"output"' not in journal
    last = whole[:-1].rfind(b"\n") + 1
    for end in range(last, len(whole) + 1):
        output.write_bytes(whole[:end])
        (tmp_path / "out.pymx").write_bytes(journal)
        finish(dns, tmp_path / "input", "-o", output, *flags)
        text = output.read_bytes()
        numbers = (
            [row[0] for row in rows(text)[1:]]
            if form == "csv"
            else [str(record["number"]) for record in records(text)]
        )
        assert numbers == ["1", "2", "3"], end


def test_quoted_line_ends_in_csv_are_no_ends_of_records(
    tmp_path: Path, dns: FakeDNS
) -> None:
    content = b'd,text\nok.example,"x\n7,""y"\nb.example,"\n\n"\nc.example,z\n'
    flags = ("--input-format", "csv", "--passthrough")
    flags += ("--format", "csv", "--columns", "status")
    output = interrupt(tmp_path, dns, content, *flags)
    whole = output.read_bytes()
    journal = (tmp_path / "out.pymx").read_bytes()
    header = whole.find(b"\n") + 1
    for end in range(len(whole) + 1):
        output.write_bytes(whole[:end])
        (tmp_path / "out.pymx").write_bytes(journal)
        finish(dns, tmp_path / "input", "-o", output, *flags)
        found = rows(output.read_bytes())
        assert output.read_bytes()[:header] == whole[:header]
        assert [(row[0], row[-1]) for row in found[1:]] == [
            ("2", 'x\n7,"y'),
            ("4", "\n\n"),
            ("7", "z"),
        ], end


def test_journal_torn_at_every_octet(tmp_path: Path, dns: FakeDNS) -> None:
    output = interrupt(tmp_path, dns, CONTENT)
    whole = output.read_bytes()
    journal = (tmp_path / "out.pymx").read_bytes()
    begin = journal.find(b"\n") + 1
    assert begin < len(journal)
    for end in range(begin, len(journal) + 1):
        output.write_bytes(whole)
        (tmp_path / "out.pymx").write_bytes(journal[:end])
        finish(dns, tmp_path / "input", "-o", output)
        assert [number for number, _ in read(output)] == [1, 2, 3], end


def test_zeros_that_a_power_cut_leaves(tmp_path: Path, dns: FakeDNS) -> None:
    output = interrupt(tmp_path, dns, CONTENT)
    first, second, _ = output.read_bytes().splitlines(keepends=True)
    journal = (tmp_path / "out.pymx").read_bytes()
    for tail in (b"\0" * 4096, second[:50] + b"\0" * 999 + b"\n", first, b"{}\n"):
        output.write_bytes(first + tail)
        (tmp_path / "out.pymx").write_bytes(journal)
        finish(dns, tmp_path / "input", "-o", output)
        assert [number for number, _ in read(output)] == [1, 2, 3], tail


def test_damage_before_what_was_synced_is_told(
    tmp_path: Path, dns: FakeDNS, capsys: pytest.CaptureFixture[str]
) -> None:
    output = interrupt(tmp_path, dns, CONTENT)
    whole = output.read_bytes()
    with (tmp_path / "out.pymx").open("a") as journal:
        journal.write(json.dumps({"output": len(whole)}) + "\n")
    output.write_bytes(b"x" + whole)
    assert bulk_here(dns, tmp_path / "input", "-o", output, "--resume") == 2
    assert "octet 0 begins no record of this run" in capsys.readouterr().err
    assert output.read_bytes() == b"x" + whole
    # Shorter than it was is no damage: what is missing is looked up again.
    output.write_bytes(whole[:10])
    finish(dns, tmp_path / "input", "-o", output)
    assert [number for number, _ in read(output)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (b"a.example\nok.example\nx.example\n", "is not what it was"),
        (b"a.example\nok.example\nc.example\nd.example\n", "had 31 octets"),
        (b"a.example\n", "had 31 octets"),
    ],
)
def test_a_changed_file_is_refused(
    tmp_path: Path,
    dns: FakeDNS,
    capsys: pytest.CaptureFixture[str],
    change: bytes,
    error: str,
) -> None:
    output = interrupt(tmp_path, dns, CONTENT)
    whole = output.read_bytes()
    output.write_bytes(whole[:-9])
    (tmp_path / "input").write_bytes(change)
    assert bulk_here(dns, tmp_path / "input", "-o", output, "--resume") == 2
    assert error in capsys.readouterr().err
    assert whole.startswith(output.read_bytes())
    assert (tmp_path / "out.pymx").exists()


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        (b"a.example\nok.example\nx.example\nmore.example\n", b"is not what it was"),
        (b"a.example\n", b"is not what it was"),
        (CONTENT + b"more.example\n", b""),
    ],
)
def test_standard_input_must_begin_as_it_did(
    tmp_path: Path, dns: FakeDNS, lines: bytes, error: bytes
) -> None:
    output = interrupt(tmp_path, dns, CONTENT)
    output.write_bytes(output.read_bytes()[:-9])
    done = run(
        "bulk", "-q", "-n", dns.nameserver, "-o", str(output), "--resume", lines=lines
    )
    assert error in done.stderr
    assert done.returncode == (2 if error else 0)
    numbers = [number for number, _ in read(output)]
    assert len(set(numbers)) == len(numbers)
    assert numbers == [1, 2, 3, 4] or error


def test_what_was_under_way_is_not_looked_up_in_a_changed_input(
    tmp_path: Path, dns: FakeDNS
) -> None:
    output = interrupt(tmp_path, dns, CONTENT)
    output.write_bytes(b"")
    dns.log.clear()
    other = b"x.example\ny.example\nz.example\n"
    (tmp_path / "input").write_bytes(other)
    assert bulk_here(dns, tmp_path / "input", "-o", output, "--resume") == 2
    assert dns.log.names() == []


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--format", "csv"], "--format ndjson"),
        (["--columns", "status"], "no --columns"),
        (["--ordered"], "no --ordered, and this is with --ordered"),
        (["--limit", "5"], "no --limit, and this is with --limit 5"),
        (["-4"], "-4/-6 ipv4"),
        (["--seed", "5"], "--seed 5"),
        (["--addresses", "any"], "--addresses any"),
        (["--input-format", "ndjson"], "--input-format lines"),
    ],
)
def test_other_options_are_refused(
    tmp_path: Path,
    dns: FakeDNS,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    error: str,
) -> None:
    output = interrupt(tmp_path, dns, CONTENT)
    code = bulk_here(dns, tmp_path / "input", "-o", output, "--resume", *arguments)
    assert code == 2
    message = capsys.readouterr().err
    assert error in message
    assert "give the same, or begin again with --force" in message


def test_options_that_do_not_shape_records_may_differ(
    tmp_path: Path, dns: FakeDNS
) -> None:
    output = interrupt(tmp_path, dns, CONTENT)
    output.write_bytes(b"")
    finish(
        *(dns, tmp_path / "input", "-o", output),
        *("-t", "9", "-c", "2", "--tries", "2", "--retry-unknown", "1"),
    )
    assert len(read(output)) == 3


def test_another_version_is_refused(
    tmp_path: Path, dns: FakeDNS, capsys: pytest.CaptureFixture[str]
) -> None:
    output = interrupt(tmp_path, dns, CONTENT)
    journal = tmp_path / "out.pymx"
    first, rest = journal.read_text().split("\n", 1)
    journal.write_text(json.dumps(json.loads(first) | {"version": "9.9"}) + "\n" + rest)
    assert bulk_here(dns, tmp_path / "input", "-o", output, "--resume") == 2
    assert "began with pymx 9.9, and this is" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["{}\n", "x\n", "[]\n", '{"journal":2}\n', "\n"])
def test_another_file_in_the_place_of_the_journal(
    tmp_path: Path, dns: FakeDNS, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    output = interrupt(tmp_path, dns, CONTENT)
    (tmp_path / "out.pymx").write_text(text)
    assert bulk_here(dns, tmp_path / "input", "-o", output, "--resume") == 2
    assert "out.pymx is no journal of this pymx" in capsys.readouterr().err


def test_resume_begins_what_was_never_begun(tmp_path: Path, dns: FakeDNS) -> None:
    (tmp_path / "input").write_bytes(CONTENT)
    finish(dns, tmp_path / "input", "-o", tmp_path / "out")
    assert len(read(tmp_path / "out")) == 3
    assert not (tmp_path / "out.pymx").exists()


def test_a_finished_output_is_kept(
    tmp_path: Path, dns: FakeDNS, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "input").write_bytes(CONTENT)
    output = tmp_path / "out"
    finish(dns, tmp_path / "input", "-o", output)
    text = output.read_bytes()
    for flags, error in (([], "is there already"), (["--resume"], "it is finished")):
        assert bulk_here(dns, tmp_path / "input", "-o", output, *flags) == 2
        assert error in capsys.readouterr().err
        assert output.read_bytes() == text
    assert bulk_here(dns, tmp_path / "input", "-o", output, "--force") == 0
    assert len(read(output)) == 3


def test_ordered_output_goes_on_in_order(tmp_path: Path, dns: FakeDNS) -> None:
    content = "".join(f"d{number}.example\n" for number in range(100)).encode()
    output = interrupt(tmp_path, dns, content, "--ordered")
    whole = output.read_bytes().splitlines(keepends=True)
    output.write_bytes(b"".join(whole[:40]) + whole[40][:7])
    finish(dns, tmp_path / "input", "-o", output, "--ordered")
    lines = output.read_bytes().splitlines()
    assert [json.loads(line)["number"] for line in lines] == list(range(1, 101))


def test_gzip_goes_on(tmp_path: Path, dns: FakeDNS) -> None:
    output = interrupt(tmp_path, dns, gzip.compress(CONTENT))
    output.write_bytes(output.read_bytes()[:-1])
    finish(dns, tmp_path / "input", "-o", output)
    assert [number for number, _ in read(output)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_a_signal_between_writing_and_counting(
    tmp_path: Path,
    source: Path,
    dns: FakeDNS,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: signal.Signals,
    code: int,
) -> None:
    add = Tally.add

    def signalled(tally: Tally, routes: list[pymx.Route]) -> None:
        signal.raise_signal(number)
        add(tally, routes)

    monkeypatch.setattr(Tally, "add", signalled)
    output = tmp_path / "out"
    arguments = ["bulk", "-n", dns.nameserver, str(source), "-o", str(output)]
    assert main([*arguments, "--summary", "json"]) == code
    summary = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert 0 < summary["lines"] == len(output.read_bytes().splitlines())


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_a_signal_leaves_whole_records(
    tmp_path: Path, dns: FakeDNS, source: Path, number: signal.Signals, code: int
) -> None:
    output = tmp_path / "out"
    # From some point on nothing is answered: most is under way when the signal comes.
    dns.script("d2500.example", None, drop())
    arguments = ("bulk", "-n", dns.nameserver, str(source), "-o", str(output))
    with start(*arguments, "--summary", "json", "-t", "3600") as child:
        dns.log.wait(1, "d2500.example", timeout=TIME_LIMIT)
        child.send_signal(number)
        _, errors = child.communicate(timeout=TIME_LIMIT)
    assert child.returncode == code
    note, figures = errors.splitlines()
    assert note == b"pymx: stopped; the same command with --resume goes on"
    summary = json.loads(figures)
    assert summary["lines"] == len(records(output.read_bytes()))
    dns.clear_script()
    finish(dns, source, "-o", output)
    assert read(output) == list(enumerate(LINES, 1))


def test_a_second_run_is_refused(tmp_path: Path, dns: FakeDNS) -> None:
    output = tmp_path / "out"
    dns.script("ok.example", None, drop())
    (tmp_path / "input").write_bytes(CONTENT)
    arguments = ("-n", dns.nameserver, str(tmp_path / "input"), "-o", str(output))
    with start("bulk", *arguments, "-t", "3600") as first:
        dns.log.wait(1, "ok.example", timeout=TIME_LIMIT)
        for flags in ([], ["--resume"], ["--force"]):
            second = run("bulk", *arguments, *flags)
            assert second.returncode == 2
            assert b"another pymx bulk is writing to it" in second.stderr
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=TIME_LIMIT)
    dns.clear_script()
    finish(dns, tmp_path / "input", "-o", output)
    assert len(read(output)) == 3


def test_output_is_on_the_disk_before_the_journal_says_so(
    tmp_path: Path, dns: FakeDNS, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[tuple[str, int]] = []
    output = tmp_path / "out"
    write = bulk_journal.Journal._write

    def note_sync(_: int, name: str) -> None:
        if name.endswith(str(output)):
            events.append(("synced", output.stat().st_size))

    def note_write(book: bulk_journal.Journal, /, **members: int) -> None:
        if "output" in members:
            events.append(("said", members["output"]))
        write(book, **members)

    monkeypatch.setattr("pymx.cli.bulk._SYNC_INTERVAL", -1.0)
    monkeypatch.setattr(bulk_output, "sync", note_sync)
    monkeypatch.setattr(bulk_journal.Journal, "_write", note_write)
    assert bulk_here(dns, source, "-o", output) == 0
    assert len(events) > 2
    *pairs, last = events
    assert last == ("synced", output.stat().st_size)
    for synced, said in zip(pairs[::2], pairs[1::2], strict=True):
        assert (synced[0], said[0]) == ("synced", "said")
        assert synced[1] == said[1]


def test_nobody_may_execute_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "out.pymx"
    identity = bulk_journal.Identity("1", None, {})
    bulk_journal.Journal(str(path), identity, begins=True).close()
    assert path.stat().st_mode & 0o111 == 0
