# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A host that has fetched an artifact serves it on: for a limited time, to the members only, never more than a few at once. A systemd
# socket in /run starts one small bash for each connection, as an unprivileged user; it knows GET and HEAD of /<sha256>.tar and nothing else.

export MS_PEER=/run/metalstream-artifacts   # members, places, marks of what is being fetched, the program of a connection
WINDOW=15min                                # how long after the last fetch
PLACES=2                                    # served at once
ROOM_MIB=1024                               # less free space than this, and tars are not kept for others

# announce ITEM…: these are being fetched; below us others may wait for them.
announce() {
    local i
    ((${#PEERS[@]} > 1)) || return 0
    mkdir -p -- "$MS_PEER/coming"
    for i; do : >"$MS_PEER/coming/${ATTR["$i sha256"]}"; done
}

# withdraw SHA256: it will not come.
withdraw() {
    rm -f -- "$MS_PEER/coming/$1"
}

# may_keep_tar: is there a window through which it is served, and room?
may_keep_tar() {
    local free
    ((${#PEERS[@]} > 1)) && [[ -d /run/systemd/system ]] || return
    free=$(df -BM --output=avail -- "$MS_CACHE" | tail -n 1)
    ((${free%M} >= ROOM_MIB))
}

# open_window: the socket, and a timer that ends it. Without it a host only fetches.
open_window() {
    local unit
    local -i changed=0
    ((${#PEERS[@]} > 1)) && [[ -d /run/systemd/system ]] || return 0
    peer_places
    for unit in metalstream-artifacts.socket metalstream-artifacts@.service metalstream-artifacts-end.service metalstream-artifacts-end.timer; do
        peer_unit "$unit" >"$MS_WORK/artifact/$unit"
        cmp -s -- "$MS_WORK/artifact/$unit" "/run/systemd/system/$unit" && continue
        install -m 0644 -- "$MS_WORK/artifact/$unit" "/run/systemd/system/$unit"
        changed=1
    done
    if ((changed)); then
        systemctl daemon-reload
        systemctl --quiet stop metalstream-artifacts.socket
    fi
    systemctl start metalstream-artifacts.socket
    systemctl restart metalstream-artifacts-end.timer
}

# peer_places: what a connection's program reads.
peer_places() {
    local place
    mkdir -p -- "$MS_PEER/coming"
    for ((place = 1; place <= PLACES; place++)); do : >>"$MS_PEER/place.$place"; done
    printf '%s\n' "${PEERS[@]}" >"$MS_PEER/members.new" && mv -fT -- "$MS_PEER/members.new" "$MS_PEER/members"
    {
        printf '#!/bin/bash\nset -u\nexport LC_ALL=C PATH=/usr/bin:/bin\n'
        declare -f peer_answer peer_head peer_place peer_coming
        printf 'peer_answer %q %q\n' "$MS_PEER" "$MS_CACHE"
    } >"$MS_PEER/serve.new" && mv -fT -- "$MS_PEER/serve.new" "$MS_PEER/serve"
}

# peer_unit NAME: text of a systemd unit.
peer_unit() {
    case $1 in
    *.socket)
        local address=${PEERS[PEER_SELF]}
        [[ $address != *:* ]] || address="[$address]"
        printf '[Unit]\nDescription=Artifacts for other hosts of the platform, for %s, written by metalstream\n' "$WINDOW"
        printf '[Socket]\nListenStream=%s:%s\nAccept=yes\nMaxConnections=256\nMaxConnectionsPerSource=32\n' "$address" "$PEER_PORT"
        printf 'IPAddressDeny=any\nIPAddressAllow=%s\n' "${PEERS[*]}"
        ;;
    *@.service)
        printf '[Unit]\nDescription=An artifact for another host, written by metalstream\nCollectMode=inactive-or-failed\n'
        printf '[Service]\nExecStart=/bin/bash %s/serve\nStandardInput=socket\nStandardOutput=socket\nStandardError=null\n' "$MS_PEER"
        printf 'User=daemon\nNoNewPrivileges=yes\nCapabilityBoundingSet=\nMemoryMax=64M\nTasksMax=16\nNice=5\nRuntimeMaxSec=900\n'
        printf 'IPAddressDeny=any\nIPAddressAllow=%s\n' "${PEERS[*]}"
        ;;
    *.service)
        printf '[Unit]\nDescription=Ends the serving of artifacts, written by metalstream\n[Service]\nType=oneshot\n'
        printf 'ExecStart=systemctl stop metalstream-artifacts.socket\nExecStart=find %s -maxdepth 1 -name *.tar -delete\n' "$MS_CACHE"
        ;;
    *.timer)
        printf '[Unit]\nDescription=Ends the serving of artifacts, written by metalstream\n[Timer]\nOnActiveSec=%s\n' "$WINDOW"
        ;;
    esac
}

# close_window: at once, and nothing of it stays.
close_window() {
    [[ -d $MS_PEER ]] || return 0
    systemctl --quiet stop metalstream-artifacts.socket metalstream-artifacts-end.timer 2>/dev/null
    rm -rf -- "$MS_PEER" /run/systemd/system/metalstream-artifacts{.socket,@.service,-end.service,-end.timer}
    rm -f -- "$MS_CACHE"/*.tar "$MS_CACHE"/*.part
    systemctl daemon-reload
}

# peer_answer RUN CACHE: one request from standard input. systemd says in REMOTE_ADDR who asks; who is no member gets no answer.
peer_answer() {
    local line file members place=""
    local -i first=0 lines=0 size
    members=$'\n'$(<"$1/members")$'\n'
    [[ -n ${REMOTE_ADDR-} && $members == *$'\n'"${REMOTE_ADDR#::ffff:}"$'\n'* ]] || return 0
    IFS= read -r -t 5 -n 200 line || return 0
    while IFS= read -r -t 5 -n 1000 header && [[ -n ${header%$'\r'} ]]; do
        ((++lines <= 50)) || return 0
        [[ ! ${header,,} =~ ^range:\ *bytes=([0-9]{1,15})-$'\r'?$ ]] || first=10#${BASH_REMATCH[1]}
    done
    if [[ ! $line =~ ^(GET|HEAD)\ /([0-9a-f]{64})\.tar\ HTTP/1\.[01]$'\r'?$ ]]; then
        peer_head '404 Not Found' 0
        return
    fi
    line=${BASH_REMATCH[1]} file=$2/${BASH_REMATCH[2]}
    if [[ ! -r $file.tar ]]; then
        if peer_coming "$1/coming/${BASH_REMATCH[2]}" "$file.part"; then peer_head '503 Service Unavailable' 0; else peer_head '404 Not Found' 0; fi
        return
    fi
    size=$(stat -c %s -- "$file.tar")
    if ! peer_place "$1"; then
        peer_head '429 Too Many Requests' 0
    elif ((first >= size)); then
        peer_head '416 Range Not Satisfiable' 0 "Content-Range: bytes */$size"
    else
        if ((first)); then
            peer_head '206 Partial Content' $((size - first)) "Content-Range: bytes $first-$((size - 1))/$size"
        else
            peer_head '200 OK' "$size"
        fi
        [[ $line == HEAD ]] || exec tail -c +$((first + 1)) -- "$file.tar"
    fi
}

# peer_head STATUS LENGTH [HEADER]
peer_head() {
    printf 'HTTP/1.1 %s\r\nContent-Length: %d\r\nAccept-Ranges: bytes\r\nConnection: close\r\n%s\r\n' "$1" "$2" "${3+$3$'\r\n'}"
}

# peer_place RUN: takes a place, which is given back when the process ends.
peer_place() {
    local path fd
    for path in "$1"/place.*; do
        exec {fd}<"$path" || continue
        ! flock -n "$fd" || return 0
        exec {fd}<&-
    done
    return 1
}

# peer_coming MARK PART: fetched now, or waited for? A mark that nobody renews is of a run that ended.
peer_coming() {
    local path
    for path; do
        [[ -n $(find "$path" -maxdepth 0 -newermt '-45 seconds' 2>/dev/null) ]] && [[ -e $1 ]] && return 0
    done
    return 1
}
