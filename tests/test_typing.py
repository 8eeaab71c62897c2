# SPDX-License-Identifier: MIT
"""What users' type checkers see: mypy --strict on a file of typed usage."""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[1]


def test_typed_usage(tmp_path):
    checked = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "mypy",
                "--strict",
                "--config-file=",
                "--warn-unused-ignores",
            ),
            *(
                "--cache-dir",
                str(tmp_path),
                str(ROOT / "tests" / "typing" / "usage.py"),
            ),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
