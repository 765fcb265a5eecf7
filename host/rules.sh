# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2153  # KIND, NAME and WANTED are set by other files of the program
# Rules over a whole manifest: what no single line shows. All findings are reported at once, before anything is touched.

declare -gA PATH_OWNER=()   # path -> item that owns it

# load_manifest FILE: parse, judge, or end with 2 and every finding.
load_manifest() {
    local text
    if [[ $(tr -dc '\000' <"$1" | head -c 1 | wc -c) != 0 ]]; then
        FINDINGS+=("line 0: the manifest has a NUL byte; files with such content cannot be described here")
    fi
    parse_manifest "$1"
    rule_header
    rule_paths
    rule_parents
    rule_units
    rule_accounts
    if ((${#FINDINGS[@]} == 0)); then
        MS_HOST=${NAME[1]}
        use_section
        expand_manifest
        return
    fi
    while IFS= read -r text; do
        printf 'metalstream: %s: manifest: %s\n' "$MS_HOST" "$text" >&2
    done < <(printf '%s\n' "${FINDINGS[@]}" | sort -k 2n)
    printf 'metalstream: %s: manifest: %s findings, nothing was touched; correct what made the manifest\n' \
        "$MS_HOST" "${#FINDINGS[@]}" >&2
    exit 2
}

rule_header() {
    if [[ ${KIND[0]-} != metalstream || ${NAME[0]-} != 1 ]]; then
        finding 1 "the first line must be 'metalstream 1', the only version this program knows"
    elif [[ ${KIND[1]-} != host ]]; then
        finding 2 "the second line must be 'host NAME'"
    fi
}

# One owner for a path, and no path where this program keeps its own things.
rule_paths() {
    local i path first
    for i in "${!KIND[@]}"; do
        item_paths "$i"
        for path in "${PATHS[@]}"; do
            [[ $path == /* ]] || continue
            first=${PATH_OWNER["$path"]-}
            if [[ -n $first && ${KIND[i]} != "${KIND[first]}" ]]; then
                finding "${LINE_NO[i]}" "${KIND[i]} $path: also a ${KIND[first]}, in line ${LINE_NO[first]}"
            fi
            PATH_OWNER["$path"]=${first:-$i}
            case $path/ in
            "$MS_CONFIG"/* | "$MS_STATE"/* | "$MS_OPT"/* | "$MS_CACHE"/* | "$MS_RUN"/* | "$MS_PROGRAMS"/* | \
                /etc/*/60-metalstream* | /proc/* | /sys/* | /dev/*)
                finding "${LINE_NO[i]}" "${KIND[i]} $path: this place is not the manifest's"
                ;;
            esac
        done
    done
}

# Nothing can lie under a file, and what lies under a link would land somewhere else.
rule_parents() {
    local i path above
    for path in "${!PATH_OWNER[@]}"; do
        i=${PATH_OWNER["$path"]}
        above=${path%/*}
        while [[ -n $above ]]; do
            if [[ -n ${PATH_OWNER["$above"]-} && ${KIND[PATH_OWNER["$above"]]} =~ ^(file|secret|link)$ ]]; then
                finding "${LINE_NO[i]}" "${KIND[i]} $path: lies under the ${KIND[PATH_OWNER["$above"]]} $above of line ${LINE_NO[PATH_OWNER["$above"]]}"
            fi
            above=${above%/*}
        done
    done
}

# A unit brings its own unit file, a timer its two; a mount has a device unless it is in memory; drop-ins are for units of
# others, since a unit's digest would not know of them; restart-on names files of this manifest.
rule_units() {
    local i c path
    local -A brought=()
    local -a paths
    for c in "${!C_FILE[@]}"; do
        [[ -n ${C_FILE[c]} ]] && brought["${C_UNIT[c]} ${C_FILE[c]}"]=1
    done
    for i in "${!KIND[@]}"; do
        case ${KIND[i]} in
        unit)
            [[ -n ${brought["$i ${NAME[i]}.service"]-} ]] ||
                finding "${LINE_NO[i]}" "unit ${NAME[i]}: '> ${NAME[i]}.service' is missing"
            ;;
        timer) rule_timer "$i" ;;
        dropin)
            [[ -z ${INDEX["unit ${NAME[i]%%.service.d/*}"]-} ]] ||
                finding "${LINE_NO[i]}" "dropin ${NAME[i]}: for a unit of this manifest; put it into the unit's own file"
            ;;
        mount)
            [[ ${REST[i]} == tmpfs\ * || -n ${ATTR["$i device"]-} ]] ||
                finding "${LINE_NO[i]}" "mount ${NAME[i]}: device= is missing"
            ;;
        filesystem)
            [[ ${ATTR["$i device"]-} == /dev/* && ${ATTR["$i device"]} != */../* ]] ||
                finding "${LINE_NO[i]}" "filesystem ${NAME[i]}: device= is not below /dev"
            [[ -n ${INDEX["mount ${NAME[i]}"]-} ]] ||
                finding "${LINE_NO[i]}" "filesystem ${NAME[i]}: 'mount ${NAME[i]}' is missing"
            ;;
        artifacts)
            [[ -z ${ATTR["$i port"]-}${ATTR["$i peers"]-} || (-n ${ATTR["$i port"]-} && -n ${INDEX["file ${ATTR["$i peers"]-}"]-}) ]] ||
                finding "${LINE_NO[i]}" "artifacts: port= and peers= go together, and peers= names a file of this manifest"
            ;;
        service)
            [[ -z ${INDEX["unit ${NAME[i]}"]-} ]] ||
                finding "${LINE_NO[i]}" "service ${NAME[i]}: also a unit of this manifest"
            IFS=, read -r -a paths <<<"${ATTR["$i restart-on"]-}"
            for path in "${paths[@]}"; do
                file_item "$path" ||
                    finding "${LINE_NO[i]}" "service ${NAME[i]}: restart-on=$path is no file of this manifest"
            done
            ;;
        esac
    done
}

# rule_timer ITEM: NAME.timer and NAME.service, and nothing else.
rule_timer() {
    local c
    local -A brought=(["${NAME[$1]}.timer"]=missing ["${NAME[$1]}.service"]=missing)
    for c in "${!C_FILE[@]}"; do
        [[ ${C_UNIT[c]} == "$1" && -n ${C_FILE[c]} ]] || continue
        [[ -n ${brought["${C_FILE[c]}"]-} ]] || finding "${LINE_NO[$1]}" "timer ${NAME[$1]}: '> ${C_FILE[c]}' does not belong here"
        unset "brought[${C_FILE[c]}]"
    done
    for c in "${!brought[@]}"; do
        finding "${LINE_NO[$1]}" "timer ${NAME[$1]}: '> $c' is missing"
    done
}

# file_item PATH: sets REPLY to the item with content that lies there; false without one.
file_item() {
    REPLY=${INDEX["file $1"]-${INDEX["secret $1"]-${INDEX["dropin ${1#"$MS_SYSTEMD/"}"]-}}}
    [[ -n $REPLY ]]
}

# Every account that is named is in the manifest or on the host.
rule_accounts() {
    local i key name list
    local -A wanted=()   # "user NAME" or "group NAME" -> item that names it first
    for i in "${!KIND[@]}"; do
        for key in owner group groups; do
            list=${ATTR["$i $key"]-}
            for name in ${list//,/ }; do
                if [[ $key == owner ]]; then name="user $name"; else name="group $name"; fi
                [[ $name == *" root" || -n ${INDEX["$name"]-} ]] || wanted["$name"]=${wanted["$name"]-$i}
            done
        done
    done
    ((${#wanted[@]} == 0)) || drop_accounts_of_host
    for name in "${!wanted[@]}"; do
        i=${wanted["$name"]}
        finding "${LINE_NO[i]}" "${KIND[i]} ${NAME[i]}: $name is neither in the manifest nor on the host"
    done
}

# Takes what the host has out of `wanted` of rule_accounts.
drop_accounts_of_host() {
    local database names name
    for database in passwd group; do
        local -a asked=()
        for name in "${!wanted[@]}"; do
            [[ $database/$name == passwd/user\ * || $database/$name == group/group\ * ]] && asked+=("${name#* }")
        done
        ((${#asked[@]})) || continue
        while IFS=: read -r names _; do
            if [[ $database == passwd ]]; then names="user $names"; else names="group $names"; fi
            unset "wanted[$names]"
        done < <(getent "$database" "${asked[@]}")
    done
}
