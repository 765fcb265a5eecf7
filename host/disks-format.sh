# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2153  # KIND and NAME are set by other files of the program
# Formats what disk_decision says may be formatted. $MS_STATE/disks/LABEL is the note: `begun|made TYPE UUID DEVICE BYTES TIME`, on disk before the
# first byte of the device is written. The UUID is chosen here, so that a format that was cut off can be told from everybody else's file system.

# disk_note ITEM: none; made (the same device was formatted here before); begun; or, where the device has the UUID of a format that was begun:
# whole, partial (cut off, and never mountable or never mounted), unclear.
disk_note() {
    local i=$1 state type uuid device bytes note=$MS_STATE/disks/${ATTR["$1 label"]}
    [[ -r $note ]] && read -r state type uuid device bytes _ <"$note" || state=none
    if [[ $state == begun && ${DISK["$i content"]} == ours && ${DISK["$i uuid"]} == "$uuid" ]]; then
        format_progress "$type" "${DISK["$i node"]}"
    elif [[ $state != none && $device == "${ATTR["$i device"]}" && $bytes == "${DISK["$i size"]}" ]]; then
        printf '%s' "$state"
    else
        printf none
    fi
}

# format_progress TYPE NODE: mkfs.xfs marks its superblock until it has written the rest, and no kernel mounts what is so marked. mkfs.ext4 writes
# its superblock last; it has the time of the last mount and the number of mounts.
format_progress() {
    if [[ $1 == xfs && $(disk_bytes "$2" 126 1) == 01 ]]; then
        printf partial
    elif if [[ $1 == xfs ]]; then xfs_repair -n "$2"; else e2fsck -fn "$2"; fi >/dev/null 2>&1; then
        printf whole
    elif [[ $1 == ext4 && $(disk_bytes "$2" 1068 4)$(disk_bytes "$2" 1076 2) == 000000000000 ]]; then
        printf partial
    else
        printf unclear
    fi
}

# disk_bytes NODE OFFSET COUNT: in hexadecimal.
disk_bytes() {
    od -An -v -tx1 -j "$2" -N "$3" -- "$1" 2>/dev/null | tr -d ' \n'
}

compare_filesystem() {
    case ${DISK["$1 decision"]} in
    format) differs "$1" format ;;
    refuse-*) differs "$1" "${DISK["$1 decision"]}" ;;
    esac
}

