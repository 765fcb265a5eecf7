// SPDX-License-Identifier: Apache-2.0
/** Rules about data disks: a wrong device name is the one mistake that could cost data. Pure. */
import { dataDisks } from "../../disks.ts";
import { members } from "../../topology.ts";
import type { DiskDevice } from "../schema/machines.ts";
import type { Config } from "../schema.ts";
import type { Diagnostic } from "../diagnostics.ts";
import { finding, type Rule } from "./finding.ts";

/** Each `devices` mapping of the stack file, with its path. */
function mappings(config: Config): (readonly [string, Readonly<Record<string, DiskDevice>>])[] {
    return [
        ["hardware.devices", config.hardware.devices] as const,
        ...config.hosts.map(({ devices }, i) => [`hosts[${i}].devices`, devices] as const),
    ];
}

const eachDevice = (
    config: Config,
    check: (at: string, path: string, disk: DiskDevice) => Diagnostic[],
) =>
    mappings(config).flatMap(([at, devices]) =>
        Object.entries(devices).flatMap(([path, disk]) => check(`${at}.${path}`, path, disk)),
    );

/** A mount point that no service uses is a typing mistake. */
export const devicesOfDisks: Rule = (config) =>
    eachDevice(config, (at, path) => {
        if (config.hardware.disks.includes(path)) return [];
        return [finding(at, `${path} is not in hardware.disks`, "correct one of the two")];
    });

/** What udev derives from the disk itself, its slot or its partition, and what a mapper or RAID names; /dev/sdb is what was found second. */
const stable = /^\/dev\/(disk\/by-(id|path|partuuid)|mapper|md)\//;

export const stableNames: Rule = (config) =>
    eachDevice(config, (at, _, { device, acceptUnstableName }) => {
        if (acceptUnstableName || stable.test(device)) return [];
        const what = `${device} may mean another disk at each boot`;
        const fix =
            "name it below /dev/disk/by-id (ls -l /dev/disk/by-id), or set acceptUnstableName";
        return [finding(`${at}.device`, what, fix)];
    });

/** On each host a device and a label are used once. */
export const devicesOnce: Rule = (config) =>
    members(config).flatMap((host) => {
        const disks = dataDisks(config, host);
        return (["device", "label"] as const).flatMap((key) =>
            disks.flatMap((disk, i) => {
                const first = disks.slice(0, i).find((other) => other[key] === disk[key]);
                if (first === undefined) return [];
                const what = `${key} ${disk[key]} of ${disk.path} is also that of ${first.path}`;
                return [finding(`hosts.${host.name}.devices`, what, "give each disk its own")];
            }),
        );
    });
