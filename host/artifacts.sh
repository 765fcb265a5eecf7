# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2153  # KIND, NAME and WANTED are set by other files of the program
# Artifacts: downloaded side by side, verified before they are unpacked, unpacked aside, renamed when whole.
# /opt/metalstream/<name>/.complete names the SHA-256 of the tar it came from.

# start_artifacts ITEM…: all downloads in the background, so that apt runs meanwhile. Results lie in $MS_WORK/artifact/.
start_artifacts() {
    local i
    mkdir -p -- "$MS_WORK/artifact" "$MS_CACHE" "$MS_OPT"
    ARTIFACT_JOBS=()
    for i; do
        artifact_aside "$i"
        fetch_artifact "$i" "$REPLY" >"$MS_WORK/artifact/$i" 2>&1 &
        ARTIFACT_JOBS[i]=$!
    done
}
declare -ga ARTIFACT_JOBS=()

# The name is noted by the parent, so that a sweep knows it.
artifact_aside() {
    temp_beside "$MS_OPT/${NAME[$1]}"
}

# fetch_artifact ITEM ASIDE: says on its last line what went wrong.
fetch_artifact() {
    local name=${NAME[$1]} tar=$MS_CACHE/${ATTR["$1 sha256"]}.tar
    download "${ATTR["$1 url"]}" "$tar" "${ATTR["$1 size"]}" || return 1
    verify "$tar" "${ATTR["$1 sha256"]}" "${ATTR["$1 size"]}" || return 1
    mkdir -- "$2" && tar --no-same-owner -xf "$tar" -C "$2" || return 1
    printf '%s\n' "${ATTR["$1 sha256"]}" >"$2/.complete"
    chmod 0755 -- "$2"
    rm -rf -- "${MS_OPT:?}/$name"
    mv -T -- "$2" "$MS_OPT/$name" && rm -f -- "$tar"
}

# download URL FILE SIZE: goes on where an earlier attempt stopped.
download() {
    local -i have=0
    [[ -e $2 ]] && have=$(stat -c %s -- "$2")
    ((have > $3)) && rm -f -- "$2"
    ((have == $3)) && return
    curl --silent --show-error --fail --location --retry 3 --continue-at - \
        --connect-timeout 10 --speed-limit 1000 --speed-time 60 --output "$2" -- "$1"
}

# verify FILE SHA256 SIZE: what does not match is deleted, or the next attempt would go on from it.
verify() {
    local size digest
    size=$(stat -c %s -- "$1")
    digest=$(sha256sum -- "$1")
    [[ $size == "$3" && ${digest%% *} == "$2" ]] && return
    rm -f -- "$1"
    printf 'what was served has %s bytes and SHA-256 %s, wanted are %s and %s\n' "$size" "${digest%% *}" "$3" "$2"
    return 1
}

apply_artifact() {
    local i
    local -a missing=()
    for i; do
        [[ ${DRIFT[i]} == *missing* ]] && missing+=("$i")
    done
    ((${#ARTIFACT_JOBS[@]} || ${#missing[@]} == 0)) || start_artifacts "${missing[@]}"
    for i in "${missing[@]}"; do
        if wait "${ARTIFACT_JOBS[i]}"; then
            changed "$i" "unpacked to $MS_OPT/${NAME[i]}"
        else
            failed "$i" "$(last_line <"$MS_WORK/artifact/$i")" "check that ${ATTR["$i url"]} is served to this host"
        fi
    done
    make_archives "$@"
}
