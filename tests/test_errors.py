# SPDX-License-Identifier: MIT
"""The exceptions: who inherits from whom, what they carry."""

import pytest

import pymx
import pymx.errors

TREE = {
    pymx.Error: (Exception,),
    pymx.ConfigurationError: (pymx.Error, ValueError),
    pymx.ClosedError: (pymx.Error, RuntimeError),
    pymx.ResolutionError: (pymx.Error,),
    pymx.PermanentError: (pymx.ResolutionError,),
    pymx.NullMX: (pymx.PermanentError,),
    pymx.DomainNotFound: (pymx.PermanentError,),
    pymx.NoMailService: (pymx.PermanentError,),
    pymx.NoAddress: (pymx.PermanentError,),
    pymx.Refused: (pymx.PermanentError,),
    pymx.InvalidDomain: (pymx.PermanentError,),
    pymx.TemporaryError: (pymx.ResolutionError,),
    pymx.ResolveTimeout: (pymx.TemporaryError, TimeoutError),
    pymx.ServerFailure: (pymx.TemporaryError,),
    pymx.NoServers: (pymx.TemporaryError,),
    pymx.BadReply: (pymx.TemporaryError,),
}


def test_the_hierarchy():
    for error, parents in TREE.items():
        assert error.__bases__ == parents


def test_nothing_else_is_raised_on_purpose():
    found = {
        value
        for value in vars(pymx.errors).values()
        if isinstance(value, type) and issubclass(value, Exception)
    }
    assert found == set(TREE)


@pytest.mark.parametrize(
    "error", [e for e in TREE if issubclass(e, pymx.ResolutionError)]
)
def test_a_resolution_error_has_its_route_and_message(dns, resolver, error):
    route = resolver(dns()).resolve("a..b")
    raised = error(route)
    assert raised.route is route
    assert str(raised) == route.message
    assert route.message in str(raised)


def test_every_status_raises_its_error(dns, resolver):
    route = resolver(dns()).resolve("gone.example")
    with pytest.raises(pymx.DomainNotFound) as raised:
        route.raise_for_status()
    assert raised.value.route is route
