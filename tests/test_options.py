# SPDX-License-Identifier: MIT
"""A resolver's arguments: what they may be, how faults are told, what it shows."""

import copy
import inspect
import pickle

import pytest

import pymx
import pymx.resolver
from pymx import aio

RESOLVERS = pytest.mark.parametrize(
    "make", [pymx.Resolver, aio.Resolver], ids=["blocking", "aio"]
)

DEFAULTS = {
    "timeout": 5.0,
    "attempt_timeout": 1.5,
    "tries": 3,
    "addresses": "private",
    "family": "any",
    "implicit": True,
    "shuffle": "hosts",
    "seed": None,
    "prefer": None,
    "self_names": (),
    "self_addresses": (),
    "max_exchanges": 20,
    "max_addresses": 16,
    "address_wait": 1.0,
    "null_mx_mixed": "drop",
    "cname_exchange": "follow",
    "ip_exchange": "accept",
    "strict_names": False,
    "strict_idna": False,
    "lenient_literals": False,
    "cache_size": 64 * 2**20,
    "concurrency": 1000,
    "rate": None,
    "threads": 1,
    "dnssec": False,
    "transport": "auto",
    "trace": False,
}

BAD = [
    ("timeout", -1, "timeout=-1: must be a number of seconds from 0.01 to 3600"),
    ("timeout", 0, "timeout=0: must be a number"),
    ("timeout", float("nan"), "timeout=nan: must be a number"),
    ("timeout", float("inf"), "timeout=inf: must be a number"),
    ("timeout", 10**400, "timeout=1000000.*: must be a number"),
    ("timeout", "5", "timeout='5': must be a number"),
    ("timeout", True, "timeout=True: must be a number"),
    ("timeout", None, "timeout=None: must be a number"),
    ("attempt_timeout", 3601, "attempt_timeout=3601: must be a number of seconds"),
    ("address_wait", -0.1, "address_wait=-0.1: .* seconds from 0 to 3600"),
    ("tries", 0, "tries=0: must be a whole number from 1 to 16"),
    ("tries", 17, "tries=17: must be a whole number from 1 to 16"),
    ("tries", 1.5, "tries=1.5: must be a whole number"),
    ("tries", True, "tries=True: must be a whole number"),
    ("addresses", "all", "addresses='all': must be 'public', 'private' or 'any'"),
    ("addresses", ["any"], r"addresses=\['any'\]: must be 'public'"),
    ("family", 4, "family=4: must be 'any', 'ipv4', 'ipv6', 'ipv4_first', "),
    ("implicit", 1, "implicit=1: must be True or False"),
    ("implicit", None, "implicit=None: must be True or False"),
    ("shuffle", "", "shuffle='': must be 'hosts', 'addresses' or 'none'"),
    (
        "seed",
        -1,
        "seed=-1: must be None or a whole number from 0 to 18446744073709551615",
    ),
    ("seed", 2**64, "seed=18446744073709551616: must be None"),
    ("seed", "7", "seed='7': must be None"),
    ("prefer", 1, "prefer=1: must be None, a function or a mapping of hosts to ranks"),
    ("prefer", "a.example", "prefer='a.example': must be None, a function or"),
    ("prefer", ["a.example"], r"prefer=\['a.example'\]: must be None, a function"),
    (
        "prefer",
        {"a.example": True},
        r"prefer\['a.example'\]=True: must be None or a finite number: the lowest",
    ),
    ("prefer", {"a.example": "1"}, r"prefer\['a.example'\]='1': must be None or a"),
    ("prefer", {"a.example": float("nan")}, r"prefer\['a.example'\]=nan: must be"),
    ("prefer", {"a.example": 10**400}, r"prefer\['a.example'\]=10000.*: must be None"),
    ("prefer", {b"a.example": 1}, "prefer: b'a.example' is not the name of a host"),
    ("prefer", {"é" * 2000: 1}, r"prefer: 'é+\.\.\. is not the name of a host"),
    ("prefer", {".": 1}, "prefer: '.' is not the name of a host"),
    ("prefer", {"a@bücher.example": 1}, "prefer: 'a@bücher.example' is not the name"),
    (
        "prefer",
        {"a.example": 1, "A.example.": 2},
        r"prefer\['A.example.'\]=2: must be 1, as 'a.example' is there already",
    ),
    ("max_exchanges", 101, "max_exchanges=101: must be a whole number from 1 to 100"),
    ("max_addresses", 0, "max_addresses=0: must be a whole number from 1 to 100"),
    ("null_mx_mixed", "accept", "null_mx_mixed='accept': must be 'drop' or 'reject'"),
    (
        "cname_exchange",
        "accept",
        "cname_exchange='accept': must be 'follow' or 'reject'",
    ),
    ("ip_exchange", "follow", "ip_exchange='follow': must be 'accept' or 'reject'"),
    ("strict_names", "yes", "strict_names='yes': must be True or False"),
    ("strict_idna", 0, "strict_idna=0: must be True or False"),
    ("trace", 1, "trace=1: must be True or False"),
    ("lenient_literals", None, "lenient_literals=None: must be True or False"),
    ("cache_size", -1, "cache_size=-1: must be a whole number from 0 to"),
    ("rate", 0, "rate=0: must be None or a number of messages a second from 0.001 to"),
    ("rate", -5, "rate=-5: must be None or a number"),
    ("rate", float("nan"), "rate=nan: must be None or a number"),
    ("rate", 1_000_001, "rate=1000001: .* from 0.001 to 1000000"),
    ("rate", "100", "rate='100': must be None or a number"),
    ("rate", True, "rate=True: must be None or a number"),
    ("concurrency", 0, "concurrency=0: must be a whole number from 1 to 100000"),
    ("threads", 0, "threads=0: must be a whole number from 1 to 64"),
    ("threads", 65, "threads=65: must be a whole number from 1 to 64"),
    ("dnssec", "true", "dnssec='true': must be True or False"),
    ("transport", "udp", "transport='udp': must be 'auto', 'c-ares' or 'tcp'"),
    ("nameservers", [], r"nameservers=\[\]: must be 1 to 8 name servers, or None"),
    ("nameservers", "", "nameservers='': must be an IP address"),
    ("nameservers", "dns.example", "nameservers='dns.example': must be an IP address"),
    ("nameservers", ["192.0.2.1", "x"], r"nameservers\[1\]='x': must be an IP address"),
    ("nameservers", ["192.0.2.1:0"], r"nameservers\[0\]='192.0.2.1:0': must be"),
    (
        "nameservers",
        ["192.0.2.1:65536"],
        r"nameservers\[0\]='192.0.2.1:65536': must be",
    ),
    ("nameservers", ["[::1"], r"nameservers\[0\]='\[::1': must be"),
    ("nameservers", ["192.0.2.1\0"], r"nameservers\[0\]='192.0.2.1\\x00': must be"),
    ("nameservers", [b"192.0.2.1"], r"nameservers\[0\]=b'192.0.2.1': must be"),
    ("nameservers", 53, "nameservers=53: must be None or an iterable of strings"),
    (
        "nameservers",
        ["192.0.2.1"] * 9,
        r"nameservers=\['192.0.2.1', .*: must be 1 to 8",
    ),
]


