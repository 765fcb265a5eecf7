# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2153  # REST and NOTED are set by other files of the program
# How units go: in which order, and whether the services of others can miss them. What is removed, and how: stamp.sh.

# Who needs others goes before them: a broker hands its partitions over only while controllers answer.
declare -gra REMOVAL_ORDER=(spark-worker spark-history kafka-broker hdfs-datanode hdfs-zkfc hdfs-namenode
    spark-master hdfs-journalnode kafka-controller zookeeper)

# removal_rank KIND NAME: units first, in the order above; those that nobody knows before them. Pure.
removal_rank() {
    local -i n
    [[ $1 == unit ]] || { printf 99 && return; }
    for n in "${!REMOVAL_ORDER[@]}"; do
        [[ ${REMOVAL_ORDER[n]} != "$2" ]] || { printf '%02d' $((n + 1)) && return; }
    done
    printf 00
}

# removal_mode: `gated` where the manifest at hand, or without one the last that was applied, has `note removal gated`; else `free`.
removal_mode() {
    local i=${INDEX["note removal"]-}
    if [[ -n $i ]]; then
        printf '%s' "${REST[i]}"
    else
        printf '%s' "${NOTED[removal]:-free}"
    fi
}

# keep_gates UNIT: what its gates read, so that they can be asked when the unit goes and nobody sends a specification.
keep_gates() {
    local key
    {
        printf 'timeout %s\n' "$ROLL_TIMEOUT"
        for key in "${!GATE[@]}"; do
            printf 'gate %s %s\n' "$key" "${GATE[$key]}"
        done | sort
    } >"$MS_WORK/gates"
    mkdir -p -- "$MS_STATE/gates"
    cmp -s -- "$MS_WORK/gates" "$MS_STATE/gates/$1" || write_atomic "$MS_WORK/gates" "$MS_STATE/gates/$1" root root 0600
}

# load_gates UNIT: false where no roll has kept any.
load_gates() {
    local word key rest
    GATE=()
    [[ -r $MS_STATE/gates/$1 ]] || return 1
    while read -r word key rest; do
        case $word in
        timeout) ROLL_TIMEOUT=$key ;;
        gate) GATE["$key"]=$rest ;;
        esac
    done <"$MS_STATE/gates/$1"
}

# before_removal UNIT: passes when the unit may be stopped, or ends the run with 3 while the unit still runs.
before_removal() {
    local unit=$1 suffix=${1//-/_}
    systemctl --quiet is-active -- "$unit.service" || return 0
    if [[ $(removal_mode) != gated ]]; then
        if has_function "yield_$suffix" && load_gates "$unit"; then "yield_$suffix"; fi
        return 0
    fi
    has_function "gate_before_$suffix" || return 0
    load_gates "$unit" ||
        refuse "remove $unit" "what its gate asks the other members was never noted on this host" "let an up pass that leaves $unit here, then take it out"
    step "remove $unit: asking whether it can be missed"
    poll "$ROLL_TIMEOUT" "gate_before_$suffix" "$unit" ||
        refuse "remove $unit" "gate_before_$suffix did not pass within $ROLL_TIMEOUT s, so it cannot be missed now; it still runs" \
            "bring the other members back and run up again; or decide to lose what it holds: protect: false, docs/operations.md, 'Removing a service or a host'"
    roll_gate 0 "handover_$suffix" "$unit"
}

# patience_of_removal: seconds that a unit gets to end by itself. In a cluster that goes on it moves leaders first.
patience_of_removal() {
    if [[ $(removal_mode) == gated ]]; then printf 300; else printf 60; fi
}
