# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2153  # KIND and NAME are set by other files of the program
# Reads disks that show no signature, and says of each whether every byte that was looked at is zero.
# A glance (preview) takes seconds. Before a format everything is read up to 64 GiB; of a larger disk 4 MiB in each stride of 64 MiB (above 1 TiB
# more, so that it stays 64 GiB in all), and 64 MiB at both ends. So data of a stride's length or more, wherever it lies, is always found, and so are
# the copies that file systems keep of their superblocks: ext4 at multiples of 128 MiB and XFS at quarters, also behind the 1 MiB that a partition
# or a physical volume begins with. What is smaller than that, and lies between, without anything at either end, is not.

MIB=1048576

# disk_ranges GLANCE_OR_DEEP BYTES: `OFFSET LENGTH` lines.
disk_ranges() {
    local -i size=$2 whole=$((64 * 1024 * MIB)) ends=$((64 * MIB)) piece=$((4 * MIB)) stride=$((64 * MIB)) at
    stride=$((stride * (1 + (size - 1) / (16384 * stride))))
    if [[ $1 == glance ]]; then
        whole=$((256 * MIB)) ends=$((4 * MIB)) piece=65536 stride=$((size / 256 / 4096 * 4096))
    fi
    if ((size <= whole)); then
        printf '0 %d\n' "$size"
        return
    fi
    printf '0 %d\n%d %d\n' "$ends" $((size - ends)) "$ends"
    for ((at = stride; at < size - ends; at += stride)); do
        printf '%d %d\n' "$at" "$piece"
    done
    for at in $((size / 4)) $((size / 2)) $((size * 3 / 4)); do
        printf '%d %d\n' $((at - piece / 2)) "$piece"
    done
}

# read_disk GLANCE_OR_DEEP NODE BYTES: blank, `bytes OFFSET` of the first that is not zero, or unreadable.
read_disk() {
    local at length answer
    local -i code differs
    while read -r at length; do
        answer=$(cmp -n "$length" -i "$at:0" -- "$2" /dev/zero 2>/dev/null)
        code=$?
        if ((code == 1)) && [[ $answer =~ differ:\ (byte|char)\ ([0-9]+) ]]; then
            differs=$((at + BASH_REMATCH[2] - 1))
            printf 'bytes %d' "$differs"
            return
        elif ((code != 0)); then
            printf unreadable
            return
        fi
    done < <(disk_ranges "$1" "$3")
    printf blank
}

# read_disks GLANCE_OR_DEEP ITEM…: side by side, since each disk has its own speed.
read_disks() {
    local depth=$1 i answer
    local -a readers=()
    shift
    mkdir -p -- "$MS_WORK/disk"
    for i; do
        read_disk "$depth" "${DISK["$i node"]}" "${DISK["$i size"]}" >"$MS_WORK/disk/$i" &
        readers+=("$!")
    done
    wait "${readers[@]}"
    for i; do
        read -r answer <"$MS_WORK/disk/$i" || [[ -n $answer ]] || answer=unreadable
        DISK["$i content"]=${answer%% *}
        DISK["$i found"]=${answer#* }
    done
}

# find_shared: two items that mean one device, whatever they call it.
find_shared() {
    local i number
    local -A first=()
    for i in "${!KIND[@]}"; do
        number=${DISK["$i number"]-}
        [[ ${KIND[i]} == filesystem && -n $number ]] || continue
        if [[ -n ${first["$number"]-} ]]; then
            DISK["$i fit"]=shared DISK["$i found"]=${NAME[first["$number"]]}
            DISK["${first["$number"]} fit"]=shared DISK["${first["$number"]} found"]=${NAME[i]}
        fi
        first["$number"]=$i
    done
}
