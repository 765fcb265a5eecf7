// SPDX-License-Identifier: Apache-2.0
/** Who this process is, in words that a host keeps, and whether such a process still lives on this machine. */
import { createHash, randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname, userInfo } from "node:os";

/** A run of the program. */
export interface Runner {
    /** Never used before. */
    readonly run: string;
    /** `user@host`. */
    readonly who: string;
    readonly pid: string;
    /** When the process started, in the kernel's own count: process ids are used again. */
    readonly started: string;
    /** Names this start of this machine and its namespace of process ids: only there `pid` means something. */
    readonly machine: string;
}

const unknown = "unknown";

function read<T>(get: () => T): T | undefined {
    try {
        return get();
    } catch {
        return undefined;
    }
}

/** Start time of a process (field 22 of its stat, behind a name that may hold anything), or undefined when there is none. */
export function startOf(pid: string): string | undefined {
    const stat = read(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
    const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A process that ended and was not reaped yet is dead.
    return fields?.[0] === "Z" ? undefined : fields?.[19];
}

function thisMachine(): string {
    const boot = read(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8"));
    const namespace = read(() => readlinkSync("/proc/self/ns/pid"));
    if (boot === undefined || namespace === undefined) return unknown;
    return createHash("sha256").update(`${boot}${namespace}`).digest("hex").slice(0, 16);
}

const word = (text: string) => text.replace(/[^A-Za-z0-9._-]+/g, "_") || unknown;

/** This process. */
export function thisRunner(): Runner {
    const user = read(() => userInfo().username) ?? unknown;
    return {
        run: randomUUID(),
        who: `${word(user)}@${word(hostname())}`,
        pid: String(process.pid),
        started: startOf("self") ?? unknown,
        machine: thisMachine(),
    };
}

/** Whether a runner was a process of this machine, as it runs now, and is gone. Of others nothing is known. */
export function isDeadHere(
    runner: Runner,
    me: Runner,
    start: (pid: string) => string | undefined = startOf,
): boolean {
    if (me.machine === unknown || runner.machine !== me.machine) return false;
    return start(runner.pid) !== runner.started;
}
