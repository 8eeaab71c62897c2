# SPDX-License-Identifier: MIT
"""Build the extension module ``pymx._native``; all metadata is in pyproject.toml.

Environment:
    PYMX_BUILD: ``release`` (default), ``debug``, ``asan`` or ``tsan``.
    PYMX_WERROR: ``1`` turns on the full set of warnings and makes them errors.
    PKG_CONFIG, PKG_CONFIG_PATH, CC, CFLAGS, LDFLAGS: as everywhere.

What is missing stops the build with one sentence that names the package to install.
"""

import os
import shlex
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from glob import glob
from typing import Any, NoReturn

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

OLDEST_CARES = "1.18.1"  # Debian 12; Ubuntu 22.04 and RHEL 9 have it or newer
INSTALL_CARES = (
    "install libc-ares-dev (Debian, Ubuntu), c-ares-devel (Fedora) "
    "or c-ares (macOS: brew install c-ares)"
)

WARNINGS = ["-Wall", "-Wextra"]
STRICT_WARNINGS = [
    "-Wconversion",
    "-Wshadow",
    "-Wstrict-prototypes",
    "-Wmissing-prototypes",
    "-Wvla",
    "-Werror",
]
CHECKED = ["-g", "-DMX_DEBUG", "-UNDEBUG", "-U_FORTIFY_SOURCE"]
TRACEABLE = [*CHECKED, "-O1", "-fno-omit-frame-pointer", "-fno-sanitize-recover=all"]
ASAN = "-fsanitize=address,undefined"
TSAN = "-fsanitize=thread"
HARDENED_LINK = ["-Wl,-z,relro,-z,now,-z,noexecstack"]

# PYMX_BUILD -> compiler flags, linker flags
BUILDS = {
    "release": (["-O2", "-g", "-fstack-protector-strong"], []),
    "debug": ([*CHECKED, "-O0"], []),
    "asan": ([*TRACEABLE, ASAN], [ASAN]),
    "tsan": ([*TRACEABLE, TSAN], [TSAN]),
}


def stop(sentence: str) -> NoReturn:
    """End the build with one sentence for the person who runs it."""
    raise SystemExit(f"pymx cannot be built: {sentence}.")


def chosen_build() -> str:
    """Return the checked value of PYMX_BUILD."""
    build = os.environ.get("PYMX_BUILD") or "release"
    if build not in BUILDS:
        stop(f"PYMX_BUILD is {build!r} and must be one of {', '.join(BUILDS)}")
    return build


def pkg_config(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pkg-config (PKG_CONFIG may name another one) for libcares."""
    command = shlex.split(os.environ.get("PKG_CONFIG") or "pkg-config")
    try:
        return subprocess.run(
            [*command, *arguments, "libcares"], capture_output=True, text=True
        )
    except OSError:
        stop(
            f"{command[0]} was not found: install pkg-config (Debian, Ubuntu; "
            "macOS: brew install pkg-config) or pkgconf-pkg-config (Fedora)"
        )


def find_cares() -> tuple[list[str], list[str]]:
    """Return the compiler and the linker flags of a libcares that is new enough."""
    version = pkg_config("--modversion").stdout.strip()
    if not version:
        stop(
            f"pkg-config finds no libcares, {OLDEST_CARES} or newer is needed: "
            + INSTALL_CARES
        )
    if pkg_config(f"--atleast-version={OLDEST_CARES}").returncode != 0:
        stop(
            f"libcares {version} is too old, {OLDEST_CARES} or newer is needed: "
            + INSTALL_CARES.replace("install", "install a newer", 1)
        )
    return (
        shlex.split(pkg_config("--cflags").stdout),
        shlex.split(pkg_config("--libs").stdout),
    )


class BuildNative(build_ext):
    """``build_ext`` that looks at what the machine has before it compiles."""

    def build_extensions(self) -> None:
        """Check the machine, add the flags of the chosen build, compile."""
        build = chosen_build()
        compiler_flags, linker_flags = BUILDS[build]
        self.check_toolchain()
        cares_flags, cares_libraries = find_cares()
        if not self.compiles("#include <ares.h>", *cares_flags):
            stop(f"the header ares.h of libcares is missing: {INSTALL_CARES}")

        native = self.extensions[0]
        native.extra_compile_args = [
            "-std=c11",
            "-fvisibility=hidden",
            *WARNINGS,
            *(STRICT_WARNINGS if os.environ.get("PYMX_WERROR") == "1" else []),
            *compiler_flags,
            *(self.fortification() if build == "release" else []),
            *cares_flags,
        ]
        native.extra_link_args = [
            *linker_flags,
            *(HARDENED_LINK if sys.platform != "darwin" else []),
            *cares_libraries,
        ]
        # Time stamps cannot tell one PYMX_BUILD from another.
        self.force = True
        self.compile_in_parallel()
        super().build_extensions()

    def check_toolchain(self) -> None:
        """Stop unless there is a compiler that finds the C and the Python headers."""
        if self.compiler.compiler_type != "unix":
            stop("Windows is not supported yet, use Linux, macOS or BSD")
        compiler = self.compiler.compiler_so[0]
        advice = (
            "install gcc and libc6-dev (Debian, Ubuntu), gcc (Fedora) "
            "or the command line tools (macOS: xcode-select --install)"
        )
        if shutil.which(compiler) is None:
            stop(f"the C compiler {compiler} was not found: {advice}")
        if not self.compiles("#include <stdlib.h>"):
            stop(f"the C compiler {compiler} finds no C library headers: {advice}")
        if not self.compiles("#include <Python.h>"):
            python = "python{}.{}".format(*sys.version_info)
            stop(
                f"the header Python.h of {python} is missing: install python3-dev or "
                f"{python}-dev (Debian, Ubuntu) or python3-devel (Fedora)"
            )

    def compiles(self, source: str, *flags: str) -> bool:
        """Tell whether the compiler takes this source with these flags."""
        include = [f"-I{directory}" for directory in self.include_dirs]
        command = [*self.compiler.compiler_so, *include, *flags, "-fsyntax-only"]
        return (
            subprocess.run(
                [*command, "-x", "c", "-"],
                input=source + "\n",
                capture_output=True,
                text=True,
            ).returncode
            == 0
        )

    def fortification(self) -> list[str]:
        """Return the highest fortification that compiler and C library know."""
        for level in (3, 2):
            flags = ["-U_FORTIFY_SOURCE", f"-D_FORTIFY_SOURCE={level}"]
            if self.compiles("#include <stdlib.h>", "-O2", "-Werror", *flags):
                return flags
        return []

    def compile_in_parallel(self) -> None:
        """Make the compiler object compile its sources on all processors."""
        compile_in_turn = self.compiler.compile

        def compile_at_once(sources: list[str], **options: Any) -> list[str]:
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                jobs = [
                    pool.submit(compile_in_turn, [source], **options)
                    for source in sources
                ]
                return [objects[0] for objects in (job.result() for job in jobs)]

        self.compiler.compile = compile_at_once


setup(
    ext_modules=[
        Extension(
            "pymx._native",
            sources=sorted(glob("ext/core/*.c") + glob("ext/python/*.c")),
            include_dirs=["ext"],
            libraries=["pthread"],
        )
    ],
    cmdclass={"build_ext": BuildNative},
)
