// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run bench`: measures, on this machine, what docs/benchmarks.md describes. Begins without a lab and ends without one; prints a
 * table, and keeps all figures in `.bench/<name>.json`.
 */
import { parseArgs } from "node:util";
import { readStack } from "../cli/stack.ts";
import type { Config } from "../lib/config/schema.ts";
import { type Cold, cold } from "./cold.ts";
import { command, isStopped, runBenchmark, stopEverything } from "./commands.ts";
import { type Engine, noopUp, preview } from "./engine.ts";
import { type Row, table } from "./figures.ts";
import { floor } from "./floor.ts";
import { heading, keep, refuseWithLab } from "./keep.ts";
import { type Machine, machine } from "./machine.ts";
import { hostsMemory } from "./memory.ts";
import { coldRows, engineRows, floorRows, memoryRows } from "./rows.ts";
import { Ssh } from "./ssh.ts";

const ENGINE_RUNS = 3;

/** Starts by hand that the floor is the median of. */
function floorRuns(): number {
    const { values } = parseArgs({ options: { "floor-runs": { type: "string", default: "3" } } });
    const times = Number(values["floor-runs"]);
    if (Number.isInteger(times) && times > 0) return times;
    throw new Error(`--floor-runs ${values["floor-runs"]}: give a whole number of at least 1`);
}

const say = (line: string): void => {
    console.log(line);
};

/** No lab, and no state of the stack that lay on it: the next `npm run lab` begins from nothing. */
async function clear(): Promise<void> {
    await command(["node", "lab/cli.ts", "down"], { limit: 120 });
    const remove = ["stack", "rm", "--force", "--preserve-config", "--yes", "--stack", "lab"];
    await command(["pulumi", ...remove], { limit: 60 }).catch((error: unknown) => {
        if (!String(error).includes("no stack named")) throw error;
    });
}

/** Runs one benchmark. One that fails does not take the others with it. */
async function stage<T>(
    title: string,
    rows: Row[],
    failures: string[],
    work: () => Promise<{ value: T; rows: Row[] }>,
): Promise<T | undefined> {
    if (isStopped()) return undefined;
    say(`\n=== ${title}`);
    try {
        const result = await work();
        rows.push(...result.rows);
        return result.value;
    } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        say(`${title}: failed: ${text}`);
        failures.push(title);
        return undefined;
    }
}

async function measure(
    on: Machine,
    ssh: Ssh,
    floors: number,
): Promise<{ rows: Row[]; failures: string[] }> {
    const rows: Row[] = [];
    const failures: string[] = [];
    const run = <T>(title: string, work: () => Promise<{ value: T; rows: Row[] }>) =>
        stage(title, rows, failures, work);
    let config: Config | undefined;

    const lab = await run("cold npm run lab", async () => {
        const value: Cold = await cold(ssh, (line) => {
            say(`  ${line}`);
        });
        config = (await readStack("lab")).config;
        keep("lab", on, value);
        keep("up", on, { seconds: value.parts.up, installed: value.installed });
        keep("memory-deploying", on, { peakBytes: value.deployingPeakBytes });
        return { value, rows: coldRows(value) };
    });
    if (lab === undefined || config === undefined) return { rows, failures };
    const stack = config;

    const engine = (title: string, name: string, work: (times: number) => Promise<Engine>) =>
        run(title, async () => {
            const value = await work(ENGINE_RUNS);
            keep(name, on, value);
            return { value, rows: engineRows(title, value) };
        });
    await engine("pulumi up --skip-preview, nothing to do", "noop-up", noopUp);
    await engine("pulumi preview, nothing to do", "preview", preview);

    await run("memory of all hosts", async () => {
        const value = await hostsMemory(stack);
        keep("memory-hosts", on, value);
        return { value, rows: memoryRows(value) };
    });
    await run("floor: the same services started by hand", async () => {
        const value = await floor(stack, ssh, floors, say);
        keep("floor", on, { ...value, ratio: lab.parts.services / value.median });
        return { value, rows: floorRows(value, lab.parts.services) };
    });
    return { rows, failures };
}

async function main(): Promise<number> {
    refuseWithLab();
    const floors = floorRuns();
    const on = machine();
    say(heading(on));
    const ssh = new Ssh();
    try {
        await clear();
        const { rows, failures } = await measure(on, ssh, floors);
        say(`\n${heading(on)}\n\n${table(rows)}\n\nall figures: .bench/*.json`);
        if (failures.length > 0) say(`FAILED: ${failures.join("; ")}`);
        return failures.length > 0 || isStopped() ? 1 : 0;
    } finally {
        stopEverything();
        ssh.close();
        await clear();
        say("the lab is down, as it was before");
    }
}

await runBenchmark(main);
