# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2153  # KIND and NAME are set by other files of the program
# Output of `check` and `facts`: `key value…` lines. The keys are interface, see README.md.

DIFF_LINES=40   # of each file

report_facts() {
    local key value os=unknown version="" kernel machine="-" cores memory
    while IFS='=' read -r key value; do
        [[ $key == ID ]] && os=${value//\"/}
        [[ $key == VERSION_ID ]] && version=${value//\"/}
    done </etc/os-release
    os="$os ${version:-unknown}"
    read -r kernel </proc/sys/kernel/osrelease
    [[ ! -r /etc/machine-id ]] || read -r machine </etc/machine-id
    cores=$(nproc)
    read -r _ memory _ </proc/meminfo
    version=${JAVA_PACKAGES[*]-}
    printf 'os %s %s\nkernel %s\nhostname %s\nmachine-id %s\n' "$os" "$HOSTTYPE" "$kernel" "$HOSTNAME" "$machine"
    printf 'clock %s\ncores %s\nmemory-mib %d\njava %s\n' "${EPOCHREALTIME:0:-3}" "$cores" $((memory / 1024)) "${version:--}"
    report_program
    report_stamp
}

# Is the program that this text would be installed as already there?
report_program() {
    local name=${MS_PROGRAM:-${0##*/}} state=absent
    [[ $name == host-* ]] || return 0
    [[ -f /usr/local/lib/metalstream/$name ]] && state=present
    printf 'program %s %s\nsudo yes\n' "$name" "$state"
}

report_stamp() {
    local key value token=- manifest=-
    if [[ -r $MS_STATE/stamp$MS_SECTION ]]; then
        while read -r key value; do
            case $key in
            token) token=$value ;;
            manifest) manifest=$value ;;
            item) break ;;
            esac
        done <"$MS_STATE/stamp$MS_SECTION"
    fi
    printf 'token %s\nmanifest %s\n' "$token" "$manifest"
    ((${#KIND[@]} == 0)) || printf 'wanted %s\n' "$(manifest_digest)"
}

report_units() {
    local i unit now rolled
    local -i since
    read -r now _ </proc/uptime
    for i in "${!KIND[@]}"; do
        [[ ${KIND[i]} == unit ]] || continue
        unit=${NAME[i]}
        unit_running "$unit"
        since=0
        if unit_active "$unit"; then
            since=$((${now%.*} - ${UNIT_STATE["$unit.service ActiveEnterTimestampMonotonic"]:-0} / 1000000))
        fi
        rolled=-
        [[ ! -r $MS_STATE/rolled/$unit ]] || read -r rolled <"$MS_STATE/rolled/$unit"
        printf 'unit %s %s running=%s current=%s wanted=%s since=%d result=%s rolled=%s\n' "$unit" \
            "${UNIT_STATE["$unit.service ActiveState"]:-inactive}" "$REPLY" "${P_LINK["$MS_CONFIG/$unit/current"]:--}" \
            "${WANTED["$unit"]}" "$since" "${UNIT_STATE["$unit.service Result"]:-success}" "$rolled"
    done
}

# report_drift: what differs, with the lines of files; then what an earlier manifest had and this one has not.
report_drift() {
    local i word item warning
    for i in "${!KIND[@]}"; do
        [[ -n ${DRIFT[i]-} ]] || continue
        for word in ${DRIFT[i]}; do
            printf 'drift %s %s %s\n' "${KIND[i]}" "${NAME[i]}" "$word"
            [[ ${KIND[i]} == file && $word == content ]] && report_diff "${KIND[i]} ${NAME[i]}" "${NAME[i]}" "${CONTENT[i]}"
            [[ ${KIND[i]} == unit && $word == config ]] && report_unit_diff "$i"
        done
    done
    while IFS= read -r item; do
        [[ -n $item ]] && printf 'drift %s surplus\n' "$item"
    done < <(surplus_items)
    for warning in "${WARNINGS[@]}"; do
        printf 'warning %s\n' "$warning"
    done
}

# An edited file of a configuration directory; a directory that is not there yet has no difference to show.
report_unit_diff() {
    local c path
    for c in "${!C_FILE[@]}"; do
        path=$MS_CONFIG/${NAME[$1]}/${WANTED["${NAME[$1]}"]}/${C_FILE[c]}
        [[ ${C_UNIT[c]} == "$1" && -n ${C_FILE[c]} && -n ${P_DIGEST["$path"]-} ]] || continue
        [[ ${P_DIGEST["$path"]} == "${P_DIGEST["$MS_WORK/want/$c"]}" ]] || report_diff "unit ${NAME[$1]} ${C_FILE[c]}" "$path" "$c"
    done
}

# report_diff TITLE PATH CONTENT: the lines that converge would take away and add, without control characters.
report_diff() {
    local -a lines
    mapfile -t lines < <(diff --text -U 0 -- "$2" "$MS_WORK/want/$3" | tail -n +3 | grep -v '^@@' | tr '\000-\010\013-\037\177' '?')
    printf 'diff %s\n' "$1"
    printf '| %s\n' "${lines[@]:0:DIFF_LINES}"
    ((${#lines[@]} <= DIFF_LINES)) || printf '| (%d more lines)\n' $((${#lines[@]} - DIFF_LINES))
}
