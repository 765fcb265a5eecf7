# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Streaming jobs on Spark's masters, through the masters' REST server (port 6066) and WebHDFS: no JVM is started for it.
# Gates: `job NAME`, `masters` and `namenodes` (HTTP endpoints), `jar LOCAL HDFS`, `digest HEX`, `spec JSON`, `checkpoint PATH`, `request JSON`.

JOB_ROOT=/metalstream/jobs

# submission_server ENDPOINTS: host:port of the leading master's REST server.
submission_server() {
    local alive
    alive=$(alive_master "$1") && printf '%s:6066' "${alive%:*}"
}

# driver_state SERVER ID: SUBMITTED, RUNNING, RELAUNCHING, FINISHED, …; UNKNOWN where the master does not know it; unreachable.
driver_state() {
    local answer state
    answer=$(curl --silent --max-time 20 "http://$1/v1/submissions/status/$2") || { printf unreachable && return; }
    state=$(json_field driverState <<<"$answer")
    printf '%s' "${state:-UNKNOWN}"
}

# master_section NAME NEXT: the part of the master's /json/ page on standard input, in one line, between two of its lists.
master_section() {
    sed "s/.*\"$1\"//; s/\"$2\".*//"
}

# settled_state STATE APP(yes|no) LONELY(yes|no) -> state. Pure; every combination is in a test. A supervised driver that is started on another worker
# gets another id, and its old id stays RELAUNCHING for good, or is not known after a failover: then the job runs if it has an application, is about
# to if there is a driver without one, and is LOST otherwise.
settled_state() {
    case $1/$2/$3 in
    SUBMITTED/* | RUNNING/* | unreachable/*) echo "$1" ;;
    */yes/*) echo RUNNING ;;
    RELAUNCHING/*/yes | UNKNOWN/*/yes) echo RELAUNCHING ;;
    RELAUNCHING/*) echo LOST ;;
    *) echo "$1" ;;
    esac
}

# job_driver_state SERVER ID JOB: as driver_state, whatever the id under which the job's driver runs now.
job_driver_state() {
    local state page apps drivers app=no lonely=no
    state=$(driver_state "$1" "$2")
    if [[ ! $state =~ ^(SUBMITTED|RUNNING|unreachable)$ ]]; then
        page=$(http_get "${1%:*}" 8080 /json/ | tr -d '\n')
        [[ $page == *'"activeapps"'*'"activedrivers"'* ]] || { printf unreachable && return; }
        apps=$(master_section activeapps completedapps <<<"$page")
        drivers=$(master_section activedrivers completeddrivers <<<"$page")
        ! json_field name <<<"$apps" | grep -qxF -- "$3" || app=yes
        (($(json_field id <<<"$drivers" | wc -l) <= $(json_field id <<<"$apps" | wc -l))) || lonely=yes
    fi
    settled_state "$state" "$app" "$lonely"
}

driver_ended() {
    [[ ! $(job_driver_state "$1" "$2" "${GATE[job]}") =~ ^(SUBMITTED|RUNNING|RELAUNCHING|unreachable)$ ]]
}

# hdfs_size NAMENODE PATH: length of a file on HDFS, or nothing.
hdfs_size() {
    webhdfs GET "$1" "$2" "op=GETFILESTATUS" 2>/dev/null | json_field length
}

# upload NAMENODE LOCAL PATH: puts a file on HDFS unless one of that size lies there; paths are named by content.
upload() {
    [[ $(hdfs_size "$1" "$3") == "$(stat -c %s "$2")" ]] && return
    webhdfs PUT "$1" "$3" "op=CREATE&overwrite=true&permission=644" --upload-file "$2" >/dev/null ||
        die "job ${GATE[job]}" "cannot write $3 to HDFS" "is HDFS out of safe mode, with live DataNodes? npx metalstream status"
    step "job: put $3 on HDFS"
}

# job_record NAMENODE: sets JOB_DRIVER and JOB_DIGEST of the last submission. 1: there was none; 2: it cannot be read now, which says nothing.
# The NameNode names the host of a replica, which may have died a moment ago: other answers name others.
job_record() {
    local answer _
    JOB_DRIVER="" JOB_DIGEST=""
    for _ in 1 2 3 4 5; do
        if answer=$(webhdfs GET "$1" "$JOB_ROOT/${GATE[job]}/submission" "op=OPEN" --connect-timeout 3 --max-time 10 2>/dev/null); then
            read -r JOB_DRIVER JOB_DIGEST <<<"$answer"
            return 0
        fi
        [[ $answer != *FileNotFoundException* ]] || return 1
    done
    return 2
}

# job_decision RECORD(there|none|unreadable) DRIVER-STATE SAME-DIGEST(yes|no) -> runs | replace | submit | unknown. Pure; every combination is in a test.
# What is not known is never taken for a job that does not run: a second instance would be begun beside the first.
job_decision() {
    case $1/$2 in
    none/*) echo submit ;;
    unreadable/* | */unreachable) echo unknown ;;
    */SUBMITTED | */RUNNING | */RELAUNCHING) [[ $3 == yes ]] && echo runs || echo replace ;;
    *) echo submit ;;
    esac
}

