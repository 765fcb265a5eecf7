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

# driver_state SERVER ID: SUBMITTED, RUNNING, RELAUNCHING, FINISHED, …, or UNKNOWN.
driver_state() {
    local state
    state=$(curl --silent --max-time 20 "http://$1/v1/submissions/status/$2" | json_field driverState)
    printf '%s' "${state:-UNKNOWN}"
}

driver_lives() {
    case $(driver_state "$1" "$2") in
    SUBMITTED | RUNNING | RELAUNCHING) return 0 ;;
    *) return 1 ;;
    esac
}

driver_ended() {
    ! driver_lives "$1" "$2"
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

# job_record NAMENODE: sets JOB_DRIVER and JOB_DIGEST of the last submission.
job_record() {
    read -r JOB_DRIVER JOB_DIGEST < <(webhdfs GET "$1" "$JOB_ROOT/${GATE[job]}/submission" "op=OPEN" 2>/dev/null) || true
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

# job_state JOB MASTERS NAMENODES: `running TOKEN` with the token of the last run of the step below on this host, or `stopped -`.
job_state() {
    local namenode server token=-
    GATE[job]=$1
    if namenode=$(active_namenode "$3") && server=$(submission_server "$2") && job_record "$namenode" &&
        [[ -n ${JOB_DRIVER-} ]] && driver_lives "$server" "$JOB_DRIVER"; then
        [[ ! -r $MS_STATE/rolled/job-$1 ]] || read -r token <"$MS_STATE/rolled/job-$1"
        printf 'running %s' "$token"
    else
        printf 'stopped -'
    fi
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
    job_record "$namenode"
    if [[ -n ${JOB_DRIVER-} ]] && driver_lives "$server" "$JOB_DRIVER"; then
        if [[ ${JOB_DIGEST-} == "${GATE[digest]}" ]]; then
            step "job: runs as $JOB_DRIVER"
            record_roll "job-${GATE[job]}"
            return
        fi
        stop_gracefully "$namenode" "$server" "$JOB_DRIVER"
    fi
    submit "$namenode" "$server"
    wait_or_fail "job ${GATE[job]}" 240 "its first batch ($JOB_DRIVER); the driver's own words: http://${server%:*}:8080" job_progressed
    record_roll "job-${GATE[job]}"
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
