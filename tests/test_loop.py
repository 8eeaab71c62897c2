# SPDX-License-Identifier: MIT
"""This machine among the exchanges (RFC 5321 5.1, rule O8), through the engine.

The rules themselves are scenarios; here is what reaches them from Python.
"""

import pickle

import pytest

import pymx
from pymx import aio
from pymx.testing import FakeDNS

ZONE = {
    "a.test": {"MX": [(10, "good.test"), (20, "us.test"), (30, "worse.test")]},
    "only.test": {"MX": [(10, "us.test")]},
    "good.test": {"A": "192.0.2.1"},
    "us.test": {"A": "192.0.2.9", "AAAA": "2001:db8::9"},
    "worse.test": {"A": "192.0.2.3"},
    "bücher.test": {"A": "192.0.2.4"},
}


@pytest.fixture(scope="module")
def dns():
    with FakeDNS(ZONE) as server:
        yield server


def resolver(dns, **options):
    return pymx.Resolver(dns.nameserver, **options)


@pytest.mark.parametrize(
    "options",
    [
        {"self_names": ["US.test."]},
        {"self_names": "us.test"},
        {"self_addresses": ["198.51.100.1", "192.0.2.9"]},
        {"self_addresses": "2001:db8::9"},
        {"self_addresses": iter(["::ffff:192.0.2.9"])},
    ],
)
def test_our_level_and_worse_ones_go(dns, options):
    with resolver(dns, **options) as with_self:
        route = with_self.resolve("a.test")
    assert route.status == "ok"
    assert [target.host for target in route.targets] == ["good.test"]
    assert [(left.host, left.reason) for left in route.excluded] == [
        ("us.test", "loop"),
        ("worse.test", "loop"),
    ]


def test_nothing_left_is_a_loop(dns):
    with resolver(dns, self_names=["us.test"]) as with_self:
        route = with_self.resolve("only.test")
        assert (route.status, route.reason) == ("refused", "loop")
        assert route.smtp_reply[:2] == (550, "5.4.6")
        with pytest.raises(pymx.Refused, match="loop"):
            list(with_self.targets("only.test"))


def test_a_loop_by_name_asks_nothing_of_the_worse_levels(dns):
    mark = len(dns.log.names())
    with resolver(dns, self_names=["us.test"]) as with_self:
        with_self.resolve("a.test")
    assert set(dns.log.names()[mark:]) == {"a.test", "good.test"}


def test_lazy_targets_end_before_our_level(dns):
    with resolver(dns, self_addresses=["192.0.2.9"]) as with_self:
        hosts = [target.host for target in with_self.targets("a.test")]
    assert hosts == ["good.test"]


def test_literals_and_implicit_exchanges_may_be_us_too(dns):
    options = {"self_addresses": ["192.0.2.4", "192.0.2.5"]}
    with resolver(dns, **options) as with_self:
        for destination in ("[192.0.2.5]", "user@bücher.test"):
            route = with_self.resolve(destination)
            assert (route.status, route.reason) == ("refused", "loop")
    with resolver(dns, self_names=["BÜCHER.test"]) as with_self:
        assert with_self.resolve("bücher.test").reason == "loop"


async def _resolve(resolver):
    async with resolver:
        return await resolver.resolve("only.test")


def test_asyncio_and_pickles_keep_it(dns):
    import asyncio

    original = aio.Resolver(dns.nameserver, self_names=["us.test"])
    copy = pickle.loads(pickle.dumps(original))
    assert repr(copy) == repr(original)
    assert "self_names=('us.test',)" in repr(copy)
    assert asyncio.run(_resolve(copy)).reason == "loop"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"self_names": 5}, r"self_names=5: must be an iterable of strings"),
        ({"self_names": ["a.test", None]}, r"self_names\[1\]=None: must be a string"),
        ({"self_names": ["a..b"]}, r"self_names\[0\]='a..b': must be a host name"),
        ({"self_names": ["192.0.2.1"]}, r"self_names\[0\].*self_addresses"),
        ({"self_names": ["fa\udcffb"]}, r"self_names"),
        (
            {"self_names": ["a.test", "fa ß"]},
            r"self_names\[1\]='fa ß': must be a host name",
        ),
        ({"self_names": [""]}, r"self_names\[0\]='': must be a host name: it is empty"),
        ({"self_addresses": ["us.test"]}, r"self_addresses\[0\]='us.test': must be an"),
        ({"self_addresses": ["fe80::1%eth0"]}, r"self_addresses\[0\].*zone id"),
        ({"self_addresses": [b"192.0.2.1"]}, r"self_addresses\[0\]=b'192.0.2.1'"),
        ({"self_addresses": ["\udcff"]}, r"self_addresses\[0\]"),
        ({"self_addresses": ["::1"] * 65_536}, r"at most 65535"),
    ],
)
def test_bad_arguments_are_named(options, message):
    with pytest.raises(pymx.ConfigurationError, match=message):
        pymx.Resolver("127.0.0.1:1", **options)
