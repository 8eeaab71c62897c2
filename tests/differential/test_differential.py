# SPDX-License-Identifier: MIT
"""Our reader of answers and dnspython differ in what is listed, and in nothing else.

`make differential` does the same with 100,000 messages.
"""

import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from differential import compare
from differential.answers import Answer, Case
from differential.differences import DIFFERENCES, find
from differential.drafts import (
    MX,
    NS,
    OPT,
    QR,
    TC_FLAG,
    TXT,
    A,
    Draft,
    Encoder,
    Habits,
    Record,
    labels,
    u16,
)
from differential.oracle import look
from differential.replies import Rng

ROOT = Path(__file__).resolve().parents[2]
READER = ROOT / "build" / "differential" / "reader"
TO_ROOT = 0xC000 | 12 + len("?example?test")
NAME = labels("example.test")


@pytest.fixture(scope="session")
def reader() -> Path:
    """Make the C program."""
    # A sanitizer preloaded into Python is none of the compiler's, and flags of a make
    # above none of this one's.
    foreign = ("LD_PRELOAD", "MAKEFLAGS", "MFLAGS", "MAKELEVEL")
    environment = {k: v for k, v in os.environ.items() if k not in foreign}
    target = str(READER.relative_to(ROOT))
    subprocess.run(["make", "--silent", target], cwd=ROOT, env=environment, check=True)
    return READER


def case(*records: tuple[str, Record], flags: int = 0) -> Case:
    """Return a reply to "MX of example.test" with records in its sections."""
    draft = Draft(NAME, MX)
    draft.flags |= flags
    for section, record in records:
        getattr(draft, section).append(record)
    return Case(draft.question, Encoder(Habits(), Rng(0)).draft(draft))


def ours(reader: Path, asked: Case) -> Answer:
    """Return what ext/core says."""
    return compare.read_ours(reader, [asked])[0]


def opt(data: bytes = b"", owner: tuple[bytes, ...] | bytes = ()) -> Record:
    """Return an OPT record."""
    return Record(owner, OPT, (data,), 0, 1232)


BROKEN_ADDRESS = ("additional", Record(NAME, A, (b"\xc0\x00\x02",)))
BROKEN_TEXT = ("additional", Record(NAME, TXT, (b"\x09short",)))
BROKEN_EDE = u16(15) + u16(3) + u16(7) + b"\xff"
EXAMPLES: dict[str, Callable[[], Case]] = {
    "truncated": lambda: case(BROKEN_ADDRESS, flags=TC_FLAG),
    "failed_server": lambda: case(BROKEN_ADDRESS, flags=2),
    "opaque_rdata": lambda: case(BROKEN_TEXT),
    "edns_options": lambda: case(("additional", opt(BROKEN_EDE))),
    "opaque_rdata and edns_options": lambda: case(
        BROKEN_TEXT, ("additional", opt(BROKEN_EDE))
    ),
    "pointer_into_header": lambda: case(
        ("answer", Record(NAME, MX, (u16(10) + u16(0xC000 | 4),)))
    ),
    "root_exchange_by_pointer": lambda: case(
        ("answer", Record(NAME, MX, (u16(0) + u16(TO_ROOT),)))
    ),
    "opt_owner_by_pointer": lambda: case(("additional", opt(owner=u16(TO_ROOT)))),
    "label_steps": lambda: case(
        *(
            ("authority", Record((b"%d" % i, *(b"a",) * 110), NS, (NAME,)))
            for i in range(200)
        )
    ),
}


def test_only_listed_differences(reader: Path) -> None:
    outcome = compare.run(reader, seed=1, count=5_000)
    assert outcome.unlisted == []
    # A generator that makes nothing but rubbish compares nothing.
    assert outcome.refused < 3_000
    assert len(outcome.kinds) >= 14


@pytest.mark.parametrize("name", [d.name for d in DIFFERENCES])
def test_each_listed_difference_is_one(reader: Path, name: str) -> None:
    asked = EXAMPLES[name]()
    answer, view = ours(reader, asked), look(asked)
    assert answer != view.answer
    difference = find(asked, answer, view.answer)
    assert difference is not None
    assert difference.name == name


@pytest.mark.parametrize("name", [d.name for d in DIFFERENCES if d.relief])
def test_a_difference_explains_no_other(reader: Path, name: str) -> None:
    asked = EXAMPLES[name]()
    answer, theirs = ours(reader, asked), look(asked).answer
    assert find(asked, replace(answer, ttl=answer.ttl + 1), theirs) is None
    bounce = replace(answer, kind="nxdomain", reason="nxdomain")
    assert find(asked, bounce, theirs) is None


@pytest.mark.parametrize(
    "lie",
    [
        {"kind": "nodata", "reason": "no_data", "count": 0, "records": ()},
        {"kind": "nxdomain", "reason": "nxdomain", "count": 0, "records": ()},
        {"records": ("10:00",)},
    ],
)
def test_a_costly_lie_about_a_damaged_message_is_found(
    reader: Path, lie: dict[str, object]
) -> None:
    asked = case(("answer", Record(NAME, MX, (u16(10), NAME))), BROKEN_ADDRESS)
    assert look(asked).refusal == "FormError"
    answer = replace(ours(reader, asked), **lie)  # type: ignore[arg-type]
    outcome = compare.compare([asked], [answer])
    assert len(outcome.unlisted) == 1
    assert asked.message.hex() in outcome.unlisted[0]


def test_a_stray_message_is_no_reply(reader: Path) -> None:
    asked = case()
    echo = bytearray(asked.message)
    echo[2] ^= QR >> 8
    for message in (bytes(echo), asked.message[:11], b""):
        stray = asked._replace(message=message)
        assert ours(reader, stray) == look(stray).answer
        assert not look(stray).answer.is_reply
