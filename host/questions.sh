# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Answers to the `port`, `disk`, `job` and `evidence` lines of a manifest, and the roles that running services report.

report_questions() {
    local i port=""
    for i in "${!KIND[@]}"; do
        case ${KIND[i]} in
        port) port=yes ;;
        job) printf 'job %s %s\n' "${NAME[i]}" "$(job_state "${NAME[i]}" "${ATTR["$i masters"]}" "${ATTR["$i namenodes"]}")" ;;
        disk) report_disk "${NAME[i]}" ;;
        evidence) printf 'evidence %s %s\n' "${NAME[i]}" "$(evidence_of "${REST[i]%% *}" "${REST[i]#* }")" ;;
        esac
    done
    [[ -z $port ]] || report_ports
}

report_ports() {
    local i local_end process pid port
    local -A holder=()
    while read -r _ _ _ local_end _ process; do
        port=${local_end##*:}
        pid=${process##*pid=}
        holder["$port"]=${pid%%,*}
        holder["$port name"]=${process#*\"}
        holder["$port name"]=${holder["$port name"]%%\"*}
    done < <(ss -Hltnp 2>/dev/null)
    for i in "${!KIND[@]}"; do
        [[ ${KIND[i]} == port ]] || continue
        port=${NAME[i]}
        pid=${holder["$port"]-}
        if [[ -z ${holder["$port name"]+set} ]]; then
            printf 'port %s free\n' "$port"
        elif pid_of_unit "$pid" "${ATTR["$i unit"]}"; then
            printf 'port %s held by %s\n' "$port" "${ATTR["$i unit"]}"
        else
            printf 'port %s foreign %s[%s]\n' "$port" "${holder["$port name"]:-unknown}" "${pid:-?}"
        fi
    done
}

# pid_of_unit PID UNIT: is it the main process of the unit, or in its control group?
pid_of_unit() {
    local line
    [[ $1 =~ ^[0-9]+$ ]] || return 1
    [[ $1 == 1 && -e /run/systemd/system/$2.socket ]] && return   # systemd itself listens for a socket unit
    [[ ${UNIT_STATE["$2.service MainPID"]-} == "$1" ]] && return
    [[ -r /proc/$1/cgroup ]] || return 1
    while IFS= read -r line; do
        [[ $line == */"$2".service || $line == */"$2".service/* ]] && return
    done <"/proc/$1/cgroup"
    return 1
}

# report_disk PATH: its own file system, a directory on another, or missing; sizes in MiB.
report_disk() {
    local target on size free
    if [[ ! -d $1 ]]; then
        printf 'disk %s missing size-mib=0 free-mib=0\n' "$1"
        return
    fi
    read -r target size free < <(df -BM --output=target,size,avail -- "$1" 2>/dev/null | tail -n 1)
    on=$target
    [[ $target == "$1" ]] && target=mounted || target=directory
    printf 'disk %s %s size-mib=%s free-mib=%s on=%s\n' "$1" "$target" "${size%M}" "${free%M}" "$on"
}

# evidence_of QUESTION PATH: below a disk that is not mounted yet, what is missing now may be on the disk.
evidence_of() {
    if out_of_sight "$2"; then
        printf unreadable
    elif [[ $1 == property:* ]]; then
        evidence_property "${1#*:}" "$2"
    else
        "evidence_$1" "$2"
    fi
}

# evidence_property KEY PATH: its value in a properties file; none, also where there is no file; or unreadable.
evidence_property() {
    local value
    case $(evidence_exists "$2") in
    no) printf none ;;
    yes)
        value=$(sed -n "s/^${1//./\\.}=//p" -- "$2" 2>/dev/null) || value=unreadable
        printf '%s' "${value:-none}"
        ;;
    *) printf unreadable ;;
    esac
}

# evidence_exists PATH: yes, no, or unreadable. What cannot be looked at is never taken for absent.
evidence_exists() {
    local answer
    if [[ -e $1 || -L $1 ]]; then
        printf yes
    elif answer=$(stat -- "$1" 2>&1) || [[ $answer == *"No such file or directory" || $answer == *"Not a directory" ]]; then
        printf no
    else
        printf unreadable
    fi
}

# evidence_empty PATH: is it a directory without entries?
evidence_empty() {
    local answer
    answer=$(evidence_exists "$1")
    if [[ $answer != yes ]]; then
        printf '%s' "${answer/#no/missing}"
    elif [[ ! -d $1 ]] || ! answer=$(find "$1/" -mindepth 1 -maxdepth 1 -print -quit 2>/dev/null); then
        printf unreadable
    elif [[ -z $answer ]]; then
        printf yes
    else
        printf no
    fi
}

# report_roles: every probe_UNIT that the services brought, side by side, each printing one word: leader, active, standby …; lines behind it are
# passed on as they are.
report_roles() {
    local probe unit
    local -a probes=() said
    mapfile -t probes < <(compgen -A function probe_)
    ((${#probes[@]})) || return 0
    mkdir -p -- "$MS_WORK/probe"
    for probe in "${probes[@]}"; do
        unit_file_there "${probe#probe_}" || continue
        "$probe" >"$MS_WORK/probe/$probe" 2>/dev/null &
    done
    wait
    for probe in "$MS_WORK/probe"/*; do
        [[ -e $probe ]] || continue
        unit=${probe##*/probe_}
        mapfile -t said <"$probe"
        printf 'role %s %s\n' "${unit//_/-}" "${said[0]:-down}"
        ((${#said[@]} < 2)) || printf '%s\n' "${said[@]:1}"
    done
}

# unit_file_there NAME_WITH_UNDERSCORES: has this host the unit at all?
unit_file_there() {
    [[ -e $MS_SYSTEMD/${1//_/-}.service ]]
}

verb_probe() {
    report_roles
}
