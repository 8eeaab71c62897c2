# SPDX-License-Identifier: MIT
import copy
import operator
import pickle

import pytest
from native import made

import pymx
from pymx import _native

STEP = {
    "at": 1_234_567,
    "event": "reply",
    "name": "a.example",
    "type": 15,
    "server": "[2001:db8::53]:53",
    "protocol": 1,
    "edns": -1,
    "rcode": 2,
    "ede": 22,
    "elapsed": 1500,
    "reason": "servfail",
    "status": None,
    "count": -1,
    "ttl": -1,
    "cached": -1,
    "host": "",
    "preference": -1,
    "address": "",
}
EXCLUDED = {
    "event": "excluded",
    "name": "",
    "type": 0,
    "server": "",
    "protocol": -1,
    "rcode": -1,
    "ede": -1,
    "elapsed": -1,
    "reason": "loopback_address",
    "host": "mx.example",
    "preference": 65535,
    "address": "::1",
}


def step(**changes):
    """Return a step as a pickle would give it."""
    return _native._rebuild_step(*{**STEP, **changes}.values())


def test_fields():
    found = step()
    assert (found.time, found.event) == (1.234567, "reply")
    assert (found.name, found.type) == ("a.example", "MX")
    assert (found.server, found.transport) == ("[2001:db8::53]:53", "tcp")
    assert (found.rcode, found.ede, found.elapsed) == ("SERVFAIL", 22, 0.0015)
    assert (found.reason, found.status) == ("servfail", None)
    for field in ("edns", "count", "ttl", "cached", "host", "preference", "address"):
        assert getattr(found, field) is None


def test_fields_of_what_is_left_out():
    found = step(**EXCLUDED)
    assert (found.name, found.type, found.server, found.transport) == (None,) * 4
    assert (found.rcode, found.ede, found.elapsed) == (None,) * 3
    assert (found.host, found.preference) == ("mx.example", 65535)
    assert (found.address, found.reason) == ("::1", "loopback_address")


def test_flags_have_three_values():
    values = {-1: None, 0: False, 1: True}
    for number, value in values.items():
        assert step(edns=number).edns is value
        assert step(cached=number).cached is value


def test_to_dict_leaves_out_what_is_none():
    assert step().to_dict() == {
        "time": 1.234567,
        "event": "reply",
        "name": "a.example",
        "type": "MX",
        "server": "[2001:db8::53]:53",
        "transport": "tcp",
        "rcode": "SERVFAIL",
        "ede": 22,
        "elapsed": 0.0015,
        "reason": "servfail",
        "text": step().text,
    }


def test_text():
    line = "a.example MX from [2001:db8::53]:53 tcp: SERVFAIL, EDE 22, after 1.5 ms"
    assert step().text == line
    assert str(step()) == f"1234.6 ms reply {line}"
    assert repr(step()) == f"<TraceStep 1234.6 ms reply {line}>"
    assert step(**EXCLUDED).text == "65535 mx.example ::1: loopback_address"


@pytest.mark.parametrize("event", _native.EVENTS)
def test_every_event_has_a_text(event):
    assert step(event=event, status="ok", count=1, host="h.example").text
    # A forged pickle may lack what such steps have.
    assert step(**{**EXCLUDED, "event": event}).text.isprintable()


def test_equal_by_all_fields():
    assert step() == step()
    assert hash(step()) == hash(step())
    for change in (
        *({"at": 1}, {"event": "query"}, {"name": "b.example"}, {"type": 1}),
        *({"server": "192.0.2.53"}, {"protocol": 0}, {"edns": 1}, {"rcode": 3}),
        *({"ede": 1}, {"elapsed": 1}, {"reason": None}, {"status": "ok"}),
        *({"count": 0}, {"ttl": 0}, {"cached": 0}, {"host": "h"}),
        *({"preference": 0}, {"address": "192.0.2.1"}),
    ):
        assert step(**change) != step()
        assert not operator.eq(step(**change), step())
        assert len({step(**change), step()}) == 2
    assert step() != "step"
    with pytest.raises(TypeError):
        step() < step()  # noqa: B015


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_gives_the_same_value(protocol):
    for value in (step(), step(**EXCLUDED)):
        again = pickle.loads(pickle.dumps(value, protocol))
        assert type(again) is pymx.TraceStep
        assert again == value
        assert again is not value
        assert again.to_dict() == value.to_dict()


def test_a_copy_is_the_same_object():
    value = step()
    assert copy.copy(value) is value
    assert copy.deepcopy([value])[0] is value


def test_made_by_pymx_only_and_immutable():
    with pytest.raises(TypeError, match="cannot create"):
        pymx.TraceStep()
    with pytest.raises(TypeError):
        type("Mine", (pymx.TraceStep,), {})
    with pytest.raises(TypeError):
        pymx.TraceStep.to_dict = None
    for name in ("event", "other"):
        with pytest.raises(AttributeError):
            setattr(step(), name, "x")


@pytest.mark.parametrize(
    ("change", "kind", "complaint"),
    [
        ({"event": "dream"}, ValueError, "does not know the event 'dream'"),
        ({"reason": "why"}, ValueError, "does not know the reason 'why'"),
        ({"status": "fine"}, ValueError, "does not know the status 'fine'"),
        ({"server": "dns.example"}, ValueError, "is no name server"),
        ({"address": "x"}, ValueError, "'x' is not an IP address"),
        ({"protocol": 2}, ValueError, "protocol 2 or rcode 2 of a step is none"),
        ({"protocol": -2}, ValueError, "protocol -2 or"),
        ({"rcode": 65536}, ValueError, "rcode 65536 of a step is none"),
        ({"rcode": -2}, ValueError, "rcode -2 of"),
        ({"name": None}, TypeError, "str"),
        ({"type": "MX"}, TypeError, "integer"),
    ],
)
def test_a_pickle_of_another_version_is_refused(change, kind, complaint):
    with pytest.raises(kind, match=complaint):
        step(**change)


def test_a_trace_of_a_route_is_checked_too():
    plain = tuple(STEP.values())
    route = _native._rebuild_route(*made.state(), (plain, plain))
    assert route.trace == (step(), step())
    assert route.trace == pickle.loads(pickle.dumps(route)).trace
    assert _native._rebuild_route(*made.state(), ()).trace == ()
    with pytest.raises(ValueError, match="a trace of 503 steps is too long"):
        _native._rebuild_route(*made.state(), (plain,) * 503)
    with pytest.raises(TypeError, match="a step is not a tuple but int"):
        _native._rebuild_route(*made.state(), (plain, 7))
    dream = tuple({**STEP, "event": "dream"}.values())
    with pytest.raises(ValueError, match="dream"):
        _native._rebuild_route(*made.state(), (plain, dream))


def test_long_names_of_a_pickle_are_cut_in_the_text():
    long = step(event="alias", name="a" * 5000, host="b" * 5000)
    assert (len(long.name), len(long.host)) == (5000, 5000)
    assert len(long.text) < 5000


def test_a_step_outlives_its_route():
    route = _native._rebuild_route(*made.state(), (tuple(STEP.values()),))
    (first,) = route.trace
    del route
    assert first == step()


def test_words_of_events():
    assert len(set(_native.EVENTS)) == len(_native.EVENTS) == 17
    assert all(word.isidentifier() and word.islower() for word in _native.EVENTS)
