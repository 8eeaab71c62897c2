# SPDX-License-Identifier: MIT
"""pymx lint: text, JSON, exit codes, zone files, and what it says of wrong input."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cli.command import COMMAND, ENVIRONMENT, ROOT, TIME_LIMIT, ZONE, run, start

from pymx.cli import main
from pymx.testing import FakeDNS, rcode

BROKEN = str(ROOT / "examples" / "broken.zone")

CLEAN = """\
$ORIGIN example.com.
$TTL 3600
@    SOA  ns hostmaster 1 3600 900 1209600 300
     NS   ns
     MX   10 mx1
     MX   20 mx2
ns   A    192.175.48.53
mx1  A    192.175.48.1
mx2  A    192.175.48.2
"""


@pytest.fixture
def clean(tmp_path: Path) -> str:
    file = tmp_path / "clean.zone"
    file.write_text(CLEAN)
    return str(file)


def lint(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Run the command here; nothing may go to standard error."""
    code = main(["lint", *arguments])
    out, err = capsys.readouterr()
    assert err == ""
    return code, out


def reports(
    capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, list[dict[str, Any]]]:
    """Run the command here and read its JSON lines."""
    code, out = lint(capsys, "--format", "json", *arguments)
    return code, [json.loads(line) for line in out.splitlines()]


def with_lines(tmp_path: Path, *lines: str) -> str:
    """Return a zone file with more lines than the clean one."""
    file = tmp_path / "zone"
    file.write_text(CLEAN + "".join(f"{line}\n" for line in lines))
    return str(file)


# Formats


def test_text_when_all_is_well(capsys: pytest.CaptureFixture[str], clean: str) -> None:
    assert lint(capsys, "--zone", clean) == (
        0,
        "example.com  nothing to complain about\n",
    )


