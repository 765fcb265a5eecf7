// SPDX-License-Identifier: Apache-2.0
/** What the lab consists of, as plain data: hosts, addresses, racks, disks, paths. Pure; reads nothing. */

import { join } from "node:path";

/** What a caller may choose. Everything has a default. */
export interface LabOptions {
    /** Folder that holds the lab's state. @default `.lab` of the checkout */
    readonly dir?: string;
    /** Folder for what outlives the lab (host image, artifacts). @default `$XDG_CACHE_HOME/metalstream` or `~/.cache/metalstream` */
    readonly cache?: string;
    /** First three octets of the lab's /24 network. @default "10.77.0" */
    readonly subnet?: string;
    /** Name of the bridge; at most 8 letters and digits, so that link names fit the kernel's 15. @default "mslab0" */
    readonly bridge?: string;
    /** Size limit of each data disk in MiB; the file behind it is sparse. @default 4096 */
    readonly diskMiB?: number;
}

/** One machine of the lab. */
export interface LabHost {
    readonly name: string;
    readonly address: string;
    readonly rack: string;
    /** Unique on the machine; also the name of the host's process, see processes.ts. */
    readonly machine: string;
    /** The machine's end of the host's network cable, as systemd-nspawn names it. */
    readonly link: string;
}

/** A whole lab. */
export interface LabLayout {
    readonly dir: string;
    readonly cache: string;
    readonly subnet: string;
    readonly bridge: string;
    readonly gateway: string;
    readonly diskMiB: number;
    readonly hosts: readonly LabHost[];
    /**
     * A short alias of `dir`, without characters that mount options and socket paths cannot carry (colons, commas,
     * more than 107 bytes). It is a symbolic link; to whom it points is also the record of who owns the bridge.
     */
    readonly alias: string;
}

/** Name, last octet of the address, rack. */
const HOSTS: readonly (readonly [string, number, string])[] = [
    ["m1", 11, "r1"],
    ["m2", 12, "r2"],
    ["m3", 13, "r3"],
    ["w1", 14, "r1"],
    ["w2", 15, "r2"],
    ["w3", 16, "r3"],
];

/** The user that the lab's keys log in as; has sudo without a password. */
export const LOGIN_USER = "ops";

/** The number of data disks of a host, mounted at /data/1, /data/2, … */
export const DISKS = [1, 2, 3, 4] as const;

/** The port of the artifact mirror on the bridge address. */
export const MIRROR_PORT = 8099;

/** The addresses of a /24: `octets` is "10.77.0", the answer "10.77.0.<last>". */
export function address(octets: string, last: number): string {
    return `${octets}.${last}`;
}

/**
 * The lab that the options describe.
 *
 * @throws Error when an option cannot work
 */
export function layoutOf(options: Required<LabOptions>): LabLayout {
    const { dir, cache, subnet, bridge, diskMiB } = options;
    const octets = /^\d{1,3}(\.\d{1,3}){2}$/.test(subnet) ? subnet.split(".").map(Number) : [];
    if (octets.length !== 3 || octets.some((octet) => octet > 255)) {
        throw new Error(
            `lab: subnet "${subnet}" is not usable; give the first three octets, like 10.77.0`,
        );
    }
    if (!/^[a-z][a-z0-9]{0,7}$/.test(bridge)) {
        throw new Error(
            `lab: bridge "${bridge}" is not usable; give at most 8 lower-case letters and digits, like mslab0`,
        );
    }
    if (!Number.isInteger(diskMiB) || diskMiB < 64) {
        throw new Error(
            `lab: a data disk of ${diskMiB} MiB is not usable; give a whole number of at least 64`,
        );
    }
    const hosts = HOSTS.map(([name, last, rack]) => {
        const machine = `${bridge}-${name}`;
        return { name, address: address(subnet, last), rack, machine, link: `vb-${machine}` };
    });
    const alias = `/run/metalstream-${bridge}`;
    return { dir, cache, subnet, bridge, diskMiB, hosts, alias, gateway: address(subnet, 1) };
}

/**
 * The host of that name.
 *
 * @throws Error that lists the names there are
 */
export function hostOf(layout: LabLayout, name: string): LabHost {
    const host = layout.hosts.find((candidate) => candidate.name === name);
    if (host === undefined) {
        const names = layout.hosts.map((candidate) => candidate.name).join(", ");
        throw new Error(`lab: there is no host "${name}"; the hosts are ${names}`);
    }
    return host;
}

/** The folder with a host's root overlay, disks and log. */
export function hostDir(layout: LabLayout, host: LabHost): string {
    return join(layout.dir, "hosts", host.name);
}
