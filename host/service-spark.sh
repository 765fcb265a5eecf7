# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Spark's masters and workers. Gates: `masters m1:8080,…` (HTTP), `workers N`.

# master_status ENDPOINT: ALIVE, STANDBY, RECOVERING, COMPLETING_RECOVERY or down.
master_status() {
    local text
    text=$(http_get "${1%:*}" "${1##*:}" /json/ | json_field status | tail -n 1)
    printf '%s' "${text:-down}"
}

probe_spark_master() {
    master_status "$MS_HOST:8080" | tr '[:upper:]' '[:lower:]'
}

# alive_master ENDPOINTS: host:port of the leading master.
alive_master() {
    local endpoint
    for endpoint in ${1//,/ }; do
        if [[ $(master_status "$endpoint") == ALIVE ]]; then
            printf '%s' "$endpoint"
            return 0
        fi
    done
    return 1
}

# masters_healthy: one leads, all others stand by.
masters_healthy() {
    local endpoint alive=0
    for endpoint in ${GATE[masters]//,/ }; do
        case $(master_status "$endpoint") in
        ALIVE) alive=$((alive + 1)) ;;
        STANDBY) ;;
        *) return 1 ;;
        esac
    done
    ((alive == 1))
}

# While nobody leads, nothing is taken away by a restart: it may be what mends the quorum.
gate_before_spark_master() {
    poll 90 masters_healthy && return
    alive_master "${GATE[masters]}" >/dev/null && return 1
    step "spark-master: no master leads, so a restart takes nothing away"
}

gate_after_spark_master() {
    masters_healthy
}

gate_before_spark_worker() {
    alive_master "${GATE[masters]}" >/dev/null
}

# A worker is back when the leading master counts it as alive; the master lists dead entries of it as well.
gate_after_spark_worker() {
    local alive
    alive=$(alive_master "${GATE[masters]}") || return 1
    [[ $(worker_states "$alive" "$MS_HOST") == *ALIVE* ]]
}

# worker_states MASTER HOST: state of each entry that the master has of the host's worker; dead ones of earlier starts stay listed.
worker_states() {
    http_get "${1%:*}" "${1##*:}" /json/ | tr -d ' \n' | sed 's/{"id":"worker-/\n&/g' |
        grep -F "\"host\":\"$2\"" | json_field state
}

gate_after_spark_history() {
    [[ -n $(http_get "$MS_HOST" 18080 /api/v1/version) ]]
}
