# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Ground of the host program: places, messages, exit codes, temporary files.
# Everything below it may use these names; see README.md for the whole.

set -uo pipefail
export LC_ALL=C.UTF-8
# glibc translates by LANGUAGE in every locale but plain C, and sudo passes it on.
unset LANGUAGE
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 022

# Where things lie on a host. Not configurable: other programs and people rely on these names.
export MS_CONFIG=/etc/metalstream        # configuration directories of units
export MS_STATE=/var/lib/metalstream     # stamp, owned items, replaced files
export MS_OPT=/opt/metalstream           # unpacked artifacts
export MS_CACHE=/var/cache/metalstream   # downloads that are under way
export MS_RUN=/run/metalstream           # what running units have loaded
export MS_SYSTEMD=/etc/systemd/system
export MS_PROGRAMS=/usr/local/lib/metalstream   # programs such as this one
export MS_HUGEPAGES=/sys/kernel/mm/transparent_hugepage
export NOLOGIN=/usr/sbin/nologin         # shell of users that never log in
export MS_LOCK=/run/lock/metalstream.lock

export MS_HOST=${HOSTNAME%%.*}   # name in messages; the manifest's `host` line replaces it
export MS_WORK=""                # private directory of this run, removed at its end

# die STEP WHAT WHAT_TO_DO: the one form of a fatal error.
die() {
    printf 'metalstream: %s: %s: %s; %s\n' "$MS_HOST" "$1" "$2" "$3" >&2
    exit 1
}

# refuse STEP WHAT WHAT_TO_DO: a guard says no; nothing was touched and a person must decide.
refuse() {
    printf 'metalstream: %s: %s: refused: %s; %s\n' "$MS_HOST" "$1" "$2" "$3" >&2
    exit 3
}

no_room() {
    die start "no room in /run" "free memory on this host"
}

# usage WHAT: the caller is wrong (exit 2, nothing touched).
usage() {
    printf 'metalstream: %s: usage: %s; see host/README.md\n' "$MS_HOST" "$1" >&2
    exit 2
}

# step TEXT: one line of progress on standard output.
step() {
    printf '%s\n' "$1"
}

# temp_beside PATH: sets REPLY to a name, not there yet, in the directory of PATH. The name is noted
# first, so that whatever ends this run, the next sweep removes what lies under it; false when it cannot be noted.
temp_beside() {
    REPLY=${1%/*}/.${1##*/}.ms-$$-$RANDOM$RANDOM
    printf '%s\n' "$REPLY" >>"$MS_STATE/pending"
}

# sweep_pending: removes what an interrupted write left behind. Only under the lock.
sweep_pending() {
    local path
    [[ -s $MS_STATE/pending ]] || return 0
    while IFS= read -r path; do
        [[ $path == /*/.*.ms-* ]] && rm -rf -- "$path"
    done <"$MS_STATE/pending"
    rm -f -- "$MS_STATE/pending"
}

# write_atomic SOURCE PATH OWNER GROUP MODE: SOURCE's bytes at PATH, whole or not at all.
# `install` opens its target with O_EXCL, so that nobody can plant a link in a directory of a service user.
write_atomic() {
    local temp
    temp_beside "$2" || return 1
    temp=$REPLY
    install -D -T -o "$3" -g "$4" -m "$5" -- "$1" "$temp" && mv -fT -- "$temp" "$2"
}

# link_atomic TARGET PATH: a symbolic link at PATH, replaced in one step.
link_atomic() {
    local temp
    temp_beside "$2" || return 1
    temp=$REPLY
    mkdir -p -- "${2%/*}" && ln -s -- "$1" "$temp" && mv -fT -- "$temp" "$2"
}

# has_function NAME: is it defined? Services bring their own gates, probes and bootstrap steps.
has_function() {
    declare -F -- "$1" >/dev/null
}
