// SPDX-License-Identifier: Apache-2.0
/** Data disks: blank ones are formatted, and all are mounted by label. Pure. host/disks.sh decides, by what is on the device. */
import type { Config, HostConfig } from "../../lib/config/schema.ts";
import { dataDisks, leastShare } from "../../lib/disks.ts";
import { item, type Section } from "../../lib/manifest.ts";

const packageOf = { xfs: "xfsprogs", ext4: "e2fsprogs" } as const;

/**
 * noatime: a read of a block or a segment must not become a write. nofail: a host whose disk is gone boots all the same; what needs the disk
 * has RequiresMountsFor.
 */
const options = "noatime,nofail";

/** Items of the disks whose devices the stack file names; none where it names none. */
export function disksSection(config: Config, host: HostConfig): Section {
    const least = Math.floor(config.hardware.diskGiB * 1024 * leastShare);
    const items = dataDisks(config, host).flatMap(({ path, device, fs, label }) => [
        item.package(packageOf[fs]),
        item.filesystem(path, { device, type: fs, label, "least-mib": least }),
        item.mount(path, fs, options, `LABEL=${label}`),
    ]);
    return { items, units: [] };
}
