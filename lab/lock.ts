// SPDX-License-Identifier: Apache-2.0
/** One command at a time changes the lab. The lock names its holder, so that a killed holder does not keep it. */

import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { identify, isRunning, type ProcessId } from "./processes.ts";

function holder(path: string): { text: string; id: ProcessId | undefined } | undefined {
    try {
        const text = readFileSync(path, "utf8");
        const match = /^(\d+) (\d+)\n$/.exec(text);
        return {
            text,
            id: match?.[1] && match[2] ? { pid: Number(match[1]), start: match[2] } : undefined,
        };
    } catch {
        return undefined;
    }
}

/** Takes a dead holder's lock away. By renaming first, of two commands that see the same dead holder one does it. */
function removeStale(path: string, seen: string): void {
    const aside = `${path}.stale.${process.pid}`;
    try {
        renameSync(path, aside);
        if (readFileSync(aside, "utf8") !== seen) {
            linkSync(aside, path); // Somebody took it between our look and our rename: theirs.
        }
    } catch {
        // Somebody else was faster; the next attempt sees what is there.
    }
    rmSync(aside, { force: true });
}

/**
 * Runs `work` while this process holds the lock file `path`.
 *
 * @throws Error naming the holder when another running process has it
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
    const me = identify(process.pid);
    if (me === undefined) {
        throw new Error("lab: /proc is not mounted; the lab needs it");
    }
    mkdirSync(dirname(path), { recursive: true });
    const draft = `${path}.${me.pid}`;
    writeFileSync(draft, `${me.pid} ${me.start}\n`);
    try {
        for (let tries = 0; ; tries++) {
            try {
                linkSync(draft, path); // Appears whole or not at all.
                break;
            } catch (error) {
                const other = holder(path);
                if (other?.id !== undefined && isRunning(other.id)) {
                    throw new Error(
                        `lab: another command (process ${other.id.pid}) is changing this lab; wait for it, or end it`,
                        { cause: error },
                    );
                }
                if (tries > 10) {
                    throw error;
                }
                if (other !== undefined) {
                    removeStale(path, other.text);
                }
            }
        }
    } finally {
        rmSync(draft, { force: true });
    }
    try {
        return await work();
    } finally {
        rmSync(path, { force: true });
    }
}
