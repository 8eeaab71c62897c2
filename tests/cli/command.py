# SPDX-License-Identifier: MIT
"""The command in a process of its own, for what a call in this one cannot show."""

import os
import subprocess
import sys
from pathlib import Path

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
