# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# `lease take|give|show`: which run of the deploying side may change this platform (docs/decisions/0012-run-lease.md). It is a line in memory,
# `run=ID who=USER@HOST pid=N started=N machine=ID taken=SECONDS until=SECONDS`, by the clock of this host; a reboot ends it.

MS_LEASE=$MS_RUN/lease
LEASE_TERM=120   # seconds; the holder takes it again long before

verb_lease() {
    local what=${MS_ARGS[0]-} word run="" over="" words=""
    for word in "${MS_ARGS[@]:1}"; do
        [[ $word =~ ^(run|who|pid|started|machine|over|term)=[A-Za-z0-9@._:+-]+$ ]] || usage "lease: '${word:0:60}' is no KEY=VALUE of a lease"
        case $word in
        run=*) run=${word#*=} words+=" $word" ;;
        over=*) over=${word#*=} ;;
        term=*) LEASE_TERM=${word#*=} ;;
        *) words+=" $word" ;;
        esac
    done
    [[ $what == show || ($what =~ ^(take|give)$ && -n $run && $LEASE_TERM =~ ^[0-9]{1,5}$) ]] || usage "lease take|give run=ID …, lease show"
    mkdir -p -- "$MS_RUN" || die lease "cannot write below $MS_RUN" "free memory on this host"
    exec {MS_LEASE_FD}<>"$MS_LEASE.lock"
    flock -w 10 "$MS_LEASE_FD" || die lease "$MS_LEASE.lock is held for more than 10 s" "look at that process"
    "lease_$what" "$run" "$over" "${words# }"
}

# lease_holder: sets REPLY to the line of the lease that is in force, or nothing.
lease_holder() {
    local line=""
    REPLY=""
    [[ ! -r $MS_LEASE ]] || read -r line <"$MS_LEASE" || return 0
    [[ $line =~ \ until=([0-9]+)$ ]] && ((BASH_REMATCH[1] > EPOCHSECONDS)) && REPLY=$line
    return 0
}

# lease_take RUN OVER WORDS: a run that has it takes it for another term; OVER is a run that is known to be dead.
lease_take() {
    local taken=$EPOCHSECONDS
    lease_holder
    case $REPLY in
    "") ;;
    "run=$1 "*) [[ $REPLY =~ \ taken=([0-9]+) ]] && taken=${BASH_REMATCH[1]} ;;
    "run=$2 "*) ;;
    *)
        printf 'lease held %s\n' "$REPLY"
        return
        ;;
    esac
    if printf '%s taken=%d until=%d\n' "$3" "$taken" $((EPOCHSECONDS + LEASE_TERM)) >"$MS_LEASE.new" && mv -f -- "$MS_LEASE.new" "$MS_LEASE"; then
        printf 'lease own run=%s\n' "$1"
    else
        die lease "cannot write $MS_LEASE" "free memory on this host"
    fi
}

# lease_give RUN: only the lease of that run.
lease_give() {
    lease_holder
    [[ $REPLY != "run=$1 "* ]] || rm -f -- "$MS_LEASE"
    lease_show
}

lease_show() {
    lease_holder
    printf 'lease %s\n' "${REPLY:+held }${REPLY:-none}"
}

# report_busy: is a changing verb at work, and which? Its lock is only tried.
report_busy() {
    local line=""
    [[ -s $MS_LOCK ]] || return 0
    flock -n -s -- "$MS_LOCK" true && return
    read -r line <"$MS_LOCK"
    printf 'busy %s\n' "${line:-unknown}"
}
