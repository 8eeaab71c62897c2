#!/bin/sh
# SPDX-License-Identifier: MIT
# Run a command on a Linux that has /proc (the sanitizers and the tests that count
# descriptors need it) and /dev/pts (the tests that open a terminal). A bare chroot has
# neither; there root mounts them while the command runs.
set -eu

mounted=
# shellcheck disable=SC2086
trap '[ -z "$mounted" ] || umount --lazy $mounted' EXIT
trap 'exit 130' INT TERM

furnish() { # TYPE FOLDER
    mkdir -p "$2"
    mount -t "$1" "$1" "$2"
    mounted="$2 $mounted" # /proc goes last: umount looks into it
}

if [ "$(uname)" = Linux ] && [ "$(id -u)" -eq 0 ]; then
    [ -e /proc/self ] || furnish proc /proc
    [ -e /dev/pts/ptmx ] || furnish devpts /dev/pts
fi
"$@"
