# SPDX-License-Identifier: MIT
import doctest
import itertools
import operator

import pytest

import pymx
from pymx import Target


def test_fields():
    target = Target("MX.example", "192.0.2.1", 10)
    assert target.host == "MX.example"
    assert target.address == "192.0.2.1"
    assert target.family == "ipv4"
    assert target.preference == 10
    assert target.implicit is False


def test_defaults_and_keywords():
    target = Target(address="2001:DB8:0::1", host="mx.example", implicit=True)
    assert target.address == "2001:db8::1"
    assert target.family == "ipv6"
    assert target.preference == 0
    assert target.implicit is True


@pytest.mark.parametrize(
    "address",
    ["", "192.0.2", "192.0.2.256", "192.0.2.01", "fe80::1%lo", "[192.0.2.1]", "::1\0"],
)
def test_an_address_that_is_none(address):
    with pytest.raises(ValueError, match=r"address=.*must be an IPv4 or IPv6 address"):
        Target("mx.example", address)


@pytest.mark.parametrize("preference", [-1, 65536, 2**64, -(2**64)])
def test_a_preference_out_of_range(preference):
    with pytest.raises(ValueError, match=f"preference={preference}: .* 0 to 65535"):
        Target("mx.example", "192.0.2.1", preference)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("mx.example",),
        (b"mx.example", "192.0.2.1"),
        ("mx.example", 1),
        ("mx.example", "192.0.2.1", "10"),
        ("mx.example", "192.0.2.1", 10, True),
    ],
)
def test_arguments_of_wrong_type_or_number(arguments):
    with pytest.raises(TypeError):
        Target(*arguments)


def test_a_host_of_a_subclass_is_kept_as_plain_text():
    class Name(str):
        __slots__ = ("owner",)

    assert type(Target(Name("mx.example"), "192.0.2.1").host) is str


def test_sockaddr():
    assert Target("h", "192.0.2.1").sockaddr() == ("192.0.2.1", 25)
    assert Target("h", "192.0.2.1").sockaddr(465) == ("192.0.2.1", 465)
    assert Target("h", "2001:db8::1").sockaddr(port=587) == ("2001:db8::1", 587, 0, 0)


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_out_of_range(port):
    with pytest.raises(ValueError, match=f"port={port}"):
        Target("h", "192.0.2.1").sockaddr(port)


@pytest.mark.parametrize(
    ("arguments", "keywords", "complaint"),
    [
        (("25",), {}, "port must be a whole number, not str"),
        ((1, 2), {}, "at most 1 positional argument"),
        ((1,), {"port": 2}, "multiple values for argument 'port'"),
        ((), {"prot": 2}, "unexpected keyword argument 'prot'"),
    ],
)
def test_wrong_arguments_of_sockaddr(arguments, keywords, complaint):
    with pytest.raises(TypeError, match=complaint):
        Target("h", "192.0.2.1").sockaddr(*arguments, **keywords)


def test_to_dict():
    assert list(Target("h", "192.0.2.1", 5).to_dict().items()) == [
        ("host", "h"),
        ("address", "192.0.2.1"),
        ("family", "ipv4"),
        ("preference", 5),
    ]


def test_equal_by_all_fields():
    variants = [
        Target(host, address, preference, implicit=implicit)
        for host in ("a", "b")
        for address in ("192.0.2.1", "::ffff:192.0.2.1")
        for preference in (0, 1)
        for implicit in (False, True)
    ]
    assert len(set(variants)) == 16
    for one, other in itertools.combinations(variants, 2):
        assert one != other
        assert not operator.eq(one, other)
    same = Target("a", "192.0.2.1")
    assert same == variants[0]
    assert not operator.ne(same, variants[0])
    assert hash(same) == hash(variants[0])


def test_not_equal_to_others_and_without_order():
    target = Target("a", "192.0.2.1")
    assert target != ("a", "192.0.2.1", 0, False)
    with pytest.raises(TypeError):
        target < Target("b", "192.0.2.1")  # noqa: B015


def test_immutable():
    target = Target("a", "192.0.2.1")
    with pytest.raises(AttributeError):
        target.host = "b"
    with pytest.raises(AttributeError):
        target.other = 1
    with pytest.raises(AttributeError):
        del target.address
    with pytest.raises(TypeError):
        Target.sockaddr = None


def test_repr_is_the_call_that_makes_it():
    for target in (
        Target("a'b", "192.0.2.1", 10),
        Target("a", "2001:db8::1", implicit=True),
    ):
        assert eval(repr(target)) == target
    assert repr(target) == (
        "Target(host='a', address='2001:db8::1', preference=0, implicit=True)"
    )


def test_final():
    with pytest.raises(TypeError, match="not an acceptable base type"):
        type("Mine", (Target,), {})


@pytest.mark.parametrize("documented", [pymx.Target, pymx.order])
def test_the_example_of_its_docstring(documented):
    finder = doctest.DocTestFinder(recurse=False)
    (found,) = finder.find(documented, globs={"pymx": pymx})
    assert found.examples
    assert doctest.DocTestRunner().run(found).failed == 0
