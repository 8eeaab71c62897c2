# SPDX-License-Identifier: MIT
"""--trace: the steps of lookups, below the results and in JSON."""

import json
import re

import pytest
from cli.command import ZONE, resolve, routes

from pymx.cli import main
from pymx.testing import FakeDNS, answer, rcode


def test_text_has_a_line_for_each_step(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("-4", "--trace", "--zone", ZONE)
    code, out = resolve(capsys, *arguments, "plain.example", "[192.0.2.1]")
    assert code == 0
    first, second = out.split("[192.0.2.1]  ok\n")
    heading, target, *steps = first.splitlines()
    assert heading == "plain.example  ok"
    assert target == "    10  mail.plain.example  192.0.2.25"
    assert [line.split()[2] for line in steps] == [
        *("query", "reply", "answer", "exchange"),
        *("query", "reply", "answer", "verdict", "verdict"),
    ]
    assert all(re.match(r" {4} *\d+\.\d ms  \w+ +\S", line) for line in steps)
    assert len({line.index(" ms  ") for line in steps}) == 1
    assert second == (
        "    0  [192.0.2.1]  192.0.2.1\n"
        "    0.0 ms  offline   nothing to ask: an address literal is its own target\n"
        "    0.0 ms  verdict   0 [192.0.2.1]: ok, 1 address\n"
        "    0.0 ms  verdict   ok, 1 target\n"
    )


def test_text_without_the_flag_has_none(capsys: pytest.CaptureFixture[str]) -> None:
    _, out = resolve(capsys, "--zone", ZONE, "plain.example")
    assert " ms " not in out


def test_json_has_the_key_with_the_flag_only(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with FakeDNS() as dns:
        dns.script("sick.example", None, rcode("SERVFAIL"))
        arguments = ("-n", dns.nameserver, "--tries", "1", "sick.example")
        code, (traced,) = routes(capsys, "--trace", *arguments)
        _, (plain,) = routes(capsys, *arguments)
    assert code == 75
    assert list(traced) == [*plain, "trace"]
    query, reply, *_, verdict = traced["trace"]
    assert (query["event"], query["server"]) == ("query", dns.nameserver)
    assert (reply["rcode"], reply["transport"]) == ("SERVFAIL", "udp")
    assert (verdict["status"], verdict["reason"]) == ("server_failure", "servfail")


def test_csv_has_no_place_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--trace", "--format", "csv"], ["--format=csv", "--trace"]):
        assert main(["resolve", *arguments, "plain.example"]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err == (
            "pymx: --trace has no place in a row of csv: use --format json or text; "
            "see pymx resolve --help\n"
        )


def test_hostile_names_cannot_command_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with FakeDNS() as dns:
        forged = answer("a.example. 60 IN MX 10 x\\027[2J\\010.example.")
        dns.script("a.example", "MX", forged)
        _, out = resolve(capsys, "--trace", "-n", dns.nameserver, "a.example")
    assert "\x1b" not in out
    assert "x\\027\\0912j\\010.example: bad_exchange_name\n" in out


def test_steps_are_dim_where_there_is_colour(
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ("--trace", "--color", "always", "[192.0.2.1]")
    _, out = resolve(capsys, *arguments)
    assert "    \x1b[2m0.0 ms  verdict   ok, 1 target\x1b[0m\n" in out


def test_doctor_shows_the_steps_of_its_lookup(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with FakeDNS() as dns:
        assert main(["doctor", "--trace", "-n", dns.nameserver]) == 0
        lines = capsys.readouterr().out.splitlines()
        heading = lines.index(f"{dns.nameserver}, step by step:")
        assert lines[heading + 1].startswith("    0.0 ms  query     example.com MX to")
        assert lines[-1].endswith(" ms  verdict   no_domain (nxdomain)")
        arguments = ["doctor", "--trace", "--format", "json", "-n", dns.nameserver]
        assert main(arguments) == 0
    (server,) = json.loads(capsys.readouterr().out)["servers"]
    assert [step["event"] for step in server["trace"]] == [
        *("query", "reply", "answer", "verdict")
    ]
