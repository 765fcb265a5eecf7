// SPDX-License-Identifier: Apache-2.0
/**
 * A small data centre on one Linux machine: six hosts with an init, sshd, data disks, an address and a rack each, whose
 * power and network can be cut. Knows nothing of what is installed on them.
 */

import { existsSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import {
    agentAnswers,
    endAgent,
    ensureAgent,
    ensureIdentity,
    type Identity,
    writeDirectory,
} from "./access.ts";
import { type Disk, fill, unfill, wipe } from "./drills.ts";
import {
    atConsole,
    cutPower,
    erase,
    execute,
    findLeader,
    prepareHost,
    switchOn,
    waitForLogin,
} from "./host.ts";
import { ensureImage, readOutside } from "./image.ts";
import { hostDir, hostOf, type LabHost, type LabLayout, type LabOptions } from "./layout.ts";
import { withLock } from "./lock.ts";
import { endMirror, ensureMirror, findMirror, mirrorUrl } from "./mirror.ts";
import { connect, isConnected, raiseNetwork, removeNetwork, settingsToChange } from "./network.ts";
import { ensurePrerequisites } from "./prerequisites.ts";
import { type Report, step } from "./progress.ts";
import { attempt, poll, type Result, type RunOptions } from "./shell.ts";
import { claim, readState, release, removeState, resolveLayout, writeState } from "./state.ts";

export type { Disk } from "./drills.ts";
export type { LabHost, LabOptions } from "./layout.ts";
export { describeMissing, missingPrerequisites, tryToInstall } from "./prerequisites.ts";
export type { Result } from "./shell.ts";

/** What is to be seen of one host from outside. */
export interface HostStatus {
    readonly name: string;
    readonly address: string;
    readonly rack: string;
    readonly on: boolean;
    /** False when the host is isolated or off. */
    readonly connected: boolean;
}

/** What is to be seen of the lab. */
export interface LabStatus {
    readonly dir: string;
    readonly up: boolean;
    readonly agent: boolean;
    readonly mirror: boolean;
    readonly mirrorUrl: string;
    readonly hosts: readonly HostStatus[];
}

/** Reports of progress go here by default: nowhere. */
const silent: Report = () => undefined;

const lockOf = (layout: LabLayout): string => join(layout.dir, "lock");

/** Fixes the image that this lab's hosts use. */
function useImage(layout: LabLayout, image: string): void {
    rmSync(join(layout.dir, "image"), { force: true });
    symlinkSync(image, join(layout.dir, "image"));
}

async function bootHosts(layout: LabLayout, image: string, report: Report): Promise<void> {
    const off = layout.hosts.filter((host) => findLeader(layout, host) === undefined);
    if (off.length === 0) {
        report("  ✓ all hosts are on");
        return;
    }
    // What hosts have written belongs to the image that they wrote it over; a newer one is for the next lab.
    if (!existsSync(join(layout.dir, "image"))) {
        useImage(layout, image);
    }
    await step(report, `boot ${off.map((host) => host.name).join(" ")}`, async () => {
        const outside = await readOutside();
        await Promise.all(
            off.map(async (host) => {
                await prepareHost(layout, host, outside);
                switchOn(layout, host);
                await waitForLogin(layout, host);
            }),
        );
    });
}

/**
 * Brings the lab up: does what is missing, so that it can be repeated, also after an interruption.
 *
 * @throws Error that says what is missing on this machine, or which step failed and where its log is
 */
export async function up(options: LabOptions = {}, report: Report = silent): Promise<LabStatus> {
    const layout = resolveLayout(options);
    await step(report, "this machine has what a lab needs", ensurePrerequisites);
    await withLock(lockOf(layout), async () => {
        claim(layout);
        const settings = readState(layout.dir)?.settings ?? [];
        writeState(layout, settings);
        const image = await step(report, "host image", async (detail) =>
            ensureImage(layout.cache, await readOutside(), detail),
        );
        await step(report, `network ${layout.subnet}.0/24, keys, artifact mirror`, async () => {
            const changes = [...settings, ...(await settingsToChange())];
            writeState(layout, changes);
            await raiseNetwork(layout, changes);
            const identities = new Map<string, Identity>();
            for (const host of layout.hosts) {
                identities.set(host.name, await ensureIdentity(layout, host));
            }
            writeDirectory(layout, identities);
            await ensureAgent(layout);
            await ensureMirror(layout);
        });
        await bootHosts(layout, image, report);
    });
    return status(options);
}

/** Waits until the kernel has let go of the disks of one host or of all, which it does a moment after their last process. */
async function releaseDisks(layout: LabLayout, host?: LabHost): Promise<void> {
    const folder = host === undefined ? join(layout.dir, "hosts") : hostDir(layout, host);
    const free = await poll(10, async () => {
        const { stdout } = await attempt("losetup", ["--list", "--noheadings", "-O", "BACK-FILE"]);
        return stdout.includes(`${folder}/`) ? undefined : true;
    });
    if (free === undefined) {
        throw new Error(
            `lab: disks of ${folder} are still in use; "losetup --list" shows them, ` +
                "end what uses them and run the command again",
        );
    }
}

/** What stays in the lab's folder when the lab is gone: the identities that stack files and caches may have pinned. */
const KEPT = new Set(["identity", "lock"]);

/** Takes the lab away, without a trace but the caches and the hosts' identities. Repeatable, also after an interruption. */
export async function down(options: LabOptions = {}, report: Report = silent): Promise<void> {
    const layout = resolveLayout(options);
    if (!existsSync(layout.dir)) {
        return;
    }
    await withLock(lockOf(layout), async () => {
        const state = readState(layout.dir);
        if (state !== undefined) {
            await step(report, "switch the hosts off", async () => {
                await Promise.all(layout.hosts.map((host) => cutPower(layout, host)));
                await releaseDisks(layout);
            });
            await step(report, "remove network, agent, mirror", async () => {
                await endMirror(layout);
                await endAgent(layout);
                await removeNetwork(layout, state.settings);
            });
        }
        // The state goes last: as long as it is there, an interrupted `down` is known to be unfinished.
        for (const name of readdirSync(layout.dir)) {
            if (!KEPT.has(name) && name !== "state.json") {
                rmSync(join(layout.dir, name), { recursive: true, force: true });
            }
        }
        release(layout);
        removeState(layout.dir);
    });
}

/** What is to be seen of the lab now. Needs no right to change anything. */
export function status(options: LabOptions = {}): LabStatus {
    const layout = resolveLayout(options);
    const hosts = layout.hosts.map((host) => {
        const on = findLeader(layout, host) !== undefined;
        const { name, address, rack } = host;
        return { name, address, rack, on, connected: on && isConnected(layout, host) };
    });
    return {
        dir: layout.dir,
        up: hosts.every(({ on }) => on),
        agent: agentAnswers(layout),
        mirror: findMirror(layout) !== undefined,
        mirrorUrl: mirrorUrl(layout),
        hosts,
    };
}

function select(name: string, options: LabOptions): { layout: LabLayout; host: LabHost } {
    const layout = resolveLayout(options);
    if (readState(layout.dir) === undefined) {
        throw new Error(`lab: there is no lab in ${layout.dir}; make one with "npm run lab"`);
    }
    return { layout, host: hostOf(layout, name) };
}

/** Cuts the host's power. Its disks keep what had been written; memory and temporary disks are lost. */
export async function kill(name: string, options: LabOptions = {}): Promise<void> {
    const { layout, host } = select(name, options);
    await withLock(lockOf(layout), () => cutPower(layout, host));
}

/** Switches the host on, with the disks as they are, and waits for a login. Does nothing to a host that is on. */
export async function boot(name: string, options: LabOptions = {}): Promise<void> {
    const { layout, host } = select(name, options);
    await withLock(lockOf(layout), async () => {
        if (findLeader(layout, host) === undefined) {
            await prepareHost(layout, host, await readOutside());
        }
        switchOn(layout, host);
        await waitForLogin(layout, host);
    });
}

/**
 * Installs the host anew: nothing of what was ever written to its system disk is left, its name, address and host key are the same.
 * @param disksToo whether its data disks are new as well. @default false
 */
export async function reinstall(
    name: string,
    disksToo = false,
    options: LabOptions = {},
): Promise<void> {
    const { layout, host } = select(name, options);
    await withLock(lockOf(layout), async () => {
        await cutPower(layout, host);
        await releaseDisks(layout, host);
        erase(layout, host, disksToo);
    });
    await boot(name, options);
}

/** Cuts the host off from the network: packets are lost without an answer, while its link stays up. */
export async function isolate(name: string, options: LabOptions = {}): Promise<void> {
    const { layout, host } = select(name, options);
    await connect(layout, host, false);
}

/** Ends `isolate`. */
export async function rejoin(name: string, options: LabOptions = {}): Promise<void> {
    const { layout, host } = select(name, options);
    await connect(layout, host, true);
}

/** Deletes all that is on the host's temporary disks (tmpfs mounts beside the system's own), and gives their paths. */
export async function wipeTemporary(name: string, options: LabOptions = {}): Promise<string[]> {
    const { layout, host } = select(name, options);
    return wipe(layout, host);
}

/** Fills a data disk to its last block. */
export async function fillDisk(name: string, disk: Disk, options: LabOptions = {}): Promise<void> {
    const { layout, host } = select(name, options);
    await fill(layout, host, disk);
}

/** Ends `fillDisk`. */
export async function freeDisk(name: string, disk: Disk, options: LabOptions = {}): Promise<void> {
    const { layout, host } = select(name, options);
    await unfill(layout, host, disk);
}

/** Runs a shell command over ssh as the login user (`sudo` needs no password). The exit code is in the answer. */
export async function exec(
    name: string,
    command: string,
    options: LabOptions & RunOptions = {},
): Promise<Result> {
    const { layout, host } = select(name, options);
    return execute(layout, host, command, options);
}

/** Runs a shell command as root without the network: the way into an isolated host. */
export async function onConsole(
    name: string,
    command: string,
    options: LabOptions & RunOptions = {},
): Promise<Result> {
    const { layout, host } = select(name, options);
    return atConsole(layout, host, command, options);
}
