# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2153  # KIND, NAME and WANTED are set by other files of the program
# What a run leaves behind for the next: the stamp, the list of owned items; and the removal of what is owned no more.

# is_question KIND: lines that ask; they are no items and no part of the digest.
is_question() {
    [[ $1 =~ ^(port|disk|evidence|job|names|peer|openfiles)$ ]]
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
        ((LINE_NO[i] <= MANIFEST_LINES)) || continue
        lines=${BLOCK_N[i]}
        [[ ${KIND[i]} == secret ]] && lines=1
        printf '%s\n' "${LINES[@]:LINE_NO[i]-1:lines}"
    done | sha256sum | cut -c 1-64
}

# write_stamp: token, digest of the manifest, digest of each item; last of all, in one step.
write_stamp() {
    local digest path
    local -A digests=()
    owned_items >"$MS_WORK/owned" && write_atomic "$MS_WORK/owned" "$MS_STATE/owned$MS_SECTION" root root 0644 || return 1
    write_blocks || return 1
    while read -r digest path; do
        digests["${path##*/}"]=${digest:0:12}
    done < <(find "$MS_WORK/item" -type f -exec sha256sum {} +)
    {
        printf 'token %s\nmanifest %s\n' "${MS_TOKEN:--}" "$(manifest_digest)"
        for path in "${!KIND[@]}"; do
            [[ -n ${digests[$path]-} ]] || continue
            printf 'item %s %s %s\n' "${digests[$path]}" "${KIND[path]}" "${NAME[path]}"
        done
    } >"$MS_WORK/stamp" || return 1
    note_secrets || return 1
    sync -- "$MS_STATE/owned$MS_SECTION" 2>/dev/null
    write_atomic "$MS_WORK/stamp" "$MS_STATE/stamp$MS_SECTION" root root 0644 || return 1
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

# keyed_digest ITEM: of its lines.
keyed_digest() {
    printf '%s\n' "${LINES[@]:LINE_NO[$1]-1:BLOCK_N[$1]}" | hmac
}

# owned_items: what a later run removes when its manifest has it no more.
owned_items() {
    local i
    for i in "${!KIND[@]}"; do
        [[ -z ${UNFIT[i]-} ]] || continue
        # A value that was right by itself is not ours to take back.
        [[ ! ${KIND[i]} =~ ^(sysctl|hugepages)$ || -n ${OWNED["${KIND[i]} ${NAME[i]}"]-} ]] || continue
        [[ ${KIND[i]} =~ ^(file|secret|link|unit|mount|sysctl|hugepages|timer|dropin)$ ]] && printf '%s %s\n' "${KIND[i]}" "${NAME[i]}"
    done
    return 0
}

# claim ITEM: before an item is first written it is noted as ours, and what lay there is kept, once. An interrupted run
# leaves neither an orphan nor a lost original.
claim() {
    local item="${KIND[$1]} ${NAME[$1]}" path kept
    [[ -z ${OWNED["$item"]-} ]] || return 0
    item_paths "$1"
    for path in "${PATHS[@]}"; do
        # What was there before an older program's own file is not known any more.
        [[ ! ${KIND[$1]} =~ ^(mount|unit)$ && ${path##*/} != 60-metalstream* ]] || continue
        kept=$MS_STATE/replaced$path
        [[ -n ${P_TYPE["$path"]-} && ! -e $kept && ! -L $kept ]] || continue
        mkdir -p -- "${kept%/*}" && cp -a -- "$path" "$kept" || return 1
    done
    printf '%s\n' "$item" >>"$MS_STATE/owned$MS_SECTION" && OWNED["$item"]=1
}

# surplus_items: owned by an earlier manifest, not in this one nor in that of another section, in the order in which they go.
surplus_items() {
    local item list
    local -A others=()
    for list in "$MS_STATE"/owned*; do
        [[ -e $list && $list != "$MS_STATE/owned$MS_SECTION" ]] || continue
        while IFS= read -r item; do others["$item"]=1; done <"$list"
    done
    for item in "${!OWNED[@]}"; do
        [[ -n ${INDEX["$item"]-} || -n ${others["$item"]-} ]] || printf '%s %s\n' "$(removal_rank "${item%% *}" "${item#* }")" "$item"
    done | sort -k 1,1n -k 2r | cut -d ' ' -f 2-
}

remove_surplus() {
    local kind name item
    local -a surplus
    mapfile -t surplus < <(surplus_items)
    for item in "${surplus[@]}"; do
        kind=${item%% *} name=${item#* }
        [[ $kind != unit ]] || before_removal "$name"
        if "remove_$kind" "$name" 2>"$MS_WORK/error"; then
            # A service may have marks of its own that end with its unit.
            [[ $kind != unit ]] || ! has_function "removed_${name//-/_}" || "removed_${name//-/_}"
            CHANGED=$((CHANGED + 1))
            printf 'changed %s %s: removed\n' "$kind" "$name"
        else
            FAILURES+=("$kind $name: not removed: $(last_line <"$MS_WORK/error"); look at $name")
            printf 'metalstream: %s: %s\n' "$MS_HOST" "${FAILURES[-1]}" >&2
        fi
    done
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
    rm -f -- "$MS_RUN/$1.running" "$MS_STATE/rolled/$1" "$MS_STATE/gates/$1"
    systemctl daemon-reload
}

# stop_for_good UNIT: some time to end by itself, then it is killed. A broker whose controllers went first waits for them in vain, for as long as
# its unit allows a controlled shutdown; all our services recover from a kill.
stop_for_good() {
    systemctl stop --no-block -- "$1.service" || return 1
    poll "$(patience_of_removal)" unit_ended "$1" && return
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