# apply_filesystem ITEM…
apply_filesystem() {
    local i
    local -a blank=()
    for i; do
        [[ ${DISK["$i decision"]} != format || ${DISK["$i content"]} != blank ]] || blank+=("$i")
    done
    ((${#blank[@]} == 0)) || read_disks deep "${blank[@]}"
    for i; do
        decide_disk "$i"
        if [[ ${DRIFT[i]} == format && ${DISK["$i decision"]} == format ]]; then
            format_disk "$i"
        else
            disk_says "$i"
            failed "$i" "$DISK_WHAT" "$DISK_FIX"
        fi
    done
    # For the links in /dev/disk/by-label, which the mounts need. udev leaves a device alone while its lock is held, so it is of no use to wait before.
    [[ ! -e /run/udev/control ]] || udevadm settle --timeout=30
}

# format_disk ITEM: under a lock that udev and systemd know, all evidence is taken once more, right before the format.
format_disk() {
    local i=$1 node=${DISK["$1 node"]} lock
    exec {lock}<"$node"
    if ! flock -w 30 "$lock"; then
        failed "$i" "another program has locked $node" "wait for it, then run again"
    else
        observe_mount_numbers
        look_at_disk "$i"
        [[ ${DISK["$i content"]} != unknown ]] || read_disks glance "$i"
        decide_disk "$i"
        if [[ ${DISK["$i decision"]} == format ]]; then
            make_filesystem "$i" "$node"
        else
            disk_says "$i"
            failed "$i" "$DISK_WHAT" "$DISK_FIX"
        fi
    fi
    exec {lock}<&-
}

# make_filesystem ITEM NODE
make_filesystem() {
    local i=$1 type=${ATTR["$1 type"]} uuid code
    read -r uuid </proc/sys/kernel/random/uuid
    if ! write_disk_note "$i" begun "$uuid" 2>"$MS_WORK/error"; then
        failed "$i" "the note of the format cannot be written: $(last_line <"$MS_WORK/error")" "look at $MS_STATE"
        return
    fi
    # What is left of a format that was cut off would stop mkfs. Only the mark of this type goes, and only while nobody has the device.
    [[ ${DISK["$i note"]} != partial ]] || wipefs --quiet --all --types "$type" -- "$2"
    run_mkfs "$type" "${ATTR["$i label"]}" "$uuid" "$2" >"$MS_WORK/mkfs" 2>&1
    code=$?
    sync -- "$2"
    look_at_content "$i"
    if ((code != 0)) || [[ ${DISK["$i content"]} != ours || ${DISK["$i uuid"]} != "$uuid" ]]; then
        failed "$i" "mkfs.$type ended with $code: $(last_line <"$MS_WORK/mkfs")" "look at the kernel's log of $2"
        return
    fi
    write_disk_note "$i" made "$uuid"
    changed "$i" "formatted ${ATTR["$i device"]} ($((DISK["$i size"] / 1073741824)) GiB) as $type, label ${ATTR["$i label"]}"
}

# run_mkfs TYPE LABEL UUID NODE: never with a force flag; both take the device for themselves (O_EXCL) and fail where the kernel has it in use. A session
# of its own: what ends this run does not end a format in the middle, and the lock of the host is held until it is done.
run_mkfs() {
    if [[ $1 == xfs ]]; then
        setsid --wait mkfs.xfs -q -L "$2" -m "uuid=$3" -- "$4"
    else
        # Reserved blocks are for a system disk that runs full; here they would be 5 % of the data disk.
        setsid --wait mkfs.ext4 -q -L "$2" -U "$3" -m 0 -- "$4"
    fi
}

# write_disk_note ITEM STATE UUID: and wait until it is on disk.
write_disk_note() {
    local i=$1 note=$MS_STATE/disks/${ATTR["$1 label"]}
    printf '%s %s %s %s %s %(%FT%TZ)T\n' "$2" "${ATTR["$i type"]}" "$3" "${ATTR["$i device"]}" "${DISK["$i size"]}" -1 >"$MS_WORK/note" &&
        write_atomic "$MS_WORK/note" "$note" root root 0644 && sync -- "$note" "${note%/*}"
}

# out_of_sight PATH: on a disk that holds something, or may, and is not mounted.
out_of_sight() {
    local i
    for i in "${!KIND[@]}"; do
        [[ ${KIND[i]} == filesystem && "$1/" == "${NAME[i]}"/* && ! ${DISK["$i decision"]} =~ ^(keep|format)$ ]] && return
    done
    return 1
}

# withheld ITEM: it belongs on a disk that is not mounted. Now it would land on the system disk, out of sight once the disk is there.
withheld() {
    local i needed='^keep$'
    [[ ${KIND[$1]} =~ ^(mount|directory|file|secret|link)$ ]] || return 1
    [[ ${KIND[$1]} != mount ]] || needed='^(keep|mount)$'
    for i in "${!KIND[@]}"; do
        [[ ${KIND[i]} == filesystem && "${NAME[$1]}/" == "${NAME[i]}"/* && ! ${DISK["$i decision"]} =~ $needed ]] && return
    done
    return 1
}

# report_disks: `filesystem PATH DECISION device= type= size-mib= …`, and where it is not simply blank or formatted what was found and what to do.
report_disks() {
    local i
    for i in "${!KIND[@]}"; do
        [[ ${KIND[i]} == filesystem ]] || continue
        disk_says "$i"
        printf 'filesystem %s %s device=%s type=%s size-mib=%d%s\n' "${NAME[i]}" "${DISK["$i decision"]}" "${ATTR["$i device"]}" \
            "${ATTR["$i type"]}" $((DISK["$i size"] / 1048576)) "${DISK_WHAT:+ $DISK_WHAT; $DISK_FIX}"
    done
}

# disk_says ITEM: sets DISK_WHAT and DISK_FIX of what is neither blank nor in order, else to nothing.
disk_says() {
    local i=$1 device=${ATTR["$1 device"]} found=${DISK["$1 found"]} path=${NAME[$1]} label=${ATTR["$1 label"]}
    local other="nothing was changed; name another device, or empty this one by hand if nothing on it is needed (docs/operations.md, 'Data disks')"
    DISK_WHAT="" DISK_FIX=""
    case ${DISK["$i decision"]#refuse-} in
    format) [[ ${DISK["$i note"]} != partial ]] || DISK_WHAT="its own format that was cut off" DISK_FIX="it is begun again" ;;
    absent) DISK_WHAT="$device is not there" DISK_FIX="correct the device of $path (ls -l /dev/disk/by-id), or look at the disk and its cable" ;;
    nodevice) DISK_WHAT="$device is not a block device" DISK_FIX="correct the device of $path" ;;
    nosize) DISK_WHAT="$device has no size" DISK_FIX="look at the disk: no medium, or broken" ;;
    small) DISK_WHAT="$device has $((DISK["$i size"] / 1048576)) MiB, at least ${ATTR["$i least-mib"]} MiB are wanted" DISK_FIX="correct the device of $path, or hardware.diskGiB" ;;
    readonly) DISK_WHAT="$device is read-only" DISK_FIX="look at the disk and the kernel's log" ;;
    shared) DISK_WHAT="$device is also the device of $found" DISK_FIX="give each mount point a disk of its own" ;;
    mounted | held | partitioned | open) DISK_WHAT="$device is in use: $found" DISK_FIX="$other" ;;
    swap) DISK_WHAT="$device is in use as swap space" DISK_FIX="$other" ;;
    signature) DISK_WHAT="$device is not blank: it has $found" DISK_FIX="$other" ;;
    otherlabel) DISK_WHAT="$device holds $found, wanted is the label $label" DISK_FIX="to keep its data: set its label in devices (docs/operations.md, 'Data disks'); else name another device" ;;
    bytes) DISK_WHAT="$device is not blank: byte $found is not zero, though no known file system is on it" DISK_FIX="$other" ;;
    unreadable) DISK_WHAT="$device cannot be read" DISK_FIX="look at the disk and the kernel's log" ;;
    cutoff) DISK_WHAT="a format of $device was cut off here, and it cannot be told whether something else was written since" DISK_FIX="$other" ;;
    vanished) DISK_WHAT="$device was formatted here before and is blank now" DISK_FIX="look at the disk; if its data may be gone, remove $MS_STATE/disks/$label, then run again" ;;
    twin) DISK_WHAT="another device has the label $label: $(devices_labelled "$label" "${DISK["$i node"]}")" DISK_FIX="take it out, or give it another label" ;;
    files) DISK_WHAT="$path has files in it while no disk is mounted there; they would be hidden" DISK_FIX="move them away, then run again" ;;
    taken) DISK_WHAT="another file system is mounted on $path" DISK_FIX="unmount it, or correct the device of $path" ;;
    esac
}
