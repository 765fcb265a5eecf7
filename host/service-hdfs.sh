# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# HDFS: probes and gates. Gates: `nameservice NAME`, `namenodes m1:9870,m2:9870` (HTTP), `journalnodes m1:8480,…` (HTTP), `datanodes N`.

probe_hdfs_namenode() {
    local state
    state=$(namenode_state "$MS_HOST:9870")
    printf '%s\n' "$state"
    [[ $state != active ]] || report_replicas
}

# report_replicas: how many blocks the active NameNode has, and how many of them have lost all replicas, have one, or fewer than they should; what is
# being copied right now is counted apart from these.
report_replicas() {
    local state key
    printf 'replicas hdfs'
    state=$(jmx "$MS_HOST" 9870 "Hadoop:service=NameNode,name=FSNamesystem")
    for key in blocks=BlocksTotal missing=MissingBlocks single=HighestPriorityLowRedundancyReplicatedBlocks low=LowRedundancyBlocks pending=PendingReconstructionBlocks; do
        printf ' %s=%s' "${key%=*}" "$(json_field "${key#*=}" <<<"$state")"
    done
    printf '\n'
}

# journal_field HOST:PORT FIELD: of the JournalNode's journal of the nameservice.
journal_field() {
    jmx "${1%:*}" "${1##*:}" "Hadoop:service=JournalNode,name=Journal-${GATE[nameservice]}" | json_field "$2"
}

# journal_formatted ENDPOINT: yes, no or unreachable.
journal_formatted() {
    local status
    status=$(jmx "${1%:*}" "${1##*:}" "Hadoop:service=JournalNode,name=JournalNodeInfo")
    case $status in
    "") echo unreachable ;;
    *"\\\"${GATE[nameservice]}\\\":{\\\"Formatted\\\":\\\"true\\\""*) echo yes ;;
    *JournalsStatus*) echo no ;;
    *) echo unreachable ;;
    esac
}

journalnodes_reachable() {
    local endpoint
    for endpoint in ${1//,/ }; do
        [[ $(journal_formatted "$endpoint") != unreachable ]] || return 1
    done
}

# A JournalNode may go only while all others answer: with three, one is all that can be missed.
gate_before_hdfs_journalnode() {
    journalnodes_reachable "${GATE[journalnodes]}"
}

# nobody_writes: has no NameNode been active for a minute? A failover takes less, so HDFS is down, and a JournalNode that answers with its disk
# is all that there is to wait for: it is needed to bring HDFS back.
nobody_writes() {
    NOBODY_SINCE=${NOBODY_SINCE:-$SECONDS}
    ((SECONDS - NOBODY_SINCE >= 60)) || return 1
    step "hdfs: no NameNode is active, so there are no edits to catch up with"
}

# A restarted JournalNode is whole again when it has written what the active NameNode has: it joins at the next segment, so one is begun.
gate_after_hdfs_journalnode() {
    local active written mine
    journalnodes_reachable "${GATE[journalnodes]}" || return 1
    active=$(active_namenode "${GATE[namenodes]}") || {
        # Before the first format there is no NameNode; and what was not restarted here has lost nothing.
        [[ $(journal_formatted "$MS_HOST:8480") == no || ${decision-} != restart ]] || nobody_writes
        return
    }
    NOBODY_SINCE=""
    written=$(jmx "${active%:*}" "${active##*:}" "Hadoop:service=NameNode,name=FSNamesystem" | json_field LastWrittenTransactionId)
    mine=$(journal_field "$MS_HOST:8480" LastWrittenTxId)
    [[ -n $written && -n $mine ]] || return 1
    ((mine >= written)) && return 0
    if [[ -z ${ROLLED_EDITS-} ]]; then
        ROLLED_EDITS=yes
        java_tool hdfs-journalnode hdfs org.apache.hadoop.hdfs.tools.DFSAdmin -rollEdits >/dev/null 2>&1
    fi
    return 1
}

# namenodes_healthy: one active, all others standby.
namenodes_healthy() {
    local endpoint active=0 standby=0 all=0
    for endpoint in ${GATE[namenodes]//,/ }; do
        all=$((all + 1))
        case $(namenode_state "$endpoint") in
        active) active=$((active + 1)) ;;
        standby) standby=$((standby + 1)) ;;
        esac
    done
    ((active == 1 && active + standby == all))
}

