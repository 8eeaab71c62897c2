# SPDX-License-Identifier: MIT
"""Rules and faults that comments cite stand on their pages.

"rule O7" is a row of docs/rules.rst, "faults W19 to W22, S3" are rows of
docs/faults.rst, and "docs/rules.rst, Order" is one of its headings. Each check takes a
source tree and returns its violations as text; the second half plants some.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lint.layers import ROOT

PAGES = {"rule": Path("docs", "rules.rst"), "fault": Path("docs", "faults.rst")}
TREES = ("docs", "ext", "pymx", "tests")
SUFFIXES = frozenset({".c", ".h", ".py", ".pyi", ".rst", ".scenario"})

ID = r"(?:c-ares \d+|[A-Z]\d+)"
CITATION = re.compile(rf"\b([Rr]ule|[Ff]ault)s? ({ID}(?:(?:, | and | or | to ){ID})*)")
# Scenarios of faults; those of rules are for tests/test_rules_documented.py.
TITLE = re.compile(r"\bscenario ([CSW]\d+)\b")
HEADING = re.compile(r"docs/(rules|faults)\.rst, ([A-Z][\w ]*\w)")
# Documents that were never part of the repository.
ELSEWHERE = re.compile(r"\b(?:SEMANTIC|FAULT)S\b|\bDESIGN section\b")
# Where a comment goes on in the next line.
LINE_BREAK = re.compile(r"[ \t]*\n[ \t]*(?:\*(?!/)|#)?[ \t]*")
ROW = re.compile(rf"^   \* - ({ID}(?:, {ID})*)$", re.MULTILINE)
UNDERLINED = re.compile(r"^(\S.*)\n[-=]{3,}$", re.MULTILINE)
TEST_FILE = re.compile(r"``((?:test|fuzz)_\w+\.(?:c|py))``")


def ids_of(page: str) -> list[str]:
    """Return the ids in the first column of the page's tables."""
    return [name for row in ROW.findall(page) for name in row.split(", ")]


