# SPDX-License-Identifier: MIT
"""pymx resolve -: destinations from standard input."""

import json
import subprocess
from pathlib import Path
from typing import Any

from cli.command import COMMAND, ENVIRONMENT, TIME_LIMIT, ZONE, run, start


def lines_in(*arguments: str, lines: bytes) -> list[dict[str, Any]]:
    done = run("resolve", "--format", "json", *arguments, lines=lines)
    assert done.stderr == b""
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_standard_input_gives_one_route_a_line() -> None:
    text = "\ufeffplain.example\r\n\nbücher.example\nübel\x00\n".encode()
    found = lines_in("--zone", ZONE, "-", lines=text + b"a\xffb\nshop.example")
    assert [(route["input"], route["status"]) for route in found] == [
        ("plain.example", "ok"),
        ("", "invalid"),
        ("bücher.example", "ok"),
        ("übel\x00", "invalid"),
        ("a\udcffb", "invalid"),
        ("shop.example", "ok"),
    ]


def test_long_line_is_cut_and_never_looked_up() -> None:
    # What is left of each of these would be a destination.
    address = "@plain.example".rjust(4096, "x")
    literal = "@[192.0.2.1]".rjust(4096, "x")
    padded = "plain.example".ljust(4096)
    umlaut = "ü.plain.example".ljust(4095)
    lines = [address, *(f"{text}.no more" for text in (address, literal, padded)), "a"]
    lines += [umlaut, umlaut + "x", "shop.example", "x" * 10**6]
    found = lines_in("--zone", ZONE, "-", lines="\n".join(lines).encode())
    assert [(route["input"], route["status"]) for route in found] == [
        (address, "ok"),
        (address + "…", "invalid"),
        (literal + "…", "invalid"),
        (padded + "…", "invalid"),
        ("a", "no_domain"),
        (umlaut, "no_domain"),
        (umlaut + "…", "invalid"),
        ("shop.example", "ok"),
        ("x" * 4096 + "…", "invalid"),
    ]


def test_standard_input_among_arguments() -> None:
    found = lines_in(
        "--zone", ZONE, "a.example", "-", "d.example", "-", lines=b"b\nc.example\n"
    )
    assert [route["input"] for route in found] == [
        "a.example",
        "b",
        "c.example",
        "d.example",
    ]


def test_empty_standard_input() -> None:
    done = run("resolve", "--zone", ZONE, "-")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_many_lines_through_a_narrow_window() -> None:
    names = [f"d{number}.example" for number in range(3000)]
    found = lines_in("--zone", ZONE, "-c", "20", "-", lines="\n".join(names).encode())
    assert [route["input"] for route in found] == names
    assert {route["status"] for route in found} == {"no_domain"}


def test_standard_input_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "domains"
    file.write_text("plain.example\nshop.example\n")
    with file.open() as lines:
        done = subprocess.run(
            [*COMMAND, "resolve", "--zone", ZONE, "-"],
            stdin=lines,
            capture_output=True,
            env=ENVIRONMENT,
            timeout=TIME_LIMIT,
        )
    assert done.returncode == 0
    assert done.stdout.count(b"  ok\n") == 2


def test_route_comes_before_the_next_line_is_sent() -> None:
    with start("resolve", "--format", "json", "--zone", ZONE, "-") as child:
        assert child.stdin
        assert child.stdout
        for name in ("plain.example", "nullmx.example", "shop.example"):
            child.stdin.write(f"{name}\n".encode())
            child.stdin.flush()
            assert json.loads(child.stdout.readline())["input"] == name
        child.stdin.close()
        assert child.wait(TIME_LIMIT) == 1
