# SPDX-License-Identifier: MIT
"""The rig of benchmarks/ in small: what it measures, not how fast that is."""

from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.contenders import Contender, Driver, Sample
from benchmarks.goals import GOALS, Figure
from benchmarks.parts import idle
from benchmarks.process import BenchmarkError, Finished, run
from benchmarks.programs import Limit
from benchmarks.report import goal_table, speed_table
from benchmarks.rig import Rig, set_up
from benchmarks.turns import ratio, take_turns

DOMAINS = 300


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with set_up(DOMAINS, 1, folder=tmp_path_factory.mktemp("bench")) as rig:
        yield rig


CONTENDERS: list[Contender] = [
    Limit("limit", DOMAINS, 50),
    Limit("limit, no cache", DOMAINS, 50, cached=False),
    Limit("limit, TCP", DOMAINS, 50, connections=2),
    Driver("many", DOMAINS, 50, "pymx_many"),
    Driver("single", DOMAINS, 50, "pymx_single"),
]


def test_contenders(rig: Rig) -> None:
    samples = take_turns(rig, CONTENDERS)
    assert rig.wrong == []
    assert rig.warnings == []
    queries = {name: own[0].queries for name, own in samples.items()}
    unique = len(rig.files.questions(DOMAINS, cached=True).read_text().splitlines())
    everything = rig.files.questions(DOMAINS, cached=False).read_text().splitlines()
    assert queries["limit"] == queries["limit, TCP"] == unique
    assert queries["limit, no cache"] == len(everything)
    assert unique <= queries["many"] < len(everything)
    assert all(own[0].cost > 0 for own in samples.values())
    assert ratio(samples, "many", "limit")
    assert ratio(samples, "many", "absent") is None
    table = speed_table(samples, {c.name: c.in_flight for c in CONTENDERS})
    assert len(table.splitlines()) == len(CONTENDERS) + 4


def test_lookups_one_by_one(rig: Rig) -> None:
    assert [figure.key for figure in idle.measure(rig)] == ["idle"]
    assert rig.wrong == []


class Forgetful(Driver):
    """Leaves out the last domain."""

    def run(self, rig: Rig, *more: str, **options: Any) -> Finished:
        return super().run(rig, *more, "--count", str(self.count - 1), **options)


def test_what_is_missing_is_noticed(rig: Rig) -> None:
    contender = Forgetful("forgetful", DOMAINS, 50, "pymx_many")
    contender.verify(rig)
    contender.measure(rig)
    assert rig.wrong[0] == "forgetful: 1 missing, 0 wrong: "
    assert rig.wrong[1].startswith("forgetful found ({")
    rig.wrong.clear()


def test_who_cannot_take_part_is_left_out(rig: Rig) -> None:
    absent = Driver("absent", DOMAINS, 50, "no_such_module")
    assert take_turns(rig, [absent]) == {}
    assert "No module named benchmarks.drivers.no_such_module" in rig.warnings[0]
    rig.warnings.clear()


def test_tcp_that_is_none_is_noticed(rig: Rig) -> None:
    assert take_turns(rig, [Driver("tcp", 2, 1, "pymx_many", is_stream=True)]) == {}
    assert rig.warnings == ["tcp: it did not ask by TCP"]
    rig.warnings.clear()


class Failing(Driver):
    """Dies when it is timed."""

    def measure(self, rig: Rig) -> Sample:
        return self.sample(self.run(rig, "--in-flight", "none"), 0)


def test_who_fails_is_out_and_the_others_go_on(rig: Rig) -> None:
    names = ["failing", "limit"]
    failing = Failing(names[0], 2, 1, "pymx_many")
    assert list(take_turns(rig, [failing, Limit(names[1], DOMAINS, 50)])) == ["limit"]
    assert "invalid int value: 'none'" in rig.wrong[0]
    rig.wrong.clear()


def test_a_program_that_takes_too_long() -> None:
    with pytest.raises(BenchmarkError, match="exit status -9 after"):
        run(["sleep", "60"], timeout=0.1)


def test_goals() -> None:
    figures = [Figure("bulk:limit", 1.25), Figure("order", 10.0), Figure("tcp:udp", 2)]
    assert [figure.is_reached for figure in figures] == [True, False, None]
    words = [line.split() for line in goal_table(figures).splitlines()]
    assert words[3][-6:] == ["1.25", "x", "<=", "1.30", "x", "yes"]
    assert words[4][-6:] == ["10.00", "x", ">=", "50.00", "x", "no"]
    assert words[5][-2:] == ["2.00", "x"]
    assert set(GOALS) > {figure.key for figure in figures}
