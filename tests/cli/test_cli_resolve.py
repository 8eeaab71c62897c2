# SPDX-License-Identifier: MIT
"""pymx resolve: formats, exit codes and flags when all goes as it should."""

import csv
import io
import itertools
import json
from pathlib import Path

import pytest
from cli.command import ZONE, resolve, routes

from pymx.cli import main
from pymx.testing import FakeDNS, drop, rcode

ROUTE_KEYS = [
    "input",
    "domain",
    "domain_unicode",
    "canonical",
    "status",
    "deliverable",
    "reason",
    "message",
    "implicit",
    "complete",
    "exchanges",
    "targets",
    "excluded",
    "warnings",
    "ttl",
    "cached",
    "elapsed",
    "authenticated",
    "smtp_reply",
]
EXCHANGE_KEYS = [
    "host",
    "canonical",
    "preference",
    "addresses",
    "ttl",
    "status",
    "reason",
]


# Formats


def test_text(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = resolve(
        capsys, "--zone", ZONE, "multihomed.example", "implicit.example"
    )
    assert code == 0
    assert out == (
        "multihomed.example  ok\n"
        "    10  mx.multihomed.example  203.0.113.3\n"
        "    10  mx.multihomed.example  2001:db8:3::2\n"
        "    10  mx.multihomed.example  203.0.113.1\n"
        "    10  mx.multihomed.example  2001:db8:3::1\n"
        "    10  mx.multihomed.example  203.0.113.2\n"
        "implicit.example  ok (implicit MX)\n"
        "    0  implicit.example  192.0.2.80\n"
        "    0  implicit.example  2001:db8:80::1\n"
    )


def test_text_of_what_takes_no_mail(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = resolve(
        capsys, "--zone", ZONE, "nullmx.example", "dangling.example", "a..b"
    )
    assert code == 1
    *lines, last = out.splitlines(keepends=True)
    assert "".join(lines) == (
        "nullmx.example  null_mx  nullmx.example accepts no mail: "
        "it publishes a null MX (RFC 7505)\n"
        "dangling.example  no_address (nxdomain)  no exchange of dangling.example has "
        "an address; of mx.gone.example: the name does not exist\n"
        "    unusable: 10 mx.gone.example: nxdomain\n"
    )
    assert last.startswith("a..b  invalid (empty_label)  ")
    assert last.endswith(
        " not a mail destination: "
        "there is nothing between two dots or before the first one\n"
    )


def test_text_lists_what_is_left_out_and_warns(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out = resolve(capsys, "--zone", ZONE, "half.example", "cnamex.example")
    assert code == 0
    assert "    unusable: 10 mx.gone.example: nxdomain\n" in out
    assert "    20  mail.half.example  192.0.2.41\n" in out
    assert "    warning: cname_exchange\n" in out

    arguments = ("--zone", ZONE, "--addresses", "private", "loopback.example")
    code, out = resolve(capsys, *arguments)
    assert code == 1
    assert out.startswith("loopback.example  refused (address_policy)  ")
    assert "    left out: 10 mail.loopback.example 127.0.0.1: loopback_address\n" in out


def test_verbose_text_explains(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["resolve", "-v", "--zone", ZONE, "user@cnamex.example"]) == 0
    out, err = capsys.readouterr()
    assert "    domain: cnamex.example\n" in out
    assert "    TTL 3600 s, " in out
    assert (
        "    warning: cname_exchange "
        "(the exchange is an alias, which RFC 2181 forbids)\n" in out
    )
    assert err == "pymx: 1 looked up: 1 deliverable, 0 undeliverable, 0 unknown\n"


def test_verbose_text_of_other_names(capsys: pytest.CaptureFixture[str]) -> None:
    main(["resolve", "-v", "--zone", ZONE, "alias.example", "bücher.example"])
    out = capsys.readouterr().out
    assert "    alias of: plain.example\n" in out
    assert "    domain: xn--bcher-kva.example (bücher.example)\n" in out


def test_json_has_the_keys_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    code, (route,) = routes(capsys, "--zone", ZONE, "user@levels.example")
    assert code == 0
    assert list(route) == ROUTE_KEYS
    assert [list(exchange) for exchange in route["exchanges"]] == [EXCHANGE_KEYS] * 3
    assert list(route["targets"][0]) == ["host", "address", "family", "preference"]
    assert route["input"] == "user@levels.example"
    assert route["domain"] == "levels.example"
    assert route["smtp_reply"] is None
    assert route["targets"][0] == {
        "host": "primary.levels.example",
        "address": "198.51.100.10",
        "family": "ipv4",
        "preference": 10,
    }


def test_json_of_what_takes_no_mail(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--zone", ZONE, "--addresses", "private")
    code, (null, loopback) = routes(
        capsys, *arguments, "nullmx.example", "loopback.example"
    )
    assert code == 1
    assert list(null["smtp_reply"]) == ["code", "enhanced", "text"]
    assert null["smtp_reply"]["code"] == 556
    assert null["deliverable"] is False
    assert loopback["excluded"] == [
        {
            "host": "mail.loopback.example",
            "preference": 10,
            "address": "127.0.0.1",
            "reason": "loopback_address",
        }
    ]


def test_json_is_one_ascii_line_for_each_destination_in_order(
    capsys: pytest.CaptureFixture[str],
) -> None:
    destinations = ["bücher.example", "a\nb", "nullmx.example", "plain.example"]
    code, out = resolve(capsys, "--format", "json", "--zone", ZONE, *destinations)
    assert code == 1
    assert out.isascii()
    assert [json.loads(line)["input"] for line in out.splitlines()] == destinations


def test_csv(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--format", "csv", "--zone", ZONE)
    code, out = resolve(capsys, *arguments, "implicit.example", "nullmx.example")
    assert code == 1
    assert out.splitlines()[0] == (
        "input,domain,status,deliverable,reason,preference,host,address,family,"
        "implicit,complete,ttl,warnings,message"
    )
    first, second, null = csv.DictReader(io.StringIO(out))
    assert [first["address"], second["address"]] == ["192.0.2.80", "2001:db8:80::1"]
    assert [first["family"], second["family"]] == ["ipv4", "ipv6"]
    assert first["implicit"] == first["deliverable"] == "true"
    assert null["status"] == null["reason"] == "null_mx"
    assert null["deliverable"] == "false"
    assert null["host"] == null["address"] == null["preference"] == ""


def test_csv_says_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    with FakeDNS() as dns:
        dns.script("sick.example", None, rcode("SERVFAIL"))
        arguments = ("--format", "csv", "-n", dns.nameserver, "sick.example")
        code, out = resolve(capsys, *arguments)
    (row,) = csv.DictReader(io.StringIO(out))
    assert (code, row["deliverable"], row["status"]) == (
        75,
        "unknown",
        "server_failure",
    )


@pytest.mark.parametrize("form", ["text", "csv"])
def test_input_cannot_break_lines_or_command_a_terminal(
    capsys: pytest.CaptureFixture[str], form: str
) -> None:
    destination = 'a\n"b",\x1b[2J\u202e.example'
    code, out = resolve(capsys, "--format", form, "--zone", ZONE, destination)
    assert code == 1
    assert out.count("\n") == (1 if form == "text" else 2)
    assert "\\n" in out
    assert "\\x1b[2J\\u202e" in out


# Exit codes


@pytest.mark.parametrize(
    ("destinations", "code"),
    [
        (["plain.example"], 0),
        (["plain.example", "gone.example"], 1),
        (["plain.example", "sick.example"], 75),
        (["sick.example", "gone.example", "plain.example"], 1),
        (["[192.0.2.1]"], 0),
        (["user@"], 1),
    ],
)
def test_exit_code(
    capsys: pytest.CaptureFixture[str], destinations: list[str], code: int
) -> None:
    with FakeDNS(Path(ZONE)) as dns:
        dns.script("sick.example", None, rcode("SERVFAIL"))
        assert resolve(capsys, "-n", dns.nameserver, *destinations)[0] == code


def test_silent_name_server_is_unknown_in_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with FakeDNS() as dns:
        dns.pause()
        arguments = ("-n", dns.nameserver, "-t", "0.3", "--tries", "1")
        code, (route,) = routes(capsys, *arguments, "plain.example")
    assert code == 75
    assert (route["status"], route["deliverable"]) == ("timeout", None)
    assert 0.25 < route["elapsed"] < 5


# Flags


def test_seed_fixes_the_order(capsys: pytest.CaptureFixture[str]) -> None:
    def order(seed: int) -> tuple[str, ...]:
        arguments = ("--zone", ZONE, "--seed", str(seed))
        _, (route,) = routes(capsys, *arguments, "equal.example")
        return tuple(target["host"][0] for target in route["targets"])

    assert order(7) == order(7)
    seen = {order(seed) for seed in range(40)}
    assert seen == set(itertools.permutations("abc"))


@pytest.mark.parametrize(("flag", "families"), [("-4", {"ipv4"}), ("-6", {"ipv6"})])
def test_family(
    capsys: pytest.CaptureFixture[str], flag: str, families: set[str]
) -> None:
    _, (route,) = routes(capsys, flag, "--zone", ZONE, "multihomed.example")
    assert {target["family"] for target in route["targets"]} == families


@pytest.mark.parametrize(
    ("flags", "deliverable"),
    [
        ([], True),
        (["--addresses", "private"], True),
        (["--addresses", "public"], False),
    ],
)
def test_addresses(
    capsys: pytest.CaptureFixture[str], flags: list[str], deliverable: bool
) -> None:
    _, (route,) = routes(capsys, *flags, "--zone", ZONE, "private.example")
    assert route["deliverable"] is deliverable


def test_addresses_are_any_with_a_zone_only(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert resolve(capsys, "--zone", ZONE, "loopback.example")[0] == 0
    with FakeDNS(Path(ZONE)) as dns:
        assert resolve(capsys, "-n", dns.nameserver, "loopback.example")[0] == 1


def test_name_servers_by_comma_and_by_repetition(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with FakeDNS(Path(ZONE)) as one, FakeDNS() as two, FakeDNS() as three:
        for sick in (two, three):
            sick.script(None, None, rcode("SERVFAIL"))
        listed = f"{two.nameserver}, {three.nameserver}"
        code, _ = resolve(
            capsys, "-n", listed, "--nameserver", one.nameserver, "plain.example"
        )
        assert code == 0
        assert one.log.count("plain.example", "MX") == 1


def test_name_servers_of_the_environment(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeDNS(Path(ZONE)) as dns, FakeDNS() as empty:
        monkeypatch.setenv("PYMX_NAMESERVERS", dns.nameserver)
        assert resolve(capsys, "plain.example")[0] == 0
        assert resolve(capsys, "-n", empty.nameserver, "plain.example")[0] == 1


def test_concurrency_bounds_what_is_asked_at_a_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with FakeDNS() as dns:
        dns.script("silent.example", None, drop())
        arguments = ("-n", dns.nameserver, "-t", "0.3", "silent.example", "x.example")
        resolve(capsys, "-c", "1", *arguments)
        (silent,), (other,) = (dns.log.matching(name) for name in arguments[-2:])
        assert other.time - silent.time > 0.2


def test_flags_between_destinations(capsys: pytest.CaptureFixture[str]) -> None:
    _, found = routes(
        capsys, "plain.example", "--zone", ZONE, "shop.example", "-4", "gone.example"
    )
    assert [route["input"] for route in found] == [
        "plain.example",
        "shop.example",
        "gone.example",
    ]


@pytest.mark.parametrize("before", [[], ["plain.example"]])
def test_destination_with_a_hyphen_in_front(
    capsys: pytest.CaptureFixture[str], before: list[str]
) -> None:
    arguments = ["--zone", ZONE, *before, "--", "-x.example", "-4"]
    code, found = routes(capsys, *arguments)
    assert code == 1
    assert [route["input"] for route in found] == [*before, "-x.example", "-4"]
    assert found[-2]["reason"] == "bad_hyphen"


def test_output_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "routes"
    arguments = ("--zone", ZONE, "bücher.example")
    assert resolve(capsys, "-o", str(file), *arguments) == (0, "")
    assert file.read_text(encoding="utf-8") == resolve(capsys, *arguments)[1]
    assert resolve(capsys, "-o", "-", *arguments) == resolve(capsys, *arguments)
