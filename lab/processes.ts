// SPDX-License-Identifier: Apache-2.0
/**
 * Which of the lab's processes run, told from /proc alone. There are no records to go stale: a lab that was interrupted
 * at any point, or a machine that was restarted, is seen as it is.
 */

import { readdirSync, readFileSync } from "node:fs";
import { poll } from "./shell.ts";

/** A process that cannot be mistaken for another one, even when its number is used again. */
export interface ProcessId {
    readonly pid: number;
    /** Clock ticks after boot at which it started. */
    readonly start: string;
}

function read(path: string): string | undefined {
    try {
        return readFileSync(path, "utf8");
    } catch {
        return undefined; // The process ended while we looked.
    }
}

/** Identifies a running process; undefined when there is none, or it has ended and only waits to be collected. */
export function identify(pid: number): ProcessId | undefined {
    const stat = read(`/proc/${pid}/stat`);
    if (stat === undefined) {
        return undefined;
    }
    // The name in parentheses may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const start = fields[19];
    return start === undefined || fields[0] === "Z" || fields[0] === "X"
        ? undefined
        : { pid, start };
}

/** Is exactly this process still running? */
export function isRunning(id: ProcessId): boolean {
    return identify(id.pid)?.start === id.start;
}

function pids(): number[] {
    return readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name))
        .map(Number);
}

/** All processes that were started with each of these arguments, in full and in any position. */
export function findByArguments(wanted: readonly string[]): ProcessId[] {
    return pids().flatMap((pid) => {
        const args = read(`/proc/${pid}/cmdline`)?.split("\0") ?? [];
        const id = wanted.every((arg) => args.includes(arg)) ? identify(pid) : undefined;
        return id === undefined ? [] : [id];
    });
}

/**
 * The first process (PID 1 inside) of each running host, by machine id. systemd-nspawn hands the machine id over in the
 * environment; the payload may outlive a killed systemd-nspawn, so this is the evidence that counts.
 */
export function findLeaders(): Map<string, ProcessId> {
    const leaders = new Map<string, ProcessId>();
    for (const pid of pids()) {
        const inside = read(`/proc/${pid}/status`)?.match(/^NSpid:\t\d+\t(?:\d+\t)*1$/m);
        const uuid = inside
            ? read(`/proc/${pid}/environ`)?.match(/(?:^|\0)container_uuid=([0-9a-f-]+)/)?.[1]
            : undefined;
        const id = uuid === undefined ? undefined : identify(pid);
        if (uuid !== undefined && id !== undefined) {
            leaders.set(uuid.replaceAll("-", ""), id);
        }
    }
    return leaders;
}

/**
 * Sends a signal and waits until the process is gone.
 *
 * @throws Error when it is still there after 10 seconds
 */
export async function end(id: ProcessId, signal: NodeJS.Signals): Promise<void> {
    if (isRunning(id)) {
        try {
            process.kill(id.pid, signal);
        } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== "ESRCH") {
                throw error;
            }
        }
    }
    const gone = await poll(10, () => (isRunning(id) ? undefined : true), 20);
    if (gone === undefined) {
        throw new Error(
            `lab: process ${id.pid} does not end on ${signal}; look at it with "ps -o pid,stat,wchan,args ${id.pid}"`,
        );
    }
}
