# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the gates and bootstrap steps of all services share: tools on the JVM, JSON fields, WebHDFS.

# classpath_of UNIT: the class path that the unit's process is started with.
classpath_of() {
    awk 'found { print; exit } $0 == "-cp" { found = 1 }' "$MS_CONFIG/$1/current/java.args"
}

# java_tool UNIT USER MAIN ARGS…: a tool with the jars and configuration of a unit, as the service's user, with a small heap.
# MS_EXTRA_JAR is put behind the class path, so that the class-data archive fits.
java_tool() {
    local unit=$1 user=$2 main=$3 classpath
    local -a archive=()
    shift 3
    classpath=$(classpath_of "$unit")
    [[ -n $classpath ]] || die "$main" "$MS_CONFIG/$unit/current/java.args names no class path" "run up again"
    mapfile -t archive < <(grep -E '^-X(share|X:(SharedArchiveFile|ArchiveRelocationMode|\+UnlockDiagnosticVMOptions))' "$MS_CONFIG/$unit/current/java.args")
    runuser -u "$user" -- /usr/bin/java -Xmx192m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
        "${archive[@]}" -cp "$classpath${MS_EXTRA_JAR:+:$MS_EXTRA_JAR}" "$main" "$@"
}

# json_field NAME <TEXT: values of a scalar field, one a line. Enough for the flat answers of JMX and Spark; strings with escapes are not needed.
json_field() {
    grep -oE "\"$1\" *: *(\"[^\"]*\"|[-0-9.]+|true|false)" | sed -E 's/^"[^"]*" *: *//; s/^"(.*)"$/\1/'
}

# unescape: JSON within a JSON string, as Hadoop's beans have it, without its backslashes.
unescape() {
    tr -d "\\\\"
}

# jmx HOST PORT QUERY: a bean of a Hadoop daemon.
jmx() {
    http_get "$1" "$2" "/jmx?qry=$3"
}

# host_of ENDPOINT, port_of ENDPOINT: the parts of host:port.
host_of() { printf '%s' "${1%:*}"; }
port_of() { printf '%s' "${1##*:}"; }

# each_other SELF ENDPOINTS: the endpoints of the others, one a line. SELF is this host's name.
each_other() {
    local endpoint
    for endpoint in ${2//,/ }; do
        [[ ${endpoint%:*} == "$1" ]] || printf '%s\n' "$endpoint"
    done
}

# wait_or_fail STEP SECONDS WHAT FUNCTION ARGS…: a bounded wait, and who was waited for when it ends.
wait_or_fail() {
    local name=$1 seconds=$2 what=$3
    shift 3
    poll "$seconds" "$@" || die "$name" "not within $seconds s: $what" "see journalctl on the hosts named, then run up again"
}

# start_unit UNIT: starts it whether or not it failed before.
start_unit() {
    systemctl reset-failed "$1.service" 2>/dev/null
    systemctl start --no-block "$1.service" || die "$1" "systemd will not start it" "journalctl -u $1"
}

# active_namenode ENDPOINTS: host:port (HTTP) of the active NameNode.
active_namenode() {
    local endpoint
    for endpoint in ${1//,/ }; do
        if [[ $(namenode_state "$endpoint") == active ]]; then
            printf '%s' "$endpoint"
            return 0
        fi
    done
    return 1
}

# namenode_state ENDPOINT: active, standby, initializing or down.
namenode_state() {
    local state
    state=$(jmx "${1%:*}" "${1##*:}" "Hadoop:service=NameNode,name=NameNodeStatus" | json_field State)
    printf '%s' "${state:-down}"
}

# webhdfs METHOD ENDPOINT PATH QUERY [CURL ARGS…]: one call as the superuser; the body on standard output.
webhdfs() {
    local method=$1 endpoint=$2 path=$3 query=$4
    shift 4
    curl --silent --show-error --fail-with-body --location --max-time 120 --request "$method" \
        "http://$endpoint/webhdfs/v1$path?user.name=hdfs&$query" "$@"
}
