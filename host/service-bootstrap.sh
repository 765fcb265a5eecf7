# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The frame of bootstrap steps: `bootstrap NAME token=TIME[,granted],WHY`, with `gate KEY VALUE…` lines on standard input.

# Grants are given by the deploying side, from the evidence of the whole cluster, for one run; an old one proves nothing.
GRANT_SECONDS=3600

# grant_is_fresh: may something new begin? Then the token says so, and is of this run: the state keeps it, and an old one proves nothing.
grant_is_fresh() {
    local given now
    [[ $MS_TOKEN == ?*,granted,* ]] || return 1
    given=$(date -u -d "${MS_TOKEN%%,*}" +%s 2>/dev/null) || return 1
    now=$(date -u +%s)
    ((now - given < GRANT_SECONDS && given - now < GRANT_SECONDS))
}

# disks_mounted: is a file system mounted on each data disk (`gate disks PATH,…`)? An unmounted disk may hold the only copy.
disks_mounted() {
    local disk
    [[ -n ${GATE[disks]-} ]] || return 1
    for disk in ${GATE[disks]//,/ }; do
        mountpoint -q -- "$disk" || return 1
    done
}

# bootstrap NAME: reads the specification and runs the step. The caller holds the host's lock.
# shellcheck disable=SC2034  # GATE is read by the steps of the services
bootstrap() {
    local name=${1//-/_} word key rest record
    has_function "bootstrap_$name" || usage "bootstrap knows no '$1'"
    while read -r word key rest; do
        case $word in
        "") ;;
        gate) GATE["$key"]=$rest ;;
        *) usage "bootstrap $1: unknown line '$word $key'" ;;
        esac
    done
    "bootstrap_$name" || return
    # One host submits several jobs: each has a record of its own.
    record=step-$1
    [[ -z ${GATE[job]-} ]] || record=job-${GATE[job]}
    record_roll "$record"
}

# report_steps: the steps that ended well on this host, each with the token of its last run.
report_steps() {
    local path token
    for path in "$MS_STATE"/rolled/step-*; do
        [[ -r $path ]] && read -r token <"$path" && printf 'step %s %s\n' "${path##*/step-}" "$token"
    done
}