# job_situation NAMENODE SERVER DIGEST: sets JOB_SITUATION, and JOB_DRIVER of the last submission.
job_situation() {
    local record=there state=none same=no
    job_record "$1" || { (($? == 1)) && record=none || record=unreadable; }
    [[ -z $JOB_DRIVER ]] || state=$(job_driver_state "$2" "$JOB_DRIVER" "${GATE[job]}")
    [[ $JOB_DIGEST != "$3" ]] || same=yes
    JOB_SITUATION=$(job_decision "$record" "$state" "$same")
}

# stop_gracefully NAMENODE SERVER DRIVER: the runner ends by itself after its batch when it sees the marker.
stop_gracefully() {
    step "job: stopping the earlier version after its batch"
    printf '' | webhdfs PUT "$1" "${GATE[checkpoint]}/_stop" "op=CREATE&overwrite=true&permission=666" --upload-file - >/dev/null
    wait_or_fail "job ${GATE[job]}" 180 "the end of the earlier version ($3)" driver_ended "$2" "$3"
    webhdfs DELETE "$1" "${GATE[checkpoint]}/_stop" "op=DELETE" >/dev/null
}

# submit NAMENODE SERVER: asks the leading master to run the driver, and keeps its id on HDFS.
submit() {
    local answer id
    JOB_SINCE=$(date +%s)000
    answer=$(curl --silent --show-error --max-time 60 --header 'Content-Type: application/json;charset=UTF-8' \
        --data-binary "${GATE[request]}" "http://$2/v1/submissions/create")
    id=$(json_field submissionId <<<"$answer")
    if [[ -z $id || $(json_field success <<<"$answer") != true ]]; then
        die "job ${GATE[job]}" "the master $2 refused the submission: ${answer//$'\n'/ }" "see journalctl -u spark-master on ${2%:*}"
    fi
    printf '%s %s\n' "$id" "${GATE[digest]}" |
        webhdfs PUT "$1" "$JOB_ROOT/${GATE[job]}/submission" "op=CREATE&overwrite=true&permission=644" --upload-file - >/dev/null ||
        die "job ${GATE[job]}" "submitted as $id, but the record could not be written" "run up again"
    JOB_DRIVER=$id
    step "job: submitted as $id"
}

# job_state JOB MASTERS NAMENODES: `running TOKEN` or `unknown TOKEN`, with the token of the last run of the step below on this host, or `stopped -`.
job_state() {
    local namenode server token=-
    GATE[job]=$1
    if ! namenode=$(active_namenode "$3") || ! server=$(submission_server "$2"); then
        printf 'stopped -'
        return
    fi
    [[ ! -r $MS_STATE/rolled/job-$1 ]] || read -r token <"$MS_STATE/rolled/job-$1"
    job_situation "$namenode" "$server" ""
    case $JOB_SITUATION in
    submit) printf 'stopped -' ;;
    unknown) printf 'unknown %s' "$token" ;;
    *) printf 'running %s' "$token" ;;
    esac
}

# bootstrap streaming-job: the job runs, once, in the wanted version.
bootstrap_streaming_job() {
    local namenode server local_jar hdfs_jar
    wait_or_fail "job ${GATE[job]}" 180 "HDFS that can be written" hdfs_writable
    wait_or_fail "job ${GATE[job]}" 180 "a leading Spark master" submission_server "${GATE[masters]}" >/dev/null
    namenode=$(active_namenode "${GATE[namenodes]}")
    server=$(submission_server "${GATE[masters]}")
    read -r local_jar hdfs_jar <<<"${GATE[jar]}"
    upload "$namenode" "$local_jar" "$hdfs_jar"
    printf '%s\n' "${GATE[spec]}" >"$MS_WORK/spec.json"
    upload "$namenode" "$MS_WORK/spec.json" "$JOB_ROOT/${GATE[job]}/${GATE[digest]}.json"
    wait_or_fail "job ${GATE[job]}" 120 "whether it runs already (its record on HDFS, its driver at the master $server)" job_known "$namenode" "$server"
    case $JOB_SITUATION in
    runs)
        step "job: runs as $JOB_DRIVER"
        return
        ;;
    replace) stop_gracefully "$namenode" "$server" "$JOB_DRIVER" ;;
    esac
    submit "$namenode" "$server"
    wait_or_fail "job ${GATE[job]}" 240 "its first batch ($JOB_DRIVER); the driver's own words: http://${server%:*}:8080" job_progressed
}

job_known() {
    job_situation "$1" "$2" "${GATE[digest]}"
    [[ $JOB_SITUATION != unknown ]]
}

# job_progressed: has the job written its progress since it was submitted? A driver that only starts again and again is RUNNING, too.
job_progressed() {
    local namenode newest
    namenode=$(active_namenode "${GATE[namenodes]}") || return 1
    newest=$(webhdfs GET "$namenode" "${GATE[checkpoint]}/_progress" "op=LISTSTATUS" 2>/dev/null |
        json_field modificationTime | sort -n | tail -n 1)
    # Ten seconds for clocks that differ: preflight refuses more than five.
    ((${newest:-0} > JOB_SINCE - 10000))
}
