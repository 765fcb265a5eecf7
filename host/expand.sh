# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2153  # KIND, NAME and REST are set by other files of the program
# What a manifest leaves to the host: items that must hold after a boot too get a file, made here as further lines behind the
# manifest's own; and items that this host cannot have are told apart, so that they are warnings and never drift.

declare -ga UNFIT=()   # item -> why this host cannot have it
MANIFEST_LINES=0       # lines behind these were made here

# kind -> file that keeps its items over a boot; `@` is the section.
declare -grA BOOT_FILE=(
    [sysctl]=/etc/sysctl.d/60-metalstream@.conf [module]=/etc/modules-load.d/60-metalstream@.conf
    [hugepages]=/etc/tmpfiles.d/60-metalstream@.conf [limit]=/etc/security/limits.d/60-metalstream@.conf
    [package]=/etc/apt/preferences.d/60-metalstream@.pref
)

expand_manifest() {
    local i kind
    local -A text=()
    MANIFEST_LINES=${#LINES[@]}
    for i in "${!KIND[@]}"; do
        [[ ${ATTR["$i when"]-} != clock ]] || clock_is_ours || UNFIT[i]="clock: left alone, $REPLY"
        [[ ${KIND[i]} != limit ]] || limit_settable "$i" ||
            UNFIT[i]="limit ${NAME[i]}: this host cannot raise it to ${REST[i]}; a login would be refused"
        [[ -z ${UNFIT[i]-} ]] || continue
        boot_lines "$i"
        text[${KIND[i]}]+=$REPLY
    done
    for kind in sysctl module hugepages limit package; do
        [[ -n ${text[$kind]-} ]] || continue
        LINES+=("file ${BOOT_FILE[$kind]/@/$MS_SECTION} owner=root group=root mode=0644")
        mapfile -t -O "${#LINES[@]}" LINES <<<"${text[$kind]%$'\n'}"
    done
    parse_lines "$MANIFEST_LINES"
}

# boot_lines ITEM: sets REPLY to what its kind's file says of it; empty for kinds without one.
boot_lines() {
    REPLY=""
    case ${KIND[$1]} in
    sysctl) REPLY="| ${NAME[$1]} = ${REST[$1]}"$'\n' ;;
    limit) REPLY="| ${NAME[$1]%:*} - ${NAME[$1]#*:} ${REST[$1]}"$'\n' ;;
    # In a container these are the machine's, and the service that reads the file would fail at boot.
    module) in_container || REPLY="| ${NAME[$1]}"$'\n' ;;
    hugepages) in_container || REPLY="| w- $MS_HUGEPAGES/${NAME[$1]} - - - - ${REST[$1]}"$'\n' ;;
    package)
        # Above 1000 a pin also holds against what is installed; unattended upgrades keep to it.
        [[ -z ${ATTR["$1 version"]-} ]] ||
            printf -v REPLY '| Package: %s\n| Pin: version %s\n| Pin-Priority: 1001\n|\n' "${NAME[$1]}" "${ATTR["$1 version"]}"
        ;;
    esac
}

# systemd leaves this file in every container.
in_container() {
    [[ -e /run/systemd/container ]]
}

# clock_is_ours: may this host set the clock, and does nobody else? Sets REPLY to why not.
clock_is_ours() {
    local key value other
    if in_container; then
        REPLY="since this host is a container and has its machine's"
        return 1
    fi
    for other in ntpd openntpd phc2sys; do
        REPLY="since $other is there"
        [[ ! -x /usr/sbin/$other ]] || return 1
    done
    REPLY="since this host may not set it"
    while read -r key value; do
        [[ $key != CapEff: ]] || break
    done </proc/self/status
    ((16#$value >> 25 & 1))
}

# limit_settable ITEM: pam refuses a login whose limit it cannot set, so what root cannot set here is not written.
limit_settable() {
    local -A flag=([nofile]=n [nproc]=u [memlock]=l [core]=c [stack]=s)
    (ulimit "-H${flag[${NAME[$1]#*:}]}" "${REST[$1]}") 2>/dev/null
}
