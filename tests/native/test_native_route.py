# SPDX-License-Identifier: MIT
import json
import operator

import pytest
from native import made

import pymx
from pymx import _native

KEYS = [
    *("input", "domain", "domain_unicode", "canonical", "status", "deliverable"),
    *("reason", "message", "implicit", "complete", "exchanges", "targets", "excluded"),
    *("warnings", "ttl", "cached", "elapsed", "authenticated", "smtp_reply"),
]


@pytest.fixture(scope="module")
def resolve():
    return made.resolver().resolve


def test_a_literal_is_its_own_target(resolve):
    route = resolve("user@[192.0.2.1]")
    assert (route.status, route.deliverable, route.reason) == ("ok", True, None)
    assert route.input == "user@[192.0.2.1]"
    assert route.domain == route.domain_unicode == route.canonical == "[192.0.2.1]"
    assert [target.address for target in route.targets] == ["192.0.2.1"]
    assert route.smtp_reply is None
    assert route.complete
    assert not route._has_more
    assert route.raise_for_status() is None


def test_a_literal_that_policy_refuses(resolve):
    route = resolve("[IPv6:::1]")
    assert (route.status, route.deliverable) == ("refused", False)
    (excluded,) = route.excluded
    assert (excluded.address, excluded.reason) == ("::1", "loopback_address")
    assert route.targets == ()
    with pytest.raises(pymx.Refused) as raised:
        route.raise_for_status()
    assert raised.value.route is route


@pytest.mark.parametrize(
    ("destination", "reason"),
    [
        ("", "empty"),
        (" \t", "empty"),
        (".", "root"),
        ("a..b", "empty_label"),
        ("a" * 64 + ".example", "label_too_long"),
        (".".join(["a" * 60] * 5), "name_too_long"),
        ("a\0b.example", "bad_character"),
        ("a b.example", "bad_character"),
        ("user@", "no_domain_part"),
        ("@example.com", "no_local_part"),
        ("[1.2.3]", "bad_literal"),
        ("192.0.2.1", "bare_address"),
        ("\udc80.example", "bad_character"),
        ("user@\ud800.example", "bad_character"),
        ("\uff41\uff20b.example", "bad_idna"),
        ("\N{SNOWMAN}\u200d.example", "bad_idna"),
    ],
)
def test_an_unusable_destination(resolve, destination, reason):
    route = resolve(destination)
    assert (route.status, route.deliverable, route.reason) == ("invalid", False, reason)
    assert route.input == destination
    assert route.domain is route.domain_unicode is route.canonical is None
    assert route.exchanges == route.targets == route.excluded == ()
    assert route.smtp_reply == (501, "5.1.3", "Bad destination address syntax")
    assert _native.REASONS[reason] in route.message
    with pytest.raises(pymx.InvalidDomain):
        route.raise_for_status()


FULLWIDTH_ADDRESS = "\uff11\uff19\uff12.0.2.1"


def test_international_digits_are_a_bare_address(resolve):
    assert resolve(f"user@{FULLWIDTH_ADDRESS}").reason == "bare_address"


def test_an_international_address_literal():
    lenient = made.resolver(lenient_literals=True)
    assert lenient.resolve(f"user@{FULLWIDTH_ADDRESS}").domain == "[192.0.2.1]"


def test_the_message_repeats_what_is_invalid(resolve):
    assert resolve("a..b").message.startswith("'a..b' is not a mail destination: ")
    long = resolve("a" * 1000).message
    assert long.startswith("'aaaa")
    assert "a... is not a mail destination" in long
    assert len(long.split(" is not ")[0]) == 80


@pytest.mark.parametrize("destination", [None, b"example.com", 1, ["a"]])
def test_resolve_takes_only_str(resolve, destination):
    kind = type(destination).__name__
    with pytest.raises(TypeError, match=f"destination must be str, not {kind}"):
        resolve(destination)


