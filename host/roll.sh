# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034  # some of these variables are read by other files of the program
# `roll`: brings running units to the configuration that is wanted, one after another, each between its service's gates.
# Standard input has blocks, `roll UNIT`, `digest WANTED`, `timeout SECONDS`, then `gate KEY VALUE…` lines.
# A service brings gate_before_UNIT, polled, and handover_UNIT, called once, before a restart, and gate_after_UNIT, which is
# polled until it succeeds or ROLL_TIMEOUT seconds have passed (- is written _; each takes the unit's name and reads GATE[KEY]).
# Without a gate_after the gate is that systemd calls the unit active.

declare -gA GATE=()
ROLL_TIMEOUT=120   # seconds for each gate

# roll_decision RUNNING WANTED ACTIVE(yes|no): pure. Only what the process has loaded counts, not what lies on disk.
roll_decision() {
    if [[ $3 != yes ]]; then
        printf start
    elif [[ $1 == "$2" ]]; then
        printf nothing
    else
        printf restart
    fi
}

verb_roll() {
    local key rest unit="" digest=""
    local -i n=0
    check_roll
    mkdir -p -- "$MS_STATE"
    sweep_pending
    while read -r key rest; do
        n+=1
        case $key in
        roll)
            [[ -z $unit ]] || roll_unit "$unit" "$digest"
            unit=$rest digest="" ROLL_TIMEOUT=120
            GATE=()
            ;;
        digest) digest=$rest ;;
        timeout) ROLL_TIMEOUT=$rest ;;
        gate) GATE["${rest%% *}"]=${rest#* } ;;
        esac
    done <"$MS_WORK/payload"
    roll_unit "$unit" "$digest"
}

# check_roll: the whole specification is judged before the first unit is touched.
check_roll() {
    local key rest unit=""
    local -i n=0
    while read -r key rest || [[ -n $key ]]; do
        n+=1
        case $key in
        roll) 
            unit=${rest:--}
            [[ $rest =~ ${SHAPE[unit]} ]] || finding "$n" "roll: '$rest' is no unit"
            ;;
        digest) [[ $rest =~ ^[0-9a-f]{12}$ ]] || finding "$n" "digest: '$rest' is not 12 hex digits" ;;
        timeout) [[ $rest =~ ^[0-9]{1,5}$ ]] || finding "$n" "timeout: '$rest' is not seconds" ;;
        gate) [[ $rest =~ ^[A-Za-z0-9_.-]+\ . ]] || finding "$n" "gate: KEY VALUE expected" ;;
        *) finding "$n" "'$key' is none of roll, digest, timeout, gate" ;;
        esac
        [[ -n $unit ]] || finding "$n" "'$key' before the first roll"
    done <"$MS_WORK/payload"
    ((n)) || finding 0 "no unit to roll"
    ((${#FINDINGS[@]} == 0)) && return
    for rest in "${FINDINGS[@]}"; do
        printf 'metalstream: %s: roll: %s\n' "$MS_HOST" "$rest" >&2
    done
    exit 2
}

# roll_unit UNIT WANTED
roll_unit() {
    local unit=$1 wanted=$2 suffix=${1//-/_} active=no decision
    [[ -d $MS_CONFIG/$unit/$wanted && -n $wanted ]] ||
        die "roll $unit" "configuration $wanted is not on this host" "let converge succeed first"
    keep_gates "$unit"
    observe_units "$unit.service"
    unit_active "$unit" && active=yes
    unit_running "$unit"
    decision=$(roll_decision "$REPLY" "$wanted" "$active")
    rm -f -- "$MS_STATE/rolled/$unit"   # a roll that fails at its last gate must not look like one that ended well
    step "roll $unit: $decision (running $REPLY, wanted $wanted)"
    if [[ $decision == restart ]]; then
        [[ $MS_TOKEN != *,starts-only* ]] || refuse "roll $unit" \
            "it came up with another configuration after this run had looked at the hosts, and this run restarts nothing" \
            "run up again: its restart then has its turn"
        # The others may still be recovering from the roll before this one: blocks are copied, replicas catch up.
        roll_gate "$ROLL_TIMEOUT" "gate_before_$suffix" "$unit"
        roll_gate 0 "handover_$suffix" "$unit"
    fi
    if [[ $decision != nothing ]]; then
        switch_unit "$unit" "$wanted" || die "roll $unit" "cannot write below $MS_CONFIG/$unit" "look at that disk"
        systemctl daemon-reload
        systemctl --quiet enable -- "$unit.service" 2>/dev/null
        systemctl reset-failed -- "$unit.service" 2>/dev/null
        systemctl "$decision" -- "$unit.service" 2>"$MS_WORK/error" || fail_roll "$unit" "systemctl $decision failed"
        sweep_pending
    fi
    has_function "gate_after_$suffix" || suffix=systemd
    poll "$ROLL_TIMEOUT" "gate_after_$suffix" "$unit" || fail_roll "$unit" "its gate did not pass within $ROLL_TIMEOUT s"
    record_roll "$unit"
    step "roll $unit: done"
}

# record_roll UNIT: keeps the token of a roll that ended well, which the deploying side echoes while nothing is out of step.
record_roll() {
    [[ -n $MS_TOKEN ]] || return 0
    mkdir -p -- "$MS_STATE/rolled"
    printf '%s\n' "$MS_TOKEN" >"$MS_WORK/rolled"
    write_atomic "$MS_WORK/rolled" "$MS_STATE/rolled/$1" root root 0644
}

# roll_gate SECONDS FUNCTION UNIT: asks until it passes or the seconds are over. A gate may end the run itself (die, refuse); a mere failure is
# reported here. The unit still runs.
roll_gate() {
    has_function "$2" || return 0
    poll "$1" "$2" "$3" || die "roll $3" "$2 did not pass within $1 s" "bring the other members back first; nothing was restarted"
}

# gate_after_systemd UNIT: for services without a gate of their own.
gate_after_systemd() {
    systemctl --quiet is-active "$1.service"
}

# fail_roll UNIT WHAT: with the last lines of the unit's journal.
fail_roll() {
    journalctl -q --no-pager -n 20 -o cat -u "$1.service" | sed 's/^/| /' >&2
    die "roll $1" "$2" "read journalctl -u $1 on this host, then run again; what was not rolled yet is untouched"
}

# `bootstrap NAME`: a step of a service, under the lock; see service-bootstrap.sh.
verb_bootstrap() {
    mkdir -p -- "$MS_STATE"
    bootstrap "${MS_ARGS[0]-}" <"$MS_WORK/payload"
}
