# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Asking services over the network, for gates and probes: no JVM and no curl a poll, and never without a time limit.

# poll SECONDS FUNCTION ARGS…: until it succeeds, every 0.3 s; false when the seconds have passed.
poll() {
    local end=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))
    shift
    until "$@"; do
        ((${EPOCHREALTIME/[.,]/} < end)) || return 1
        sleep 0.3
    done
}

# http_get HOST PORT PATH [SECONDS=5]: prints the body; false unless the answer is 2xx.
http_get() {
    local answer
    # shellcheck disable=SC2016  # the inner shell expands its own arguments
    answer=$(timeout "${4:-5}" bash -c 'exec 3<>"/dev/tcp/$1/$2" || exit 1; printf "GET %s HTTP/1.0\r\nHost: %s:%s\r\nAccept: */*\r\n\r\n" "$3" "$1" "$2" >&3; cat <&3' http "$1" "$2" "$3" 2>/dev/null) || return 1
    [[ $answer =~ ^HTTP/[0-9.]+\ 2[0-9][0-9] ]] || return 1
    printf '%s\n' "${answer#*$'\r\n\r\n'}"
}

# four_letter HOST PORT WORD [SECONDS=5]: ZooKeeper's answer to `ruok`, `srvr`, `mntr` …
four_letter() {
    # shellcheck disable=SC2016  # the inner shell expands its own arguments
    timeout "${4:-5}" bash -c 'exec 3<>"/dev/tcp/$1/$2" || exit 1; printf "%s\n" "$3" >&3; cat <&3' four_letter "$1" "$2" "$3" 2>/dev/null
}

# port_open HOST PORT [SECONDS=2]
port_open() {
    # shellcheck disable=SC2016  # the inner shell expands its own arguments
    timeout "${3:-2}" bash -c 'exec 3<>"/dev/tcp/$1/$2"' port_open "$1" "$2" 2>/dev/null
}
