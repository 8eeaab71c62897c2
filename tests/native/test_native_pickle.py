# SPDX-License-Identifier: MIT
import copy
import pickle

import pytest
from native import made

import pymx
from pymx import _native

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)

VALUES = {
    "target": pymx.Target("h", "2001:db8::1", 7, implicit=True),
    "exchange": made.route().exchanges[0],
    "failed exchange": made.route().exchanges[1],
    "excluded exchange": made.route().excluded[1],
    "excluded address": made.route().excluded[0],
    "route": made.route(),
    "literal": made.resolver().resolve("[192.0.2.1]"),
    "refused": made.resolver().resolve("[127.0.0.1]"),
    "invalid": made.resolver().resolve("a..b", {"row": 1}),
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_pickle_gives_the_same_value(value, protocol):
    again = pickle.loads(pickle.dumps(value, protocol))
    assert type(again) is type(value)
    assert again == value
    assert again is not value
    assert hash(again) == hash(value)
    assert again.to_dict() == value.to_dict()
    assert repr(again) == repr(value)


def test_a_pickled_route_keeps_what_equality_does_not_see():
    again = pickle.loads(pickle.dumps(made.route(route_input=["row"], server="::1")))
    assert again.input == ["row"]
    assert (again.ttl, again.elapsed, again._has_more) == (300, 1.5, True)
    assert (again.cached, again.authenticated) == (True, True)
    assert again.targets[0].host is again.exchanges[0].host


def test_the_message_of_a_pickled_route():
    route = made.route(status="timeout", reason="timeout", server="192.0.2.53")
    assert "192.0.2.53" in route.message
    assert pickle.loads(pickle.dumps(route)).message == route.message


def test_an_error_pickles_with_its_route():
    with pytest.raises(pymx.InvalidDomain) as raised:
        VALUES["invalid"].raise_for_status()
    again = pickle.loads(pickle.dumps(raised.value))
    assert type(again) is pymx.InvalidDomain
    assert again.route == VALUES["invalid"]


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_copy_is_the_same_object(value):
    assert copy.copy(value) is value
    assert copy.deepcopy(value) is value
    assert copy.deepcopy([value])[0] is value


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"status": "fine"}, "does not know the status 'fine'"),
        ({"reason": "why"}, "does not know the reason 'why'"),
        ({"warnings": ("why",)}, "does not know the reason 'why'"),
        ({"targets": ((2, "192.0.2.1"),)}, "a target of exchange 2, but there are 2"),
        ({"targets": ((0, "192.0.2"),)}, "'192.0.2' is not an IP address"),
        ({"excluded": (("h", 1, "x", "limit"),)}, "'x' is not an IP address"),
        ({"exchanges": (("h", "h", 1, ("x",), 1, "ok", None),)}, "'x' is not an IP"),
    ],
)
def test_a_pickle_of_another_version_is_refused(change, complaint):
    with pytest.raises(ValueError, match=complaint):
        made.route(**change)


@pytest.mark.parametrize(
    "change",
    [
        {"exchanges": (("h",),)},
        {"exchanges": (("h", "h", 1, (5,), 1, "ok", None),), "targets": ()},
        {"exchanges": (("h", "h", 1, None, 1, "ok", None),), "targets": ()},
        {"targets": (("0", "192.0.2.1"),)},
        {"excluded": ((None, 1, None, "limit"),)},
        {"warnings": (None,)},
        {"domain": None},
        {"targets": None},
    ],
)
def test_a_damaged_pickle_is_refused(change):
    with pytest.raises(TypeError):
        made.route(**change)


@pytest.mark.parametrize("damage", [5, "x", None])
def test_a_pickle_without_its_tuples_is_refused(damage):
    for change in ("exchanges", "targets", "excluded"):
        with pytest.raises((TypeError, SystemError)):
            made.route(**{change: (damage,)})


def test_the_other_rebuilders_refuse_damage():
    with pytest.raises(ValueError, match="must be an IPv4 or IPv6 address"):
        _native._rebuild_target("h", "x", 1, False)
    with pytest.raises(ValueError, match="does not know the reason"):
        _native._rebuild_excluded("h", 1, None, "why")
    with pytest.raises(TypeError):
        _native._rebuild_exchange("h")
