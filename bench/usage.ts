// SPDX-License-Identifier: Apache-2.0
/** What a process and everything below it takes while it runs: memory at its peak, and processor time. */
import { readFileSync } from "node:fs";
import { processes, type Process } from "./processes.ts";

/** Peak of the sum of all processes' resident memory, bytes; processor time of all of them, seconds. */
export interface Usage {
    readonly peakBytes: number;
    readonly cpuSeconds: number;
}

const everyMs = 200;
const ticksPerSecond = 100;

/** A process and its descendants. Pure. */
export function treeBelow(all: readonly Process[], root: number): Process[] {
    const children = (pid: number): Process[] =>
        all
            .filter(({ parent }) => parent === pid)
            .flatMap((child) => [child, ...children(child.pid)]);
    return [...all.filter(({ pid }) => pid === root), ...children(root)];
}

/** Processor time of /proc/PID/stat, seconds: its own, and of the children that it has reaped. Pure. */
export function cpuOf(stat: string): number {
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = fields.slice(11, 13).map(Number);
    return ticks.reduce((sum, value) => sum + value, 0) / ticksPerSecond;
}

function cpuNow(pid: number): number {
    try {
        return cpuOf(readFileSync(`/proc/${pid}/stat`, "utf8"));
    } catch {
        return 0; // It has ended since.
    }
}

/** Watches a process until it is told to end. A process that ends between two looks loses a fifth of a second at most. */
export function watch(root: number): () => Usage {
    let peakBytes = 0;
    const cpu = new Map<number, number>();
    const look = () => {
        const tree = treeBelow(processes(), root);
        peakBytes = Math.max(
            peakBytes,
            tree.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
        );
        for (const { pid } of tree) cpu.set(pid, Math.max(cpu.get(pid) ?? 0, cpuNow(pid)));
    };
    const timer = setInterval(look, everyMs);
    look();
    return () => {
        clearInterval(timer);
        return { peakBytes, cpuSeconds: [...cpu.values()].reduce((sum, value) => sum + value, 0) };
    };
}