@RESOLVERS
@pytest.mark.parametrize(("name", "value", "text"), BAD)
def test_a_bad_argument_is_named_with_its_value(make, name, value, text):
    with pytest.raises(pymx.ConfigurationError, match=text) as raised:
        make(**{name: value})
    assert isinstance(raised.value, ValueError)
    assert len(str(raised.value)) < 300


@RESOLVERS
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timeout", 0.01),
        ("timeout", 3600),
        ("attempt_timeout", 1),
        ("address_wait", 0),
        ("tries", 16),
        ("seed", 0),
        ("self_names", ["a.test"]),
        ("self_addresses", ["::1"]),
        ("seed", 2**64 - 1),
        ("max_exchanges", 100),
        ("max_addresses", 100),
        ("cache_size", 0),
        ("concurrency", 100_000),
        ("rate", 0.001),
        ("rate", 1_000_000),
        ("rate", 2.5),
        ("threads", 64),
        ("transport", "c-ares"),
    ],
)
def test_a_value_at_the_edge_is_taken(make, name, value):
    assert make(**{name: value})


@RESOLVERS
def test_the_names_and_defaults_stay(make):
    parameters = inspect.signature(make).parameters
    assert next(iter(parameters)) == "nameservers"
    assert parameters["nameservers"].default is None
    del_first = {name: p.default for name, p in parameters.items() if name in DEFAULTS}
    assert del_first == DEFAULTS
    assert set(parameters) == {"nameservers", *DEFAULTS}
    assert all(parameters[name].kind.name == "KEYWORD_ONLY" for name in DEFAULTS)


def test_an_unknown_argument_is_a_type_error():
    with pytest.raises(TypeError, match="timeouts"):
        pymx.Resolver(timeouts=1)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("192.0.2.53", ("192.0.2.53:53",)),
        (["192.0.2.53"], ("192.0.2.53:53",)),
        (("192.0.2.53:5353", "::1"), ("192.0.2.53:5353", "[::1]:53")),
        (iter(["[2001:DB8::53]:54"]), ("[2001:db8::53]:54",)),
        (
            [f"192.0.2.{n}" for n in range(8)],
            tuple(f"192.0.2.{n}:53" for n in range(8)),
        ),
    ],
)
def test_name_servers_given(given, shown):
    assert pymx.Resolver(given).nameservers == shown


