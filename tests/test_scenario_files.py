# SPDX-License-Identifier: MIT
"""What the runner of scenarios itself must notice."""

import re
from pathlib import Path

import pytest
from scenario_files import Scenario, ScenarioError, read, read_all
from scenario_routes import find_difference
from scenario_runner import run

from pymx.testing import ServerError

SOUND = """\
# A comment.

scenario M6 the title
resolve a.test
dns a.test MX 0 ., 10 al.test, 20 my.a.test
dns al.test A CNAME mx.a.test, 192.0.2.1, 127.0.0.1
dns al.test AAAA CNAME mx.a.test, SERVFAIL
dns my.a.test A NXDOMAIN
dns my.a.test AAAA NXDOMAIN
status ok
target 10 al.test 192.0.2.1
exchange al.test ok servfail
exchange my.a.test no_address nxdomain
alias al.test mx.a.test
excluded . null_mx_mixed
excluded al.test 127.0.0.1 loopback_address
warning null_mx_mixed
warning cname_exchange
warning partial
incomplete
queries 5
"""


def write(folder: Path, text: str, name: str = "some.scenario") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


@pytest.fixture
def sound(tmp_path: Path) -> Scenario:
    (scenario,) = read(write(tmp_path, SOUND))
    return scenario


def test_a_sound_one_passes(sound: Scenario) -> None:
    assert find_difference(sound, run(sound, "auto")) is None
    assert (sound.rule, sound.line) == ("M6", 3)


def test_every_line_counts(sound: Scenario) -> None:
    got = run(sound, "auto")
    for line in list(sound.expected):
        keyword = line.partition(" ")[0]
        sound.expected.remove(line)
        if keyword == "queries":
            assert find_difference(sound, got) is None
        else:
            assert find_difference(sound, got) == keyword
        sound.expected.append(f"{keyword} something else")
        assert find_difference(sound, got) == keyword
        sound.expected[-1] = line
        sound.expected.sort(key=got.index)


@pytest.mark.parametrize(
    ("line", "difference"),
    [
        ("dns b.test MX 10 mx.a.test", "unasked"),
        ("dns a.test TXT NODATA", "unasked"),
        ("target 20 my.a.test 192.0.2.2", "target"),
        ("implicit", "implicit"),
        ("canonical b.test", "canonical"),
        ("unicode b.test", "unicode"),
        ("addresses al.test 192.0.2.1", "addresses"),
        ("ttl 299", "ttl"),
        ("exchange_ttl al.test 299", "exchange_ttl"),
        ("smtp 550 5.4.4", "smtp"),
        ("elapsed 4", "elapsed"),
        ("excludes 3 limit", "excludes"),
        ("exchanges 3", "exchanges"),
        ("targets 2", "targets"),
    ],
)
def test_a_line_too_many_counts(tmp_path: Path, line: str, difference: str) -> None:
    (scenario,) = read(write(tmp_path, SOUND + line))
    assert find_difference(scenario, run(scenario, "auto")) == difference


def test_a_question_without_a_line_counts(sound: Scenario) -> None:
    sound.dns.pop()
    assert find_difference(sound, run(sound, "auto")) == "unexpected"


def test_equals_may_come_in_any_order_only_where_they_are_said_to(
    tmp_path: Path,
) -> None:
    text = "scenario O2 x\nresolve a.test\nstatus ok\n"
    targets = [f"target {level} m.test 192.0.2.{level}" for level in (10, 20)]
    equals = [f"target 30 m.test 192.0.2.{last}" for last in (1, 2)]
    got = ["status ok", "domain a.test", *targets, *reversed(equals)]
    for keyword, difference in (("", "target"), ("unordered\n", None)):
        lines = "\n".join([*targets, *equals])
        (scenario,) = read(write(tmp_path, text + keyword + lines))
        assert find_difference(scenario, got) == difference
    scenario.expected.reverse()
    assert find_difference(scenario, got) == "target"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (
            "queries 5",
            "query 5",
            r"some\.scenario:21: unknown or out of place: query 5",
        ),
        ("# A comment.", "resolve b.test", r":1: unknown or out of place"),
        ("status ok\n", "", r":3: has no `resolve` or no `status`"),
        ("resolve a.test\n", "", r":3: has no `resolve` or no `status`"),
        ("queries 5", "scenario M7 next", r":21: unknown or out of place"),
        (SOUND, "# Nothing else.", r":1: has no scenario"),
    ],
)
def test_bad_files_are_named(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    path = write(tmp_path, SOUND.replace(old, new))
    with pytest.raises(ScenarioError, match=complaint):
        read(path)


def test_titles_are_unique(tmp_path: Path) -> None:
    paths = [write(tmp_path, SOUND, name) for name in ("a.scenario", "b.scenario")]
    places = [re.escape(f"{path}:3") for path in paths]
    with pytest.raises(ScenarioError, match=f"{places[1]}: same title as {places[0]}"):
        read_all(tmp_path)


@pytest.mark.parametrize(
    ("option", "error"),
    [("no_such_option true", TypeError), ("family ipv5", ValueError)],
)
def test_bad_options_are_refused(
    tmp_path: Path, option: str, error: type[Exception]
) -> None:
    (scenario,) = read(write(tmp_path, f"{SOUND}option {option}\n"))
    with pytest.raises(error, match=option.split()[0]):
        run(scenario, "auto")


def test_bad_answers_are_refused(sound: Scenario) -> None:
    sound.dns[0] = ("a.test", "MX", "NOSUCHWORD")
    with pytest.raises(ServerError, match="NOSUCHWORD"):
        run(sound, "auto")


def test_characters_are_repeated(tmp_path: Path) -> None:
    text = SOUND.replace("resolve a.test", r"resolve a{3}\032.{2}x{1}{y")
    (scenario,) = read(write(tmp_path, text))
    assert scenario.destination == "aaa ..x{y"
