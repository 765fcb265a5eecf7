# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The frame of bootstrap steps: `bootstrap NAME [grant=TIME]`, with `gate KEY VALUE…` lines on standard input.

# Grants are given by the deploying side, from the evidence of the whole cluster, for one run; an old one proves nothing.
GRANT_SECONDS=3600

# grant_is_fresh: was a grant given for this run?
grant_is_fresh() {
    local given now
    [[ -n ${MS_GRANT-} ]] || return 1
    given=$(date -u -d "$MS_GRANT" +%s 2>/dev/null) || return 1
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
    local name=${1//-/_} word key rest
    has_function "bootstrap_$name" || usage "bootstrap knows no '$1'"
    while read -r word key rest; do
        case $word in
        "") ;;
        gate) GATE["$key"]=$rest ;;
        *) usage "bootstrap $1: unknown line '$word $key'" ;;
        esac
    done
    "bootstrap_$name"
}
