# SPDX-License-Identifier: MIT
"""What a build lacks is said in one sentence that names the package to install."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from lint.layers import ROOT


def build(tmp_path: Path, **environment: str) -> str:
    """Build the extension where it must fail and return what it says."""
    arguments = ["--build-temp", str(tmp_path), "--build-lib", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "setup.py", "--quiet", "build_ext", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    return done.stderr


def fake_compiler(folder: Path, lacks: str) -> str:
    """Make a compiler that takes any source but one with this text."""
    compiler = folder / "cc"
    compiler.write_text(
        f'#!/bin/sh\nread line\ncase "$line" in *"{lacks}"*) exit 1;; esac\n'
    )
    compiler.chmod(0o755)
    return str(compiler)


def fake_cares(folder: Path, version: str) -> str:
    """Make a folder in which pkg-config finds libcares of this version only."""
    (folder / "libcares.pc").write_text(
        f"Name: libcares\nDescription: stand-in\nVersion: {version}\nLibs: -lcares\n"
    )
    return str(folder)


def test_unknown_build(tmp_path: Path) -> None:
    assert build(tmp_path, PYMX_BUILD="fast") == (
        "pymx cannot be built: PYMX_BUILD is 'fast' and must be one of "
        "release, debug, asan, tsan.\n"
    )


def test_no_compiler(tmp_path: Path) -> None:
    assert build(tmp_path, CC="no-such-cc") == (
        "pymx cannot be built: the C compiler no-such-cc was not found: install gcc "
        "and libc6-dev (Debian, Ubuntu), gcc (Fedora) or the command line tools "
        "(macOS: xcode-select --install).\n"
    )


def test_no_c_library(tmp_path: Path) -> None:
    compiler = fake_compiler(tmp_path, lacks="stdlib.h")
    assert build(tmp_path, CC=compiler) == (
        f"pymx cannot be built: the C compiler {compiler} finds no C library headers: "
        "install gcc and libc6-dev (Debian, Ubuntu), gcc (Fedora) or the command line "
        "tools (macOS: xcode-select --install).\n"
    )


def test_no_python_header(tmp_path: Path) -> None:
    python = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    assert build(tmp_path, CC=fake_compiler(tmp_path, lacks="Python.h")) == (
        f"pymx cannot be built: the header Python.h of {python} is missing: install "
        f"python3-dev or {python}-dev (Debian, Ubuntu) or python3-devel (Fedora).\n"
    )


@pytest.mark.parametrize(
    ("command", "environment"),
    [
        ("pkg-config", {"PATH": "/nowhere"}),
        ("no-such-pkg-config", {"PKG_CONFIG": "no-such-pkg-config"}),
    ],
)
def test_no_pkg_config(
    tmp_path: Path, command: str, environment: dict[str, str]
) -> None:
    compiler = fake_compiler(tmp_path, lacks="nothing")
    assert build(tmp_path, CC=compiler, **environment) == (
        f"pymx cannot be built: {command} was not found: install pkg-config (Debian, "
        "Ubuntu; macOS: brew install pkg-config) or pkgconf-pkg-config (Fedora).\n"
    )


PACKAGES = (
    "libc-ares-dev (Debian, Ubuntu), c-ares-devel (Fedora) or c-ares "
    "(macOS: brew install c-ares).\n"
)


def test_no_cares(tmp_path: Path) -> None:
    assert build(tmp_path, PKG_CONFIG_LIBDIR=str(tmp_path), PKG_CONFIG_PATH="") == (
        "pymx cannot be built: pkg-config finds no libcares, 1.18.1 or newer is "
        "needed: install " + PACKAGES
    )


@pytest.mark.parametrize("version", ["1.10.0", "1.18.0", "1.9.9"])
def test_old_cares(tmp_path: Path, version: str) -> None:
    assert build(tmp_path, PKG_CONFIG_PATH=fake_cares(tmp_path, version)) == (
        f"pymx cannot be built: libcares {version} is too old, 1.18.1 or newer is "
        "needed: install a newer " + PACKAGES
    )


def test_no_cares_header(tmp_path: Path) -> None:
    said = build(
        tmp_path,
        CC=fake_compiler(tmp_path, lacks="ares.h"),
        PKG_CONFIG_PATH=fake_cares(tmp_path, "1.18.1"),
    )
    assert said == (
        "pymx cannot be built: the header ares.h of libcares is missing: install "
        + PACKAGES
    )
