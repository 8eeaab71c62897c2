# SPDX-License-Identifier: MIT
"""Running the command: in this process, or in one of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pymx.cli import main

ROOT = Path(__file__).resolve().parents[2]
ZONE = str(ROOT / "examples" / "mail.zone")

COMMAND = [sys.executable, "-m", "pymx"]
# Long enough for a machine that is busy with other things.
TIME_LIMIT = 60

# Without what the command, or Python for it, would heed.
_HEEDED = ("NO_COLOR", "TERM", "COLUMNS", "PYMX_NAMESERVERS", "PYTHONUNBUFFERED")
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in _HEEDED}


def run(
    *arguments: str, lines: bytes = b"", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Run the command to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        input=lines,
        capture_output=True,
        env={**ENVIRONMENT, **environment},
        timeout=TIME_LIMIT,
    )


def start(*arguments: str, stdout: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
    """Start the command, the other standard streams being pipes."""
    return subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
    )


def resolve(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Run the command here; nothing may go to standard error."""
    code = main(["resolve", *arguments])
    out, err = capsys.readouterr()
    assert err == ""
    return code, out


def routes(
    capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, list[dict[str, Any]]]:
    """Run the command here and read its JSON lines."""
    code, out = resolve(capsys, "--format", "json", *arguments)
    return code, [json.loads(line) for line in out.splitlines()]
