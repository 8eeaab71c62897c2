#!/bin/sh
# SPDX-License-Identifier: MIT
# Print the n-th block of commands of README.rst (1: quick start, 2: tests), so that
# nothing else has to repeat them.
#
#   tests/readme-command.sh 2 | sh
set -eu

number=${1:?which block: 1 or 2}
awk -v number="$number" '
    /^(\.\. (code-block|code|sourcecode):: (sh|shell|console|bash)|[^.].*::)$/ {
        blocks++
        reading = blocks == number
        next
    }
    reading && /^[^ ]/ { exit }
    reading && /^ +[^ ]/ { sub(/^ +(\$ )?/, ""); print; lines++ }
    END { exit !lines }
' "$(dirname "$0")/../README.rst"
