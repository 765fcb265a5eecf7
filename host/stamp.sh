# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2153  # KIND, NAME and WANTED are set by other files of the program
# What a run leaves behind for the next: the stamp, the list of owned items; and the removal of what is owned no more.

# is_question KIND: lines that ask; they are no items and no part of the digest.
is_question() {
    [[ $1 == port || $1 == disk || $1 == evidence || $1 == job ]]
}

count_items() {
    local kind
    local -i count=0
    for kind in "${KIND[@]}"; do
        is_question "$kind" || [[ $kind =~ ^(metalstream|host|section)$ ]] || count+=1
    done
    printf '%d' "$count"
}

# manifest_digest: SHA-256 of the manifest's lines, without questions and without the content of secrets.
manifest_digest() {
    local i
    local -i lines
    for i in "${!KIND[@]}"; do
        is_question "${KIND[i]}" && continue
        lines=${BLOCK_N[i]}
        [[ ${KIND[i]} == secret ]] && lines=1
        printf '%s\n' "${LINES[@]:LINE_NO[i]-1:lines}"
    done | sha256sum | cut -c 1-64
}

# write_stamp: token, digest of the manifest, digest of each item; last of all, in one step.
write_stamp() {
    local digest path
    local -A digests=()
    owned_items >"$MS_WORK/owned" && write_atomic "$MS_WORK/owned" "$MS_STATE/owned$MS_SECTION" root root 0644
    write_blocks
    while read -r digest path; do
        digests["${path##*/}"]=${digest:0:12}
    done < <(find "$MS_WORK/item" -type f -exec sha256sum {} +)
    {
        printf 'token %s\nmanifest %s\n' "${MS_TOKEN:--}" "$(manifest_digest)"
        for path in "${!KIND[@]}"; do
            [[ -n ${digests[$path]-} ]] || continue
            printf 'item %s %s %s\n' "${digests[$path]}" "${KIND[path]}" "${NAME[path]}"
        done
    } >"$MS_WORK/stamp"
    sync -- "$MS_STATE/owned$MS_SECTION" 2>/dev/null
    write_atomic "$MS_WORK/stamp" "$MS_STATE/stamp$MS_SECTION" root root 0644
    sync -- "$MS_STATE/stamp$MS_SECTION" 2>/dev/null
}

# write_blocks: each item's lines in a file; a secret's are keyed with the salt of this host.
write_blocks() {
    local i
    mkdir -p -- "$MS_WORK/item"
    for i in "${!KIND[@]}"; do
        is_question "${KIND[i]}" && continue
        [[ ${KIND[i]} =~ ^(metalstream|host|section)$ ]] && continue
        if [[ ${KIND[i]} == secret ]]; then
            keyed_digest "$i" >"$MS_WORK/item/$i"
        else
            printf '%s\n' "${LINES[@]:LINE_NO[i]-1:BLOCK_N[i]}" >"$MS_WORK/item/$i"
        fi
    done
}

