# SPDX-License-Identifier: MIT
"""docs/codes.rst has every code there is, and no other."""

import re
from pathlib import Path

import pytest

from pymx import _native

ROOT = Path(__file__).parents[1]
CODES = (ROOT / "docs" / "codes.rst").read_text(encoding="utf-8")
README = (ROOT / "README.rst").read_text(encoding="utf-8")


def rows_below(text: str, heading: str) -> list[list[str]]:
    """Return the rows of the list tables from a heading to the next one."""
    section = re.split(r"^-{4,}$", text, flags=re.MULTILINE)
    titles = [part.rstrip().rpartition("\n")[2] for part in section]
    body = section[titles.index(heading) + 1]
    rows = re.split(r"^   \* - ", body, flags=re.MULTILINE)[2:]
    return [[cell.strip() for cell in row.split("\n     - ")] for row in rows]


def documented_reasons() -> list[str]:
    before = CODES.index("Why a destination is ``invalid``")
    return re.findall(r"^   \* - ``(\w+)``", CODES[before:], flags=re.MULTILINE)


def test_every_status_is_documented_with_its_verdict() -> None:
    documented = {
        status.strip("`"): deliverable
        for status, deliverable, _ in rows_below(CODES, "Statuses")
    }
    assert documented == {
        status: str(deliverable) for status, deliverable in _native.STATUSES.items()
    }


def test_every_reason_is_documented_once() -> None:
    assert sorted(documented_reasons()) == sorted(_native.REASONS)


@pytest.mark.parametrize("code", sorted(_native.REASONS))
def test_reason_is_one_line_for_people(code: str) -> None:
    text = _native.REASONS[code]
    assert text
    assert text.isprintable()
    assert not text.endswith(".")


def test_readme_has_every_status_with_its_verdict() -> None:
    table = README[README.index("Status             Deliverable") :]
    rows = re.findall(r"^``(\w+)`` +(True|False|None) ", table, flags=re.MULTILINE)
    assert dict(rows) == {
        status: str(deliverable) for status, deliverable in _native.STATUSES.items()
    }
