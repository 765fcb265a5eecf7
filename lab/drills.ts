// SPDX-License-Identifier: Apache-2.0
/** What can happen to a host's storage. The rest of what can go wrong (power, network) is in index.ts. */

import { atConsole } from "./host.ts";
import type { DISKS, LabHost, LabLayout } from "./layout.ts";

/** The number of a data disk, mounted at /data/<number>. */
export type Disk = (typeof DISKS)[number];

/** Every tmpfs but those of the operating system itself, whose loss would only break systemd. */
const WIPE_TEMPORARY = `
while read -r _ path type _; do
    [ "$type" = tmpfs ] || continue
    case $path in
        /run|/run/*|/dev|/dev/*|/sys|/sys/*|/proc|/proc/*|/tmp|/var/tmp) ;;
        *) find "$path" -xdev -mindepth 1 -delete && echo "$path" ;;
    esac
done </proc/self/mounts`;

const fillFile = (disk: Disk): string => `/data/${disk}/lab-fill`;

async function must(layout: LabLayout, host: LabHost, command: string): Promise<string> {
    const { code, stdout, stderr } = await atConsole(layout, host, command);
    if (code !== 0) {
        throw new Error(`lab: ${host.name}: "${command.trim()}" failed: ${stderr.trim()}`);
    }
    return stdout;
}

/** Deletes all that is on the host's temporary disks, and gives their paths. Works on an isolated host too. */
export async function wipe(layout: LabLayout, host: LabHost): Promise<string[]> {
    const paths = await must(layout, host, WIPE_TEMPORARY);
    return paths.split("\n").filter((path) => path !== "");
}

/** Fills a data disk to its last block, with one file. */
export async function fill(layout: LabLayout, host: LabHost, disk: Disk): Promise<void> {
    const file = fillFile(disk);
    // Space is reserved, not written: that is quick, and takes none of the machine's own. The rest is written. The file
    // system sets blocks aside for data not yet on disk, and gives what it did not need back: hence several rounds.
    await must(
        layout,
        host,
        `free=$(df --output=avail -B1 /data/${disk} | tail -1)
         [ "$free" -lt 4194304 ] || fallocate -l $((free - 4194304)) ${file}
         for round in 1 2 3 4 5 6 7 8; do
             dd if=/dev/zero of=${file} bs=4096 oflag=append conv=notrunc status=none 2>/dev/null
             sync -f ${file}
             [ "$(df --output=avail -B1 /data/${disk} | tail -1)" -ge 4096 ] || exit 0
         done
         exit 1`,
    );
}

/** Ends `fill`. */
export async function unfill(layout: LabLayout, host: LabHost, disk: Disk): Promise<void> {
    await must(layout, host, `rm -f ${fillFile(disk)}`);
}
