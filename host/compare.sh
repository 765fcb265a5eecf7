# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034  # some of these variables are read by other files of the program
# Compares what was observed with the manifest: pure, DRIFT[i] gets the words that say how item i differs.

declare -ga DRIFT=()   # item -> "content mode", or unset
declare -gA WANTED=()  # unit -> digest of its block
WARNINGS=()

# Services come last: they are restarted when a file of theirs differs.
compare() {
    local i services=()
    local -A hidden=() unfit=()
    DRIFT=() WANTED=() WARNINGS=()
    find_hidden
    for i in "${!KIND[@]}"; do
        if [[ -n ${UNFIT[i]-} ]]; then
            [[ -n ${unfit["${UNFIT[i]}"]-} ]] || WARNINGS+=("${UNFIT[i]}")
            unfit["${UNFIT[i]}"]=1
        elif [[ -n ${hidden[$i]-} ]]; then
            differs "$i" hidden
        elif [[ ${KIND[i]} == service ]]; then
            services+=("$i")
        elif has_function "compare_${KIND[i]}"; then
            "compare_${KIND[i]}" "$i" "${NAME[i]}"
        fi
    done
    for i in "${services[@]}"; do compare_service "$i" "${NAME[i]}"; done
}

# find_hidden: adds to `hidden` of compare what lies below a mount that is not there; what looks like it lies on the disk underneath.
find_hidden() {
    local i j
    for i in "${!KIND[@]}"; do
        [[ ${KIND[i]} == mount && -z ${MOUNTED["${NAME[i]}"]-} ]] || continue
        for j in "${!KIND[@]}"; do
            [[ ! ${KIND[j]} =~ ^(directory|file|secret|link)$ || ${NAME[j]}/ != "${NAME[i]}"/* ]] || hidden[$j]=1
        done
    done
}

# differs ITEM WORD
differs() {
    DRIFT[$1]+="${DRIFT[$1]+ }$2"
}

compare_package() {
    local version=${ATTR["$1 version"]-}
    if [[ -z ${PACKAGE["$2"]-} ]]; then
        differs "$1" missing
    elif [[ -n $version && ${PACKAGE["$2"]} != "$version" ]]; then
        differs "$1" version
    fi
}

compare_group() {
    [[ -n ${GROUP_AT["$2"]-} ]] || differs "$1" missing
}

compare_user() {
    local gid home group members shell
    if [[ -z ${USER_AT["$2"]-} ]]; then
        differs "$1" missing
        return
    fi
    IFS=: read -r _ _ _ gid _ home shell <<<"${USER_AT["$2"]}"
    IFS=: read -r _ _ group _ <<<"${GROUP_AT["${ATTR["$1 group"]}"]-:::}"
    [[ $gid == "$group" ]] || differs "$1" group
    [[ $home == "${ATTR["$1 home"]}" ]] || differs "$1" home
    [[ $shell == "${ATTR["$1 shell"]:-$NOLOGIN}" ]] || differs "$1" shell
    local groups=${ATTR["$1 groups"]-}
    for group in ${groups//,/ }; do
        members=${GROUP_AT["$group"]-}
        if [[ ,${members##*:}, != *",$2,"* ]]; then
            differs "$1" groups
            return
        fi
    done
}

# compare_path ITEM PATH TYPE: false when there is nothing to compare further.
compare_path() {
    if [[ -z ${P_TYPE["$2"]-} ]]; then
        differs "$1" missing
    elif [[ ${P_TYPE["$2"]} != "$3" ]]; then
        differs "$1" type
    else
        return 0
    fi
    return 1
}

compare_access() {
    local mode=${ATTR["$1 mode"]}
    ((8#${P_MODE["$2"]} == 8#$mode)) || differs "$1" mode
    [[ ${P_OWNER["$2"]} == "${ATTR["$1 owner"]}:${ATTR["$1 group"]}" ]] || differs "$1" owner
}

compare_directory() {
    compare_path "$1" "$2" d && compare_access "$1" "$2"
}

# compare_file ITEM PATH
compare_file() {
    compare_path "$1" "$2" f || return 0
    [[ ${P_DIGEST["$2"]-} == "${P_DIGEST["$MS_WORK/want/${CONTENT[$1]}"]}" ]] || differs "$1" content
    compare_access "$1" "$2"
}

compare_secret() {
    compare_file "$@"
}

compare_link() {
    compare_path "$1" "$2" l || return 0
    [[ ${P_LINK["$2"]} == "${REST[$1]}" ]] || differs "$1" target
}

compare_artifact() {
    local path=$MS_OPT/$2/.complete digest=""
    [[ -n ${P_TYPE["$path"]-} ]] && read -r digest <"$path"
    [[ $digest == "${ATTR["$1 sha256"]}" ]] || differs "$1" missing
    [[ -z ${ATTR["$1 archive"]-} ]] || archive_fits "${ATTR["$1 archive"]}" || differs "$1" archive
}

