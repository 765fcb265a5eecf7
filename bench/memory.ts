// SPDX-License-Identifier: Apache-2.0
/** Memory of all hosts with the streaming job at work. */
import { setTimeout as wait } from "node:timers/promises";
import { findLeader } from "../lab/host.ts";
import { resolveLayout } from "../lab/state.ts";
import type { Config } from "../lib/config/schema.ts";
import { askSparkMasters } from "./platform-health.ts";
import { hostMemory } from "./processes.ts";

/** What the benchmark `memory` found: the sample with the highest sum. */
export interface HostsMemory {
    /** Sum of the proportional set sizes of all processes of all hosts. */
    readonly totalBytes: number;
    /** The same by service, over all hosts. */
    readonly services: Readonly<Record<string, number>>;
    readonly samples: readonly number[];
    /** Applications that the leading Spark master calls running. */
    readonly applications: readonly string[];
}

const SAMPLES = 10;
const EVERY = 3000; // milliseconds

async function runningApplications(config: Config): Promise<string[]> {
    const masters = await askSparkMasters(config);
    const apps = masters.find((master) => master?.status === "ALIVE")?.activeapps ?? [];
    return apps.filter(({ state }) => state === "RUNNING").map(({ name }) => name);
}

/** Samples the memory for half a minute. @throws Error when no job runs: the figure would mean nothing. */
export async function hostsMemory(config: Config): Promise<HostsMemory> {
    const applications = await runningApplications(config);
    if (applications.length === 0)
        throw new Error("no streaming job runs; see: npx metalstream status --stack lab");
    const layout = resolveLayout({});
    const leaders = layout.hosts.flatMap((host) => findLeader(layout, host)?.pid ?? []);
    const samples: { total: number; services: Record<string, number> }[] = [];
    for (let i = 0; i < SAMPLES; i++) {
        if (i > 0) await wait(EVERY);
        const sums = hostMemory(leaders);
        const total = [...sums.values()].reduce((sum, bytes) => sum + bytes, 0);
        samples.push({ total, services: Object.fromEntries(sums) });
    }
    const highest = samples.reduce((a, b) => (b.total > a.total ? b : a));
    return {
        totalBytes: highest.total,
        services: highest.services,
        samples: samples.map(({ total }) => total),
        applications,
    };
}
