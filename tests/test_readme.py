# SPDX-License-Identifier: MIT
"""What README.rst shows beside its doctests: the quick start's output, links."""

import re
import textwrap
from pathlib import Path

import pytest

import pymx
from pymx.cli import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.rst").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def test_quick_start_output(capsys: pytest.CaptureFixture[str]) -> None:
    shown = re.search(r"code-block:: text\n\n((?: {4}.*\n)+)", README)
    assert shown
    command = re.search(r"bin\)/pymx (resolve [^;]*);", MAKEFILE)
    assert command
    arguments = command[1].replace("\\\n", " ").split()
    zone = arguments.index("--zone") + 1
    arguments[zone] = str(ROOT / arguments[zone])
    assert main(arguments) == 1
    # The order of equal exchanges is another one each time.
    printed = capsys.readouterr().out.splitlines()
    assert sorted(printed) == sorted(textwrap.dedent(shown[1]).splitlines())
    assert printed[:2] == textwrap.dedent(shown[1]).splitlines()[:2]


def test_lint_output(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = re.search(
        r"    pymx (lint --zone .*)\n\n.*code-block:: text\n\n((?: {4}.*\n)+)", README
    )
    assert shown
    monkeypatch.chdir(ROOT)
    assert main(shown[1].split()) == 1
    assert capsys.readouterr().out == textwrap.dedent(shown[2])


def test_links_lead_somewhere() -> None:
    links = re.findall(r"`[^`<]+<([^>\s]+)>`_", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_argument_of_a_resolver_is_listed() -> None:
    rows = README[README.index("Argument                 Default") :].splitlines()
    # The columns begin where those of the heading do.
    defaults = {
        row[:25].strip(" `"): row[25:39].strip(" `")
        for row in rows[2 : rows.index("", 2) - 1]
    }
    arguments = dict(pymx.Resolver.__init__.__kwdefaults__ or {})
    arguments["nameservers"] = None
    assert set(defaults) - {""} == set(arguments)
    for name, value in arguments.items():
        shown = f'"{value}"' if isinstance(value, str) else str(value)
        if name == "cache_size":
            shown = f"{value // 2**20} MiB"
        assert defaults[name] == shown, name


def test_every_exception_is_named() -> None:
    errors = [
        name
        for name in pymx.__all__
        if isinstance(getattr(pymx, name), type)
        and issubclass(getattr(pymx, name), pymx.Error)
    ]
    assert len(errors) > 10
    assert [name for name in errors if not re.search(rf"\b{name}\b", README)] == []
