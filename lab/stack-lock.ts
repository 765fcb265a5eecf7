// SPDX-License-Identifier: Apache-2.0
/** Locks that a killed `pulumi` left on a stack of the file backend. */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Report } from "./progress.ts";

interface LockFile {
    readonly pid: number;
    readonly hostname: string;
}

/** Whether a process of that id runs and is Pulumi: ids are used again, and a dead process may wait to be reaped (state Z). */
function isPulumi(pid: number): boolean {
    try {
        const [, name = "", state = ""] =
            /\((.*)\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
        return name.startsWith("pulumi") && state !== "Z";
    } catch {
        return false;
    }
}

/**
 * Removes the locks of a stack whose owner ran on this machine and is dead. Any other lock stays: its owner may be at work elsewhere.
 * @param state folder of the file backend.
 */
export function clearDeadLocks(
    state: string,
    project: string,
    stack: string,
    report: Report,
): void {
    const folder = join(state, ".pulumi", "locks", "organization", project, stack);
    let names: string[];
    try {
        names = readdirSync(folder).filter((name) => name.endsWith(".json"));
    } catch {
        return;
    }
    for (const name of names) {
        const file = join(folder, name);
        const lock = JSON.parse(readFileSync(file, "utf8")) as LockFile;
        if (lock.hostname !== hostname() || isPulumi(lock.pid)) continue;
        rmSync(file);
        report(`  removed the lock of pulumi ${lock.pid}, which is dead`);
    }
}
