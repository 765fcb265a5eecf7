# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153,SC2154  # KIND, NAME and ATTR are set by other files of the program; obtain's variables are its callees', too
# Artifacts: fetched side by side from other hosts or the mirror, verified before they are unpacked, unpacked aside, renamed when whole.
# /opt/metalstream/<name>/.complete names the SHA-256 of the tar it came from. In the cache lie <sha256>.part, of which nothing is known,
# and <sha256>.tar, which was verified.

SLICE=5         # seconds of one turn at the mirror, after which other sources are looked for
STALLS=6        # turns without progress until the mirror is given up
LEAST=10000     # bytes that are progress for one turn
declare -ga ARTIFACT_JOBS=()
WINDOW_JOB=""

# start_artifacts ITEM…: all downloads in the background, so that apt runs meanwhile. Results lie in $MS_WORK/artifact/.
start_artifacts() {
    local i
    mkdir -p -- "$MS_WORK/artifact" "$MS_CACHE" "$MS_OPT"
    ARTIFACT_JOBS=()
    read_peers
    announce "$@"
    open_window >"$MS_WORK/artifact/window" 2>&1 &
    WINDOW_JOB=$!
    for i; do
        artifact_aside "$i"
        fetch_artifact "$i" "$REPLY" >"$MS_WORK/artifact/$i" 2>&1 &
        ARTIFACT_JOBS[i]=$!
    done
}

# The name is noted by the parent, so that a sweep knows it.
artifact_aside() {
    temp_beside "$MS_OPT/${NAME[$1]}"
}

# fetch_artifact ITEM ASIDE: its last line is where the tar came from, or what went wrong.
fetch_artifact() {
    local tar=$MS_CACHE/${ATTR["$1 sha256"]}.tar from="the cache"
    if ! matches "$tar" "${ATTR["$1 sha256"]}" "${ATTR["$1 size"]}"; then
        rm -f -- "$tar"
        obtain "$1" || return 1
    fi
    unpack "$1" "$2" "$tar" || return 1
    may_keep_tar || { withdraw "${ATTR["$1 sha256"]}" && rm -f -- "$tar"; }
    printf 'unpacked to %s, from %s\n' "$MS_OPT/${NAME[$1]}" "$from"
}

# unpack ITEM ASIDE TAR
unpack() {
    if ! { mkdir -- "$2" && tar --no-same-owner -xf "$3" -C "$2"; }; then
        printf 'not unpacked: %s\n' "$(last_line <"$MS_WORK/artifact/$1")"
        return 1
    fi
    printf '%s\n' "${ATTR["$1 sha256"]}" >"$2/.complete"
    chmod 0755 -- "$2"
    rm -rf -- "${MS_OPT:?}/${NAME[$1]}"
    mv -T -- "$2" "$MS_OPT/${NAME[$1]}"
}

# obtain ITEM: turn by turn, from whoever has it, until it lies in the cache, verified. Sets `from` of fetch_artifact.
obtain() {
    local sha=${ATTR["$1 sha256"]} url=${ATTR["$1 url"]} part=$MS_CACHE/${ATTR["$1 sha256"]}.part source http code
    local -i size=${ATTR["$1 size"]} round=0 stalls=0 mirror_busy=0
    local -i waited=0     # tenths of seconds
    local -A trouble=()   # source -> what was wrong with it: it is not asked again
    local -A origin=()    # sources of the bytes in the part
    local -A rangeless=() # sources that cannot begin in the middle
    [[ ! -s $part ]] || origin["an earlier run"]=1
    (($(bytes_of "$part") != size)) || ! settle "an earlier run" || return 0
    while :; do
        announce "$1"
        next_source
        source=$REPLY
        case $source in
        none) break ;;
        wait)
            pause "$((waited / 10))"
            waited+=$REPLY
            ;;
        *)
            take_turn "$1" "$source" && return
            ;;
        esac
        round+=1
    done
    withdraw "$sha"
    for source in "${!trouble[@]}"; do
        printf '%s: %s; ' "$source" "${trouble["$source"]}"
    done | sed 's/; $/\n/'
    return 1
}

