# SPDX-License-Identifier: MIT
"""docs/trace.rst has every event and attribute there is, and the example it shows."""

import re
import shlex
import textwrap
from pathlib import Path

import pytest

import pymx
from pymx import _native
from pymx.cli import main

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "trace.rst").read_text(encoding="utf-8")


def documented(heading: str) -> list[str]:
    """Return the first cells of the table under a heading."""
    _, _, section = PAGE.partition(f"\n{heading}\n---")
    table, _, _ = section.partition("\n---")
    return re.findall(r"^   \* - ``(\w+)``", table, flags=re.MULTILINE)


def test_every_event_is_documented_once() -> None:
    assert documented("Events") == list(_native.EVENTS)


def test_every_attribute_is_documented_once() -> None:
    public = [name for name in vars(pymx.TraceStep) if not name.startswith("_")]
    assert documented("Attributes") == [name for name in public if name != "to_dict"]


def plain(text: str) -> list[str]:
    """Return the lines without figures that differ from run to run."""
    text = re.sub(r"\d+\.\d ms", "0.0 ms", text)
    return [
        re.sub(r"127\.0\.0\.1:\d+", "SERVER", line).strip()
        for line in text.splitlines()
    ]


def test_the_example_is_what_the_command_prints(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = re.search(r"code-block:: text\n\n((?: {4}.*\n)+)", PAGE)
    assert shown
    command, _, output = textwrap.dedent(shown[1]).partition("\n")
    prompt, program, *arguments = shlex.split(command)
    assert (prompt, program) == ("$", "pymx")
    monkeypatch.chdir(ROOT)
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert plain(printed) == plain(output)
    # Columns of times are flush right, so that the events are below each other.
    assert (
        len(
            {
                line.index("  query ")
                for line in output.splitlines()
                if " query " in line
            }
        )
        == 1
    )