# namenode_out_of_safemode ENDPOINT
namenode_out_of_safemode() {
    [[ $(jmx "${1%:*}" "${1##*:}" "Hadoop:service=NameNode,name=FSNamesystemState" | json_field FSState) == Operational ]]
}

gate_before_hdfs_namenode() {
    namenodes_healthy
}

# The active one hands over first; ZKFC does it in order, without fencing.
handover_hdfs_namenode() {
    [[ $(namenode_state "$MS_HOST:9870") == active ]] || return 0
    local endpoint
    while read -r endpoint; do
        step "hdfs-namenode: handing over to ${endpoint%:*}"
        java_tool hdfs-namenode hdfs org.apache.hadoop.hdfs.tools.DFSHAAdmin -ns "${GATE[nameservice]}" \
            -failover "$(namenode_id "$MS_HOST")" "$(namenode_id "${endpoint%:*}")" >&2
        return
    done < <(each_other "$MS_HOST" "${GATE[namenodes]}")
}

# namenode_id HOST: its id within the nameservice (`gate ids m1=nn1,m2=nn2`).
namenode_id() {
    local pair
    for pair in ${GATE[ids]//,/ }; do
        [[ ${pair%%=*} == "$1" ]] && printf '%s' "${pair#*=}"
    done
}

gate_after_hdfs_namenode() {
    namenodes_healthy && namenode_out_of_safemode "$MS_HOST:9870"
}

# Without its ZKFC an active NameNode loses its lock and is fenced: it must be standby, or hand over, first.
gate_before_hdfs_zkfc() {
    namenodes_healthy
}

handover_hdfs_zkfc() {
    handover_hdfs_namenode
}

gate_after_hdfs_zkfc() {
    port_open "$MS_HOST" 8019 && namenodes_healthy
}

# redundancy_decision MISSING LOW LAST_REPLICA SECONDS_WAITED -> go | wait. Pure; every combination is in a test.
# All blocks should have all replicas when a DataNode goes. With as many DataNodes as replicas a block whose third replica was cut off in writing
# waits for that DataNode's next full report, up to an hour (there is no other place to copy to), so after a minute it is enough that no block
# lives on one replica only.
redundancy_decision() {
    if [[ $1 == 0 && $2 == 0 ]]; then
        echo go
    elif [[ $1 == 0 && $3 == 0 && $4 -ge 60 ]]; then
        echo go
    else
        echo wait
    fi
}

gate_before_hdfs_datanode() {
    local active state live
    DATANODE_GATE_SINCE=${DATANODE_GATE_SINCE:-$SECONDS}
    active=$(active_namenode "${GATE[namenodes]}") || return 1
    live=$(jmx "${active%:*}" "${active##*:}" "Hadoop:service=NameNode,name=FSNamesystemState" | json_field NumLiveDataNodes)
    [[ ${live:-0} -ge ${GATE[datanodes]} ]] || return 1
    state=$(jmx "${active%:*}" "${active##*:}" "Hadoop:service=NameNode,name=FSNamesystem")
    [[ $(redundancy_decision "$(json_field MissingBlocks <<<"$state")" "$(json_field LowRedundancyBlocks <<<"$state")" \
        "$(json_field HighestPriorityLowRedundancyReplicatedBlocks <<<"$state")" $((SECONDS - DATANODE_GATE_SINCE))) == go ]]
}

# It is back when it reports to the active NameNode.
gate_after_hdfs_datanode() {
    local actors
    actors=$(jmx "$MS_HOST" 9864 "Hadoop:service=DataNode,name=DataNodeInfo" | unescape)
    [[ $actors == *'"ActorState":"RUNNING"'* ]] || return 1
    local active
    active=$(active_namenode "${GATE[namenodes]}") || return 1
    [[ $(jmx "${active%:*}" "${active##*:}" "Hadoop:service=NameNode,name=NameNodeInfo" | unescape) == *"\"$MS_HOST:9866\":{\"infoAddr\""* ]]
}
