# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2153  # KIND, NAME and WANTED are set by other files of the program
# What stands in the way of a deployment, apart from the items of a manifest: addresses, kernel settings, apt; and, before a host's first
# converge or when it is asked for (`check preflight`), names and the network between racks. Lines as in README.md.

report_preflight() {
    report_addresses
    report_settings
    report_open_files
    if thorough || package_missing; then report_apt; fi
    thorough || return 0
    report_names
    report_peers
}

# thorough: what takes a network is looked at when it is asked for, and where no converge has ended yet.
thorough() {
    [[ " ${MS_ARGS[*]-} " == *" preflight "* || ! -e $MS_STATE/stamp$MS_SECTION ]]
}

package_missing() {
    local i
    for i in "${!DRIFT[@]}"; do
        [[ ${KIND[i]} == package ]] && return
    done
    return 1
}

report_addresses() {
    local address
    local -a all=()
    while read -r _ _ _ address _; do
        all+=("${address%/*}")
    done < <(ip -o address show 2>/dev/null)
    ((${#all[@]} == 0)) || printf 'addresses %s\n' "${all[*]}"
}

report_settings() {
    local line size thp=- overcommit=-
    local -i swap=0
    while read -r line _ size _; do
        [[ $line == Filename ]] || swap+=$size
    done 2>/dev/null </proc/swaps
    read -r line 2>/dev/null </sys/kernel/mm/transparent_hugepage/enabled && thp=${line#*[} && thp=${thp%%]*}
    read -r overcommit </proc/sys/vm/overcommit_memory
    printf 'settings swap-mib=%d thp=%s overcommit=%s\n' $((swap / 1024)) "$thp" "$overcommit"
}

# report_open_files: open files that a service process can have. Tried, since a unit's own LimitNOFILE is a wish.
report_open_files() {
    local i
    for i in "${!KIND[@]}"; do
        [[ ${KIND[i]} == openfiles ]] || continue
        if (ulimit -n "${NAME[i]}") 2>/dev/null; then
            printf 'openfiles %s ok\n' "${NAME[i]}"
        else
            printf 'openfiles %s %s\n' "${NAME[i]}" "$(ulimit -Hn)"
        fi
    done
}

# report_apt: who holds a lock of apt's or dpkg's, else which packages are half installed.
report_apt() {
    local kind pid flag name
    local -a broken=()
    while read -r _ kind _ _ pid _; do
        if [[ $kind == POSIX ]] && holds_apt_lock "$pid"; then
            read -r name 2>/dev/null <"/proc/$pid/comm"
            printf 'apt locked %s[%s]\n' "${name:-unknown}" "$pid"
            return
        fi
    done </proc/locks
    # Second letter: unpacked, half-configured, half-installed; third: needs reinstallation.
    while read -r flag name; do
        [[ $flag == ?[UFH]* || $flag == ??R ]] && broken+=("$name")
    done < <(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 2>/dev/null)
    ((${#broken[@]} == 0)) && printf 'apt ok\n' || printf 'apt broken %s\n' "${broken[*]:0:10}"
}

# holds_apt_lock PID: by the files it has open, since an overlay shows other inode numbers in /proc/locks than to stat.
holds_apt_lock() {
    local fd lock
    for fd in "/proc/$1/fd"/*; do
        for lock in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock; do
            [[ $fd -ef $lock ]] && return
        done
    done
    return 1
}

# report_names: names of the wanted hosts file that lead elsewhere here. One that is not known yet is none: converge writes that file.
report_names() {
    local i name address
    local -A wanted=()
    for i in "${!KIND[@]}"; do
        [[ ${KIND[i]} == names && -n ${INDEX["file ${NAME[i]}"]-} ]] || continue
        while read -r address name _; do
            [[ $address == 127.* || $address == ::1 ]] || wanted["$name"]=$address
        done < <(content "${CONTENT[INDEX["file ${NAME[i]}"]]}")
        compare_names "${NAME[i]}" ahostsv4 "[0-9]*.*"
        compare_names "${NAME[i]}" ahostsv6 "*:*"
        report_reverse "${NAME[i]}"
    done
}

# compare_names FILE DATABASE PATTERN: the names of `wanted` whose address is of this family.
compare_names() {
    local name address from known=""
    local -a names=()
    local -A found=()
    for name in "${!wanted[@]}"; do
        # shellcheck disable=SC2053  # a pattern
        [[ ${wanted["$name"]} == $3 ]] && names+=("$name")
    done
    ((${#names[@]})) || return 0
    # An answer is a block of lines, the first of which has the (canonical) name.
    while read -r address _ name; do
        [[ -z $name ]] || known=${name%%.*}
        [[ " ${found["$known"]-} " == *" $address "* ]] || found["$known"]+="$address "
    done < <(timeout 5 getent "$2" "${names[@]}" 2>/dev/null)
    for name in "${names[@]}"; do
        [[ -n ${found["$name"]-} ]] || continue
        [[ " ${found["$name"]}" != *" 127."* && " ${found["$name"]}" == *" ${wanted["$name"]} "* ]] && continue
        from=dns
        grep -qE "^[^#]*[[:space:]]$name([.[:space:]]|\$)" "$1" 2>/dev/null && from=$1
        printf 'name %s %s wanted=%s from=%s\n' "$name" "${found["$name"]%% *}" "${wanted["$name"]}" "$from"
    done
}

# report_reverse FILE: the name that this host's own address leads to, where it has another.
report_reverse() {
    local address=${wanted["$MS_HOST"]-} answer="" from=dns
    [[ -n $address ]] || return 0
    read -r _ answer < <(timeout 5 getent hosts "$address" 2>/dev/null)
    [[ -n $answer && " $answer " != *" $MS_HOST"[.\ ]* ]] || return 0
    grep -qE "^[[:space:]]*${address//./[.]}[[:space:]]" "$1" 2>/dev/null && from=$1
    printf 'reverse %s %s from=%s\n' "$address" "${answer%% *}" "$from"
}

# report_peers: the time that a connection to a member of each other rack takes, the least of three; side by side.
report_peers() {
    local i
    local -i best
    mkdir -p -- "$MS_WORK/peer"
    for i in "${!KIND[@]}"; do
        [[ ${KIND[i]} == peer ]] || continue
        measure_peer "${ATTR["$i address"]}" "${ATTR["$i port"]}" >"$MS_WORK/peer/$i" 2>/dev/null &
    done
    wait
    for i in "${!KIND[@]}"; do
        [[ ${KIND[i]} == peer ]] || continue
        best=-1
        read -r best <"$MS_WORK/peer/$i" || best=-1
        printf 'latency %s rack=%s us=%d\n' "${NAME[i]}" "${ATTR["$i rack"]}" "$best"
    done
}

# measure_peer ADDRESS PORT: microseconds. Nothing is printed where nothing answers.
measure_peer() {
    # shellcheck disable=SC2016  # the inner shell expands its own arguments
    timeout 3 bash -c '
        best=""
        for ((i = 0; i < 3; i++)); do
            began=${EPOCHREALTIME/[.,]/}
            { ended=${EPOCHREALTIME/[.,]/}; } 3<>"/dev/tcp/$1/$2" || exit 1
            [[ -n $best ]] && ((best <= ended - began)) || best=$((ended - began))
        done
        printf "%s\n" "$best"' measure_peer "$1" "$2"
}
