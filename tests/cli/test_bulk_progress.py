# SPDX-License-Identifier: MIT
"""pymx bulk: what is said on standard error while it runs, and at its end."""

import io
import json
import os
import pty
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from cli.bulk import bulk
from cli.command import COMMAND, ENVIRONMENT, TIME_LIMIT, ZONE, run, start

from pymx.cli import bulk_progress, bulk_summary, main
from pymx.cli.bulk_progress import (
    JsonLines,
    Look,
    Pace,
    Pauses,
    PlainLine,
    Progress,
    one_line,
)
from pymx.cli.bulk_summary import Tally, as_text, summary
from pymx.testing import FakeDNS, drop


def look(time: float, done: int, share: float | None = None, **more: Any) -> Look:
    return Look(time, done, share, Counter(more.pop("statuses", {})), **more)


def test_pace_is_that_of_the_last_looks() -> None:
    pace = Pace()
    first = pace.add(look(100.0, 1000, 0.1, is_paused=False))
    assert (first["rate"], first["seconds_left"]) == (None, None)
    later = pace.add(look(110.0, 3000, 0.3, is_paused=False))
    assert (later["done"], later["share"], later["rate"]) == (3000, 0.3, 200.0)
    assert later["seconds_left"] == 35
    for second in range(111, 140):
        still = pace.add(look(second, 3000, 0.3, is_paused=True))
    assert (still["rate"], still["seconds_left"], still["paused"]) == (0.0, None, True)


def test_pace_of_an_input_of_unknown_size() -> None:
    pace = Pace()
    pace.add(look(0.0, 0, is_paused=False))
    figures = pace.add(look(2.0, 10, is_paused=False, statuses={"ok": 10}))
    assert (figures["share"], figures["seconds_left"], figures["rate"]) == (
        None,
        None,
        5,
    )
    assert one_line(figures) == "10 lines  5/s  ok 100.0%"


def test_a_pause_is_said() -> None:
    figures = Pace().add(look(0.0, 5, 0.25, is_paused=True))
    assert one_line(figures) == "5 lines  25.0%  paused: no name server answers"


FIGURES = Pace().add(look(0.0, 5, 0.25, is_paused=False))


def test_json_lines() -> None:
    stream = io.StringIO()
    JsonLines(stream).show(FIGURES, is_last=False)
    assert json.loads(stream.getvalue()) == {"event": "progress", **FIGURES}
    assert set(FIGURES) == {
        *("done", "share", "rate", "seconds_left", "statuses", "paused")
    }


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_plain_line_is_written_over_on_a_terminal() -> None:
    stream = Terminal()
    display = PlainLine(stream)
    display.show(FIGURES | {"done": 1000}, is_last=False)
    display.show(FIGURES | {"done": 5}, is_last=True)
    assert stream.getvalue() == "\r1,000 lines  25.0%\r5 lines  25.0%    \n"


def test_plain_lines_elsewhere_come_now_and_then() -> None:
    stream = io.StringIO()
    display = PlainLine(stream)
    for done in range(25):
        display.show(FIGURES | {"done": done}, is_last=done == 24)
    assert stream.getvalue().split("\n")[:-1] == [
        f"{done} lines  25.0%" for done in (0, 10, 20, 24)
    ]


def test_a_standard_error_that_takes_no_more_ends_nothing() -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, text)

    with Progress(JsonLines(Full()), lambda: look(0.0, 0, is_paused=False)):
        pass


def test_progress_goes_on_while_nothing_comes(tmp_path: Path) -> None:
    source = tmp_path / "input"
    source.write_text("ok.example\nslow.example\n")
    with FakeDNS() as dns:
        dns.script("slow.example", None, drop())
        arguments = ("-n", dns.nameserver, "-t", "3600", "--progress", "json")
        with start("bulk", *arguments, str(source)) as child:
            assert child.stderr
            first, second = (json.loads(child.stderr.readline()) for _ in range(2))
            child.kill()
    assert (first["event"], first["paused"]) == ("progress", False)
    assert second["share"] <= 1


def on_a_terminal(*arguments: str, **environment: str) -> str:
    """Run the command with a terminal as standard error; return what it shows."""
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as screen:
        child = subprocess.Popen(
            [*COMMAND, "bulk", "--zone", ZONE, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=theirs,
            env={**ENVIRONMENT, "TERM": "xterm", "COLUMNS": "200", **environment},
        )
        os.close(theirs)
        shown = b""
        try:
            while piece := screen.read(4096):
                shown += piece
        except OSError:
            pass
        assert child.wait(TIME_LIMIT) == 0
    return shown.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("kind", ["auto", "rich", "plain"])
def test_a_terminal_shows_how_far_it_is(tmp_path: Path, kind: str) -> None:
    source = tmp_path / "input"
    source.write_text("plain.example\nnullmx.example\n")
    shown = on_a_terminal(str(source), "--progress", kind, "--summary", "none")
    assert "2 lines  100.0%" in shown
    assert "ok 50.0%" in shown
    assert ("\x1b[" in shown) is (kind != "plain")


def test_without_rich_there_is_a_plain_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "rich"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "rich", None)
    monkeypatch.setitem(sys.modules, "rich.console", None)
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert isinstance(bulk_progress.choose_display("auto"), PlainLine)
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "rich.console", None)
    source = tmp_path / "input"
    source.write_text("")
    assert main(["bulk", str(source), "--zone", ZONE, "--progress", "rich"]) == 2
    assert "--progress rich needs rich: pip install 'pymx[cli]'" in (
        capsys.readouterr().err
    )


