# SPDX-License-Identifier: MIT
import pytest
from native import made

from pymx import _native


def test_hosts_of_all_exchanges() -> None:
    route = _native._rebuild_route(*made.state("x"))
    literal = made.resolver().resolve("[192.0.2.1]")
    assert _native.hosts([route, literal, route]) == [
        *("a.example", "b.example", "[192.0.2.1]", "a.example", "b.example"),
    ]
    assert _native.hosts([]) == []


@pytest.mark.parametrize("routes", [(), [1], None])
def test_only_lists_of_routes(routes: object) -> None:
    with pytest.raises(TypeError, match="routes"):
        _native.hosts(routes)
