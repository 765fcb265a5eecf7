// SPDX-License-Identifier: Apache-2.0
/** Locks that a killed `pulumi` left on a stack of the file backend. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Report } from "./progress.ts";
import { poll } from "./shell.ts";

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

/** Where a stack's state lies. */
export interface StackPlace {
    /** Folder of the file backend. */
    readonly state: string;
    readonly project: string;
    readonly stack: string;
}

/** Names and owners of a stack's locks. A lock that is given back while we look is none. */
function locks({ state, project, stack }: StackPlace): { file: string; lock: LockFile }[] {
    const folder = join(state, ".pulumi", "locks", "organization", project, stack);
    try {
        return readdirSync(folder)
            .filter((name) => name.endsWith(".json"))
            .map((name) => join(folder, name))
            .map((file) => ({ file, lock: JSON.parse(readFileSync(file, "utf8")) as LockFile }));
    } catch {
        return [];
    }
}

/**
 * Removes empty `.attrs` files. The file backend keeps one beside each file of the state (gocloud's fileblob) and does not write it in one step: a
 * kill -9 in between leaves an empty one, and every pulumi then ends with `failed to load checkpoint: EOF`. They hold content types only.
 */
function mendAttributes({ state }: StackPlace, report: Report): void {
    const folder = join(state, ".pulumi");
    if (!existsSync(folder)) return;
    const empty = readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".attrs"))
        .map((name) => join(folder, name))
        .filter((file) => statSync(file, { throwIfNoEntry: false })?.size === 0);
    for (const file of empty) {
        rmSync(file, { force: true });
        report(`  removed ${file}, which a pulumi that was killed left empty`);
    }
}

/**
 * Removes what a pulumi that was killed on this machine left behind: locks of a stack whose owner is dead, and with the last of them what it was
 * writing. Any other lock stays: its owner may be at work elsewhere.
 */
export function clearDeadLocks(place: StackPlace, report: Report): void {
    for (const { file, lock } of locks(place)) {
        if (lock.hostname !== hostname() || isPulumi(lock.pid)) continue;
        rmSync(file, { force: true });
        report(`  removed the lock of pulumi ${lock.pid}, which is dead`);
    }
    if (locks(place).length === 0) mendAttributes(place, report);
}

const PATIENCE = 45 * 60; // seconds; no step of ours may take longer
const SAY_EVERY = 10; // seconds

/**
 * Waits for an engine of this machine that is still at work on a stack: one that outlived the command that started it goes on to its end.
 * @throws Error that names it when it does not end
 */
export async function awaitEngine(place: StackPlace, report: Report): Promise<void> {
    const begin = Date.now();
    let said = -SAY_EVERY;
    const free = await poll(
        PATIENCE,
        () => {
            clearDeadLocks(place, report);
            const owner = locks(place).find(({ lock }) => lock.hostname === hostname());
            if (owner === undefined) return true;
            const seconds = Math.floor((Date.now() - begin) / 1000);
            if (seconds - said >= SAY_EVERY) {
                said = seconds;
                report(
                    `  an earlier pulumi (process ${owner.lock.pid}) is at work on the stack ${place.stack}; waiting for its end (${seconds} s so far)`,
                );
            }
            return undefined;
        },
        500,
    );
    if (free === undefined) {
        throw new Error(
            `lab: another pulumi has been at work on the stack ${place.stack} for more than ${PATIENCE / 60} minutes; ` +
                "look at it with ps, end it, and run the command again",
        );
    }
}
