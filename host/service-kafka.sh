# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Kafka in KRaft mode: probes, gates and the first start of a node.
# Gates: `node ID`, `brokers w1:9092,…`, `controllers m1:9093,…`, `directory PATH`; first starts also `disks PATH,…` (mount points).

KAFKA_TOOLS=io.metalstream.tools

# quorum_leader DIRECTORY: id of the leader that this controller knows, or nothing. Kafka keeps it in a file of its own.
quorum_leader() {
    local leader
    leader=$(json_field leaderId 2>/dev/null <"$1/__cluster_metadata-0/quorum-state")
    [[ -n $leader && $leader != -1 ]] && printf '%s' "$leader"
}

# controller_role ACTIVE ID LEADER EPOCH -> leader | follower | candidate | voter | down. Pure; every combination is in a test.
# `candidate` never saw an election: its epoch is 0, since asking for votes beforehand does not raise it (KIP-996). Any other controller
# without a leader is a `voter`, and may hold what a quorum committed.
controller_role() {
    local active=$1 id=$2 leader=$3 epoch=$4
    if [[ $active != yes ]]; then
        echo down
    elif [[ -n $leader ]]; then
        [[ $leader == "$id" ]] && echo leader || echo follower
    elif [[ $epoch == 0 ]]; then
        echo candidate
    else
        echo voter
    fi
}

probe_kafka_controller() {
    local properties=$MS_CONFIG/kafka-controller/current/server.properties directory id epoch active=no
    directory=$(sed -n 's/^log\.dirs=//p' "$properties" 2>/dev/null)
    id=$(sed -n 's/^node\.id=//p' "$properties" 2>/dev/null)
    epoch=$(json_field leaderEpoch 2>/dev/null <"$directory/__cluster_metadata-0/quorum-state")
    systemctl -q is-active kafka-controller && active=yes
    controller_role "$active" "$id" "$(quorum_leader "$directory")" "$epoch"
}

# kafka_gate UNIT BEFORE_OR_AFTER SECONDS: one JVM that asks until the conditions hold (know-how of KafkaGate in jobs/).
kafka_gate() {
    local unit=$1 when=$2 seconds=$3
    local -a where=(--bootstrap-controller "${GATE[controllers]}")
    [[ $unit == kafka-broker ]] && where=(--bootstrap-server "${GATE[brokers]}")
    MS_EXTRA_JAR=${GATE[tools]} java_tool "$unit" kafka "$KAFKA_TOOLS.KafkaGate" "${where[@]}" --node "${GATE[node]}" --role "${unit#kafka-}" \
        --timeout "$seconds" "--$when" >&2
}

gate_before_kafka_controller() { kafka_gate kafka-controller before 120; }
gate_before_kafka_broker() { kafka_gate kafka-broker before 120; }

# A node that was not restarted (`decision` of roll_unit) needs no JVM: its port and the quorum's own file say enough.
gate_after_kafka_controller() {
    port_open "$MS_HOST" 9093 && quorum_leader "${GATE[directory]}" >/dev/null || return 1
    [[ ${decision-} != restart ]] || kafka_gate kafka-controller after 5
}

# The port opens only when the controllers have unfenced the broker (BrokerServer.startup).
gate_after_kafka_broker() {
    port_open "$MS_HOST" 9092 || return 1
    [[ ${decision-} != restart ]] || kafka_gate kafka-broker after 5
}