def sources(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files that may cite, each with its text in one long line."""
    for tree in TREES:
        for file in sorted((root / tree).rglob("*")):
            if file.suffix in SUFFIXES and file.name != Path(__file__).name:
                text = file.read_text(encoding="utf-8")
                yield file.relative_to(root), LINE_BREAK.sub(" ", text)


def spread(cited: str) -> list[str]:
    """Return the ids of a citation, those between the ends of a range among them."""
    names: list[str] = []
    for separator, name in re.findall(rf"(, | and | or | to |^)({ID})", cited):
        if separator == " to ":
            letter, first, last = names[-1][0], names[-1][1:], name[1:]
            names += [f"{letter}{n}" for n in range(int(first) + 1, int(last))]
        names.append(name)
    return names


def unknown_ids(root: Path) -> list[str]:
    """Find citations of what is on neither page."""
    known = {kind: ids_of((root / page).read_text()) for kind, page in PAGES.items()}
    return [
        f"{file} cites {kind.lower()} {name}, which {PAGES[kind.lower()]} lacks"
        for file, text in sources(root)
        for kind, cited in CITATION.findall(text)
        for name in spread(cited)
        if name not in known[kind.lower()]
    ]


def unknown_titles(root: Path) -> list[str]:
    """Find scenarios of faults that are not on the page."""
    known = ids_of((root / PAGES["fault"]).read_text())
    return [
        f"{file} has a scenario {name}, which {PAGES['fault']} lacks"
        for file, text in sources(root)
        for name in TITLE.findall(text)
        if name not in known
    ]


def unknown_headings(root: Path) -> list[str]:
    """Find mentions of headings that the pages do not have."""
    return [
        f"{file} mentions docs/{page}.rst, {heading}: no such heading"
        for file, text in sources(root)
        for page, heading in HEADING.findall(text)
        if heading not in UNDERLINED.findall((root / f"docs/{page}.rst").read_text())
    ]


def mentions_of_elsewhere(root: Path) -> list[str]:
    """Find mentions of documents that a reader does not have."""
    return [
        f"{file} mentions {name}: cite a rule or a fault of docs/"
        for file, text in sources(root)
        for name in ELSEWHERE.findall(text)
    ]


def repeated_ids(root: Path) -> list[str]:
    """Find ids that two rows of a page have."""
    found = []
    for page in PAGES.values():
        names = ids_of((root / page).read_text())
        twice = sorted({name for name in names if names.count(name) > 1})
        found += [f"{page} has {name} twice" for name in twice]
    return found


def missing_tests(root: Path) -> list[str]:
    """Find tests that the page of faults names and that are not there."""
    page = (root / PAGES["fault"]).read_text()
    there = {file.name for file in (root / "tests").rglob("*")}
    return [
        f"{PAGES['fault']} names {name}, which is not in tests"
        for name in sorted(set(TEST_FILE.findall(page)) - there)
    ]


CHECKS = [
    unknown_ids,
    unknown_titles,
    unknown_headings,
    mentions_of_elsewhere,
    repeated_ids,
    missing_tests,
]


@pytest.mark.parametrize("check", CHECKS)
def test_references_lead_somewhere(check: Callable[[Path], list[str]]) -> None:
    assert check(ROOT) == []


def test_the_pages_have_rows() -> None:
    for page in PAGES.values():
        assert len(ids_of((ROOT / page).read_text())) >= 40


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Make a tree with two small pages and nothing that cites."""
    for folder in TREES:
        (tmp_path / folder).mkdir()
    rows = "Order\n-----\n\n   * - {}\n     - One.\n   * - {}\n     - ``{}``\n"
    (tmp_path / PAGES["rule"]).write_text(rows.format("O1", "O2, O4", "None"))
    (tmp_path / PAGES["fault"]).write_text(rows.format("c-ares 3", "W1", "test_a.c"))
    (tmp_path / "tests" / "test_a.c").write_text("/* Rules O1, O2; fault W1. */\n")
    return tmp_path


def test_a_sound_tree_breaks_nothing(tree: Path) -> None:
    assert [check(tree) for check in CHECKS] == [[]] * len(CHECKS)


@pytest.mark.parametrize(
    ("comment", "found"),
    [
        ("/* rule O3 */", ["rule O3"]),
        ("/* Rules O1,\n * O3 and O5 */", ["rule O3", "rule O5"]),
        ("/* rules O1 to O4 */", ["rule O3"]),
        ("/* rule W1 */", ["rule W1"]),
        ("/* faults W1,\n   O1 */", ["fault O1"]),
        ("/* fault\n * c-ares 4 */", ["fault c-ares 4"]),
        ("/* fault c-ares 3, W1, rule O4 */", []),
    ],
)
def test_planted_citation_is_found(tree: Path, comment: str, found: list[str]) -> None:
    (tree / "ext" / "a.c").write_text(comment)
    cited = [text.split(" cites ")[1].split(",")[0] for text in unknown_ids(tree)]
    assert cited == found


@pytest.mark.parametrize(
    ("check", "place", "text"),
    [
        (unknown_titles, "tests/a.scenario", "scenario W1 a\n\nscenario W2 b\n"),
        (unknown_headings, "pymx/a.py", "# docs/rules.rst, Disorder; rule O1\n"),
        (mentions_of_elsewhere, "tests/a.scenario", "# Order (SEMANTIC" + "S O1)\n"),
        (
            mentions_of_elsewhere,
            "ext/a.h",
            "/* as in DESIGN\n * section 3 */",
        ),
        (repeated_ids, "docs/rules.rst", "   * - O1\n     - a\n   * - O1\n     - b\n"),
        (missing_tests, "docs/faults.rst", "   * - W1\n     - ``test_b.py``\n"),
    ],
)
def test_planted_mention_is_found(
    tree: Path, check: Callable[[Path], list[str]], place: str, text: str
) -> None:
    (tree / place).write_text(text)
    assert len(check(tree)) == 1
