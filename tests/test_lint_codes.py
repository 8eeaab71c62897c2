# SPDX-License-Identifier: MIT
"""docs/lint.rst has every code that pymx.lint finds, and no other, as it is."""

import re
from pathlib import Path

import pytest

from pymx.lint import CODES, SEVERITIES
from pymx.lint.rules import HIGH_PREFERENCE, MANY_ADDRESSES, MANY_EXCHANGES

PAGE = (Path(__file__).parents[1] / "docs" / "lint.rst").read_text(encoding="utf-8")


def documented() -> dict[str, list[str]]:
    """Return severity, meaning, reference and advice by code."""
    rows = re.findall(r"^   \* - ``(\w+)``\n((?:     .*\n)+)", PAGE, re.MULTILINE)
    found = {}
    for code, cells in rows:
        assert code not in found
        texts = re.split(r"^     -", cells, flags=re.MULTILINE)[1:]
        found[code] = [" ".join(text.split()) for text in texts]
    return found


def test_every_code_is_documented_once() -> None:
    assert sorted(documented()) == sorted(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_documented_as_it_is(code: str) -> None:
    severity, meaning, reference, advice = documented()[code]
    assert severity == CODES[code].severity
    assert meaning.endswith(".")
    assert reference == CODES[code].reference
    assert advice.replace("``", "`") == CODES[code].advice


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_words_for_people(code: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", code)
    assert CODES[code].severity in SEVERITIES
    assert CODES[code].advice.endswith(".")
    assert CODES[code].advice.isprintable()


@pytest.mark.parametrize(
    ("code", "limit"),
    [
        ("too_many_exchanges", MANY_EXCHANGES),
        ("too_many_addresses", MANY_ADDRESSES),
        ("unusual_preference", HIGH_PREFERENCE),
    ],
)
def test_limits_are_documented(code: str, limit: int) -> None:
    assert re.search(rf"\b{limit}\b", documented()[code][1])
