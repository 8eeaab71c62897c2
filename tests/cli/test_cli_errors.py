# SPDX-License-Identifier: MIT
"""What the command says and returns when something is wrong: one line, one code."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cli.command import COMMAND, ENVIRONMENT, TIME_LIMIT, ZONE, run, start

from pymx.cli import main
from pymx.testing import FakeDNS


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run the command here where it must fail for its arguments; return the line."""
    assert main(list(arguments)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("pymx: ")
    assert err.endswith("\n")
    assert err.count("\n") == 1
    return err.removeprefix("pymx: ").removesuffix("\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            "",
            "no command given; the first word is resolve, bulk, lint or doctor; see",
        ),
        (
            "mail x",
            "'mail' is no command; the first word is resolve, bulk, lint or doctor",
        ),
        (
            "resolve",
            'no destination given, nor "-" for standard input; see pymx resolve',
        ),
        ("resolve --", "no destination given"),
        ("resolve --zonk x", "unrecognized arguments: --zonk"),
        ("resolve --tim 3 x", "unrecognized arguments: --tim"),
        ("resolve -t", "argument -t/--timeout: expected one argument"),
        ("resolve -t soon x", "argument -t/--timeout: invalid float value: 'soon'"),
        (
            "resolve --timeout=-1 x",
            "-t/--timeout -1.0: must be a number of seconds from 0.01",
        ),
        ("resolve -t nan x", "-t/--timeout nan: must be a number of seconds"),
        ("resolve -t inf x", "-t/--timeout inf: must be a number of seconds"),
        ("resolve --tries 0 x", "--tries 0: must be a whole number from 1"),
        ("resolve --tries 1.5 x", "argument --tries: invalid int value: '1.5'"),
        ("resolve -c 0 x", "-c/--concurrency 0: must be a whole number from 1"),
        ("resolve --seed=-1 x", "--seed -1: must be a whole number from 0"),
        ("resolve -n nobody x", "-n/--nameserver 'nobody': must be an IP address"),
        ("resolve -n 127.0.0.1,1.2 x", "-n/--nameserver '1.2': must be an IP address"),
        ("resolve -n 127.0.0.1:99999 x", "-n/--nameserver '127.0.0.1:99999': must"),
        ("resolve -n , x", "-n/--nameserver []: must be 1 to 8 name servers"),
        ("resolve -n 127.0.0.1 --zone z x", "--zone: not allowed with argument -n"),
        ("resolve -4 -6 x", "argument -6: not allowed with argument -4"),
        ("resolve -q -v x", "argument -v/--verbose: not allowed with argument -q"),
        ("resolve --format xml x", "argument --format: invalid choice: 'xml'"),
        ("resolve --addresses all x", "argument --addresses: invalid choice: 'all'"),
        ("resolve --color red x", "argument --color: invalid choice: 'red'"),
        ("doctor --format csv", "argument --format: invalid choice: 'csv'"),
        ("doctor a b", "unrecognized arguments: b"),
        ("doctor -- a", "doctor takes one DOMAIN, before any --"),
        ("doctor -t 0", "-t/--timeout 0.0: must be a number of seconds"),
    ],
)
def test_usage(capsys: pytest.CaptureFixture[str], arguments: str, says: str) -> None:
    assert says in complaint(capsys, *arguments.split())


def test_name_servers_of_the_environment_are_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYMX_NAMESERVERS", "127.0.0.1 nobody")
    line = complaint(capsys, "resolve", "x")
    assert line.startswith("PYMX_NAMESERVERS[1]='nobody': must be an IP address")


def test_complaints_are_one_line_whatever_is_given(
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = complaint(capsys, "resolve", "--zone", "a\nb\x1b[2J", "x")
    assert line == "--zone a\\nb\\x1b[2J: No such file or directory"


@pytest.mark.parametrize("command", [["resolve", "x"], ["doctor"]])
def test_zone_that_cannot_be_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, command: list[str]
) -> None:
    missing = str(tmp_path / "missing")
    assert (
        complaint(capsys, *command, "--zone", missing)
        == f"--zone {missing}: No such file or directory"
    )
    assert (
        complaint(capsys, *command, "--zone", str(tmp_path))
        == f"--zone {tmp_path}: Is a directory"
    )


