# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034  # the arrays are read by other files of the program
# Looks at the host, in batches: one process for all files, one for all digests, one for all packages, and so on.
# The answers go to arrays; compare.sh judges them. Nothing is changed here (only $MS_WORK is written).

declare -gA P_TYPE=() P_MODE=() P_OWNER=() P_LINK=()   # path -> type (f d l …), mode, owner:group, target of a link
declare -gA P_DIGEST=()                                # path -> sha256; also of $MS_WORK/want/C and $MS_WORK/block/I
declare -gA PACKAGE=() USER_AT=() GROUP_AT=()          # name -> version | passwd line | group line
declare -gA UNIT_STATE=()                              # "unit.service Property" -> value
declare -gA MOUNTED=() MOUNT_SOURCE=()                 # path -> "type options" | device
declare -gA OWNED=() PENDING_RESTART=() UNSETTABLE=()  # what earlier runs noted
JAVA_PACKAGES=()

# write_wanted: contents and unit blocks as files, so that one sha256sum sees them all. A cut one must never be taken for wanted.
write_wanted() {
    local c i
    mkdir -p -- "$MS_WORK/want" "$MS_WORK/block" || no_room
    for c in "${!C_AT[@]}"; do
        content "$c" >"$MS_WORK/want/$c" || no_room
    done
    for i in "${!KIND[@]}"; do
        if [[ ${KIND[i]} == unit ]]; then
            printf '%s\n' "${LINES[@]:LINE_NO[i]-1:BLOCK_N[i]}" >"$MS_WORK/block/$i" || no_room
        fi
    done
}

# content C: the lines of a content without their marks.
content() {
    local -a body
    ((C_N[$1])) || return 0
    body=("${LINES[@]:C_AT[$1]:C_N[$1]}")
    body=("${body[@]#\|}")
    printf '%s\n' "${body[@]# }"
}

# observe: everything that the manifest asks about.
observe() {
    observe_notes
    observe_paths
    observe_digests
    observe_packages
    observe_accounts
    observe_units ""
    observe_mounts
    observe_disks
}

# What earlier runs noted: the items they own, services still to be restarted, sysctls that this host refuses.
observe_notes() {
    local line
    OWNED=() PENDING_RESTART=() UNSETTABLE=()
    read_notes
    [[ ! -r $MS_STATE/owned$MS_SECTION ]] || while IFS= read -r line; do OWNED["$line"]=1; done <"$MS_STATE/owned$MS_SECTION"
    [[ ! -r $MS_STATE/restart ]] || while IFS= read -r line; do PENDING_RESTART["$line"]=1; done <"$MS_STATE/restart"
    [[ ! -r $MS_STATE/unsettable ]] || while IFS= read -r line; do UNSETTABLE["$line"]=1; done <"$MS_STATE/unsettable"
}

observe_paths() {
    local i path type mode owner target
    local -a paths=("$MS_STATE")
    P_TYPE=() P_MODE=() P_OWNER=() P_LINK=()
    for i in "${!KIND[@]}"; do
        item_paths "$i"
        paths+=("${PATHS[@]}")
        [[ ${KIND[i]} != artifact ]] || paths+=("$MS_OPT/${NAME[i]}/.complete")
    done
    while IFS=$'\t' read -r path type mode owner target; do
        P_TYPE["$path"]=$type P_MODE["$path"]=$mode P_OWNER["$path"]=$owner P_LINK["$path"]=$target
    done < <(
        exec 2>/dev/null
        find -P "${paths[@]}" -maxdepth 0 -printf '%p\t%y\t%m\t%u:%g\t%l\n'
        find -P "$MS_CONFIG" -printf '%p\t%y\t%m\t%u:%g\t%l\n'
    )
}

