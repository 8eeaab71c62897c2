# SPDX-License-Identifier: MIT
"""docs/bulk.rst has every option, key and exit status of pymx bulk."""

import re

import pytest
from cli.command import ROOT

from pymx.cli import bulk_options, exits
from pymx.cli.bulk_columns import COLUMNS, RECORD_KEYS, USUAL
from pymx.cli.options import add_resolver_flags
from pymx.cli.parser import Parser

PAGE = (ROOT / "docs" / "bulk.rst").read_text(encoding="utf-8")
WORDS = set(re.findall(r"``([^`]+)``", PAGE))


def flags() -> list[str]:
    parser = Parser("pymx bulk", "", "")
    bulk_options._add_input_flags(parser)
    bulk_options._add_output_flags(parser)
    bulk_options._add_run_flags(parser)
    add_resolver_flags(parser, traces=False)
    return sorted(action.option_strings[-1] for action in parser._actions)


@pytest.mark.parametrize("flag", flags())
def test_every_option(flag: str) -> None:
    short = {
        "--output": "-o FILE",
        "--quiet": "-q",
        "--nameserver": "-n",
        "--timeout": "-t",
        "--concurrency": "-c",
    }
    known = {"--help", "--version"}
    named = short.get(flag, flag)
    assert named in known or any(word.split()[0] == named.split()[0] for word in WORDS)


def test_every_key_and_column() -> None:
    assert set(RECORD_KEYS) <= WORDS
    assert set(COLUMNS) <= WORDS
    listed = PAGE[PAGE.index("**CSV** has") : PAGE.index("Lists are their")]
    assert re.findall(r"``([a-z]+)``", listed) == [
        *USUAL[: USUAL.index("deliverable") + 1],
        *("true", "false", "unknown"),
        *USUAL[USUAL.index("deliverable") + 1 :],
    ]


@pytest.mark.parametrize(
    "code",
    [
        *(exits.OK, exits.USAGE, exits.IO_ERROR),
        *(exits.INTERRUPTED, exits.TERMINATED, exits.BROKEN_PIPE),
    ],
)
def test_every_exit_status(code: int) -> None:
    table = PAGE[PAGE.index("Exit status\n---") :]
    assert re.search(rf"\b{code}\b", table)
