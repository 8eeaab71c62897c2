# SPDX-License-Identifier: MIT
"""pymx built against the newest c-ares: the one in the source of the newest pycares."""

import sys
from pathlib import Path

from benchmarks.build import BUILD, execute, peers

FOLDER = BUILD / "newest-c-ares"
OPTIONS = (
    *("-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_INSTALL_LIBDIR=lib"),
    *("-DCARES_STATIC=ON", "-DCARES_STATIC_PIC=ON", "-DCARES_SHARED=OFF"),
    "-DCARES_BUILD_TOOLS=OFF",
)


def build_cares() -> Path:
    """Compile c-ares unless that was done; return its folder for pkg-config."""
    installed = FOLDER / "installed"
    pkgconfig = installed / "lib" / "pkgconfig"
    if pkgconfig.exists():
        return pkgconfig
    python = peers()
    pip = (python, "-m", "pip", "--quiet")
    execute(*pip, "install", "cmake")
    download = ("download", "--no-deps", "--no-binary", "pycares", "pycares")
    execute(*pip, *download, "--dest", FOLDER)
    execute("tar", "-xzf", next(FOLDER.glob("pycares-*.tar.gz")), "-C", FOLDER)
    source = next(FOLDER.glob("pycares-*/deps/c-ares"))
    made = FOLDER / "made"
    cmake = python.with_name("cmake")
    prefix = f"-DCMAKE_INSTALL_PREFIX={installed}"
    execute(cmake, "-S", source, "-B", made, *OPTIONS, prefix)
    execute(cmake, "--build", made, "--parallel", "2")
    execute(cmake, "--install", made)
    return pkgconfig


def build_pymx() -> Path:
    """Compile pymx of now against it; return the folder that has the package."""
    pkgconfig = build_cares()
    package = FOLDER / "lib"
    command = (sys.executable, "setup.py", "--quiet", "build")
    folders = ("--build-base", FOLDER / "objects", "--build-lib", package)
    execute(*command, *folders, PKG_CONFIG_PATH=str(pkgconfig))
    return package
