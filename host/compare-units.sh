# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034  # WANTED is read by other files of the program
# Compares mounts, units of ours and services of packages; see compare.sh.

compare_mount() {
    local unit have
    unit=$(mount_unit "$2")
    have=${MOUNTED["$2"]-}
    [[ "$(mount_text "$1")" == "$(file_text "$MS_SYSTEMD/$unit")" ]] || differs "$1" unit
    [[ ${UNIT_STATE["$unit UnitFileState"]-} == enabled ]] || differs "$1" disabled
    if [[ -z $have ]]; then
        differs "$1" missing
    elif [[ ${have%% *} != "${REST[$1]%% *}" ]]; then
        differs "$1" type
    elif [[ -n ${ATTR["$1 device"]-} ]] && ! same_device "${MOUNT_SOURCE["$2"]}" "${ATTR["$1 device"]}"; then
        differs "$1" device
    elif [[ ${have%% *} == tmpfs ]] && ! tmpfs_has "${have#* }" "${REST[$1]#* }"; then
        differs "$1" options
    fi
}

# mount_text ITEM: the text of its systemd unit.
mount_text() {
    local type=${REST[$1]%% *} what=""
    [[ -z ${ATTR["$1 device"]-} ]] || what=$(device_path "${ATTR["$1 device"]}")
    cat <<TEXT
[Unit]
Description=${NAME[$1]} ($type), written by metalstream
Before=local-fs.target
[Mount]
What=${what:-$type}
Where=${NAME[$1]}
Type=$type
Options=${REST[$1]#* }
[Install]
WantedBy=local-fs.target
TEXT
}

# device_path DEVICE: LABEL=x, UUID=x and their like as the link that udev makes, for which systemd knows to wait.
device_path() {
    local by=${1%%=*}
    case $1 in
    LABEL=* | UUID=* | PARTLABEL=* | PARTUUID=*) printf '/dev/disk/by-%s/%s' "${by,,}" "${1#*=}" ;;
    *) printf '%s' "$1" ;;
    esac
}

# same_device MOUNTED WANTED: one name, or two of one block device. Where udev has not made its link, the disks themselves are asked.
same_device() {
    local path
    path=$(device_path "$2")
    [[ $1 == "$path" || $1 -ef $path ]] && return
    [[ $2 == *=* && ! -e $path && $1 -ef "$(findfs "$2" 2>/dev/null)" ]]
}

# file_text PATH: its text, nothing when there is no such file.
file_text() {
    [[ -f $1 && ! -L $1 ]] && cat -- "$1"
}

# tmpfs_has MOUNTED WANTED: every wanted option is in force, in the words of the kernel (size in KiB, numeric ids).
tmpfs_has() {
    local option value
    local -a wanted
    IFS=, read -r -a wanted <<<"$2"
    for option in "${wanted[@]}"; do
        value=${option#*=}
        case $option in
        defaults | nofail | _netdev | x-* | size=*%) continue ;;
        size=*) option=size=$(tmpfs_size "$value")k ;;
        mode=*) printf -v option 'mode=%o' "$((8#$value))" ;;
        uid=*[!0-9]*) option=uid=$(id -u -- "$value" 2>/dev/null) ;;
        gid=*[!0-9]*) IFS=: read -r _ _ value _ <<<"$(getent group "$value")" && option=gid=$value ;;
        esac
        # The kernel does not list what is its default.
        [[ ,$1, == *",$option,"* || $option =~ ^(uid=0|gid=0|mode=1777|rw|exec|suid|dev)$ ]] || return 1
    done
}

# tmpfs_size 64m: the same in KiB.
tmpfs_size() {
    local -i number=${1%%[!0-9]*}
    case ${1,,} in
    *g) printf '%d' $((number * 1048576)) ;;
    *m) printf '%d' $((number * 1024)) ;;
    *k) printf '%d' "$number" ;;
    *) printf '%d' $((number / 1024)) ;;
    esac
}

# A unit of ours. That it runs an older digest is no drift: the roll compares that.
compare_unit() {
    local base=$MS_CONFIG/$2 wanted current fragment=$MS_SYSTEMD/$2.service
    wanted=${P_DIGEST["$MS_WORK/block/$1"]:0:12}
    WANTED["$2"]=$wanted
    current=${P_LINK["$base/current"]-}
    unit_directory_whole "$1" "$base/$wanted" || differs "$1" config
    unit_running "$2"
    if [[ -z $current || ($current != "$wanted" && $current != "$REPLY") ]]; then
        differs "$1" current
    elif [[ ${P_TYPE["$fragment"]-} != f || ${P_DIGEST["$fragment"]} != "${P_DIGEST["$base/$current/$2.service"]-}" ]]; then
        differs "$1" changed
    fi
    compare_unit_state "$1" "$2.service"
}

# unit_directory_whole ITEM DIRECTORY: exactly the files of the manifest, unedited, root's and not writable by others.
unit_directory_whole() {
    local c path
    local -i files=0 found=0
    for c in "${!C_FILE[@]}"; do
        [[ ${C_UNIT[c]} == "$1" && -n ${C_FILE[c]} ]] || continue
        path=$2/${C_FILE[c]}
        files+=1
        [[ ${P_DIGEST["$path"]-} == "${P_DIGEST["$MS_WORK/want/$c"]}" ]] || return 1
        [[ ${P_MODE["$path"]} == 644 && ${P_OWNER["$path"]} == root:root ]] || return 1
    done
    for path in "$2"/* "$2"/.[!.]*; do
        [[ -e $path || -L $path ]] && found+=1
    done
    ((files == found))
}

# compare_unit_state ITEM UNIT.service: enabled and active, as systemd sees it.
compare_unit_state() {
    local state=${UNIT_STATE["$2 UnitFileState"]-}
    if [[ ${UNIT_STATE["$2 LoadState"]-} == masked || $state == masked* ]]; then
        differs "$1" masked
    elif [[ ! $state =~ ^(enabled|static|alias|indirect|generated)$ ]]; then
        differs "$1" disabled
    fi
    [[ ${UNIT_STATE["$2 ActiveState"]-} =~ ^(active|reloading|activating)$ ]] || differs "$1" inactive
}

# A unit that a package brought.
compare_service() {
    if [[ ${UNIT_STATE["$2.service LoadState"]-} == not-found ]]; then
        differs "$1" missing
        return
    fi
    compare_unit_state "$1" "$2.service"
    if [[ -n ${PENDING_RESTART["$2"]-} ]] || service_files_differ "$1"; then differs "$1" restart; fi
}

# service_files_differ ITEM: will a file that the service reads be written?
service_files_differ() {
    local path paths=${ATTR["$1 restart-on"]-}
    for path in ${paths//,/ }; do
        file_item "$path" && [[ -n ${DRIFT[REPLY]-} && ${DRIFT[REPLY]} != hidden ]] && return
    done
    return 1
}
