# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034  # some of these variables are read by other files of the program
# Data disks: what is known of each device that a `filesystem` item names, and what may be done with it. Nothing is written here.
# DISK["i key"] of item i: node, number (major:minor), size (bytes), fit, use, place, content, note, twin, decision, found (for a person).
# The decision needs all of it, is pure, and a test goes through all combinations: test/host/decisions.test.ts.

declare -gA DISK=()
declare -gA MOUNT_NUMBER=()   # mount point -> major:minor of what is mounted there

# disk_decision FIT USE PLACE CONTENT NOTE TWIN: keep, mount, format, or refuse-WHY.
#   fit      fits | absent | nodevice | nosize | small | readonly | shared (two items name one device)
#   use      here (mounted where it belongs) | free | mounted | swap | held | partitioned | open
#   place    free | files (they would be hidden) | taken (something else is mounted there)
#   content  ours (wanted type and label) | otherlabel | signature | bytes | blank | unreadable
#   note     none | begun, whole, partial, unclear (see disk_note) | made
#   twin     alone | twin (another device has the label)
disk_decision() {
    if [[ $1 != fits ]]; then
        printf 'refuse-%s' "$1"
    elif [[ $2 == here && $4 == ours ]]; then
        printf keep
    elif [[ $2 != here && $2 != free ]]; then
        printf 'refuse-%s' "$2"
    elif [[ ! $4 =~ ^(ours|blank)$ || $2 == here ]]; then
        if [[ $4/$5 == bytes/begun ]]; then printf refuse-cutoff; else printf 'refuse-%s' "$4"; fi
    elif [[ $3 != free ]]; then
        printf 'refuse-%s' "$3"
    elif [[ $4 == ours && $5 == unclear ]]; then
        printf refuse-cutoff
    elif [[ $4 == blank && $5 == made ]]; then
        printf refuse-vanished
    elif [[ $6 != alone ]]; then
        printf refuse-twin
    elif [[ $4 == blank || $5 == partial ]]; then
        printf format
    else
        printf mount
    fi
}

