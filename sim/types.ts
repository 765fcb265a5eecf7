// SPDX-License-Identifier: Apache-2.0
/** What model hosts are made of and asked for. */

/** The machine below a host. */
export interface Hardware {
    readonly cores: number;
    readonly memoryMiB: number;
    readonly disks: readonly string[];
    readonly diskGiB: number;
}

/** How long things take, milliseconds. */
export interface Latency {
    /** Every look (check, facts). */
    readonly look: number;
    /** Every change: a converge, a step, each half of a restart. */
    readonly change: number;
    /** How long a gate is asked before it gives up. */
    readonly gate: number;
}

/** A command as the shell took it apart. */
export interface Call {
    readonly verb: string;
    readonly args: readonly string[];
    readonly options: Readonly<Record<string, string>>;
    readonly payload: string;
}
