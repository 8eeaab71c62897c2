# SPDX-License-Identifier: MIT
"""Colours and columns: on a terminal, in a pipe, with rich and without."""

import os
import pty
import subprocess
import sys

import pytest
from cli.command import COMMAND, ENVIRONMENT, TIME_LIMIT, ZONE, resolve

from pymx.cli.style import Style


def on_a_terminal(*arguments: str, **environment: str) -> str:
    """Run the command with a terminal as standard output; return what it shows."""
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as screen:
        child = subprocess.Popen(
            [*COMMAND, "resolve", "--zone", ZONE, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            env={**ENVIRONMENT, "TERM": "xterm", **environment},
        )
        os.close(theirs)
        shown = b""
        # Reading from a terminal nobody has open any more is an error on Linux.
        try:
            while piece := screen.read(4096):
                shown += piece
        except OSError:
            pass
        child.wait(TIME_LIMIT)
    return shown.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("flag", "environment", "has_colour"),
    [
        ("auto", {}, True),
        ("auto", {"NO_COLOR": "1"}, False),
        ("auto", {"NO_COLOR": ""}, True),
        ("auto", {"TERM": "dumb"}, False),
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {}, False),
    ],
)
def test_colour_on_a_terminal(
    flag: str, environment: dict[str, str], has_colour: bool
) -> None:
    shown = on_a_terminal("--color", flag, "nullmx.example", **environment)
    assert ("\x1b[31mnull_mx\x1b[0m" in shown) is has_colour
    assert ("\x1b" in shown) is has_colour


@pytest.mark.parametrize(("flag", "has_colour"), [("auto", False), ("always", True)])
def test_colour_in_a_pipe(
    capsys: pytest.CaptureFixture[str], flag: str, has_colour: bool
) -> None:
    _, out = resolve(capsys, "--color", flag, "--zone", ZONE, "plain.example")
    assert ("\x1b[32mok\x1b[0m" in out) is has_colour


def test_wide_terminal_shows_what_a_pipe_gets(
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ("--color", "never", "multihomed.example", "equal.example")
    _, out = resolve(capsys, "--zone", ZONE, "--seed", "3", *arguments)
    assert on_a_terminal("--seed", "3", *arguments, COLUMNS="100") == out


def test_narrow_terminal_folds_inside_columns() -> None:
    shown = on_a_terminal("--color", "never", "multihomed.example", COLUMNS="34")
    _, *rows = shown.splitlines()
    assert len(rows) > 5
    assert max(map(len, rows)) <= 34
    assert "203.0.113.3" in shown


def test_terminal_without_rich_gets_whole_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setitem(sys.modules, "rich.console", None)
    rows = [("5", "a.example", "192.0.2.1"), ("10", "bb.example", "2001:db8::1")]
    assert Style(fits_terminal=True).table(rows, right=0) == (
        "     5  a.example   192.0.2.1\n    10  bb.example  2001:db8::1\n"
    )
