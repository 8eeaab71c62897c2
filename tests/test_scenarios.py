# SPDX-License-Identifier: MIT
"""The scenarios of tests/scenarios, each over real sockets.

tests/core/test_scenarios.c runs the same files against the lookup alone.
"""

import re
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from scenario_files import Scenario, read_all
from scenario_routes import find_difference
from scenario_runner import is_slow, run

SCENARIOS = read_all()
TRANSPORTS = ("auto", "c-ares")
AT_A_TIME = 16
PAGE = Path(__file__).parents[1] / "docs" / "rules.rst"
RULES = re.findall(r"^   \* - ([A-Z]\d+)$", PAGE.read_text(), re.MULTILINE)
# Which answer comes last decides which of ten equal exchanges goes without.
RACES = {"O7 aliases stay within fifty questions": ("addresses ", "alias ", "exchange")}
# Ids of docs/faults.rst; a lint test looks them up.
OF_FAULTS = ("W", "C", "S")

each_scenario = pytest.mark.parametrize(
    "scenario", [pytest.param(row, id=row.title) for row in SCENARIOS]
)


class Outcomes:
    """Routes as lines: each scenario is run once by each transport."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(AT_A_TIME)
        self._of: dict[tuple[str, str], Future[list[str]]] = {}

    def start(self, scenario: Scenario, transport: str) -> Future[list[str]]:
        """Begin to run it, at the same time as others."""
        future = self._pool.submit(run, scenario, transport)
        self._of[scenario.title, transport] = future
        return future

    def get(self, scenario: Scenario, transport: str) -> list[str]:
        """Return the outcome, running it unless that was begun before."""
        future = self._of.get((scenario.title, transport))
        return (future or self.start(scenario, transport)).result()


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest) -> Outcomes:
    """Run the scenarios that mostly wait, all at the same time."""
    outcomes = Outcomes()
    chosen = {
        item.callspec.params["scenario"].title
        for item in request.session.items
        if getattr(item, "callspec", None) and "scenario" in item.callspec.params
    }
    for scenario in SCENARIOS:
        if scenario.title in chosen and is_slow(scenario):
            for transport in TRANSPORTS:
                outcomes.start(scenario, transport)
    return outcomes


@pytest.mark.parametrize("transport", TRANSPORTS)
@each_scenario
def test_scenario(scenario: Scenario, transport: str, outcomes: Outcomes) -> None:
    got = outcomes.get(scenario, transport)
    keyword = find_difference(scenario, got)
    if keyword:
        pytest.fail(
            f"{scenario.place}: {scenario.title}\n`{keyword}` differs\n"
            + "\n".join(["expected", *indent(scenario.expected), "got", *indent(got)]),
            pytrace=False,
        )


@each_scenario
def test_transports_agree(scenario: Scenario, outcomes: Outcomes) -> None:
    chance = ("elapsed ", *RACES.get(scenario.title, ()))
    first, *others = (
        [line for line in outcomes.get(scenario, name) if not line.startswith(chance)]
        for name in TRANSPORTS
    )
    assert others == [first] * len(others)


def indent(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def test_there_are_enough() -> None:
    assert len(SCENARIOS) >= 250


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_has_one(rule: str) -> None:
    assert rule in {scenario.rule for scenario in SCENARIOS}


def test_each_one_has_its_rule() -> None:
    rules = {scenario.rule for scenario in SCENARIOS}
    unknown = {rule for rule in rules - set(RULES) if not rule.startswith(OF_FAULTS)}
    assert unknown == set()
    assert len(RULES) > 35