def test_name_servers_of_the_system_are_shown_with_their_ports():
    assert all(
        server.rpartition(":")[2].isdigit() for server in pymx.Resolver().nameservers
    )


@RESOLVERS
def test_repr_shows_what_is_not_the_default(make):
    assert repr(make()) == "Resolver()"
    shown = repr(make(["192.0.2.53"], timeout=2, seed=7, tries=3))
    assert shown == "Resolver(['192.0.2.53:53'], timeout=2, seed=7)"


@RESOLVERS
@pytest.mark.parametrize(
    "renew", [copy.copy, copy.deepcopy, lambda r: pickle.loads(pickle.dumps(r))]
)
def test_a_copy_has_the_configuration_and_nothing_else(make, renew):
    original = make(["192.0.2.53"], timeout=2.0, family="ipv6")
    twin = renew(original)
    assert type(twin) is make
    assert repr(twin) == repr(original)
    assert twin._native is not original._native


@RESOLVERS
def test_hosts_of_a_mapping_are_named_as_in_routes(make):
    given = {"MX.Example.": 1, "Bücher.example": 2.5, "x_y.example": None}
    preferring = make(prefer=given)
    given.clear()
    assert repr(preferring) == (
        "Resolver(prefer={'mx.example': 1, 'xn--bcher-kva.example': 2.5, "
        "'x_y.example': None})"
    )
    assert repr(pickle.loads(pickle.dumps(preferring))) == repr(preferring)
    assert make(prefer={"mx.example": 1, "mx.example.": 1.0})


def prefer_short(host):
    return len(host)


@RESOLVERS
def test_a_function_is_pickled_by_its_name(make):
    twin = pickle.loads(pickle.dumps(make(prefer=prefer_short)))
    assert twin._arguments["prefer"] is prefer_short
    assert "prefer=<function prefer_short" in repr(twin)
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(make(prefer=lambda host: len(host)))


def test_an_unpickled_resolver_works_though_the_first_was_closed(dns, resolver):
    asking = resolver(dns({"a.example": {"A": "192.0.2.1"}}))
    asking.close()
    with pickle.loads(pickle.dumps(asking)) as again:
        assert again.resolve("a.example").status == "ok"


def test_after_close_everything_raises_closed_error(dns, resolver):
    asking = resolver(dns({"a.example": {"A": "192.0.2.1"}}))
    many = asking.resolve_many(["a.example"] * 3, concurrency=1)
    next(many)
    assert not asking.closed
    asking.close()
    asking.close()
    assert asking.closed
    for lookup in (
        lambda: asking.resolve("a.example"),
        lambda: next(asking.targets("a.example")),
        lambda: next(asking.resolve_many(["a.example"])),
        lambda: list(many),
    ):
        with pytest.raises(pymx.ClosedError):
            lookup()
    assert issubclass(pymx.ClosedError, RuntimeError)


def test_figures(dns, resolver):
    asking = resolver(dns({"a.example": {"A": "192.0.2.1"}}))
    assert asking.stats()["lookups"] == 0
    asking.resolve("a.example")
    figures = asking.stats()
    assert figures["lookups"] == 1
    assert figures["queries"] == 3
    assert figures["in_progress"] == 0
    assert all(isinstance(figure, int) for figure in figures.values())


@pytest.fixture
def no_default(monkeypatch):
    monkeypatch.setattr(pymx.resolver, "_default", None)
    return monkeypatch


def test_the_default_resolver_asks_the_servers_of_the_environment(dns, no_default):
    server = dns({"a.example": {"MX": (10, "a.example"), "A": "192.0.2.1"}})
    no_default.setenv("PYMX_NAMESERVERS", f" {server.nameserver} , 192.0.2.53")
    assert pymx.resolve("a.example").status == "ok"
    assert [t.address for t in pymx.targets("a.example")] == ["192.0.2.1"]
    assert [r.status for r in pymx.resolve_many(["a.example"])] == ["ok"]
    assert pymx.resolver.default().nameservers == (server.nameserver, "192.0.2.53:53")


def test_an_empty_environment_variable_means_the_system(no_default):
    no_default.setenv("PYMX_NAMESERVERS", " ")
    assert repr(pymx.resolver.default()) == "Resolver()"


def test_a_bad_server_in_the_environment_is_named(no_default):
    no_default.setenv("PYMX_NAMESERVERS", "192.0.2.1,ns.example")
    with pytest.raises(
        pymx.ConfigurationError, match=r"PYMX_NAMESERVERS\[1\]='ns.example'"
    ):
        pymx.resolve("a.example")
