// SPDX-License-Identifier: Apache-2.0
/**
 * The floor: how fast can these services start on these hosts at all? Everything is in place but data; plain parallel ssh starts
 * it in the order of a person who knows it by heart, and it is watched from outside until it is healthy by the gates' criteria.
 */
import { randomBytes } from "node:crypto";
import type { Config } from "../lib/config/schema.ts";
import { ports, withRole } from "../lib/topology.ts";
import { page } from "./ask.ts";
import { until } from "./commands.ts";
import { median } from "./figures.ts";
import {
    copyImageScript,
    eventLogCalls,
    formatScript,
    formatZnodeScript,
    startNameNodeScript,
    startScript,
    wipeScript,
} from "./floor-scripts.ts";
import { type CpuTimes, cpuTimes, spent } from "./machine.ts";
import { activeNameNode, allOpen, ensembleHealthy, watch } from "./platform-health.ts";
import type { Ssh } from "./ssh.ts";

/** One start by hand. Seconds. */
export interface FloorRun {
    readonly all: number;
    readonly services: Readonly<Record<string, number>>;
    readonly cpu: CpuTimes;
}

/** What the benchmark `floor` found. */
export interface Floor {
    readonly runs: readonly FloorRun[];
    readonly median: number;
}

const LIMIT = 240; // seconds for a start

async function startHdfs(config: Config, ssh: Ssh): Promise<void> {
    const names = withRole(config, "namenode").map(({ name }) => name);
    const [first = "", ...others] = names;
    const znode = until("ZooKeeper", LIMIT, () => ensembleHealthy(config)).then(() =>
        ssh.root(others[0] ?? first, formatZnodeScript),
    );
    const format = until("JournalNodes", LIMIT, () =>
        allOpen(config, "journalnode", ports.journalnodeRpc),
    ).then(() => ssh.root(first, formatScript(config)));
    const [image] = await Promise.all([format, znode]);
    await Promise.all(others.map((name) => ssh.root(name, copyImageScript(config, image))));
    await Promise.all(names.map((name) => ssh.root(name, startNameNodeScript)));
    await until("an active NameNode", LIMIT, async () => {
        const active = await activeNameNode(config);
        if (active === undefined) return false;
        for (const call of eventLogCalls)
            await page(`http://${active.address}:${ports.namenodeHttp}/webhdfs/v1${call}`, "PUT");
        return true;
    });
}

async function startByHand(config: Config, ssh: Ssh): Promise<FloorRun> {
    const clusterId = randomBytes(16).toString("base64url");
    const before = cpuTimes();
    const since = performance.now();
    const [{ services, all }] = await Promise.all([
        watch(config, LIMIT, since),
        startHdfs(config, ssh),
        ...config.hosts.map((host) => ssh.root(host.name, startScript(config, host, clusterId))),
    ]);
    return { all, services, cpu: spent(before, cpuTimes()) };
}

/** Starts the platform by hand some times, each time from nothing but files. The data of the hosts is lost. */
export async function floor(
    config: Config,
    ssh: Ssh,
    times: number,
    say: (line: string) => void,
): Promise<Floor> {
    const runs: FloorRun[] = [];
    for (let i = 1; i <= times; i++) {
        say(`floor ${i} of ${times}: stop and wipe all services`);
        await Promise.all(
            config.hosts.map((host) => ssh.root(host.name, wipeScript(config, host))),
        );
        const run = await startByHand(config, ssh);
        say(`floor ${i} of ${times}: healthy after ${run.all.toFixed(1)} s`);
        runs.push(run);
    }
    return { runs, median: median(runs.map(({ all }) => all)) };
}
