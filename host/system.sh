# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153  # some variables belong to other files of the program
# Kernel settings and modules, and what systemd runs beside our services: timers of ours, drop-ins for units of others.

# kernel_value ITEM: sets VALUE to what the kernel has, VALUE_PATH to where it is set and VALUE_KEY to its name in `unsettable`.
kernel_value() {
    local -a words=()
    if [[ ${KIND[$1]} == sysctl ]]; then
        VALUE_PATH=/proc/sys/${NAME[$1]//./\/} VALUE_KEY=${NAME[$1]}
    else
        VALUE_PATH=$MS_HUGEPAGES/${NAME[$1]} VALUE_KEY="hugepages ${NAME[$1]}"
    fi
    [[ -r $VALUE_PATH ]] && read -r -a words <"$VALUE_PATH"
    VALUE=${words[*]}
    if [[ ${KIND[$1]} == hugepages ]]; then
        # The one in force stands in brackets: always [madvise] never
        VALUE=${VALUE#*\[} VALUE=${VALUE%%\]*}
    fi
}

compare_sysctl() {
    kernel_value "$1"
    [[ $VALUE == "${REST[$1]}" ]] && return
    if [[ -w $VALUE_PATH && -z ${UNSETTABLE["$VALUE_KEY"]-} ]]; then
        differs "$1" value
    else
        WARNINGS+=("${KIND[$1]} $2: cannot be set on this host, which has '$VALUE'")
    fi
}

compare_hugepages() {
    compare_sysctl "$@"
}

apply_sysctl() {
    local i
    for i; do
        kernel_value "$i"
        if ! claim_value "$i"; then
            failed "$i" "cannot write below $MS_STATE" "look at that disk"
        elif { printf '%s\n' "${REST[i]}" >"$VALUE_PATH"; } 2>"$MS_WORK/error"; then
            changed "$i"
        elif [[ $(<"$MS_WORK/error") == *"Invalid argument"* ]]; then
            failed "$i" "the kernel refuses the value ${REST[i]}" "correct it in the stack file"
        else
            # Not settable although it looked so: noted, so that the next check warns instead of promising a repair.
            REPORTED[i]=1
            printf 'warning %s %s: cannot be set on this host\n' "${KIND[i]}" "${NAME[i]}"
            printf '%s\n' "$VALUE_KEY" >>"$MS_STATE/unsettable"
        fi
    done
}

apply_hugepages() {
    apply_sysctl "$@"
}

# claim_value ITEM: notes it as ours, and the value that there was before, once.
claim_value() {
    local item="${KIND[$1]} ${NAME[$1]}" kept=$MS_STATE/replaced$VALUE_PATH
    [[ -z ${OWNED["$item"]-} ]] || return 0
    mkdir -p -- "${kept%/*}" && printf '%s\n' "$VALUE" >"$kept" && printf '%s\n' "$item" >>"$MS_STATE/owned$MS_SECTION" &&
        OWNED["$item"]=1
}

# restore_value PATH: what cannot be set could not have been changed either.
restore_value() {
    local kept=$MS_STATE/replaced$1
    [[ -e $kept ]] || return 0
    { cat -- "$kept" >"$1"; } 2>/dev/null
    rm -f -- "$kept"
}

remove_sysctl() {
    restore_value "/proc/sys/${1//./\/}"
}

remove_hugepages() {
    restore_value "$MS_HUGEPAGES/$1"
}

compare_module() {
    [[ -d /sys/module/${2//-/_} ]] && return
    if in_container; then
        WARNINGS+=("module $2: not loaded, and a container cannot load it")
    elif ! grep -qsE "/${2//[-_]/[-_]}[.]ko" "/lib/modules/$(</proc/sys/kernel/osrelease)/modules.builtin"; then
        differs "$1" missing
    fi
}

# A module stays loaded when it is wanted no more: taking it away could take a device with it.
apply_module() {
    local i
    for i; do
        if modprobe -- "${NAME[i]}" 2>"$MS_WORK/error"; then
            changed "$i"
        else
            failed "$i" "modprobe: $(last_line <"$MS_WORK/error")" "is it part of kernel $(</proc/sys/kernel/osrelease)?"
        fi
    done
}

compare_timer() {
    local c
    for c in "${!C_FILE[@]}"; do
        [[ ${C_UNIT[c]} == "$1" && -n ${C_FILE[c]} ]] || continue
        if ! plain_file "$MS_SYSTEMD/${C_FILE[c]}" "$c"; then
            differs "$1" content
            break
        fi
    done
    compare_unit_state "$1" "$2.timer"
    [[ ${UNIT_STATE["$2.timer NeedDaemonReload"]-}${UNIT_STATE["$2.service NeedDaemonReload"]-} != *yes* ]] || differs "$1" reload
}

# plain_file PATH CONTENT: is it there, unedited, root's?
plain_file() {
    [[ ${P_TYPE["$1"]-} == f && ${P_MODE["$1"]} == 644 && ${P_OWNER["$1"]} == root:root &&
        ${P_DIGEST["$1"]-} == "${P_DIGEST["$MS_WORK/want/$2"]}" ]]
}

apply_timer() {
    local i
    local -a written=()
    for i; do
        if put_timer "$i" 2>"$MS_WORK/error"; then
            written+=("$i")
        else
            failed "$i" "$(last_line <"$MS_WORK/error")" "look at $MS_SYSTEMD"
        fi
    done
    ((${#written[@]})) || return 0
    for i in "${written[@]}"; do
        enable_units "${NAME[i]}.timer"
        if systemctl start -- "${NAME[i]}.timer" 2>"$MS_WORK/error"; then
            changed "$i"
        else
            failed "$i" "$(last_line <"$MS_WORK/error")" "systemctl status ${NAME[i]}.timer"
        fi
    done
}

put_timer() {
    local c
    claim "$1" || return 1
    for c in "${!C_FILE[@]}"; do
        [[ ${C_UNIT[c]} == "$1" && -n ${C_FILE[c]} ]] || continue
        write_atomic "$MS_WORK/want/$c" "$MS_SYSTEMD/${C_FILE[c]}" root root 0644 || return 1
    done
}

# A run of its service that is under way may end by itself.
remove_timer() {
    if [[ -e $MS_SYSTEMD/$1.timer ]]; then
        systemctl --quiet disable --now -- "$1.timer" || return 1
    fi
    remove_file "$MS_SYSTEMD/$1.timer" && remove_file "$MS_SYSTEMD/$1.service" && systemctl daemon-reload
}

compare_dropin() {
    compare_file "$1" "$MS_SYSTEMD/$2"
    [[ ${UNIT_STATE["${2%.d/*} NeedDaemonReload"]-} != yes ]] || differs "$1" reload
}

# The unit itself is restarted only where a `service` of the manifest says so.
apply_dropin() {
    local i
    local -a written=()
    for i; do
        if { claim "$i" && write_atomic "$MS_WORK/want/${CONTENT[i]}" "$MS_SYSTEMD/${NAME[i]}" root root 0644; } 2>"$MS_WORK/error"; then
            written+=("$i")
        else
            failed "$i" "$(last_line <"$MS_WORK/error")" "look at $MS_SYSTEMD"
        fi
    done
    ((${#written[@]})) || return 0
    if systemctl daemon-reload 2>"$MS_WORK/error"; then
        for i in "${written[@]}"; do changed "$i"; done
    else
        for i in "${written[@]}"; do failed "$i" "$(last_line <"$MS_WORK/error")" "systemctl daemon-reload"; done
    fi
}

remove_dropin() {
    local path=$MS_SYSTEMD/$1
    remove_file "$path" || return 1
    rmdir --ignore-fail-on-non-empty -- "${path%/*}" 2>/dev/null
    systemctl daemon-reload
}
