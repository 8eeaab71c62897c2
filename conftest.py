# SPDX-License-Identifier: MIT
"""What examples in docstrings and in README.rst find when they run as tests."""

import pathlib
from collections.abc import Iterator

import pytest

import pymx
import pymx.resolver
from pymx.testing import FakeDNS

MAIL_ZONE = pathlib.Path(__file__).parent / "examples" / "mail.zone"


@pytest.fixture
def doctest_namespace(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, object]]:
    """Serve examples/mail.zone to the default resolver; overrides pytest's fixture."""
    with FakeDNS(MAIL_ZONE) as dns:
        monkeypatch.setenv(pymx.resolver.NAMESERVERS, dns.nameserver)
        monkeypatch.setattr(pymx.resolver, "_default", None)
        yield {"pymx": pymx}
