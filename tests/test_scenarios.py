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
AT_A_TIME = 16
PAGE = Path(__file__).parents[1] / "docs" / "rules.rst"
RULES = re.findall(r"^   \* - ([A-Z]\d+)$", PAGE.read_text(), re.MULTILINE)
# Ids of docs/faults.rst; a lint test looks them up.
OF_FAULTS = ("W", "C", "S")


@pytest.fixture(scope="module")
def waited_for(request: pytest.FixtureRequest) -> dict[str, Future[list[str]]]:
    """Run the scenarios that mostly wait, all at the same time, by their titles."""
    chosen = [
        item.callspec.params["scenario"]
        for item in request.session.items
        if getattr(item, "callspec", None) and "scenario" in item.callspec.params
    ]
    slow = [scenario for scenario in chosen if is_slow(scenario)]
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        return {scenario.title: pool.submit(run, scenario) for scenario in slow}


@pytest.mark.parametrize(
    "scenario", [pytest.param(row, id=row.title) for row in SCENARIOS]
)
def test_scenario(scenario: Scenario, waited_for: dict[str, Future[list[str]]]) -> None:
    future = waited_for.get(scenario.title)
    got = future.result() if future else run(scenario)
    keyword = find_difference(scenario, got)
    if keyword:
        pytest.fail(
            f"{scenario.place}: {scenario.title}\n`{keyword}` differs\n"
            + "\n".join(["expected", *indent(scenario.expected), "got", *indent(got)]),
            pytrace=False,
        )


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
