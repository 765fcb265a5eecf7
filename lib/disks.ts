// SPDX-License-Identifier: Apache-2.0
/** Which device belongs on which mount point of a host, and under which label. Pure. */
import { createHash } from "node:crypto";
import type { Config, HostConfig } from "./config/schema.ts";
import type { DiskDevice } from "./config/schema/machines.ts";

/** A data disk that this program may format and mounts. */
export interface DataDisk {
    /** Mount point. */
    readonly path: string;
    readonly device: string;
    readonly fs: DiskDevice["fs"];
    /** At most 12 characters (XFS). */
    readonly label: string;
}

/** A disk sold as so many GB, or with a file system on it, has a little less. */
export const leastShare = 0.9;

/**
 * Label of a host's data disk. The host's id is in it, so that a disk that was moved from another host is not taken for this host's own;
 * the path is in it as far as 12 characters (XFS) hold it, else a digest of it.
 */
export function diskLabel(host: HostConfig, path: string): string {
    const prefix = `ms${host.id}-`;
    const plain = path.slice(1).replaceAll("/", "-");
    if (/^[A-Za-z0-9/]+$/.test(path) && prefix.length + plain.length <= 12) return prefix + plain;
    return (
        prefix +
        createHash("sha256")
            .update(path)
            .digest("hex")
            .slice(0, 12 - prefix.length)
    );
}

/** The host's data disks whose devices are named, in the order of `hardware.disks`. */
export function dataDisks(config: Config, host: HostConfig): DataDisk[] {
    const named = { ...config.hardware.devices, ...host.devices };
    return config.hardware.disks.flatMap((path) => {
        const disk = Object.hasOwn(named, path) ? named[path] : undefined;
        if (disk === undefined) return [];
        return [
            { path, device: disk.device, fs: disk.fs, label: disk.label ?? diskLabel(host, path) },
        ];
    });
}
