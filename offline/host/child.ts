// SPDX-License-Identifier: Apache-2.0
import type { ChildProcess } from "node:child_process";

const KILL_AFTER_MS = 5000;
const running = new Set<ChildProcess>();

/** How a process ended: its exit code, or the signal that ended it. */
export interface Exit {
    readonly code: number | null;
    readonly signal: NodeJS.Signals | null;
}

/**
 * Waits for a process. Until it has ended, {@link interruptChildren} reaches it.
 *
 * @throws Error when it could not be started
 */
export async function waitFor(child: ChildProcess): Promise<Exit> {
    running.add(child);
    try {
        return await new Promise<Exit>((resolve, reject) => {
            child.on("error", reject);
            child.on("close", (code, signal) => {
                resolve({ code, signal });
            });
        });
    } finally {
        running.delete(child);
    }
}

/** Asks a process to end, and makes it end five seconds later. */
export function interrupt(child: ChildProcess): void {
    if (child.exitCode !== null || child.signalCode !== null) {
        return;
    }
    child.kill("SIGINT");
    setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS).unref();
}

/** {@link interrupt} for every process that this host waits for. */
export function interruptChildren(): void {
    for (const child of running) {
        interrupt(child);
    }
}

/** Ends all of them now: for when the engine is gone and nobody waits. */
export function killChildren(): void {
    for (const child of running) {
        child.kill("SIGKILL");
    }
}