# take_turn ITEM SOURCE: true when the tar is whole and right.
take_turn() {
    local -i before after seconds=0
    before=$(bytes_of "$part")
    ((before <= size)) || { rm -f -- "$part" && before=0; }
    ((before > 0)) || origin=()
    [[ -n ${rangeless["$2"]-} && $before != 0 ]] && { rm -f -- "$part" && before=0 origin=(); }
    [[ $2 != mirror || -n ${rangeless[mirror]-} || ${#PEERS[@]} -lt 2 ]] || seconds=$((SLICE * (stalls + 1)))
    origin["$2"]=1
    draw "$2" "$seconds" 2>"$MS_WORK/artifact/$1.error"
    after=$(bytes_of "$part")
    if ((code == 0 || after >= size)); then
        settle "$2" || [[ -z ${trouble["$2"]-} ]] || printf 'warning artifact %s: %s: %s\n' "${NAME[$1]}" "$2" "${trouble["$2"]}"
        [[ -e $MS_CACHE/$sha.tar ]]
        return
    fi
    judge_turn "$2" $((after - before)) "$(last_line <"$MS_WORK/artifact/$1.error")"
    return 1
}

# draw SOURCE SECONDS: goes on where the part ends; no longer than SECONDS (0: as long as bytes come). Sets `http` and `code`.
draw() {
    local -a options=(--silent --show-error --fail --continue-at - --connect-timeout 10 --write-out '%{http_code}' --output "$part")
    if (($2)); then options+=(--max-time "$2"); else options+=(--speed-limit 1000 --speed-time 60); fi
    if [[ $1 == mirror ]]; then
        http=$(curl "${options[@]}" --location -- "$url")
    else
        http=$(curl "${options[@]}" --noproxy '*' --connect-timeout 2 --speed-limit 100000 --speed-time 15 -- "$(peer_url "$1" "$sha")")
    fi
    code=$?
}

# settle SOURCE: the source says that this is all. Bytes of several sources that do not match are nobody's fault yet: then one source must
# give all of it.
settle() {
    if matches "$part" "$sha" "$size"; then
        mv -fT -- "$part" "$MS_CACHE/$sha.tar"
        from=$1
        return
    fi
    trouble["$1"]=$(mismatch "$part")
    if ((${#origin[@]} > 1)); then
        unset "trouble[$1]"
        rangeless=([mirror]=1)
        for source in "${PEERS[@]}"; do rangeless["$source"]=1; done
    fi
    rm -f -- "$part"
    return 1
}

# judge_turn SOURCE GAINED MESSAGE: what a turn that did not end the download says of its source.
judge_turn() {
    mirror_busy=0
    if [[ $code == 22 && ($http == 429 || $http == 503) && $waited -lt $((50 * PATIENCE)) ]]; then
        [[ $1 != mirror ]] || mirror_busy=1
        sleep "0.$((RANDOM % 5))"
    elif [[ $code == 33 && -z ${rangeless["$1"]-} ]]; then
        rangeless["$1"]=1
    elif [[ $2 -ge $LEAST && -z ${rangeless["$1"]-} ]]; then
        stalls=0
    elif [[ $1 == mirror && $code =~ ^(18|28|52|55|56)$ && $((++stalls)) -lt $STALLS ]]; then
        sleep 1
    else
        trouble["$1"]=${3:-curl ended with $code}
    fi
}

bytes_of() {
    stat -c %s -- "$1" 2>/dev/null || printf 0
}

# matches FILE SHA256 SIZE
matches() {
    local digest
    [[ -f $1 && $(bytes_of "$1") == "$3" ]] && digest=$(sha256sum -- "$1") && [[ ${digest%% *} == "$2" ]]
}

# mismatch FILE: in words.
mismatch() {
    local digest
    digest=$(sha256sum -- "$1" 2>/dev/null)
    printf 'what was served has %s bytes and SHA-256 %s, wanted are %s and %s' "$(bytes_of "$1")" "${digest%% *}" "$size" "$sha"
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
            grep '^warning ' "$MS_WORK/artifact/$i"
            changed "$i" "$(last_line <"$MS_WORK/artifact/$i")"
        else
            failed "$i" "$(last_line <"$MS_WORK/artifact/$i")" "check that ${ATTR["$i url"]} is served to this host, and the room in $MS_OPT and $MS_CACHE"
        fi
    done
    [[ -z $WINDOW_JOB ]] || wait "$WINDOW_JOB" || printf 'warning artifacts: not served to other hosts: %s\n' "$(last_line <"$MS_WORK/artifact/window")"
    make_archives "$@"
}
