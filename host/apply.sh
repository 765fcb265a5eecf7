# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Applies what differs: packages, accounts, directories, files, links, sysctls. `apply_KIND ITEM…` gets all items of a kind
# that differ. An item that fails is noted (`failed`) and does not keep the others from being applied.

declare -ga WRITTEN=()   # files to be synced before the stamp
declare -ga FAILURES=()
CHANGED=0

# changed ITEM [WHAT]: one line for a person.
changed() {
    CHANGED=$((CHANGED + 1))
    printf 'changed %s %s: %s\n' "${KIND[$1]}" "${NAME[$1]}" "${2-${DRIFT[$1]}}"
}

# failed ITEM WHAT WHAT_TO_DO
failed() {
    FAILURES+=("${KIND[$1]} ${NAME[$1]}: $2; $3")
    printf 'metalstream: %s: %s\n' "$MS_HOST" "${FAILURES[-1]}" >&2
}

# last_line: of standard input, for messages.
last_line() {
    tail -n 1
}

apply_package() {
    local i
    local -a names=()
    for i; do names+=("${NAME[i]}"); done
    if install_packages "${names[@]}"; then
        for i; do changed "$i" "${DRIFT[$i]}, installed"; done
        return
    fi
    observe_packages
    for i; do
        if [[ -n ${PACKAGE["${NAME[i]}"]-} ]]; then
            changed "$i" installed
        else
            failed "$i" "apt-get: $(grep -E '^(E|dpkg: error)' "$MS_WORK/apt" | head -n 1)" \
                "see /var/log/apt/term.log and the apt sources of this host"
        fi
    done
}

# install_packages NAME…: one apt-get for all. The lists are fetched only where they are absent, old, or do not help.
install_packages() {
    local fresh=""
    if [[ -n "$(find /var/lib/dpkg/updates -type f 2>/dev/null | head -n 1)" ]]; then
        apt_quiet dpkg --configure -a   # an earlier run was cut off in the middle of an installation
    fi
    if [[ -z "$(find /var/lib/apt/lists -name '*Packages*' -mmin -1440 2>/dev/null | head -n 1)" ]]; then
        apt_quiet apt-get -o DPkg::Lock::Timeout=120 update
        fresh=yes
    fi
    apt_install "$@" && return
    [[ -n $fresh ]] && return 1
    grep -qE 'Unable to (locate|fetch)|no installation candidate|404 ' "$MS_WORK/apt" || return 1
    apt_quiet apt-get -o DPkg::Lock::Timeout=120 update && apt_install "$@"
}

apt_install() {
    apt_quiet apt-get -y -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confdef \
        -o Dpkg::Options::=--force-confold install --no-install-recommends -- "$@"
}

# apt_quiet COMMAND…: its output goes to a file, of which the errors are shown when it fails.
apt_quiet() {
    DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l "$@" >"$MS_WORK/apt" 2>&1
}

apply_group() {
    local i
    for i; do
        if groupadd --system -- "${NAME[i]}" 2>"$MS_WORK/error"; then
            changed "$i"
        else
            failed "$i" "$(last_line <"$MS_WORK/error")" "correct /etc/group"
        fi
    done
}

apply_user() {
    local i
    for i; do
        if put_user "$i" 2>"$MS_WORK/error"; then
            changed "$i"
        else
            failed "$i" "$(last_line <"$MS_WORK/error")" "correct /etc/passwd and /etc/group"
        fi
    done
}

put_user() {
    local -a options=(--gid "${ATTR["$1 group"]}" --home-dir "${ATTR["$1 home"]}"
        --shell "${ATTR["$1 shell"]:-$NOLOGIN}")
    if [[ ${DRIFT[$1]} == missing ]]; then
        [[ -z ${ATTR["$1 groups"]-} ]] || options+=(--groups "${ATTR["$1 groups"]}")
        useradd --system --no-create-home --no-user-group "${options[@]}" -- "${NAME[$1]}"
    else
        [[ -z ${ATTR["$1 groups"]-} ]] || options+=(--append --groups "${ATTR["$1 groups"]}")
        usermod "${options[@]/#--home-dir/--home}" -- "${NAME[$1]}"
    fi
}

apply_directory() {
    local i
    for i; do
        if [[ ${DRIFT[i]} == type ]]; then
            failed "$i" "something else is there" "move it away, then run again"
        elif install -d -o "${ATTR["$i owner"]}" -g "${ATTR["$i group"]}" -m "${ATTR["$i mode"]}" -- "${NAME[i]}" 2>"$MS_WORK/error"; then
            changed "$i"
        else
            failed "$i" "$(last_line <"$MS_WORK/error")" "look at the disk below ${NAME[i]}"
        fi
    done
}

apply_file() {
    local i
    for i; do
        if put_file "$i" 2>"$MS_WORK/error"; then
            changed "$i"
            WRITTEN+=("${NAME[i]}")
        else
            failed "$i" "$(last_line <"$MS_WORK/error")" "look at ${NAME[i]%/*}"
        fi
    done
}

apply_secret() {
    apply_file "$@"
}

put_file() {
    if [[ ${P_TYPE["${NAME[$1]}"]-} == d ]]; then
        printf 'a directory is in its place\n' >&2
        return 1
    fi
    claim "$1" || return 1
    write_atomic "$MS_WORK/want/${CONTENT[$1]}" "${NAME[$1]}" "${ATTR["$1 owner"]}" "${ATTR["$1 group"]}" "${ATTR["$1 mode"]}"
}

apply_link() {
    local i
    for i; do
        if [[ ${P_TYPE["${NAME[i]}"]-} == d ]]; then
            failed "$i" "a directory is in its place" "move it away, then run again"
        elif { claim "$i" && link_atomic "${REST[i]}" "${NAME[i]}"; } 2>"$MS_WORK/error"; then
            changed "$i"
        else
            failed "$i" "$(last_line <"$MS_WORK/error")" "look at ${NAME[i]%/*}"
        fi
    done
}

# What cannot be set although it looked so is noted, so that the next check warns instead of promising a repair.
apply_sysctl() {
    local i
    for i; do
        if printf '%s\n' "${REST[i]}" 2>/dev/null >"/proc/sys/${NAME[i]//./\/}"; then
            changed "$i"
        else
            printf 'warning sysctl %s: cannot be set on this host\n' "${NAME[i]}"
            printf '%s\n' "${NAME[i]}" >>"$MS_STATE/unsettable"
        fi
    done
}

# keep_sysctls: they come back at boot.
keep_sysctls() {
    local i path=/etc/sysctl.d/60-metalstream$MS_SECTION.conf text=""
    for i in "${!KIND[@]}"; do
        [[ ${KIND[i]} == sysctl ]] && text+="${NAME[i]} = ${REST[i]}"$'\n'
    done
    if [[ -z $text ]]; then
        rm -f -- "$path"
    elif [[ $text != "$(file_text "$path")"$'\n' ]]; then
        printf '%s' "$text" >"$MS_WORK/sysctl" && write_atomic "$MS_WORK/sysctl" "$path" root root 0644
    fi
}