def test_a_str_of_a_subclass_is_a_destination(resolve):
    class Name(str):
        __slots__ = ()

    name = Name("[192.0.2.1]")
    assert resolve(name).input is name


def test_fields_of_a_full_route():
    route = made.route()
    assert route.input == "Bücher.example"
    assert route.domain == "xn--bcher-kva.example"
    assert route.domain_unicode == "bücher.example"
    assert route.canonical == "mail.example"
    assert route.complete is False
    assert route._has_more is True
    assert route.implicit is False
    assert route.warnings == ("partial", "cname_exchange")
    assert (route.ttl, route.elapsed) == (300, 1.5)
    assert (route.cached, route.authenticated) == (True, True)
    assert route.trace is None
    first, second = route.exchanges
    assert (first.host, first.canonical, first.preference) == (
        *("a.example", "a.example"),
        10,
    )
    assert first.addresses == ("192.0.2.1", "2001:db8::1")
    assert (first.ttl, first.status, first.reason) == (300, "ok", None)
    assert (second.canonical, second.status) == ("c.example", "timeout")
    assert (second.addresses, second.reason) == ((), "timeout")
    assert route.targets == (
        pymx.Target("a.example", "192.0.2.1", 10),
        pymx.Target("a.example", "2001:db8::1", 10),
    )
    one, other = route.excluded
    assert (one.host, one.preference, one.address) == ("a.example", 10, "127.0.0.1")
    assert (other.preference, other.address, other.reason) == (65535, None, "limit")


def test_lists_are_made_once_and_share_their_strings():
    route = made.route()
    assert route.targets is route.targets
    assert route.excluded is route.excluded
    assert route.exchanges is route.exchanges
    assert route.exchanges[0].addresses is route.exchanges[0].addresses
    assert route.targets[0].host is route.exchanges[0].host


def test_targets_of_an_implicit_exchange_say_so():
    assert all(target.implicit for target in made.route(implicit=True).targets)


def test_to_dict_has_the_json_keys_in_order():
    found = made.route().to_dict()
    assert list(found) == KEYS
    assert list(found["exchanges"][0]) == [
        *("host", "canonical", "preference", "addresses", "ttl", "status", "reason")
    ]
    assert list(found["targets"][0]) == ["host", "address", "family", "preference"]
    assert list(found["excluded"][0]) == ["host", "preference", "address", "reason"]
    assert found["smtp_reply"] is None
    assert json.loads(json.dumps(found)) == found


def test_the_smtp_reply_in_json(resolve):
    assert resolve("a..b").to_dict()["smtp_reply"] == {
        "code": 501,
        "enhanced": "5.1.3",
        "text": "Bad destination address syntax",
    }


def test_an_input_in_json_is_text(resolve):
    row = (7, "[192.0.2.1]")
    route = resolve(row[1], row)
    assert route.input is row
    assert route.to_dict()["input"] == "[192.0.2.1]"
    completions = _native.Completions()
    made.resolver().submit(completions, 0, b"example.com", row)
    ((_, route),) = completions.take()
    assert route.reason == "not_text"
    assert route.to_dict()["input"] == "b'example.com'"


def test_no_truth_value():
    with pytest.raises(TypeError, match=r"three-valued, use route\.deliverable"):
        bool(made.route())


@pytest.mark.parametrize(
    "change",
    [
        {"route_input": "other"},
        {"ttl": 1},
        {"cached": False},
        {"elapsed": 0},
        {"authenticated": False},
        {"server": "192.0.2.53"},
        {"exchanges": tuple((*row[:4], 1, *row[5:]) for row in made.EXCHANGES)},
    ],
)
def test_equal_when_mail_would_do_the_same(change):
    assert made.route(**change) == made.route()
    assert hash(made.route(**change)) == hash(made.route())


