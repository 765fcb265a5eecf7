# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034  # some of these variables are read by other files of the program
# Entry: arguments, lock, time limit, clean-up. Each verb runs in a process group of its own below this shell, so that
# the time limit ends all of it, and so that a lost ssh session ends none of a change.

MS_TOKEN="" MS_PROGRAM="" MS_LIMIT="" MS_WAIT=60 MS_BYTES=""
MS_ARGS=()
declare -grA LIMIT=([converge]=1800 [remove]=900 [roll]=3600 [bootstrap]=900 [check]=60 [facts]=30 [probe]=30 [lease]=30)

main() {
    local verb=${1-} word
    [[ -n $verb && -n ${LIMIT[$verb]-} ]] || usage "first argument must be one of: ${!LIMIT[*]}"
    shift
    for word; do
        case $word in
        token=*) MS_TOKEN=${word#*=} ;;
        program=*) MS_PROGRAM=${word#*=} ;;
        limit=*) MS_LIMIT=${word#*=} ;;
        wait=*) MS_WAIT=${word#*=} ;;
        bytes=*) MS_BYTES=${word#*=} ;;
        *) MS_ARGS+=("$word") ;;
        esac
    done
    MS_LIMIT=${MS_LIMIT:-${LIMIT[$verb]}}
    [[ $MS_LIMIT =~ ^[0-9]{1,6}$ && $MS_WAIT =~ ^[0-9]{1,6}$ ]] || usage "limit= and wait= are seconds"
    [[ $MS_BYTES =~ ^[0-9]{0,12}$ ]] || usage "bytes= is the length of standard input"
    ((EUID == 0)) || die start "not root" "let the login user run this with sudo -n"
    case $verb in
    check | facts | probe | lease) look "$verb" ;;
    *) change "$verb" ;;
    esac
}

# look VERB: touches nothing but a private directory in memory, ends with its session.
look() {
    MS_WORK=$(mktemp -d /run/metalstream-look.XXXXXX) || no_room
    trap 'rm -rf -- "$MS_WORK"' EXIT
    read_payload "$1"
    run_limited "$1"
}

# change VERB: one at a time on a host, survives the loss of its session.
change() {
    trap '' HUP PIPE
    take_lock "$1"
    rm -rf /run/metalstream-change.*
    MS_WORK=$(mktemp -d /run/metalstream-change.XXXXXX) || no_room
    trap 'rm -rf -- "$MS_WORK"; sweep_pending' EXIT
    read_payload "$1"
    run_limited "$1"
}

# The lock lasts as long as this shell or a verb below it lives, whatever kills the other.
take_lock() {
    exec {MS_LOCK_FD}<>"$MS_LOCK"
    if ! flock -w "$MS_WAIT" "$MS_LOCK_FD"; then
        printf 'metalstream: %s: lock: held for more than %s s by: %s; wait for it, or look at that process\n' \
            "$MS_HOST" "$MS_WAIT" "$(head -n 1 "$MS_LOCK")" >&2
        exit 75
    fi
    printf '%s pid %s since %(%FT%TZ)T\n' "$1" "$$" -1 >"$MS_LOCK"
}

# read_payload VERB: before anything starts, so that no child can eat it. The program itself may have come the same way.
read_payload() {
    : >"$MS_WORK/payload"
    case $1 in
    converge | check | roll | bootstrap)
        timeout --foreground "$MS_LIMIT" cat >"$MS_WORK/payload" || { (($? == 1)) && no_room; } || die start "standard input did not end" "send the whole payload"
        whole_payload
        ;;
    esac
    exec </dev/null
}

# whole_payload: a connection that breaks ends standard input as well, and half a manifest is a manifest: what it lacks would be removed.
whole_payload() {
    local got
    got=$(stat -c %s -- "$MS_WORK/payload")
    [[ -z $MS_BYTES || $got == "$MS_BYTES" ]] ||
        die start "standard input ended after $got of $MS_BYTES bytes, nothing was touched" "the connection broke: run again"
}

# run_limited VERB: in its own process group, under the time limit; ends with its exit code.
run_limited() {
    local child watchdog code signalled
    set -m
    run_verb "$1" &
    child=$!
    (end_after "$MS_LIMIT" "$child") </dev/null >/dev/null 2>&1 &
    watchdog=$!
    set +m
    trap 'signalled=yes; kill -TERM -- "-$child" 2>/dev/null' TERM INT
    [[ $1 =~ ^(check|facts|probe|lease)$ ]] && trap 'signalled=yes; kill -TERM -- "-$child" 2>/dev/null' HUP
    while :; do
        signalled=""
        wait "$child"
        code=$?
        [[ -n $signalled ]] || break   # a signal ends the wait, not the child
    done
    kill -KILL -- "-$watchdog" 2>/dev/null
    wait "$watchdog" 2>/dev/null
    exit "$code"
}

# end_after SECONDS GROUP: asks the group to end, then makes it. This waits longer than a run that was killed with -9 lives, so the group's number
# may be another's by then: Linux gives it away again when no process of the group is left, and then its first process began later.
end_after() {
    local began
    [[ -z ${MS_LOCK_FD-} ]] || exec {MS_LOCK_FD}>&-
    began=$(began_at "$2")
    sleep "$1"
    [[ $(began_at "$2") == @("$began"|gone) ]] || return
    : >"$MS_WORK/late"
    kill -TERM -- "-$2"
    sleep 10
    [[ $(began_at "$2") == @("$began"|gone) ]] || return
    kill -KILL -- "-$2"
}

# began_at PID: clock ticks after boot at which the process began, or `gone`.
began_at() {
    local stat
    local -a fields
    read -r stat 2>/dev/null <"/proc/$1/stat" || { printf gone && return; }
    # The name in parentheses may itself hold blanks and parentheses.
    read -r -a fields <<<"${stat##*) }"
    printf '%s' "${fields[19]}"
}

run_verb() {
    set +m
    exec {MS_STDERR}>&2   # a signal may come while standard error goes to a file
    trap 'stopped' TERM
    "verb_$1"
}

# stopped: what was being written stays aside and is swept.
stopped() {
    trap '' TERM
    exec 2>&"$MS_STDERR"
    if [[ -e $MS_WORK/late ]]; then
        die stop "the time limit of $MS_LIMIT s has passed${MS_DOING:+ at $MS_DOING}" "look at the load of this host and run again"
    fi
    die stop "ended by a signal" "run again"
}
