# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153,SC2154  # arrays of the manifest, variables of obtain (artifacts.sh)
# From whom an artifact is fetched. The members are a heap of four children each, turned by the artifact's digest, so that each artifact has
# another root. A host waits only for hosts above it that say they are about to have the tar; so the root goes to the mirror, and each host
# that has the tar doubles those who serve it. The first eight try the mirror first, for one turn: a mirror that is fast enough ends it there.

WIDTH=4              # children of a node
EAGER=8              # hosts that begin at the mirror
OTHERS=3             # hosts asked besides those above
PATIENCE=120         # seconds that a host waits for others before it goes to the mirror all the same
PEER_PORT=""
PEER_SELF=-1         # index of this host in PEERS
declare -ga PEERS=() # addresses of the members, this host included, in the order of the manifest

# read_peers: from the `artifacts` line and the file of host names that it points to.
read_peers() {
    local i file address name
    PEERS=() PEER_SELF=-1 PEER_PORT=""
    for i in "${!KIND[@]}"; do
        [[ ${KIND[i]} == artifacts ]] || continue
        PEER_PORT=${ATTR["$i port"]-}
        file=${INDEX["file ${ATTR["$i peers"]-}"]-}
        [[ -n $file && -n $PEER_PORT ]] || continue
        while read -r address name _; do
            [[ -n $name && $name != localhost ]] || continue
            [[ $name != "$MS_HOST" ]] || PEER_SELF=${#PEERS[@]}
            PEERS+=("$address")
        done < <(content "${CONTENT[file]}")
    done
    ((PEER_SELF >= 0)) || PEERS=()
}

# peer_url ADDRESS SHA256
peer_url() {
    [[ $1 == *:* ]] && set -- "[$1]" "$2"
    printf 'http://%s:%s/%s.tar' "$1" "$PEER_PORT" "$2"
}

# peer_rank SELF MEMBERS SHA256: sets REPLY to the place of this host in the heap of that artifact.
peer_rank() {
    REPLY=$((($1 + $2 - 16#${3:0:8} % $2) % $2))
}

# peers_above SELF MEMBERS SHA256: sets REPLY to the indices of the hosts above this one, the nearest first.
peers_above() {
    local -i rank turn=$((16#${3:0:8} % $2))
    local -a above=()
    peer_rank "$@"
    rank=$REPLY
    while ((rank > 0)); do
        rank=$(((rank - 1) / WIDTH))
        above+=($(((rank + turn) % $2)))
    done
    REPLY=${above[*]}
}

# next_source: sets REPLY to an address, `mirror`, `wait` or `none`. Reads and writes the variables of obtain.
next_source() {
    local mirror=free eager=""
    local -a have=() hope=()
    [[ -z ${trouble[mirror]-} ]] || mirror=out
    ((mirror_busy == 0)) || mirror=busy
    mirror_busy=0
    if ((${#PEERS[@]} > 1)); then
        peer_rank "$PEER_SELF" "${#PEERS[@]}" "$sha"
        ((REPLY >= EAGER)) || eager=yes
        [[ $round == 0 && -n $eager && $mirror == free ]] || ask_peers
    fi
    if ((${#have[@]})); then
        REPLY=${have[RANDOM % ${#have[@]}]}
    else
        choose_source "$mirror" "${#hope[@]}" $((waited / 10))
    fi
}

# choose_source MIRROR HOPE WAITED: sets REPLY, when nobody has it for us now. MIRROR is free, busy (it said so) or out; HOPE counts hosts worth waiting for.
choose_source() {
    REPLY="wait"
    (($2 && $3 < PATIENCE)) && return
    case $1 in
    free) REPLY=mirror ;;
    out) REPLY=none ;;
    esac
}

# pause SECONDS_WAITED: about a second, later up to four; no two hosts in step. Sets REPLY to how long.
pause() {
    local -i tenths=$((5 + ($1 < 30 ? $1 : 30) + RANDOM % 10))
    REPLY=$tenths
    sleep "$((tenths / 10)).$((tenths % 10))"
}

# ask_peers: the hosts above this one and some others, all at once. Those that serve it now go to `have`; to `hope` those that have it but
# serve enough others (429), and those above that fetch it themselves (503). Without a mirror everybody counts.
ask_peers() {
    local i address status above
    local -i n=${#PEERS[@]} others=$OTHERS begin=$((RANDOM % ${#PEERS[@]}))
    local -a ask=() curl=()
    peers_above "$PEER_SELF" "$n" "$sha"
    above=" $REPLY "
    read -r -a ask <<<"$REPLY"
    [[ $mirror != out ]] || others=16
    for ((i = begin; i < begin + n && i - begin < others; i++)); do
        [[ $above == *" $((i % n)) "* ]] || ask+=($((i % n)))
    done
    for i in "${ask[@]}"; do
        ((i == PEER_SELF)) || [[ -n ${trouble["${PEERS[i]}"]-} ]] || curl+=(--output /dev/null "$(peer_url "${PEERS[i]}" "$sha")")
    done
    ((${#curl[@]})) || return 0
    while read -r status address; do
        address=${address#http://}
        address=${address%":$PEER_PORT"/*}
        address=${address//[\[\]]/}
        case $status in
        200) have+=("$address") ;;
        429) [[ $mirror == free && -n $eager ]] || hope+=("$address") ;;
        503) [[ $mirror != out && $above != *" $(peer_index "$address") "* ]] || hope+=("$address") ;;
        esac
    done < <(curl --silent --parallel --head --noproxy '*' --globoff --connect-timeout 1 --max-time 5 \
        --write-out '%{http_code} %{url_effective}\n' "${curl[@]}" 2>/dev/null)
}

peer_index() {
    local i
    for i in "${!PEERS[@]}"; do
        [[ ${PEERS[i]} != "$1" ]] || printf '%d' "$i"
    done
}