brokers_gone() {
    local endpoint
    for endpoint in ${GATE[brokers]//,/ }; do
        ! port_open "${endpoint%:*}" "${endpoint##*:}" 1 || return 1
    done
}

# When everything goes, brokers go first: without controllers they would wait in vain, and be killed.
yield_kafka_controller() {
    poll 60 brokers_gone || step "kafka-controller: brokers still run"
}

# kafka_directory_state PATH: missing (also where a disk is not mounted), empty, formatted or partial.
kafka_directory_state() {
    if [[ ! -d $1 || ! -r $1 ]] || ! disks_mounted; then
        echo missing
    elif [[ -f $1/meta.properties ]]; then
        echo formatted
    elif [[ -z $(find "$1" -mindepth 1 -maxdepth 1 ! -name lost+found -print -quit) ]]; then
        echo empty
    else
        echo partial
    fi
}

# kafka_format_decision ROLE STATE SAME_ID MARKED GRANTED -> start | format | refuse-<why>. Pure; every combination is in a test.
# An empty controller that was formatted before has lost votes it gave: it may only come back by hand.
kafka_format_decision() {
    local role=$1 state=$2 same_id=$3 marked=$4 granted=$5
    case $state in
    formatted) [[ $same_id == yes ]] && echo start || echo refuse-id ;;
    missing) echo refuse-missing ;;
    partial) echo refuse-partial ;;
    empty)
        if [[ $role == kafka-broker ]]; then
            echo format
        elif [[ $marked == yes ]]; then
            echo refuse-lost
        elif [[ $granted == yes ]]; then
            echo format
        else
            echo refuse-ungranted
        fi
        ;;
    esac
}

explain_kafka_refusal() {
    local directory=${GATE[directory]}
    case $1 in
    id) refuse kafka-format "$directory belongs to the cluster $(kafka_cluster_of "$directory"), not to ${GATE[cluster]}" "was this disk moved, or the state of the stack lost? docs/operations.md, 'Another cluster id on a disk'" ;;
    missing) refuse kafka-format "$directory cannot be read, or not every one of ${GATE[disks]-} is mounted" "mount the disk" ;;
    partial) refuse kafka-format "$directory is not empty and has no meta.properties" "look at what it holds, and move it away" ;;
    lost) refuse kafka-format "this controller was formatted before and its log is gone" "docs/operations.md, 'A Kafka controller without its log'" ;;
    ungranted) refuse kafka-format "a controller quorum exists and not all its other members are healthy" "bring them back, then run up again" ;;
    esac
}

kafka_cluster_of() {
    sed -n 's/^cluster\.id=//p' "$1/meta.properties"
}

# bootstrap kafka-controller, bootstrap kafka-broker: formats an empty log directory with the cluster's id, then starts the node.
bootstrap_kafka_controller() {
    kafka_first_start kafka-controller --initial-controllers "${GATE[voters]}"
}

bootstrap_kafka_broker() {
    kafka_first_start kafka-broker --no-initial-controllers
}

kafka_first_start() {
    local unit=$1 directory=${GATE[directory]} mark=$MS_STATE/$1.formatted same=no marked=no granted=no decision
    shift
    [[ $(kafka_cluster_of "$directory" 2>/dev/null) == "${GATE[cluster]}" ]] && same=yes
    [[ -e $mark ]] && marked=yes
    grant_is_fresh && granted=yes
    decision=$(kafka_format_decision "$unit" "$(kafka_directory_state "$directory")" "$same" "$marked" "$granted")
    case $decision in
    start) step "$unit: was formatted before" ;;
    format)
        java_tool "$unit" kafka kafka.tools.StorageTool format "--cluster-id=${GATE[cluster]}" \
            --config "$MS_CONFIG/$unit/current/server.properties" "$@" >&2 ||
            die "$unit" "the format ended with $?" "read the lines above; nothing was forced"
        printf '%s\n' "${GATE[cluster]}" >"$mark"
        step "$unit: formatted $directory"
        ;;
    refuse-*) explain_kafka_refusal "${decision#refuse-}" ;;
    esac
    start_unit "$unit"
}

# bootstrap kafka-topics: `gate topics JSON`, made or brought in line through the brokers.
bootstrap_kafka_topics() {
    MS_EXTRA_JAR=${GATE[tools]} java_tool kafka-broker kafka "$KAFKA_TOOLS.KafkaTopics" ensure --bootstrap-server "${GATE[brokers]}" <<<"${GATE[topics]}" ||
        die kafka-topics "the topics are not as declared" "read the lines above"
}
