# SPDX-License-Identifier: MIT
"""pymx doctor: what it finds, what it advises, what it returns."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli.command import ZONE

from pymx import _native
from pymx.cli import installed, main
from pymx.testing import FakeDNS, drop, echo_query, rcode, refuse_edns, wrong_id

REPORT_KEYS = [
    "pymx",
    "python",
    "platform",
    "cares",
    "idna",
    "optional",
    "transport",
    "source",
    "domain",
    "servers",
    "advice",
]
SERVER_KEYS = [
    "nameserver",
    "answers",
    "status",
    "reason",
    "elapsed",
    "udp",
    "tcp",
    "edns",
    "recursion",
    "advice",
]


@pytest.fixture(autouse=True)
def _sound_cares(monkeypatch: pytest.MonkeyPatch) -> None:
    # Of this machine's c-ares only the tests that set it should speak.
    monkeypatch.setattr(_native, "CARES_VERSION", "1.18.1")


@pytest.fixture
def dns() -> Iterator[FakeDNS]:
    with FakeDNS(Path(ZONE)) as server:
        yield server


def report(
    capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, dict[str, Any]]:
    """Run the command here, with little patience, and read its JSON."""
    code = main(["doctor", "--format", "json", "-t", "0.5", "--tries", "1", *arguments])
    out, err = capsys.readouterr()
    assert err == ""
    assert out.count("\n") == 1
    return code, json.loads(out)


def test_all_is_well(capsys: pytest.CaptureFixture[str], dns: FakeDNS) -> None:
    code, found = report(capsys, "-n", dns.nameserver, "plain.example")
    assert code == 0
    assert list(found) == REPORT_KEYS
    assert found["source"] == "-n/--nameserver"
    assert found["advice"] == []
    assert found["cares"] == {
        "running": "1.18.1",
        "compiled": _native.CARES_HEADER_VERSION,
        "has_known_faults": False,
    }
    (server,) = found["servers"]
    assert list(server) == SERVER_KEYS
    assert server["nameserver"] == dns.nameserver
    assert (server["answers"], server["status"]) == (True, "ok")
    assert server["udp"]["works"] is server["tcp"]["works"] is True
    assert server["edns"] is server["recursion"] is True
    assert dns.log.count("plain.example", "MX", "tcp") == 1


def test_text(capsys: pytest.CaptureFixture[str], dns: FakeDNS) -> None:
    assert main(["doctor", "-n", dns.nameserver]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("pymx 0.")
    assert lines[1].startswith("c-ares 1.18.1, compiled for ")
    assert lines[2].startswith("idna ")
    assert lines[3] == "transport auto"
    assert (
        lines[4] == "name servers (-n/--nameserver), asked for the MX of example.com:"
    )
    heading, server = lines[5].split(), lines[6].split()
    assert heading == [
        *("name", "server", "answers", "time", "UDP", "TCP", "EDNS", "recursion")
    ]
    assert server[:3] == [dns.nameserver, "yes,", "no_domain"]
    assert server[5:] == ["NXDOMAIN", "NXDOMAIN", "yes", "yes"]
    assert len(lines) == 7


@pytest.mark.parametrize("transport", ["auto", "c-ares", "tcp"])
def test_transport(
    capsys: pytest.CaptureFixture[str], dns: FakeDNS, transport: str
) -> None:
    arguments = ("-n", dns.nameserver, "--transport", transport, "plain.example")
    code, found = report(capsys, *arguments)
    assert code == 0
    assert found["transport"] == transport
    assert found["servers"][0]["status"] == "ok"


def test_zone_is_examined_like_a_name_server(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, found = report(capsys, "--zone", ZONE, "nullmx.example")
    assert code == 0
    assert found["source"] == "--zone"
    assert found["servers"][0]["status"] == "null_mx"


def test_name_servers_of_the_environment(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    dns: FakeDNS,
) -> None:
    monkeypatch.setenv("PYMX_NAMESERVERS", dns.nameserver)
    code, found = report(capsys)
    assert code == 0
    assert found["source"] == "PYMX_NAMESERVERS"
    assert [server["nameserver"] for server in found["servers"]] == [dns.nameserver]


def test_one_of_two_is_dead(capsys: pytest.CaptureFixture[str], dns: FakeDNS) -> None:
    with FakeDNS() as dead:
        pass
    code, found = report(capsys, "-n", f"{dead.nameserver},{dns.nameserver}")
    assert code == 1
    assert [server["answers"] for server in found["servers"]] == [False, True]
    first = found["servers"][0]
    assert first["udp"]["error"] == first["tcp"]["error"] == "connection refused"
    assert first["edns"] is first["recursion"] is None
    (advice,) = found["advice"]
    assert advice == (
        f"{dead.nameserver} does not answer (UDP: connection refused; TCP: connection "
        "refused): start it, let its port through the firewall, or name another server "
        "with -n or PYMX_NAMESERVERS"
    )


def test_none_answers(capsys: pytest.CaptureFixture[str]) -> None:
    with FakeDNS() as dead:
        pass
    assert main(["doctor", "-n", dead.nameserver, "-t", "0.5"]) == 75
    out = capsys.readouterr().out
    assert f"problem: {dead.nameserver} does not answer" in out


def test_no_name_servers_at_all(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_native, "system_nameservers", tuple)
    code, found = report(capsys)
    assert code == 75
    assert found["source"] == "system"
    assert found["servers"] == []
    assert found["advice"][0].startswith("there is no name server to ask")


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("REFUSED", "refuses to answer this machine"),
        ("SERVFAIL", "cannot resolve plain.example itself"),
        ("NOTIMP", "does not implement the question"),
    ],
)
def test_name_server_that_answers_with_an_error(
    capsys: pytest.CaptureFixture[str], dns: FakeDNS, code: str, advice: str
) -> None:
    dns.script(None, None, rcode(code))
    exit_code, found = report(capsys, "-n", dns.nameserver, "plain.example")
    assert exit_code == 75
    (server,) = found["servers"]
    assert server["answers"] is False
    assert server["udp"]["rcode"] == server["tcp"]["rcode"] == code
    assert advice in found["advice"][0]


def test_name_server_without_recursion(capsys: pytest.CaptureFixture[str]) -> None:
    with FakeDNS(Path(ZONE), authoritative=True) as dns:
        _, found = report(capsys, "-n", dns.nameserver, "plain.example")
    (server,) = found["servers"]
    assert server["recursion"] is False
    assert "does not offer recursion" in found["advice"][0]


def test_tcp_is_shut(capsys: pytest.CaptureFixture[str], dns: FakeDNS) -> None:
    dns.refuse_tcp()
    code, found = report(capsys, "-n", dns.nameserver, "plain.example")
    assert code == 0
    assert found["servers"][0]["tcp"]["error"] == "connection refused"
    assert len(found["advice"]) == 1
    assert "answers over UDP only (TCP: connection refused)" in found["advice"][0]


def test_tcp_is_cut(capsys: pytest.CaptureFixture[str], dns: FakeDNS) -> None:
    dns.refuse_tcp(after_accept=True)
    _, found = report(capsys, "-n", dns.nameserver, "plain.example")
    assert found["servers"][0]["tcp"]["works"] is False
    assert "answers over UDP only" in found["advice"][0]


def test_udp_is_dropped(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    dns: FakeDNS,
) -> None:
    monkeypatch.setattr("pymx.cli.checkup._PROBE_TIMEOUT", 0.2)
    dns.script(None, None, drop(), transport="udp")
    _, found = report(capsys, "-n", dns.nameserver, "plain.example")
    (server,) = found["servers"]
    assert server["udp"]["error"] == "no reply in 0.2 s"
    assert server["tcp"]["works"] is True
    assert any("answers over TCP only" in sentence for sentence in found["advice"])


@pytest.mark.parametrize("behaviour", [wrong_id(), echo_query()])
def test_replies_to_something_else_are_no_replies(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    dns: FakeDNS,
    behaviour: Any,
) -> None:
    monkeypatch.setattr("pymx.cli.checkup._PROBE_TIMEOUT", 0.2)
    dns.script(None, None, behaviour)
    code, found = report(capsys, "-n", dns.nameserver, "plain.example")
    assert code == 75
    (server,) = found["servers"]
    assert server["udp"]["works"] is server["tcp"]["works"] is False
    assert server["tcp"]["error"] == "a reply to something else"


def test_edns_is_not_spoken(capsys: pytest.CaptureFixture[str], dns: FakeDNS) -> None:
    dns.script(None, None, refuse_edns())
    _, found = report(capsys, "-n", dns.nameserver, "plain.example")
    (server,) = found["servers"]
    assert server["edns"] is False
    assert server["udp"]["rcode"] == "FORMERR"
    assert any("EDNS" in sentence for sentence in found["advice"])


@pytest.mark.parametrize("domain", ["a..b", "[192.0.2.1]", "x.invalid", "", "user@"])
def test_domain_that_nobody_is_asked_about(
    capsys: pytest.CaptureFixture[str], dns: FakeDNS, domain: str
) -> None:
    assert main(["doctor", "-n", dns.nameserver, domain]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"pymx: {domain} is not looked up in DNS: ")
    assert len(dns.log) == 0


# Versions


@pytest.mark.parametrize(
    ("version", "is_faulty"),
    [
        ("1.18.1", False),
        ("1.32.2", False),
        ("1.32.3", True),
        ("1.34.5", True),
        ("1.34.6", True),
        ("1.34.7", False),
        ("1.100.0", False),
    ],
)
def test_faulty_cares(version: str, is_faulty: bool) -> None:
    assert installed.is_faulty_cares(version) is is_faulty


def test_faulty_cares_is_told(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    dns: FakeDNS,
) -> None:
    monkeypatch.setattr(_native, "CARES_VERSION", "1.34.5")
    code, found = report(capsys, "-n", dns.nameserver)
    assert code == 0
    assert found["cares"]["has_known_faults"] is True
    assert found["advice"][0].startswith("c-ares 1.34.5 has faults")


def test_missing_packages_name_their_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "version_of", lambda _: None)
    text = installed.describe(installed.versions())
    assert "no dnspython (pymx[testing]), no rich (pymx[cli]), no trio" in text
    assert "idna is missing" in text
