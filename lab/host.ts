// SPDX-License-Identifier: Apache-2.0
/** One host: making its disks and files, switching it on, cutting its power. */

import {
    existsSync,
    mkdirSync,
    readFileSync,
    renameSync,
    rmSync,
    truncateSync,
    writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { ensureIdentity } from "./access.ts";
import { hostFiles } from "./files.ts";
import { writeOutside, type Outside } from "./image.ts";
import { DISKS, hostDir, type LabHost, type LabLayout } from "./layout.ts";
import { end, findByArguments, findLeaders, type ProcessId } from "./processes.ts";
import { attempt, poll, type Result, run, type RunOptions, startDetached } from "./shell.ts";

const BOOT_SCRIPT = join(import.meta.dirname, "boot-host.sh");

/** Where the host's console output goes. */
export function logOf(layout: LabLayout, host: LabHost): string {
    return join(layout.dir, `${host.name}.log`);
}

/** The first process of the host, if it is on. */
export function findLeader(layout: LabLayout, host: LabHost): ProcessId | undefined {
    const file = join(layout.dir, "identity", host.name, "machine-id");
    return existsSync(file) ? findLeaders().get(readFileSync(file, "utf8").trim()) : undefined;
}

/** The processes of this machine that hold the host: the boot script, which becomes systemd-nspawn. */
function findSupervisors(host: LabHost): ProcessId[] {
    return [
        ...findByArguments([`--machine=${host.machine}`]),
        ...findByArguments([BOOT_SCRIPT, host.machine]),
    ];
}

/** An ext4 disk of limited size in a sparse file; made under another name first, so that it is whole or not there. */
async function ensureDisk(path: string, sizeMiB: number): Promise<void> {
    if (existsSync(path)) {
        return;
    }
    const draft = `${path}.draft`;
    writeFileSync(draft, "");
    truncateSync(draft, sizeMiB * 1024 * 1024);
    // No blocks reserved for root: the size is what services can use. The block size of big disks, on small ones too.
    await run("mkfs.ext4", ["-q", "-b", "4096", "-m", "0", "-E", "nodiscard", draft]);
    renameSync(draft, path);
}

/**
 * Makes the host's folders, disks and own files, once: a host that was on before comes back with what was written to its
 * disks, as a real one does.
 */
export async function prepareHost(
    layout: LabLayout,
    host: LabHost,
    outside: Outside,
): Promise<void> {
    const dir = hostDir(layout, host);
    const upper = join(dir, "upper");
    const done = join(dir, "prepared");
    if (existsSync(done)) {
        return;
    }
    for (const name of ["work", "root", "disks", ...DISKS.map((disk) => `mnt/${disk}`)]) {
        mkdirSync(join(dir, name), { recursive: true });
    }
    for (const disk of DISKS) {
        mkdirSync(join(upper, "data", String(disk)), { recursive: true });
        await ensureDisk(join(dir, "disks", `${disk}.img`), layout.diskMiB);
    }
    writeOutside(upper, outside);
    const files = hostFiles(layout, host, await ensureIdentity(layout, host));
    for (const [path, { text, mode }] of Object.entries(files)) {
        const target = join(upper, path);
        mkdirSync(dirname(target), { recursive: true });
        rmSync(target, { force: true });
        writeFileSync(target, text, { mode });
    }
    writeFileSync(done, "");
}

/** Takes away all that was ever written to a host that is off, as a new installation does; its data disks only if asked. */
export function erase(layout: LabLayout, host: LabHost, disksToo: boolean): void {
    // `prepared` goes first: a host that was erased by half is made anew.
    for (const name of ["prepared", "upper", "work", ...(disksToo ? ["disks"] : [])]) {
        rmSync(join(hostDir(layout, host), name), { recursive: true, force: true });
    }
}

/** Switches a prepared host on. Does nothing when it is on. */
export function switchOn(layout: LabLayout, host: LabHost): void {
    if (findLeader(layout, host) !== undefined || findSupervisors(host).length > 0) {
        return;
    }
    const shared = join(layout.cache, "class-data");
    mkdirSync(shared, { recursive: true });
    const script = [BOOT_SCRIPT, layout.alias, host.name, host.machine, layout.bridge, shared];
    const disks = DISKS.map(String);
    startDetached(
        "unshare",
        ["--mount", "--propagation", "private", ...script, ...disks],
        logOf(layout, host),
    );
}

/**
 * Waits until a login over ssh succeeds.
 *
 * @throws Error with the end of the host's log when it does not within 60 seconds
 */
export async function waitForLogin(layout: LabLayout, host: LabHost): Promise<void> {
    // A process that is just becoming another program (exec) shows no command line: only what is missing three times is gone.
    let missed = 0;
    const ready = await poll(
        60,
        async () => {
            const isThere =
                findLeader(layout, host) !== undefined || findSupervisors(host).length > 0;
            missed = isThere ? 0 : missed + 1;
            if (missed >= 3) return false;
            return (await execute(layout, host, "true")).code === 0 || undefined;
        },
        200,
    );
    if (ready !== true) {
        const log = logOf(layout, host);
        const text = existsSync(log) ? readFileSync(log, "utf8").trim() : "";
        const seen = ready === false ? "" : await lookInside(layout, host);
        throw new Error(
            `lab: ${host.name} ${ready === false ? "ended while booting" : "does not let us in by ssh"}; ` +
                `the end of ${log}:\n${text.split("\n").slice(-8).join("\n")}${seen}`,
        );
    }
}

/** What a host that runs and lets nobody in looks like from its console, and what ssh says. */
async function lookInside(layout: LabLayout, host: LabHost): Promise<string> {
    const { stderr } = await execute(layout, host, "true", { timeoutSeconds: 10 });
    const look = [
        "systemctl is-system-running",
        "systemctl list-jobs --no-pager",
        "systemctl list-units --failed --no-legend --no-pager",
        // While it is there nobody but root may log in; systemd-user-sessions takes it away.
        "ls -l /run/nologin",
        "ip -br address",
        "journalctl -q --no-pager -n 4 -u ssh -u systemd-networkd",
        "journalctl -q --no-pager -n 12 -p warning",
        "journalctl -q --no-pager -n 6 -u systemd-user-sessions -u systemd-logind",
    ].join("; ");
    const inside = await atConsole(layout, host, look, { timeoutSeconds: 10 }).catch(
        (error: unknown) => ({ stdout: String(error), stderr: "" }),
    );
    return `\nssh: ${stderr.trim()}\non its console:\n${inside.stdout}${inside.stderr}`.trimEnd();
}

/** Cuts the power: every process of the host is gone at once, without a signal that it could handle. */
export async function cutPower(layout: LabLayout, host: LabHost): Promise<void> {
    const leader = findLeader(layout, host);
    if (leader === undefined) {
        for (const supervisor of findSupervisors(host)) {
            await end(supervisor, "SIGKILL"); // It had not come to starting the host.
        }
    }
    const rest = leader ?? findLeader(layout, host);
    if (rest !== undefined) {
        await end(rest, "SIGKILL");
    }
    const left = await poll(5, () => (findSupervisors(host).length === 0 ? true : undefined), 20);
    if (left === undefined) {
        await Promise.all(findSupervisors(host).map((supervisor) => end(supervisor, "SIGKILL")));
    }
}

/** Runs a shell command on the host over ssh, as the login user. */
export function execute(
    layout: LabLayout,
    host: LabHost,
    command: string,
    options: RunOptions = {},
): Promise<Result> {
    const args = ["-F", join(layout.dir, "ssh_config"), "-o", "BatchMode=yes", host.name, command];
    return attempt("ssh", args, options);
}

/**
 * Runs a shell command on the host as root without any network, like on a screen and keyboard beside it.
 *
 * @throws Error when the host is off
 */
export function atConsole(
    layout: LabLayout,
    host: LabHost,
    command: string,
    options: RunOptions = {},
): Promise<Result> {
    const leader = findLeader(layout, host);
    if (leader === undefined) {
        throw new Error(`lab: ${host.name} is off; run "lab boot ${host.name}"`);
    }
    const namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd"];
    const args = ["--target", String(leader.pid), ...namespaces, "/bin/sh", "-c", command];
    return attempt("nsenter", args, options);
}
