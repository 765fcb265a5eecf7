// SPDX-License-Identifier: Apache-2.0
/** Memory of processes, from /proc. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** One process of this machine. */
export interface Process {
    readonly pid: number;
    readonly parent: number;
    readonly args: readonly string[];
    readonly rssBytes: number;
}

function read(path: string): string {
    try {
        return readFileSync(path, "utf8");
    } catch {
        return ""; // The process ended while we looked.
    }
}

const pids = (): number[] =>
    readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name))
        .map(Number);

/** A figure in kB of a file of /proc, in bytes; 0 when it is not there. Pure. */
export function kilobytes(text: string, key: string): number {
    return Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, "m").exec(text)?.[1] ?? 0) * 1024;
}

/** All processes of this machine. */
export function processes(): Process[] {
    return pids().map((pid) => {
        const status = read(`/proc/${pid}/status`);
        return {
            pid,
            parent: Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1] ?? 0),
            args: read(`/proc/${pid}/cmdline`).split("\0"),
            rssBytes: kilobytes(status, "VmRSS"),
        };
    });
}

/** The engine's launcher or binary at work on `up` or `preview`. */
const isEngine = ({ args }: Process): boolean =>
    args.slice(0, 2).some((arg) => /(^|\/)pulumi$/.test(arg)) &&
    args.some((arg) => arg === "up" || arg === "preview");

/** The engine's processes below an ancestor, with everything that they started: launcher, engine, language host, program, plugins. Pure. */
export function engineTree(all: readonly Process[], ancestor: number): Process[] {
    const below = (pid: number): Process[] =>
        all.filter(({ parent }) => parent === pid).flatMap((child) => [child, ...below(child.pid)]);
    const roots = below(ancestor).filter(isEngine);
    const tree = new Map(
        roots.flatMap((root) => [root, ...below(root.pid)]).map((one) => [one.pid, one]),
    );
    return [...tree.values()];
}

/** What a process of a host is counted under. Pure. */
export function serviceOf(args: readonly string[]): string {
    const line = args.join(" ");
    const unit = /@\/etc\/metalstream\/([a-z-]+)\/current\/java\.args/.exec(line)?.[1];
    if (unit !== undefined) return unit;
    if (line.includes("org.apache.spark.deploy.worker.DriverWrapper")) return "streaming driver";
    if (line.includes("CoarseGrainedExecutorBackend")) return "streaming executor";
    return "system";
}

/** Memory of all processes in some PID namespaces: proportional set size, so that shared pages count once. */
export function hostMemory(leaders: readonly number[]): Map<string, number> {
    const namespaceOf = (pid: number): string => {
        try {
            return readlinkSync(`/proc/${pid}/ns/pid`);
        } catch {
            return "";
        }
    };
    const wanted = new Set(leaders.map(namespaceOf));
    wanted.delete("");
    const sums = new Map<string, number>();
    for (const pid of pids()) {
        if (!wanted.has(namespaceOf(pid))) continue;
        const pss = kilobytes(read(`/proc/${pid}/smaps_rollup`), "Pss");
        const service = serviceOf(read(`/proc/${pid}/cmdline`).split("\0"));
        sums.set(service, (sums.get(service) ?? 0) + pss);
    }
    return sums;
}
