// SPDX-License-Identifier: Apache-2.0
/** The machine on which a benchmark ran: without it a figure says nothing. */
import { readFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";

/** Cores, memory and what else was going on. */
export interface Machine {
    readonly cores: number;
    readonly processor: string;
    readonly memoryBytes: number;
    /** Load averages over 1, 5 and 15 minutes, before anything was measured. */
    readonly load: readonly number[];
    readonly node: string;
    readonly when: string;
}

/** Looks at the machine now. */
export function machine(): Machine {
    return {
        cores: cpus().length,
        processor: cpus()[0]?.model.trim() ?? "unknown",
        memoryBytes: totalmem(),
        load: loadavg().map((load) => Number(load.toFixed(2))),
        node: process.version,
        when: new Date().toISOString(),
    };
}

/** Seconds that all cores together spent since the machine's start. */
export interface CpuTimes {
    readonly busy: number;
    readonly idle: number;
    /** Wanted, and given to other machines by the hypervisor. */
    readonly steal: number;
}

/** Reads the first line of /proc/stat. Pure. */
export function parseCpuTimes(stat: string): CpuTimes {
    const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] =
        (/^cpu +(.*)$/m.exec(stat)?.[1] ?? "").split(" ").map((ticks) => Number(ticks) / 100);
    return { busy: user + nice + system + irq + softirq, idle: idle + iowait, steal };
}

/** The times now. */
export const cpuTimes = (): CpuTimes => parseCpuTimes(readFileSync("/proc/stat", "utf8"));

/** What was spent between two readings, in tenths of seconds. */
export function spent(from: CpuTimes, to: CpuTimes): CpuTimes {
    const tenths = (value: number) => Math.round(value * 10) / 10;
    return {
        busy: tenths(to.busy - from.busy),
        idle: tenths(to.idle - from.idle),
        steal: tenths(to.steal - from.steal),
    };
}