def test_zone_with_a_mistake(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    zone = tmp_path / "zone"
    zone.write_text("a.example. A 192.0.2.1\nb.example. MX ten b.example.\n")
    line = complaint(capsys, "resolve", "--zone", str(zone), "a.example")
    assert line.startswith(f"--zone {zone}, line 2: ")
    zone.write_bytes(b"\xff")
    line = complaint(capsys, "resolve", "--zone", str(zone), "a.example")
    assert line.startswith(f"--zone {zone}: not UTF-8 text")


def test_zone_without_dnspython_names_the_extra() -> None:
    program = (
        "import sys; sys.modules['dns'] = None; from pymx.cli import main; "
        "sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "resolve", "--zone", ZONE, "x"],
        capture_output=True,
        timeout=TIME_LIMIT,
    )
    assert done.returncode == 2
    assert done.stderr.decode() == (
        f"pymx: --zone {ZONE}: pymx.testing needs dnspython: "
        "pip install 'pymx[testing]'\n"
    )


def test_output_that_cannot_be_opened(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    command = ("resolve", "--zone", ZONE, "x", "-o")
    assert (
        complaint(capsys, *command, str(tmp_path))
        == f"-o/--output {tmp_path}: Is a directory"
    )
    missing = str(tmp_path / "missing" / "file")
    assert (
        complaint(capsys, *command, missing)
        == f"-o/--output {missing}: No such file or directory"
    )


def test_output_does_not_overwrite_the_zone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    zone = tmp_path / "zone"
    zone.write_text("a.example. A 192.0.2.1\n")
    link = tmp_path / "link"
    link.symlink_to(zone)
    line = complaint(capsys, "resolve", "--zone", str(zone), "-o", str(link), "x")
    assert line == f"-o/--output {link} is the --zone itself"
    assert zone.read_text() == "a.example. A 192.0.2.1\n"


# Results that cannot be written


@pytest.mark.parametrize("command", ["resolve", "doctor"])
def test_full_disk_behind_standard_output(command: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, command, "--zone", ZONE, "plain.example"],
            stdout=full,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
            timeout=TIME_LIMIT,
        )
    assert done.returncode == 74
    assert done.stderr == b"pymx: standard output: No space left on device\n"


def test_full_disk_behind_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["resolve", "--zone", ZONE, "-o", "/dev/full", "plain.example"]) == 74
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "pymx: -o/--output /dev/full: No space left on device\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("resolve", "--zone", ZONE, "plain.example"),
        ("doctor", "--zone", ZONE),
        ("--help",),
        ("resolve", "--help"),
        ("--version",),
    ],
)
def test_nobody_reads_the_results(arguments: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with start(*arguments, stdout=writing) as child:
        os.close(writing)
        _, err = child.communicate(timeout=TIME_LIMIT)
    assert (child.returncode, err) == (141, b"")


def test_reader_leaves_in_the_middle() -> None:
    # Far more than a pipe holds, so that the command meets the end of it.
    names = b"plain.example\n" * 5000
    with start("resolve", "--format", "json", "--zone", ZONE, "-") as child:
        assert child.stdin
        assert child.stdout
        assert child.stderr
        child.stdin.write(names)
        child.stdin.close()
        assert child.stdout.readline().startswith(b'{"input": "plain.example"')
        child.stdout.close()
        assert child.stderr.read() == b""
        assert child.wait(TIME_LIMIT) == 141


def closing(stream: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command with a stream closed from the start."""
    return subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {stream}&-', "sh", *COMMAND, *arguments],
        input=b"" if stream != "<" else None,
        capture_output=True,
        env=ENVIRONMENT,
        timeout=TIME_LIMIT,
    )


def test_closed_standard_streams() -> None:
    done = closing(">", "resolve", "--zone", ZONE, "plain.example")
    assert (done.returncode, done.stderr) == (
        74,
        b"pymx: standard output is closed\n",
    )
    done = closing("<", "resolve", "--zone", ZONE, "-")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"pymx: standard input is closed\n"
    done = closing("2>", "resolve", "--zonk", "x")
    assert (done.returncode, done.stdout, done.stderr) == (2, b"", b"")
    done = closing("2>", "resolve", "--zone", ZONE, "nullmx.example")
    assert done.returncode == 1
    assert done.stdout.startswith(b"nullmx.example  null_mx  ")


# Signals

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]


@pytest.mark.parametrize(("number", "code"), SIGNALS)
@pytest.mark.parametrize("command", ["resolve", "doctor"])
def test_signal_while_a_name_server_is_silent(
    command: str, number: signal.Signals, code: int
) -> None:
    with FakeDNS() as dns:
        dns.pause()
        with start(command, "-n", dns.nameserver, "-t", "300", "a.example") as child:
            dns.log.wait(name="a.example")
            child.send_signal(number)
            _, err = child.communicate(timeout=TIME_LIMIT)
    assert (child.returncode, err) == (code, b"")


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_signal_while_waiting_for_a_line(number: signal.Signals, code: int) -> None:
    with start("resolve", "--zone", ZONE, "-") as child:
        assert child.stdin
        assert child.stdout
        child.stdin.write(b"nullmx.example\n")
        child.stdin.flush()
        assert child.stdout.readline().startswith(b"nullmx.example  null_mx")
        child.send_signal(number)
        out, err = child.communicate(timeout=TIME_LIMIT)
    assert (child.returncode, out, err) == (code, b"", b"")


# What works without anything else


@pytest.mark.parametrize(
    "arguments", [["--help"], ["resolve", "-h"], ["lint", "-h"], ["doctor", "-h"]]
)
def test_help(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert out.startswith("usage: pymx")
    assert err == ""
    assert max(map(len, out.splitlines())) <= 90


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; from pymx.cli import main; main(['--help']); "
        "print([name for name in ('asyncio', 'dns', 'rich', 'json', 'idna') "
        "if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, timeout=TIME_LIMIT
    )
    assert done.stderr == b"[]\n"


@pytest.mark.parametrize("command", [[], ["resolve"], ["lint"], ["doctor"]])
def test_version(command: list[str]) -> None:
    done = run(*command, "--version")
    assert done.returncode == 0
    assert done.stdout.startswith(b"pymx 0.")
    assert done.stderr == b""