observe_digests() {
    local digest path
    local -a paths=()
    P_DIGEST=()
    for path in "${!P_TYPE[@]}"; do
        [[ ${P_TYPE["$path"]} == f && $path != "$MS_OPT"/* ]] && paths+=("$path")
    done
    while read -r digest path; do
        P_DIGEST["$path"]=$digest
    done < <(find "$MS_WORK/want" "$MS_WORK/block" -type f -exec sha256sum {} + 2>/dev/null
        ((${#paths[@]} == 0)) || sha256sum -- "${paths[@]}" 2>/dev/null)
}

observe_packages() {
    local i name version status
    local -a names=()
    PACKAGE=() JAVA_PACKAGES=()
    for i in "${!KIND[@]}"; do
        [[ ${KIND[i]} == package ]] && names+=("${NAME[i]}")
    done
    while read -r name version status; do
        [[ $status == installed ]] || continue
        PACKAGE["$name"]=$version
        [[ $name == openjdk-*-jre-headless ]] && JAVA_PACKAGES+=("$name=$version")
    done < <(dpkg-query -W -f '${Package} ${Version} ${db:Status-Status}\n' "${names[@]}" 'openjdk-*-jre-headless' 2>/dev/null)
}

observe_accounts() {
    local i line
    local -a users=() groups=()
    USER_AT=() GROUP_AT=()
    for i in "${!KIND[@]}"; do
        case ${KIND[i]} in
        user) users+=("${NAME[i]}") ;;
        group) groups+=("${NAME[i]}") ;;
        esac
    done
    # Memberships are listed with the groups, so all groups are read; a bare `getent passwd` would list a directory server.
    ((${#users[@]})) || ((${#groups[@]})) || return 0
    while IFS= read -r line; do GROUP_AT["${line%%:*}"]=$line; done < <(getent group)
    ((${#users[@]})) || return 0
    while IFS= read -r line; do USER_AT["${line%%:*}"]=$line; done < <(getent passwd "${users[@]}")
}

# observe_units UNIT.service|"": state of that unit and of the manifest's units, services and mounts, and of units that its `port` lines name.
observe_units() {
    local i key value id=""
    local -a names=()
    [[ -z $1 ]] || names+=("$1")
    for i in "${!KIND[@]}"; do
        case ${KIND[i]} in
        unit | service) names+=("${NAME[i]}.service") ;;
        mount) names+=("$(mount_unit "${NAME[i]}")") ;;
        timer) names+=("${NAME[i]}.timer" "${NAME[i]}.service") ;;
        dropin) names+=("${NAME[i]%.d/*}") ;;
        port) names+=("${ATTR["$i unit"]}.service") ;;
        esac
    done
    UNIT_STATE=()
    ((${#names[@]})) || return 0
    # A block an answer, in the order of the questions; `Id` would name the target of an alias, so the order counts.
    i=0
    id=${names[0]}
    while IFS='=' read -r key value; do
        if [[ -z $key ]]; then
            i=$((i + 1))
            id=${names[i]-}
        else
            UNIT_STATE["$id $key"]=$value
        fi
    done < <(systemctl show --no-pager -p LoadState,ActiveState,SubState,UnitFileState,Result,MainPID \
        -p ActiveEnterTimestampMonotonic,NeedDaemonReload -- "${names[@]}" 2>/dev/null)
}

observe_mounts() {
    local device path type options
    MOUNTED=() MOUNT_SOURCE=()
    while read -r device path type options _; do
        MOUNTED["$path"]="$type $options" MOUNT_SOURCE["$path"]=$device
    done </proc/self/mounts
}

# mount_unit PATH: name of its systemd unit (systemd-escape --path, without a process).
mount_unit() {
    local path=${1#/} out="" char
    local -i n
    for ((n = 0; n < ${#path}; n++)); do
        char=${path:n:1}
        case $char in
        /) out+=- ;;
        [A-Za-z0-9:_]) out+=$char ;;
        .) ((n)) && out+=. || out+='\x2e' ;;
        *) printf -v char '\\x%02x' "'$char" && out+=$char ;;
        esac
    done
    printf '%s.mount' "$out"
}

# unit_active UNIT: has it a process that loaded a configuration? A unit that waits for its next automatic restart has none.
unit_active() {
    [[ ${UNIT_STATE["$1.service ActiveState"]-} =~ ^(active|reloading|activating|deactivating)$ &&
        ${UNIT_STATE["$1.service SubState"]-} != auto-restart ]]
}

# unit_running UNIT: sets REPLY to the digest that the running process loaded, or `-`.
unit_running() {
    REPLY=-
    if unit_active "$1" && [[ -r $MS_RUN/$1.running ]]; then
        read -r REPLY <"$MS_RUN/$1.running" || [[ -n $REPLY ]] || REPLY=-
    fi
}
