// SPDX-License-Identifier: Apache-2.0
/** What `down` must know of the `up` that went before: written before anything is touched, removed when all is gone. */

import {
    existsSync,
    mkdirSync,
    readFileSync,
    readlinkSync,
    renameSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { type LabLayout, type LabOptions, layoutOf } from "./layout.ts";
import type { ChangedSetting } from "./network.ts";

/** The choices a running lab was made with, and what to give back to the machine. */
export interface LabState {
    readonly cache: string;
    readonly subnet: string;
    readonly bridge: string;
    readonly diskMiB: number;
    readonly settings: readonly ChangedSetting[];
}

const stateFile = (dir: string): string => join(dir, "state.json");

/** The state of the lab in `dir`; undefined when there is no lab. */
export function readState(dir: string): LabState | undefined {
    const file = stateFile(dir);
    return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as LabState) : undefined;
}

/** Keeps the state; the file is always whole. */
export function writeState(layout: LabLayout, settings: readonly ChangedSetting[]): void {
    const { dir, cache, subnet, bridge, diskMiB } = layout;
    const state: LabState = { cache, subnet, bridge, diskMiB, settings };
    mkdirSync(dir, { recursive: true });
    const draft = `${stateFile(dir)}.${process.pid}`;
    writeFileSync(draft, `${JSON.stringify(state, null, 4)}\n`);
    renameSync(draft, stateFile(dir));
}

/** Forgets the state. */
export function removeState(dir: string): void {
    rmSync(stateFile(dir), { force: true });
}

function defaultCache(): string {
    const base = process.env["XDG_CACHE_HOME"];
    return join(
        base === undefined || base === "" ? join(homedir(), ".cache") : base,
        "metalstream",
    );
}

/**
 * The lab that is meant: options, else what the running lab was made with, else the defaults.
 *
 * @throws Error when an option contradicts the running lab
 */
export function resolveLayout(options: LabOptions): LabLayout {
    const dir = resolve(options.dir ?? join(import.meta.dirname, "..", ".lab"));
    const state = readState(dir);
    for (const key of ["cache", "subnet", "bridge", "diskMiB"] as const) {
        if (state !== undefined && options[key] !== undefined && options[key] !== state[key]) {
            throw new Error(
                `lab: the lab in ${dir} was made with ${key} ${state[key]}, not ${options[key]}; ` +
                    'remove it first with "npm run lab:down"',
            );
        }
    }
    return layoutOf({
        dir,
        cache: options.cache ?? state?.cache ?? defaultCache(),
        subnet: options.subnet ?? state?.subnet ?? "10.77.0",
        bridge: options.bridge ?? state?.bridge ?? "mslab0",
        diskMiB: options.diskMiB ?? state?.diskMiB ?? 4096,
    });
}

/** The folder of the lab that owns this bridge. */
export function ownerOf(layout: LabLayout): string | undefined {
    try {
        return readlinkSync(layout.alias);
    } catch {
        return undefined;
    }
}

/**
 * Takes the bridge's name for this lab, as a link in /run.
 *
 * @throws Error when a lab elsewhere on this machine has it
 */
export function claim(layout: LabLayout): void {
    const owner = ownerOf(layout);
    if (owner === layout.dir) {
        return;
    }
    if (owner !== undefined) {
        if (readState(owner) !== undefined) {
            throw new Error(
                `lab: the lab of ${owner} is on this machine already (bridge ${layout.bridge}); ` +
                    'run "npm run lab:down" there, or choose another --bridge and --subnet',
            );
        }
        rmSync(layout.alias, { force: true }); // That lab is gone.
    }
    symlinkSync(layout.dir, layout.alias); // Fails when somebody else was faster.
}

/** Gives the bridge's name back. */
export function release(layout: LabLayout): void {
    if (ownerOf(layout) === layout.dir) {
        rmSync(layout.alias, { force: true });
    }
}