@pytest.mark.parametrize(
    "change",
    [
        {"domain": "other.example"},
        {"canonical": "other.example"},
        {"status": "timeout"},
        {"reason": "timeout"},
        {"implicit": True},
        {"complete": True},
        {"exchanges": (made.EXCHANGES[0],)},
        {"targets": made.TARGETS[::-1]},
        {"excluded": ()},
        {"warnings": ()},
    ],
)
def test_unequal_when_mail_would_not(change):
    assert made.route(**change) != made.route()
    assert not operator.eq(made.route(**change), made.route())
    assert len({made.route(**change), made.route()}) == 2


def test_not_equal_to_others_and_without_order():
    assert made.route() != "Bücher.example"
    with pytest.raises(TypeError):
        made.route() < made.route()  # noqa: B015


@pytest.mark.parametrize(
    ("kind", "find", "field"),
    [
        (pymx.Route, lambda route: route, "status"),
        (pymx.Exchange, lambda route: route.exchanges[0], "host"),
        (pymx.Excluded, lambda route: route.excluded[0], "host"),
    ],
)
def test_made_by_pymx_only_and_immutable(kind, find, field):
    with pytest.raises(TypeError, match="cannot create"):
        kind()
    with pytest.raises(TypeError):
        type("Mine", (kind,), {})
    with pytest.raises(TypeError):
        kind.to_dict = None
    for name in (field, "other"):
        with pytest.raises(AttributeError):
            setattr(find(made.route()), name, "x")


def test_exchanges_and_excluded_are_values():
    for find in (lambda route: route.exchanges, lambda route: route.excluded):
        assert find(made.route()) == find(made.route())
        assert len({*find(made.route()), *find(made.route())}) == 2
        assert find(made.route())[0] != find(made.route())[1]


def test_repr(resolve):
    route = made.route()
    assert repr(route) == "<Route 'xn--bcher-kva.example' ok: 2 exchanges, 2 targets>"
    assert repr(resolve("[192.0.2.1]")) == (
        "<Route '[192.0.2.1]' ok: 1 exchange, 1 target>"
    )
    assert repr(resolve("a..b")) == "<Route 'a..b' invalid: empty_label>"
    assert repr(made.route(status="timeout", reason="timeout")) == (
        "<Route 'xn--bcher-kva.example' timeout: timeout>"
    )
    assert repr(route.exchanges[1]) == (
        "<Exchange host='b.example' preference=20 status='timeout' addresses=()>"
    )
    assert repr(route.excluded[1]) == (
        "<Excluded host='d.example' preference=65535 address=None reason='limit'>"
    )


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("null_mx", pymx.NullMX),
        ("no_domain", pymx.DomainNotFound),
        ("no_mail", pymx.NoMailService),
        ("no_address", pymx.NoAddress),
        ("refused", pymx.Refused),
        ("invalid", pymx.InvalidDomain),
        ("timeout", pymx.ResolveTimeout),
        ("server_failure", pymx.ServerFailure),
        ("no_servers", pymx.NoServers),
        ("bad_reply", pymx.BadReply),
        ("cancelled", pymx.TemporaryError),
    ],
)
def test_each_status_has_its_exception(status, kind):
    route = made.route(status=status)
    with pytest.raises(kind) as raised:
        route.raise_for_status()
    assert type(raised.value) is kind
    assert raised.value.route is route
    assert str(raised.value) == route.message
    is_permanent = isinstance(raised.value, pymx.PermanentError)
    assert route.deliverable is (False if is_permanent else None)
    assert route.deliverable is _native.STATUSES[status]


def test_every_status_is_tested():
    tested = test_each_status_has_its_exception.pytestmark[0].args[1]
    assert {"ok", *(status for status, _ in tested)} == set(_native.STATUSES)


def test_codes_are_words_with_a_text():
    assert _native.STATUSES["ok"] is True
    for code, text in _native.REASONS.items():
        assert code.replace("_", "a").isalnum()
        assert code == code.lower()
        assert text
