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
    report_busy
    report_program
    report_stamp
    report_notes
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
        [[ ! -r $MS_STATE/rolled/$unit || ! -e $MS_STATE/gates/$unit ]] || read -r rolled <"$MS_STATE/rolled/$unit"
        printf 'unit %s %s running=%s current=%s wanted=%s since=%d result=%s rolled=%s\n' "$unit" \
            "${UNIT_STATE["$unit.service ActiveState"]:-inactive}" "$REPLY" "${P_LINK["$MS_CONFIG/$unit/current"]:--}" \
            "${WANTED["$unit"]}" "$since" "${UNIT_STATE["$unit.service Result"]:-success}" "$rolled"
        unit_active "$unit" && [[ $REPLY != "${WANTED["$unit"]}" ]] && report_restart "$i" "$MS_CONFIG/$unit/$REPLY"
    done
}

# report_restart ITEM DIRECTORY: the files in which what the unit runs differs from what is wanted, with their lines; `-` where it is not known.
report_restart() {
    local c path
    local -A names=()
    if [[ $2 == */- || ! -d $2 ]]; then
        printf 'restart %s -\n' "${NAME[$1]}"
        return
    fi
    for path in "$2"/*; do names["${path##*/}"]=/dev/null; done
    for c in "${!C_FILE[@]}"; do
        [[ ${C_UNIT[c]} == "$1" && -n ${C_FILE[c]} ]] && names["${C_FILE[c]}"]=$MS_WORK/want/$c
    done
    while IFS= read -r path; do
        [[ ${P_DIGEST["$2/$path"]-} != "${P_DIGEST["${names[$path]}"]-}" ]] || continue
        printf 'restart %s %s\n' "${NAME[$1]}" "$path"
        if [[ -e $2/$path ]]; then diff_lines "$2/$path" "${names[$path]}"; else diff_lines /dev/null "${names[$path]}"; fi
    done < <(printf '%s\n' "${!names[@]}" | sort)
}

# report_drift: what differs, with the lines of files; then what an earlier manifest had and this one has not.
report_drift() {
    local i word item warning
    for i in "${!KIND[@]}"; do
        [[ -n ${DRIFT[i]-} ]] || continue
        for word in ${DRIFT[i]}; do
            printf 'drift %s %s %s\n' "${KIND[i]}" "${NAME[i]}" "$word"
            report_item_diff "$i" "$word"
        done
    done
    while IFS= read -r item; do
        [[ -n $item ]] && printf 'drift %s surplus\n' "$item"
    done < <(surplus_items)
    for warning in "${WARNINGS[@]}"; do
        printf 'warning %s\n' "$warning"
    done
    ((${#GARBAGE[@]} == 0)) || printf 'garbage %s\n' "${GARBAGE[@]}"
}

# report_item_diff ITEM WORD: the changed lines behind a word, where there are any; never of a secret.
report_item_diff() {
    local name=${NAME[$1]}
    case ${KIND[$1]}/$2 in
    file/content) report_diff "file $name" "$name" "$MS_WORK/want/${CONTENT[$1]}" ;;
    dropin/content) report_diff "dropin $name" "$MS_SYSTEMD/$name" "$MS_WORK/want/${CONTENT[$1]}" ;;
    timer/content) report_files_diff "$1" "$MS_SYSTEMD" ;;
    unit/config) report_files_diff "$1" "$MS_CONFIG/$name/${WANTED["$name"]}" ;;
    unit/changed) report_diff "unit $name" "$MS_SYSTEMD/$name.service" "$MS_CONFIG/$name/current/$name.service" ;;
    esac
}

# report_files_diff ITEM DIRECTORY: edited files of a unit or timer; one that is not there yet has no difference to show.
report_files_diff() {
    local c path
    for c in "${!C_FILE[@]}"; do
        path=$2/${C_FILE[c]}
        [[ ${C_UNIT[c]} == "$1" && -n ${C_FILE[c]} && -n ${P_DIGEST["$path"]-} ]] || continue
        [[ ${P_DIGEST["$path"]} == "${P_DIGEST["$MS_WORK/want/$c"]}" ]] ||
            report_diff "${KIND[$1]} ${NAME[$1]} ${C_FILE[c]}" "$path" "$MS_WORK/want/$c"
    done
}

# report_diff TITLE PATH WANTED: the lines that converge would take away and add.
report_diff() {
    [[ -e $2 && -e $3 ]] || return 0
    printf 'diff %s\n' "$1"
    diff_lines "$2" "$3"
}

# diff_lines OLD NEW: lines that differ, without control characters.
diff_lines() {
    local -a lines
    mapfile -t lines < <(diff --text -U 0 -- "$1" "$2" | tail -n +3 | grep -v '^@@' | tr '\000-\010\013-\037\177' '?')
    printf '| %s\n' "${lines[@]:0:DIFF_LINES}"
    ((${#lines[@]} <= DIFF_LINES)) || printf '| (%d more lines)\n' $((${#lines[@]} - DIFF_LINES))
}