# keyed_digest ITEM: HMAC-SHA256 of its lines; the key is made once, stays on the host and is root's alone.
keyed_digest() {
    local key inner="" outer="" salt=$MS_STATE/salt
    local -i n byte
    if [[ ! -s $salt ]]; then
        (umask 077 && head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$MS_WORK/salt")
        write_atomic "$MS_WORK/salt" "$salt" root root 0600
    fi
    read -r key <"$salt"
    for ((n = 0; n < 64; n++)); do
        byte=0
        ((n >= 32)) || byte=$((16#${key:n*2:2}))
        printf -v inner '%s\\x%02x' "$inner" $((byte ^ 0x36))
        printf -v outer '%s\\x%02x' "$outer" $((byte ^ 0x5c))
    done
    inner=$({
        printf '%b' "$inner"
        printf '%s\n' "${LINES[@]:LINE_NO[$1]-1:BLOCK_N[$1]}"
    } | sha256sum)
    {
        printf '%b' "$outer"
        printf '%b' "$(sed 's/ .*//; s/../\\x&/g' <<<"$inner")"
    } | sha256sum
}

# owned_items: what a later run removes when its manifest has it no more.
owned_items() {
    local i
    for i in "${!KIND[@]}"; do
        [[ ${KIND[i]} =~ ^(file|secret|link|unit|mount)$ ]] && printf '%s %s\n' "${KIND[i]}" "${NAME[i]}"
    done
    return 0
}

# claim ITEM: before an item is first written it is noted as ours, and what lay there is kept, once. An interrupted run
# leaves neither an orphan nor a lost original.
claim() {
    local item="${KIND[$1]} ${NAME[$1]}" path=${NAME[$1]} kept=$MS_STATE/replaced${NAME[$1]}
    [[ -z ${OWNED["$item"]-} ]] || return 0
    if [[ $path == /* && ${KIND[$1]} != mount && -n ${P_TYPE["$path"]-} && ! -e $kept && ! -L $kept ]]; then
        mkdir -p -- "${kept%/*}" && cp -a -- "$path" "$kept" || return 1
    fi
    printf '%s\n' "$item" >>"$MS_STATE/owned$MS_SECTION" && OWNED["$item"]=1
}

# surplus_items: owned by an earlier manifest, not in this one nor in that of another section. Units come first.
surplus_items() {
    local item list
    local -A others=()
    for list in "$MS_STATE"/owned*; do
        [[ -e $list && $list != "$MS_STATE/owned$MS_SECTION" ]] || continue
        while IFS= read -r item; do others["$item"]=1; done <"$list"
    done
    for item in "${!OWNED[@]}"; do
        [[ -n ${INDEX["$item"]-} || -n ${others["$item"]-} ]] || printf '%s\n' "$item"
    done | sort -r
}

remove_surplus() {
    local kind name
    while read -r kind name; do
        if "remove_$kind" "$name" 2>"$MS_WORK/error"; then
            # A service may have marks of its own that end with its unit.
            [[ $kind != unit ]] || ! has_function "removed_${name//-/_}" || "removed_${name//-/_}"
            CHANGED=$((CHANGED + 1))
            printf 'changed %s %s: removed\n' "$kind" "$name"
        else
            FAILURES+=("$kind $name: not removed: $(last_line <"$MS_WORK/error"); look at $name")
            printf 'metalstream: %s: %s\n' "$MS_HOST" "${FAILURES[-1]}" >&2
        fi
    done < <(surplus_items)
}

# remove_file PATH: what lay there before this program came is put back.
remove_file() {
    local kept=$MS_STATE/replaced$1
    if [[ -e $kept || -L $kept ]]; then
        temp_beside "$1"
        cp -a -- "$kept" "$REPLY" && mv -fT -- "$REPLY" "$1" && rm -f -- "$kept"
    else
        rm -f -- "$1"
    fi
}

remove_secret() {
    remove_file "$1"
}

remove_link() {
    remove_file "$1"
}

remove_unit() {
    if [[ -e $MS_SYSTEMD/$1.service ]]; then
        systemctl --quiet disable -- "$1.service" || return 1
        stop_for_good "$1" || return 1
    fi
    rm -f -- "$MS_SYSTEMD/$1.service"
    rm -rf -- "${MS_CONFIG:?}/$1"
    rm -f -- "$MS_RUN/$1.running" "$MS_STATE/rolled/$1"
    systemctl daemon-reload
}

# stop_for_good UNIT: a minute to end by itself, then it is killed. A broker whose controllers went first waits for them in vain, for as long as
# its unit allows a controlled shutdown; all our services recover from a kill.
stop_for_good() {
    systemctl stop --no-block -- "$1.service" || return 1
    poll 60 unit_ended "$1" && return
    systemctl kill --signal=KILL -- "$1.service"
    poll 30 unit_ended "$1"
}

unit_ended() {
    local state
    state=$(systemctl show --property=ActiveState --value -- "$1.service")
    [[ $state == inactive || $state == failed ]]
}

# What is mounted in memory is lost with the mount; its unit has been stopped before.
remove_mount() {
    local unit
    unit=$(mount_unit "$1")
    if [[ -e $MS_SYSTEMD/$unit ]]; then
        systemctl --quiet disable --now -- "$unit" || return 1
    fi
    rm -f -- "$MS_SYSTEMD/$unit"
    systemctl daemon-reload
}
