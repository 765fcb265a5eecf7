# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2153  # KIND, NAME and WANTED are set by other files of the program
# Applies mounts, units of ours and services of packages. What a running unit has loaded is never changed here.

apply_mount() {
    local i unit
    local -a units=()
    for i; do
        unit=$(mount_unit "${NAME[i]}")
        claim "$i"
        mount_text "$i" >"$MS_WORK/mount" && write_atomic "$MS_WORK/mount" "$MS_SYSTEMD/$unit" root root 0644
        units+=("$unit")
    done
    systemctl daemon-reload
    systemctl --quiet enable -- "${units[@]}" 2>/dev/null
    for i; do
        unit=$(mount_unit "${NAME[i]}")
        if [[ " ${DRIFT[i]} " =~ \ (type|device)\  ]]; then
            failed "$i" "another file system is mounted there" "unmount it, then run again"
        elif systemctl reload-or-restart -- "$unit" 2>"$MS_WORK/error"; then
            changed "$i"
        else
            failed "$i" "$(last_line <"$MS_WORK/error")" "systemctl status $unit"
        fi
    done
}

# All units: their directories first, then one daemon-reload, one enable, one start for all.
apply_unit() {
    local i
    local -a names=() start=()
    for i; do
        if ! put_unit "$i" "${NAME[i]}" 2>"$MS_WORK/error"; then
            failed "$i" "$(last_line <"$MS_WORK/error")" "look at $MS_CONFIG/${NAME[i]}"
            continue
        fi
        names+=("${NAME[i]}.service")
        [[ " ${DRIFT[i]} " == *" inactive "* ]] && start+=("${NAME[i]}.service")
        changed "$i"
    done
    ((${#names[@]} == 0)) || enable_units "${names[@]}"
    ((${#start[@]} == 0)) || start_units "${start[@]}"
}

# put_unit ITEM UNIT: its configuration directory, `current` and the unit file.
put_unit() {
    local base=$MS_CONFIG/$2 wanted=${WANTED["$2"]} current=${P_LINK["$MS_CONFIG/$2/current"]-}
    claim "$1" || return 1
    if [[ " ${DRIFT[$1]} " == *" config "* ]]; then
        put_unit_directory "$1" "$base/$wanted" || return 1
    fi
    unit_running "$2"
    if ! unit_active "$2" || [[ $REPLY == - && -z $current ]]; then
        current=$wanted
    elif [[ " ${DRIFT[$1]} " == *" current "* ]]; then
        current=$REPLY
        [[ $current != - && -d $base/$current ]] || current=$wanted
    fi
    switch_unit "$2" "$current" && trim_unit_directories "$2" "$wanted" "$current"
}

# put_unit_directory ITEM DIRECTORY: made aside, then renamed, so that it is whole or not there.
put_unit_directory() {
    local c aside
    mkdir -p -- "${2%/*}"
    temp_beside "$2"
    aside=$REPLY
    mkdir -- "$aside" || return 1
    for c in "${!C_FILE[@]}"; do
        [[ ${C_UNIT[c]} == "$1" && -n ${C_FILE[c]} ]] || continue
        content "$c" >"$aside/${C_FILE[c]}" || return 1
        WRITTEN+=("$2/${C_FILE[c]}")
    done
    if [[ -e $2 ]]; then
        # Somebody edited it. Two renames; in between a starting service would fail and be started again by systemd.
        temp_beside "$2"
        mv -T -- "$2" "$REPLY" && mv -T -- "$aside" "$2" && rm -rf -- "$REPLY"
    else
        mv -T -- "$aside" "$2"
    fi
}

# switch_unit UNIT DIGEST: `current` and the unit file that systemd reads. Used by converge and by the roll.
switch_unit() {
    local base=$MS_CONFIG/$1 fragment=$MS_SYSTEMD/$1.service
    if [[ "$(readlink -- "$base/current")" != "$2" ]]; then
        link_atomic "$2" "$base/current" || return 1
    fi
    if [[ -L $fragment ]] || ! cmp -s -- "$base/$2/$1.service" "$fragment"; then
        write_atomic "$base/$2/$1.service" "$fragment" root root 0644
    fi
}

# trim_unit_directories UNIT KEEP…: the newest three stay, and those that are named or run.
trim_unit_directories() {
    local base=$MS_CONFIG/$1 path name keep
    local -i count=0
    unit_running "$1"
    keep=" ${*:2} $REPLY "
    while IFS= read -r path; do
        name=${path##*/}
        count+=1
        ((count <= 3)) || [[ $keep == *" $name "* ]] || rm -rf -- "$path"
    done < <(find "$base" -mindepth 1 -maxdepth 1 -type d ! -name '.*' -printf '%T@ %p\n' | sort -rn | cut -d ' ' -f 2-)
}

# enable_units UNIT.service…
enable_units() {
    systemctl --quiet unmask -- "$@" 2>/dev/null
    systemctl --quiet unmask --runtime -- "$@" 2>/dev/null
    systemctl daemon-reload
    systemctl --quiet enable -- "$@" 2>&1 | grep -v '^Created symlink' >&2
    return 0
}

# start_units UNIT.service…: without waiting; the gates wait. A unit that has given up gets a new chance.
start_units() {
    systemctl reset-failed -- "$@" 2>/dev/null
    systemctl --no-block start -- "$@"
}

# Services of packages: enabled, active, and restarted when a file they read was written.
apply_service() {
    local i unit
    for i; do
        unit=${NAME[i]}.service
        enable_units "$unit"
        systemctl reset-failed -- "$unit" 2>/dev/null
        if [[ " ${DRIFT[i]} " == *" restart "* ]]; then
            systemctl restart -- "$unit" 2>"$MS_WORK/error"
        else
            systemctl start -- "$unit" 2>"$MS_WORK/error"
        fi
        if systemctl --quiet is-active -- "$unit"; then
            changed "$i"
            forget_restart "${NAME[i]}"
        else
            failed "$i" "$(journalctl -q -n 1 -o cat -u "$unit" | cat - "$MS_WORK/error" | last_line)" "systemctl status $unit"
        fi
    done
}

# note_restarts: before the first file is written, the services to restart afterwards are noted on disk: an
# interrupted run must not forget them.
note_restarts() {
    local i
    for i in "${!KIND[@]}"; do
        [[ ${KIND[i]} == service && -z ${PENDING_RESTART["${NAME[i]}"]-} ]] || continue
        service_files_differ "$i" || continue
        printf '%s\n' "${NAME[i]}" >>"$MS_STATE/restart"
        PENDING_RESTART["${NAME[i]}"]=1
    done
}

# forget_restart SERVICE
forget_restart() {
    [[ -e $MS_STATE/restart ]] || return 0
    grep -vxF -- "$1" "$MS_STATE/restart" >"$MS_WORK/restart"
    write_atomic "$MS_WORK/restart" "$MS_STATE/restart" root root 0644
}
