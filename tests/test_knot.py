# SPDX-License-Identifier: MIT
"""Against a real server: Knot DNS (Debian's package knot) on a loopback port."""

import contextlib
import pathlib
import shutil
import socket
import subprocess
import time

import pytest

import pymx

MAIL_ZONE = pathlib.Path(__file__).parents[1] / "examples" / "mail.zone"
START_TIMEOUT = 30.0

CONFIGURATION = """
server:
    rundir: "{directory}"
    listen: 127.0.0.1@{port}
log:
  - target: stderr
    any: warning
database:
    storage: "{directory}"
zone:
  - domain: example.
    file: "{directory}/example.zone"
    semantic-checks: off
  - domain: large.test.
    file: "{directory}/large.zone"
"""

# Over 4,096 octets: truncated over UDP whatever the buffer.
LARGE_ZONE = "\n".join(
    [
        "$ORIGIN large.test.",
        "$TTL 300",
        "@ IN SOA ns.large.test. hostmaster.large.test. 1 3600 900 1209600 300",
        "@ IN NS ns.large.test.",
        "ns IN A 192.0.2.53",
        *(f"@ IN MX {n} a-rather-long-host-name-{n}.large.test." for n in range(200)),
        *(f"a-rather-long-host-name-{n} IN A 192.0.2.{n}" for n in range(200)),
        *(f"many IN A 10.0.{n // 250}.{n % 250}" for n in range(500)),
    ]
)


def free_port():
    """Return a port that is free for UDP and for TCP."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port = tcp.getsockname()[1]
            with contextlib.suppress(OSError):
                udp.bind(("127.0.0.1", port))
                return port


def wait_until_it_answers(process, port):
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stderr.read()
        with pymx.Resolver([f"127.0.0.1:{port}"], timeout=0.5) as resolver:
            if resolver.resolve("plain.example").deliverable is not None:
                return
    pytest.fail(f"knotd did not answer within {START_TIMEOUT} s")


@pytest.fixture(scope="module")
def knot(tmp_path_factory):
    """A running knotd; its address."""
    knotd = shutil.which(
        "knotd", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
    )
    if knotd is None:
        pytest.fail("knotd was not found: install the package knot (apt install knot)")
    directory = tmp_path_factory.mktemp("knot")
    port = free_port()
    (directory / "knot.conf").write_text(
        CONFIGURATION.format(directory=directory, port=port)
    )
    shutil.copy(MAIL_ZONE, directory / "example.zone")
    (directory / "large.zone").write_text(LARGE_ZONE + "\n")
    process = subprocess.Popen(
        [knotd, "--config", str(directory / "knot.conf")],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until_it_answers(process, port)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=START_TIMEOUT)


def addresses(route):
    return [target.address for target in route.targets]


@pytest.mark.parametrize(
    ("domain", "status"),
    [
        ("plain", "ok"),
        ("equal", "ok"),
        ("levels", "ok"),
        ("multihomed", "ok"),
        ("implicit", "ok"),
        ("nullmx", "null_mx"),
        ("nomail", "no_mail"),
        ("dangling", "no_address"),
        ("half", "ok"),
        ("alias", "ok"),
        ("cnamex", "ok"),
        ("bücher", "ok"),
        ("gone", "no_domain"),
    ],
)
def test_every_kind_of_domain(resolver, knot, domain, status):
    assert resolver(knot).resolve(f"{domain}.example").status == status


def test_the_published_order_and_families(resolver, knot):
    route = resolver(knot).resolve("multihomed.example")
    assert sorted(addresses(route)) == sorted(
        [
            "203.0.113.3",
            "203.0.113.1",
            "203.0.113.2",
            "2001:db8:3::2",
            "2001:db8:3::1",
        ]
    )
    levels = resolver(knot).resolve("levels.example")
    assert addresses(levels)[:2] == ["198.51.100.10", "2001:db8:10::10"]


def test_a_large_answer_comes_over_tcp(resolver, knot):
    asking = resolver(knot, max_exchanges=100)
    route = asking.resolve("large.test")
    assert route.status == "ok"
    assert [e.preference for e in route.exchanges] == list(range(100))
    assert asking.stats()["tcp_queries"] == 1


def test_many_addresses_come_over_tcp(resolver, knot):
    asking = resolver(knot, max_addresses=100)
    assert len(asking.resolve("many.large.test").targets) == 100
    assert asking.stats()["tcp_queries"] == 1


def test_a_domain_the_server_refuses(resolver, knot):
    route = resolver(knot).resolve("elsewhere.test")
    assert (route.deliverable, route.reason) == (None, "server_refused")


def test_many_domains(resolver, knot):
    names = ["plain.example", "levels.example", "shop.example", "studio.example"] * 250
    routes = list(resolver(knot, cache_size=0).resolve_many(names))
    assert len(routes) == 1000
    assert {route.status for route in routes} == {"ok"}
