#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Boots one host of the lab and becomes its systemd-nspawn. Run in a mount namespace of its own: the mounts and loop
# devices made here go away with the last process of the host, however it ends.
#
# usage: boot-host.sh LAB HOST MACHINE BRIDGE SHARED DISK...
# SHARED is a folder of this machine that all hosts see as /var/cache/metalstream/cds: what costs much to make is made once.
set -eu
lab=$1
host=$2
machine=$3
bridge=$4
shared=$5
shift 5
dir=$lab/hosts/$host

# The locks and folders of systemd-nspawn are kept here, not left on the machine.
mkdir -p /run/systemd/nspawn
mount -t tmpfs -o size=1m,mode=0755 metalstream-lab /run/systemd/nspawn

mount -t overlay metalstream-lab \
    -o "lowerdir=$lab/image,upperdir=$dir/upper,workdir=$dir/work" "$dir/root"
for disk in "$@"; do
    mount -o loop,nodev,nosuid "$dir/disks/$disk.img" "$dir/mnt/$disk"
    set -- "$@" "--bind=$dir/mnt/$disk:/data/$disk"
    shift
done

# Without systemd on the machine there is nobody to ask for a unit of our own.
[ -d /run/systemd/system ] || set -- --keep-unit "$@"

# All capabilities but those with which a host would change the machine's clock or kernel.
exec systemd-nspawn --quiet --boot --register=no --directory="$dir/root" --machine="$machine" \
    --capability=all --drop-capability=CAP_SYS_TIME,CAP_SYS_MODULE \
    --network-bridge="$bridge" --bind-ro="$lab/authorized:/etc/ssh/lab-authorized" \
    --bind="$shared:/var/cache/metalstream/cds" \
    --resolv-conf=off --link-journal=no --timezone=off --console=pipe "$@"
