# SPDX-License-Identifier: MIT
"""What tests of pymx through Python share: servers, resolvers, child processes."""

import contextlib
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import pymx
from pymx.testing import FakeDNS

# A child that takes longer hangs. It is not how long anything should take.
CHILD_TIMEOUT = 60.0
# Python 3.12 warns whoever forks beside a thread of any kind; ours expects it.
_OPTIONS = ("-W", "ignore:This process:DeprecationWarning")

StartDNS = Callable[..., FakeDNS]
MakeResolver = Callable[..., pymx.Resolver]
RunChild = Callable[..., str]


@pytest.fixture(scope="session", autouse=True)
def children_heed_ctrl_c() -> None:
    """Undo what nohup and a shell's `&` do: children would ignore SIGINT as we do."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def dns() -> Iterator[StartDNS]:
    """Start servers: `dns(zone)` is a running FakeDNS, stopped after the test."""
    with contextlib.ExitStack() as servers:

        def start(*args: Any, **options: Any) -> FakeDNS:
            return servers.enter_context(FakeDNS(*args, **options))

        yield start


@pytest.fixture
def resolver() -> Iterator[MakeResolver]:
    """Make resolvers: `resolver(server, ..., tries=1)` asks these, in this order.

    They are patient, so that a slow machine does not make them ask twice.
    """
    with contextlib.ExitStack() as resolvers:

        def make(*servers: FakeDNS | str, **options: Any) -> pymx.Resolver:
            addresses = [
                server if isinstance(server, str) else server.nameserver
                for server in servers
            ]
            patience = {"timeout": 60.0, "attempt_timeout": 20.0}
            return resolvers.enter_context(
                pymx.Resolver(addresses, **{**patience, **options})
            )

        yield make


@pytest.fixture
def child() -> RunChild:
    """Run Python code in a child process: `child(code, *arguments)` is its output.

    The child must end with exit status 0, write nothing to stderr and be done in time.
    """

    def run(code: str, *arguments: str) -> str:
        ended = subprocess.run(
            [sys.executable, *_OPTIONS, "-c", textwrap.dedent(code), *arguments],
            capture_output=True,
            text=True,
            timeout=CHILD_TIMEOUT,
            check=False,
        )
        assert (ended.returncode, ended.stderr) == (0, "")
        return ended.stdout

    return run
