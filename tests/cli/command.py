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

# What of the caller's surroundings the command would look at.
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name not in ("NO_COLOR", "TERM", "COLUMNS", "PYMX_NAMESERVERS")
}


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


def start(*arguments: str, **streams: int) -> subprocess.Popen[bytes]:
    """Start the command with pipes for what `streams` does not say."""
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen(
        [*COMMAND, *arguments], env=ENVIRONMENT, **{**pipes, **streams}
    )
