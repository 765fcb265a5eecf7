# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153  # some variables belong to other files of the program
# Applies what differs: packages, accounts, directories, files, links. `apply_KIND ITEM…` gets all items of a kind
# that differ. An item that fails is noted (`failed`) and does not keep the others from being applied.

declare -ga WRITTEN=()   # files to be synced before the stamp
declare -ga FAILURES=()
declare -ga REPORTED=()  # item -> 1 when a line of this run was about it
CHANGED=0

# changed ITEM [WHAT]: one line for a person.
changed() {
    CHANGED=$((CHANGED + 1)) REPORTED[$1]=1
    printf 'changed %s %s: %s\n' "${KIND[$1]}" "${NAME[$1]}" "${2-${DRIFT[$1]}}"
}

# failed ITEM WHAT WHAT_TO_DO
failed() {
    REPORTED[$1]=1
    FAILURES+=("${KIND[$1]} ${NAME[$1]}: $2; $3")
    printf 'metalstream: %s: %s\n' "$MS_HOST" "${FAILURES[-1]}" >&2
}

# last_line: of standard input, for messages.
last_line() {
    tail -n 1
}

# One apt-get for all. It installs none of them when one cannot be had, so then each gets its own.
apply_package() {
    local i
    if install_packages "$@"; then
        for i; do changed "$i" "${DRIFT[$i]}, installed"; done
        return
    fi
    for i; do
        if (($# > 1)) && ! apt_locked && install_packages "$i" || package_fits "$i"; then
            changed "$i" "${DRIFT[$i]}, installed"
        elif apt_locked; then
            failed "$i" "apt-get: $(apt_error)" "wait for that process, or end it"
        else
            failed "$i" "apt-get: $(apt_error)" "see /var/log/apt/term.log and the apt sources of this host"
        fi
    done
}

# package_fits ITEM: a batch that failed may have installed it all the same.
package_fits() {
    local version=${ATTR["$1 version"]-}
    observe_packages
    [[ -n ${PACKAGE["${NAME[$1]}"]-} && ${version:-${PACKAGE["${NAME[$1]}"]}} == "${PACKAGE["${NAME[$1]}"]}" ]]
}

apt_locked() {
    grep -qE '^E: (Could not get lock|Unable to (acquire|lock))' "$MS_WORK/apt"
}

# apt_error: its first error; of a lock, the line that names its holder.
apt_error() {
    grep -aoE 'Could not get lock [^ ]+\. It is held by process [0-9]+ \([^)]*\)' "$MS_WORK/apt" | head -n 1 | grep . ||
        grep -aE '^(E|dpkg: error)' "$MS_WORK/apt" | head -n 1
}

# install_packages ITEM…: the lists are fetched only where they are absent, old, or do not help.
install_packages() {
    local fresh=""
    if [[ -n "$(find /var/lib/dpkg/updates -type f 2>/dev/null | head -n 1)" ]]; then
        apt_quiet dpkg --configure -a   # an earlier run was cut off in the middle of an installation
    fi
    if [[ -z "$(find /var/lib/apt/lists -name '*Packages*' -mmin -1440 2>/dev/null | head -n 1)" ]]; then
        apt_update
        fresh=yes
    fi
    apt_install "$@" && return
    [[ -n $fresh ]] && return 1
    grep -qE "Unable to (locate|fetch)|no installation candidate|^E: Version .* was not found|404 " "$MS_WORK/apt" || return 1
    apt_update && apt_install "$@"
}

apt_update() {
    apt_quiet apt-get -o "DPkg::Lock::Timeout=$(apt_patience)" update
}

# Of an older version that a manifest names, a person has decided.
apt_install() {
    local i
    local -a wanted=() downgrade=()
    for i; do
        wanted+=("${NAME[i]}${ATTR["$i version"]:+=${ATTR["$i version"]}}")
        [[ -z ${ATTR["$i version"]-} ]] || downgrade=(--allow-downgrades)
    done
    apt_quiet apt-get -y -o "DPkg::Lock::Timeout=$(apt_patience)" -o Dpkg::Options::=--force-confdef \
        -o Dpkg::Options::=--force-confold install --no-install-recommends "${downgrade[@]}" -- "${wanted[@]}"
}

# apt_patience: seconds to wait for apt's lock, so that there is time left to say who holds it.
apt_patience() {
    printf '%d' $((MS_LIMIT < 480 ? MS_LIMIT / 4 : 120))
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
