#!/bin/bash
# SPDX-License-Identifier: MIT
# Play the stranger: run each of the README's two commands in a bare Debian 12 of its
# own, on a clean clone of this repository's last commit. Needs root, debootstrap and
# about 2 GB; leaves the trees in FOLDER for a look.
#
#   tests/newcomer.sh FOLDER
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:?a folder that does not exist yet}
mkdir "$folder"
folder=$(cd "$folder" && pwd)
bare=$folder/bare

# Debian's own sources only; a machine may have others, with keys of their own.
sources=$(grep -lE '^(URIs:|deb ).*/debian/?( |$)' -r /etc/apt/sources.list* | head -n 1)
mirror=$(grep -oE '[a-z+]+://[^ ]*/debian/?( |$)' "$sources" | head -n 1)

make_bare_debian() {
    debootstrap --variant=minbase bookworm "$bare" "${mirror% }" >"$folder/debootstrap.log"
    # How this machine reaches Debian and PyPI.
    rm -f "$bare/etc/apt/sources.list"
    cp "$sources" "$bare/etc/apt/sources.list.d/"
    cp -r /etc/apt/apt.conf.d /etc/apt/auth.conf.d /etc/apt/trusted.gpg.d "$bare/etc/apt/"
    for file in /etc/resolv.conf /etc/hosts /etc/pip.conf \
        /usr/local/share/ca-certificates /etc/ssl/certs/ca-certificates.crt; do
        if [ -e "$file" ]; then
            mkdir -p "$bare$(dirname "$file")"
            cp -rL "$file" "$bare$(dirname "$file")/"
        fi
    done
    git clone --quiet --no-hardlinks "$root" "$bare/pymx"
}

# Nothing is mounted for the commands. Processes that they leave end with the namespace.
run_in() {
    local tree=$1 command=$2 variable
    local environment=(HOME=/root TERM=dumb PATH=/usr/sbin:/usr/bin:/sbin:/bin)
    for variable in $(compgen -e | grep -E '^PIP_|_proxy$|_PROXY$' || true); do
        environment+=("$variable=${!variable}")
    done
    unshare --pid --fork env -i "${environment[@]}" \
        chroot "$tree" sh -ec "cd /pymx; $command"
}

make_bare_debian
for number in 1 2; do
    command=$("$root/tests/readme-command.sh" "$number")
    echo "== $command"
    cp -a "$bare" "$folder/$number"
    SECONDS=0
    run_in "$folder/$number" "$command" >"$folder/$number.log" 2>&1 || {
        tail -n 100 "$folder/$number.log"
        echo "== failed after $SECONDS s, all of it is in $folder/$number.log"
        exit 1
    }
    tail -n 25 "$folder/$number.log"
    echo "== worked, $SECONDS s"
done