def test_nothing_is_shown_where_nobody_looks(tmp_path: Path) -> None:
    source = tmp_path / "input"
    source.write_text("plain.example\n")
    for arguments in (["--summary", "none"], ["-q"], ["--progress", "json", "-q"]):
        done = run("bulk", "--zone", ZONE, str(source), *arguments)
        assert (done.returncode, done.stderr) == (0, b"")
    assert bulk_progress.choose_display("off") is None


def test_summary_in_json(tmp_path: Path) -> None:
    source = tmp_path / "input"
    lines = ["plain.example"] * 3 + ["nullmx.example", "equal.example", "a..b"]
    source.write_text("\n".join(lines))
    done = run("bulk", "--zone", ZONE, str(source), "--summary", "json")
    figures = json.loads(done.stderr)
    assert figures["event"] == "summary"
    assert figures["lines"] == 6
    assert figures["lines_before"] == 0
    assert figures["verdicts"] == {"deliverable": 4, "undeliverable": 2, "unknown": 0}
    assert figures["statuses"] == {"ok": 4, "null_mx": 1, "invalid": 1}
    top = figures["top_exchanges"]
    assert next(iter(top)) == "mail.plain.example"
    assert top["mail.plain.example"] == 3
    assert top["a.equal.example"] == 1
    assert figures["queries"] > 0
    assert figures["cache_hits"] + figures["joins"] > 0


def test_summary_of_a_resumed_run_tells_what_was_done_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source, output = tmp_path / "input", tmp_path / "out"
    source.write_text("plain.example\nnullmx.example\n")
    with monkeypatch.context() as kept:
        kept.setattr("pymx.cli.bulk_journal.Journal.remove", lambda _: None)
        assert bulk(source, "-o", output) == 0
    output.write_bytes(output.read_bytes().splitlines(keepends=True)[0])
    arguments = ["--zone", ZONE, str(source), "-o", str(output), "--resume"]
    assert main(["bulk", *arguments]) == 0
    assert ", 1 were done before\n" in capsys.readouterr().err


def test_summary_for_people() -> None:
    tally = Tally()
    tally.done = 2000
    tally.statuses.update({"ok": 1500, "no_domain": 400, "timeout": 100})
    tally.exchanges.update({"mx.example": 1200, "b.example": 7})
    tally.began -= 10
    queries = "3,000 queries sent, 1,020 saved: 1,000 by the cache, 20 by waiting for"
    statistics = {"queries": 3000, "cache_hits": 1000, "joins": 20}
    first, *lines = as_text(summary(tally, statistics, 0)).splitlines()
    assert first.startswith("2,000 lines in 10.")
    assert lines == [
        "  deliverable              1,500    75.0%",
        "  undeliverable              400    20.0%",
        "  unknown                    100     5.0%",
        "  ok                       1,500    75.0%",
        "  no_domain                  400    20.0%",
        "  timeout                    100     5.0%",
        "top exchanges",
        "           1,200    60.0%  mx.example",
        "               7     0.4%  b.example",
        f"{queries} one under way",
    ]
    assert as_text(summary(Tally(), {}, 0)).startswith("0 lines in ")


def test_exchanges_are_counted_in_flat_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_summary, "MOST_EXCHANGES", 10)
    hosts = [["common.example"] * 3 + [f"mx{number}.example"] for number in range(99)]
    monkeypatch.setattr(bulk_summary, "hosts", lambda _: hosts.pop())
    tally = Tally()
    while hosts:
        tally.add([])
        assert len(tally.exchanges) <= 10
    assert tally.exchanges["common.example"] == 297


def test_a_run_is_paused_while_its_pauses_get_longer() -> None:
    pauses = Pauses()
    assert [
        pauses.go_on({"queries": 1, **statistics})
        for statistics in (
            *({}, {"paused_ms": 0}, {"paused_ms": 5}, {"paused_ms": 9}),
            *({"paused_ms": 9}, {"paused_ms": 10}),
        )
    ] == [False, False, True, True, False, True]


def test_pauses_stand_in_the_summary() -> None:
    text = as_text(summary(Tally(), {"outages": 2, "paused_ms": 65_000}, 0))
    assert text.endswith("no name server answered for 1:05 in all\n")