# observe_disks: for each `filesystem` item. What has no content that tells is read in part; converge reads more before it formats.
observe_disks() {
    local i
    local -a unknown=()
    DISK=()
    for i in "${!KIND[@]}"; do
        [[ ${KIND[i]} == filesystem ]] || continue
        ((${#MOUNT_NUMBER[@]})) || observe_mount_numbers
        look_at_disk "$i"
        [[ ${DISK["$i content"]} != unknown ]] || unknown+=("$i")
    done
    # What is in use is not read: it is refused in any case.
    ((${#unknown[@]} == 0)) || read_disks glance "${unknown[@]}"
    find_shared
    for i in "${!KIND[@]}"; do
        [[ ${KIND[i]} != filesystem ]] || decide_disk "$i"
    done
    MOUNT_NUMBER=()
}

decide_disk() {
    local key
    local -a evidence=()
    for key in fit use place content note twin; do evidence+=("${DISK["$1 $key"]}"); done
    DISK["$1 decision"]=$(disk_decision "${evidence[@]}")
}

observe_mount_numbers() {
    local number path
    while read -r _ _ number _ path _; do
        MOUNT_NUMBER["$path"]=$number
    done </proc/self/mountinfo
}

# look_at_disk ITEM: all but the reading of a disk that shows no signature (content: unknown).
look_at_disk() {
    local i=$1 node number fit
    DISK["$i node"]="" DISK["$i number"]="" DISK["$i size"]=0 DISK["$i found"]=""
    DISK["$i use"]=free DISK["$i place"]=free DISK["$i content"]=blank DISK["$i note"]=none DISK["$i twin"]=alone
    fit=$(disk_fit "$i")
    DISK["$i fit"]=${fit%% *}
    read -r _ node number DISK["$i size"] <<<"$fit"
    DISK["$i node"]=$node DISK["$i number"]=$number
    [[ ${DISK["$i fit"]} == fits ]] || return 0
    DISK["$i use"]=$(disk_use "$node" "$number" "${MOUNT_NUMBER["${NAME[i]}"]-}")
    DISK["$i found"]=${DISK["$i use"]#* }
    DISK["$i use"]=${DISK["$i use"]%% *}
    look_at_content "$i"
    [[ ${DISK["$i use"]} == free ]] || return 0
    DISK["$i place"]=$(disk_place "${NAME[i]}")
    DISK["$i note"]=$(disk_note "$i")
    [[ -z $(devices_labelled "${ATTR["$i label"]}" "$node") ]] || DISK["$i twin"]=twin
}

# disk_fit ITEM: `WORD NODE MAJOR:MINOR BYTES`.
disk_fit() {
    local device=${ATTR["$1 device"]} node major minor number readonly=0
    local -i sectors=0
    if ! node=$(readlink -e -- "$device"); then
        printf 'absent'
        return
    fi
    [[ -b $node ]] || { printf 'nodevice %s' "$node" && return; }
    read -r major minor < <(stat -c '%t %T' -- "$node")
    printf -v number '%d:%d' "0x$major" "0x$minor"
    read -r sectors <"/sys/dev/block/$number/size"
    read -r readonly <"/sys/dev/block/$number/ro"
    if ((sectors == 0)); then
        printf nosize
    elif ((sectors / 2048 < ${ATTR["$1 least-mib"]})); then
        printf small
    elif [[ $readonly != 0 ]]; then
        printf readonly
    else
        printf fits
    fi
    printf ' %s %s %d' "$node" "$number" $((sectors * 512))
}

# disk_use NODE NUMBER NUMBER_AT_MOUNT_POINT: `WORD what`. Namespaces of other processes count: a container may have the disk.
disk_use() {
    local what
    if [[ $3 == "$2" ]]; then
        printf here
    elif what=$(grep -hm 1 -E "^[0-9]+ [0-9]+ $2 " /proc/[0-9]*/mountinfo 2>/dev/null) || [[ -n $what ]]; then
        # Processes that end meanwhile are errors to grep; what it found counts.
        read -r _ _ _ _ what _ <<<"$what"
        printf 'mounted on %s' "$what"
    elif is_swap "$1"; then
        printf 'swap space'
    elif what=$(holders_of "$1" "$2") && [[ -n $what ]]; then
        printf 'held by %s' "$what"
    elif what=$(partitions_of "$2") && [[ -n $what ]]; then
        printf 'partitioned with %s' "$what"
    elif what=$(writers_of "$2") && [[ -n $what ]]; then
        printf 'open for writing by %s' "$what"
    else
        printf 'free '
    fi
}

is_swap() {
    local path
    while read -r path _; do
        [[ $path == /* && $(readlink -e -- "$path") == "$1" ]] && return
    done </proc/swaps 2>/dev/null
    return 1
}

# holders_of NODE NUMBER: device-mapper, RAID, bcache and the like on it, or on the disk that it is a part of; loop devices, which are no holders
# to the kernel.
holders_of() {
    local sys=/sys/dev/block/$2 path out="" file
    for path in /sys/block/loop*/loop/backing_file; do
        [[ -e $path ]] && read -r file <"$path" && [[ $file == "$1" ]] && path=${path%/loop/*} && out+="${out:+ }${path##*/}"
    done 2>/dev/null
    for path in "$sys"/holders/*; do
        [[ -e $path ]] && out+="${out:+ }${path##*/}"
    done
    if [[ -e $sys/partition ]]; then
        for path in "$(readlink -e -- "$sys")"/../holders/*; do
            [[ -e $path ]] && out+="${out:+ }${path##*/}"
        done
    fi
    printf '%s' "$out"
}

partitions_of() {
    local path out=""
    for path in "/sys/dev/block/$1"/*/partition; do
        [[ -e $path ]] && path=${path%/partition} && out+="${out:+ }${path##*/}"
    done
    printf '%s' "$out"
}

# writers_of NUMBER: processes that have it open for writing: virtual machines and databases on bare disks claim nothing in the kernel.
writers_of() {
    local path name flags out="" major minor
    printf -v major '%x' "${1%:*}"
    printf -v minor '%x' "${1#*:}"
    while read -r name path; do
        [[ $name == "$major:$minor" ]] || continue
        flags=$(sed -n 's/^flags:[[:space:]]*//p' "${path/\/fd\///fdinfo/}" 2>/dev/null)
        ((8#${flags:-0} & 3)) || continue
        path=${path#/proc/} path=${path%%/*}
        read -r name <"/proc/$path/comm" 2>/dev/null || name=process
        [[ " $out " == *" ${name}[$path] "* ]] || out+="${out:+ }${name}[$path]"
    done < <(find -L /proc/[0-9]*/fd -maxdepth 1 -type b -exec stat -L -c '%t:%T %n' -- {} + 2>/dev/null)
    printf '%s' "$out"
}

# disk_place PATH: may something be mounted there?
disk_place() {
    if [[ -n ${MOUNT_NUMBER["$1"]-} ]]; then
        printf taken
    elif [[ $(evidence_empty "$1") =~ ^(yes|missing)$ ]]; then
        printf free
    else
        printf files
    fi
}

# devices_labelled LABEL NODE: other devices with that label, read anew.
devices_labelled() {
    local path
    while read -r path; do
        [[ $(readlink -e -- "$path") == "$2" ]] || printf '%s ' "$path"
    done < <(blkid -c /dev/null -o device -t "LABEL=$1" 2>/dev/null)
}

# look_at_content ITEM: by what two programs recognise at the device; `unknown` where they recognise nothing.
look_at_content() {
    local i=$1 key value type="" label="" table="" uuid="" seen
    while IFS='=' read -r key value; do
        case $key in
        TYPE) type=$value ;;
        LABEL) label=$value ;;
        PTTYPE) table=$value ;;
        UUID) uuid=$value ;;
        esac
    done < <(blkid -p -o export -- "${DISK["$i node"]}" 2>/dev/null)
    DISK["$i uuid"]=$uuid
    if [[ $type == "${ATTR["$i type"]}" && $label == "${ATTR["$i label"]}" && -z $table ]]; then
        DISK["$i content"]=ours
        return
    fi
    seen=$(wipefs --no-act --noheadings --output TYPE -- "${DISK["$i node"]}" 2>&1 | sort -u | tr -s '[:space:]' ' ')
    seen=${seen% }
    if [[ -z $type$table$seen ]]; then
        DISK["$i content"]=unreadable
        [[ ${DISK["$i use"]} != free ]] || DISK["$i content"]=unknown
        return
    fi
    DISK["$i content"]=signature
    [[ $type != "${ATTR["$i type"]}" || -n $table ]] || DISK["$i content"]=otherlabel
    [[ ${DISK["$i use"]} =~ ^(free|here)$ ]] || return 0
    DISK["$i found"]="${table:+partition table $table }${type:-$seen}${label:+ labelled ${label//[^[:print:]]/?}}"
}
