# SPDX-License-Identifier: MIT
"""Which behaviour a question meets: order, times, names, types, transports."""

import pytest

from pymx.testing import (
    FakeDNS,
    Question,
    close,
    delay,
    drop,
    normal,
    rcode,
    truncate,
)
from pymx.testing.script import Script


def take(script, name="d.test", rdtype="MX", transport="udp"):
    question = Question(name, rdtype, transport, ("127.0.0.1", 1), 0.0, b"")
    return repr(script.take(question))


def add(script, *behaviours, name="d.test", rdtype="MX", times=None, transport=None):
    script.add(name, rdtype, behaviours, times, transport)


@pytest.fixture
def script():
    return Script()


def test_without_rules_nothing_is_special(script):
    assert take(script) == "None"


def test_one_after_the_other_and_the_last_for_ever(script):
    add(script, drop(), rcode("SERVFAIL"))
    assert [take(script) for _ in range(4)] == ["drop()"] + ["rcode('SERVFAIL')"] * 3


def test_times_counts_all_and_then_back_to_normal(script):
    add(script, drop(), rcode("REFUSED"), times=3)
    assert [take(script) for _ in range(4)] == [
        "drop()",
        "rcode('REFUSED')",
        "rcode('REFUSED')",
        "None",
    ]


def test_normal_may_end_a_script(script):
    add(script, drop(), normal())
    assert [take(script) for _ in range(3)] == ["drop()", "normal()", "normal()"]


def test_newer_goes_before_older_until_it_is_spent(script):
    add(script, drop())
    add(script, rcode("REFUSED"), times=1)
    assert [take(script) for _ in range(2)] == ["rcode('REFUSED')", "drop()"]


def test_equal_rules_are_each_counted(script):
    for _ in range(2):
        add(script, drop(), times=1)
    assert [take(script) for _ in range(3)] == ["drop()", "drop()", "None"]


@pytest.mark.parametrize("rdtype", [None, "ANY", "any", "*"])
@pytest.mark.parametrize("name", [None, "*", "*."])
def test_every_name_and_type(script, name, rdtype):
    add(script, drop(), name=name, rdtype=rdtype)
    assert take(script, "any.test", "A") == "drop()"
    assert take(script, ".", "TYPE65280") == "drop()"


def test_the_more_telling_goes_first_whatever_the_order(script):
    rules = [
        ("d.sub.test", "MX"),
        ("d.sub.test", None),
        ("*.sub.test", "MX"),
        ("*.sub.test", None),
        ("*.test", None),
        (None, "MX"),
        (None, None),
    ]
    for number, (name, rdtype) in enumerate(rules):
        add(script, rcode(number), name=name, rdtype=rdtype, times=1)
    taken = [take(script, "d.sub.test") for _ in rules]
    assert taken == [f"rcode({number})" for number in range(len(rules))]


def test_below_a_name_is_not_the_name_itself(script):
    add(script, drop(), name="*.test")
    assert take(script, "d.test") == take(script, "a.b.test") == "drop()"
    assert take(script, "test") == take(script, "detest") == "None"


@pytest.mark.parametrize("name", ["D.Test", "d.test.", "D.TEST."])
def test_names_are_compared_without_case_and_final_dot(script, name):
    add(script, drop(), name=name, rdtype="mx")
    assert take(script) == "drop()"


def test_names_beyond_ascii(script):
    add(script, drop(), name="Bücher.test")
    assert take(script, "xn--bcher-kva.test") == "drop()"


def test_types_by_number(script):
    add(script, drop(), rdtype="TYPE15")
    assert take(script) == "drop()"


def test_other_names_and_types_are_left_alone(script):
    add(script, drop())
    assert take(script, "e.test") == take(script, rdtype="A") == "None"


def test_transport_limits_a_rule(script):
    add(script, drop(), times=1, transport="tcp")
    assert take(script) == "None"
    assert take(script, transport="tcp") == "drop()"
    assert take(script, transport="tcp") == "None"


def test_behaviour_of_the_other_transport_waits_for_its_turn(script):
    add(script, truncate(), close(), drop())
    assert take(script, transport="tcp") == "None"
    assert take(script).startswith("truncate(")
    assert take(script) == "None"
    assert take(script, transport="tcp").startswith("close(")
    assert take(script, transport="tcp") == take(script) == "drop()"


def test_a_delay_has_the_transport_of_what_it_delays(script):
    add(script, delay(1, close()))
    assert take(script) == "None"
    assert take(script, transport="tcp").startswith("delay(1, close(")


def test_a_rule_that_is_passed_over_lets_the_older_speak(script):
    add(script, drop())
    add(script, close())
    assert take(script) == "drop()"


def test_clear(script):
    add(script, drop())
    script.clear()
    assert take(script) == "None"


@pytest.mark.parametrize(
    ("arguments", "options", "error", "complaint"),
    [
        (("d.test", "MX"), {}, ValueError, "no behaviour given"),
        (("d.test", "MX", drop), {}, TypeError, "call one, as in drop"),
        (("d.test", "MX", "SERVFAIL"), {}, TypeError, "'SERVFAIL' is not a behaviour"),
        (("d.test", "MX", drop()), {"times": 0}, ValueError, "times=0"),
        (("d.test", "MX", drop(), drop()), {"times": 1}, ValueError, "never reaches"),
        (("d.test", "BOGUS", drop()), {}, ValueError, "'BOGUS' is not a record type"),
        (("d..test", "MX", drop()), {}, ValueError, "'d..test' is not a domain name"),
        (("d.test", "MX", drop()), {"transport": "tls"}, ValueError, "'tls'"),
    ],
)
def test_bad_scripts(arguments, options, error, complaint):
    server = FakeDNS()
    with pytest.raises(error, match=complaint):
        server.script(*arguments, **options)