def test_text(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    zone = with_lines(tmp_path, "shop MX 10 mx", "mx CNAME mx1")
    code, out = lint(capsys, "--zone", zone, "shop.example.com")
    assert code == 1
    assert out == (
        "shop.example.com  1 error, 1 notice\n"
        "    error: mx.example.com is an alias (CNAME) of mx1.example.com"
        " [cname_exchange]\n"
        "        Name in the MX record the host at the end of the alias."
        " (RFC 2181 section 10.3, RFC 5321 section 5.1)\n"
        "    notice: mx.example.com is the only exchange, with one address"
        " [single_exchange]\n"
        "        Consider a second exchange; while this one is down, mail waits at the"
        " senders. (RFC 5321 section 5.1)\n"
    )


def test_text_of_what_nobody_knows(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    zone = with_lines(tmp_path, "shop MX 10 mx.example.net.")
    code, out = lint(capsys, "--zone", zone, "shop.example.com")
    assert code == 75
    assert out.startswith("shop.example.com  1 notice, not all could be checked\n")


def test_verbose_text_shows_targets_and_counts(
    capsys: pytest.CaptureFixture[str], clean: str
) -> None:
    domains = ["example.com", "gone.example.com", "example.net"]
    assert main(["lint", "-v", "--zone", clean, *domains]) == 1
    out, err = capsys.readouterr()
    assert out.startswith(
        "example.com  nothing to complain about\n"
        "    10  mx1.example.com  192.175.48.1\n"
        "    20  mx2.example.com  192.175.48.2\n"
    )
    assert err == (
        "pymx: 3 checked: 1 with errors, 1 without errors so far, 1 without errors\n"
    )


def test_colour(capsys: pytest.CaptureFixture[str], clean: str) -> None:
    _, out = lint(capsys, "--color", "always", "--zone", clean)
    assert "\x1b[32mnothing to complain about\x1b[0m" in out
    _, out = lint(capsys, "--color", "always", "--zone", clean, "gone.example.com")
    assert "\x1b[31merror\x1b[0m: gone.example.com does not exist" in out


def test_json(capsys: pytest.CaptureFixture[str], clean: str) -> None:
    arguments = ("--zone", clean, "bücher.example.com", "example.com")
    code, (missing, good) = reports(capsys, *arguments)
    assert code == 1
    assert missing == {
        "domain": "xn--bcher-kva.example.com",
        "domain_unicode": "bücher.example.com",
        "unknown": False,
        "errors": 1,
        "warnings": 0,
        "notices": 0,
        "findings": [
            {
                "severity": "error",
                "code": "no_such_domain",
                "domain": "xn--bcher-kva.example.com",
                "where": "xn--bcher-kva.example.com",
                "message": "xn--bcher-kva.example.com does not exist",
                "reference": "RFC 5321 section 5.1",
                "advice": "Publish an MX record, or stop using the domain in mail"
                " addresses.",
            }
        ],
    }
    assert (good["domain"], good["findings"]) == ("example.com", [])


@pytest.mark.parametrize("form", ["text", "json"])
def test_input_cannot_break_lines_or_command_a_terminal(
    capsys: pytest.CaptureFixture[str], clean: str, form: str
) -> None:
    domain = "a\n\x1b[2J\u202e.example"
    code, out = lint(capsys, "--format", form, "--zone", clean, domain)
    assert code == 1
    assert out.count("\n") == (1 if form == "json" else 3)
    assert "\x1b" not in out
    assert "\u202e" not in out


# Exit codes


@pytest.mark.parametrize(
    ("domains", "code"),
    [
        (["plain.example"], 0),
        (["nullmx.example"], 0),
        (["plain.example", "dangling.example"], 1),
        (["plain.example", "sick.example"], 75),
        (["sick.example", "dangling.example"], 1),
        (["half.example"], 1),
        (["implicit.example"], 0),
        (["a..b"], 1),
    ],
)
def test_exit_code(
    capsys: pytest.CaptureFixture[str], domains: list[str], code: int
) -> None:
    with FakeDNS(Path(ZONE)) as dns:
        dns.script("sick.example", None, rcode("SERVFAIL"))
        arguments = ("-n", dns.nameserver, "--addresses", "private", *domains)
        assert lint(capsys, *arguments)[0] == code


def test_silent_name_server_is_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    with FakeDNS() as dns:
        dns.pause()
        arguments = ("-n", dns.nameserver, "-t", "0.3", "plain.example")
        code, (report,) = reports(capsys, *arguments)
    assert code == 75
    assert report["unknown"] is True
    assert [finding["code"] for finding in report["findings"]] == ["not_checked"]


# What is checked


def test_mail_domains_of_a_zone_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    zone = with_lines(
        tmp_path,
        "shop MX 10 mx1",
        "www A 192.175.48.80",
        "*.any MX 10 mx1",
        "$ORIGIN example.net.",
        "@ SOA . . 1 1 1 1 1",
        "@ A 192.175.48.80",
        "$ORIGIN no-mail.example.",
        "@ SOA . . 1 1 1 1 1",
        "www A 192.175.48.80",
    )
    _, found = reports(capsys, "--zone", zone)
    assert [report["domain"] for report in found] == [
        "example.com",
        "shop.example.com",
        "*.any.example.com",
        "example.net",
    ]


def test_domain_of_a_zone_file(capsys: pytest.CaptureFixture[str], clean: str) -> None:
    arguments = ("--zone", clean, "user@example.com", "mx1.example.com")
    code, found = reports(capsys, *arguments)
    assert code == 0
    assert [report["domain"] for report in found] == ["example.com", "mx1.example.com"]
    assert [finding["code"] for finding in found[1]["findings"]] == ["implicit_mx"]


def test_domains_on_standard_input(clean: str) -> None:
    lines = b"example.com\ngone.example.com\n"
    done = run("lint", "--zone", clean, "--format", "json", "-", lines=lines)
    assert (done.returncode, done.stderr) == (1, b"")
    assert [json.loads(line)["errors"] for line in done.stdout.splitlines()] == [0, 1]


def test_addresses_are_public_unless_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    zone = with_lines(
        tmp_path, "shop MX 10 a", "shop MX 10 b", "a A 10.0.0.1", "b A 10.0.0.2"
    )
    arguments = ("--zone", zone, "shop.example.com")
    assert lint(capsys, *arguments)[0] == 1
    assert lint(capsys, *arguments, "--addresses", "private")[0] == 0


def test_exchanges_outside_the_zone_are_looked_up(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    zone = with_lines(
        tmp_path, "shop MX 10 mx.example.net.", "shop MX 10 gone.example.net."
    )
    arguments = ("--zone", zone, "shop.example.com")
    with FakeDNS({"mx.example.net": {"A": "192.175.48.1"}}) as dns:
        monkeypatch.setenv("PYMX_NAMESERVERS", dns.nameserver)
        assert lint(capsys, *arguments)[0] == 75
        assert len(dns.log) == 0
        code, (report,) = reports(capsys, "--outside", *arguments)
    assert code == 1
    assert [finding["where"] for finding in report["findings"]] == ["gone.example.net"]


def test_output_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, clean: str
) -> None:
    file = tmp_path / "report"
    assert lint(capsys, "-o", str(file), "--zone", clean) == (0, "")
    assert file.read_text() == "example.com  nothing to complain about\n"


# Wrong input


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["lint", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err.removeprefix("pymx: ").removesuffix("\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            "",
            'no domain given, nor "-" for standard input, nor a --zone; see pymx lint',
        ),
        ("--outside x", "--outside needs a --zone"),
        ("-4 x", "unrecognized arguments: -4"),
        ("--seed 1 x", "unrecognized arguments: --seed"),
        ("-n nobody x", "-n/--nameserver 'nobody': must be an IP address"),
        ("-t 0 x", "-t/--timeout 0.0: must be a number of seconds"),
        ("--format csv x", "argument --format: invalid choice: 'csv'"),
        ("--zone /nowhere/zone", "--zone /nowhere/zone: No such file or directory"),
        ("-n 127.0.0.1 --zone x", "--zone: not allowed with argument -n"),
    ],
)
def test_usage(capsys: pytest.CaptureFixture[str], arguments: str, says: str) -> None:
    assert says in complaint(capsys, *arguments.split())


def test_zone_with_a_mistake(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    zone = with_lines(tmp_path, "shop MX ten mx1")
    assert complaint(capsys, "--zone", zone).startswith(
        f"--zone {zone}, line 10: 'shop MX ten mx1': "
    )


def test_zone_without_a_mail_domain(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    zone = tmp_path / "zone"
    zone.write_text("www.example.com. A 192.175.48.1\n")
    assert complaint(capsys, "--zone", str(zone)) == (
        f"--zone {zone}: no MX record, and no address at an apex; "
        "name a DOMAIN to check"
    )
    assert lint(capsys, "--zone", str(zone), "www.example.com")[0] == 0


def test_output_does_not_overwrite_the_zone(
    capsys: pytest.CaptureFixture[str], clean: str
) -> None:
    says = complaint(capsys, "--zone", clean, "-o", clean)
    assert says == f"-o/--output {clean} is the --zone itself"
    assert Path(clean).read_text() == CLEAN


def test_name_servers_of_the_environment_are_named(
    capsys: pytest.CaptureFixture[str], clean: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYMX_NAMESERVERS", "nobody")
    says = complaint(capsys, "--zone", clean, "--outside")
    assert says.startswith("PYMX_NAMESERVERS[0]='nobody': must be an IP address")


# Ends


def test_signal_while_a_name_server_is_silent() -> None:
    with FakeDNS() as dns:
        dns.pause()
        with start("lint", "-n", dns.nameserver, "-t", "300", "a.example") as child:
            dns.log.wait(name="a.example")
            child.send_signal(signal.SIGINT)
            _, err = child.communicate(timeout=TIME_LIMIT)
    assert (child.returncode, err) == (130, b"")


@pytest.mark.parametrize("arguments", [("--zone", BROKEN), ("--help",)])
def test_nobody_reads_the_results(arguments: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with start("lint", *arguments, stdout=writing) as child:
        os.close(writing)
        _, err = child.communicate(timeout=TIME_LIMIT)
    assert (child.returncode, err) == (141, b"")


def test_full_disk() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, "lint", "--zone", BROKEN],
            stdout=full,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
            timeout=TIME_LIMIT,
        )
    assert done.returncode == 74
    assert done.stderr == b"pymx: standard output: No space left on device\n"


def test_without_dnspython_dns_is_checked_all_the_same() -> None:
    program = (
        "import sys; sys.modules['dns'] = None; from pymx.cli import main; "
        "sys.exit(main(sys.argv[1:]))"
    )
    with FakeDNS({"example.com": {"MX": (0, ".")}}) as dns:
        found = [
            subprocess.run(
                [COMMAND[0], "-c", program, "lint", *arguments],
                capture_output=True,
                timeout=TIME_LIMIT,
            )
            for arguments in (["-n", dns.nameserver, "example.com"], ["--zone", BROKEN])
        ]
    assert [done.returncode for done in found] == [0, 2]
    assert b"pip install 'pymx[testing]'" in found[1].stderr


def test_example_has_every_kind_of_finding(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = reports(capsys, "--zone", BROKEN)
    assert code == 1
    assert all(report["findings"] for report in found)
    codes = {finding["code"] for report in found for finding in report["findings"]}
    assert len(codes) > 20
