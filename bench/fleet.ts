// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run bench:fleet [-- --hosts 10,100,1000]`: the real engine and the unmodified program on simulated hosts that answer SSH (sim/). The
 * hosts share the machine with what is measured. Prints a table and keeps all figures in `.bench/fleet.json`.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SimFleet } from "../sim/fleet.ts";
import { changes, ended, Workspace, type Run } from "../sim/workspace.ts";
import { gigabytes, limited, seconds, table, type Row } from "./figures.ts";
import { machine, type Machine } from "./machine.ts";
import { watch, type Usage } from "./usage.ts";

/** What the project wants of 1,000 hosts on two cores. */
const aims = { hosts: 1000, facts: 15, preview: 90, bytes: 3e9, resourcesPerHost: 3 };

/** One command. Seconds, and what the deploying side took. */
interface Measured extends Usage {
    readonly seconds: number;
    /** Processor time of the simulated hosts meanwhile: on real hosts it is not this machine's. */
    readonly fleetCpuSeconds: number;
    readonly resources: Readonly<Record<string, number>>;
}

interface Figures {
    readonly hosts: number;
    readonly facts: { rendering: number; seconds: number; cpuSeconds: number; answered: number };
    readonly up: Measured;
    readonly noopUp: Measured;
    readonly preview: Measured;
    readonly stateBytes: number;
    readonly resources: number;
    readonly mostResourcesOfAWorker: number;
}

const project = join(import.meta.dirname, "..");
const say = (line: string) => {
    process.stdout.write(`${line}\n`);
};

async function measured(what: string, workspace: Workspace, ...args: string[]): Promise<Measured> {
    const child = workspace.start(...args, "--stack", "sim");
    const before = process.cpuUsage();
    const stop = watch(child.pid ?? 0);
    const run: Run = await ended(child);
    const usage = stop();
    const { user, system } = process.cpuUsage(before);
    if (run.code !== 0)
        throw new Error(`${what} ended with ${run.code}:\n${run.output.slice(-4000)}`);
    const resources = changes(run.output);
    say(`  ${what}: ${seconds(run.seconds)}, ${JSON.stringify(resources)}`);
    return { ...usage, seconds: run.seconds, fleetCpuSeconds: (user + system) / 1e6, resources };
}

async function factsOf(workspace: Workspace): Promise<Figures["facts"]> {
    const script = join(project, "bench/fleet-facts.ts");
    const child = spawn(process.execPath, [script, "sim"], {
        cwd: workspace.folder,
        stdio: ["ignore", "pipe", "pipe"],
    });
    const { code, output } = await ended(child);
    if (code !== 0) throw new Error(`facts ended with ${code}:\n${output}`);
    return JSON.parse(output) as Figures["facts"];
}

/** Resources in the state, and how many of them the worker with the most has. */
function resources(workspace: Workspace): { all: number; most: number } {
    const state = JSON.parse(readFileSync(workspace.stateFile, "utf8")) as {
        checkpoint: { latest: { resources: { urn: string }[] } };
    };
    const urns = state.checkpoint.latest.resources.map(({ urn }) => urn);
    const workers = workspace.fleet.entries.filter(({ name }) => name.startsWith("w"));
    const counts = new Map(workers.map(({ name }) => [name, 0]));
    for (const urn of urns) {
        const name = urn.slice(urn.lastIndexOf("-") + 1);
        const count = counts.get(name);
        if (count !== undefined) counts.set(name, count + 1);
    }
    return { all: urns.length, most: Math.max(...counts.values()) };
}

async function measure(count: number): Promise<Figures> {
    say(`\n=== ${count} hosts`);
    const fleet = new SimFleet(count, { look: 0, change: 0, gate: 60_000 });
    await fleet.listen();
    const workspace = await Workspace.create(fleet);
    // See docs/operations.md, 'Many hosts': the state is saved once, at the end.
    workspace.environment = { PULUMI_EXPERIMENTAL: "1", PULUMI_SKIP_CHECKPOINTS: "1" };
    try {
        const up = await measured("first up", workspace, "up", "--yes", "--skip-preview");
        const facts = await factsOf(workspace);
        say(`  facts: ${seconds(facts.seconds)}, ${facts.answered} answers`);
        const noopUp = await measured(
            "up, nothing to do",
            workspace,
            "up",
            "--yes",
            "--skip-preview",
        );
        const preview = await measured("preview", workspace, "preview");
        const { all, most } = resources(workspace);
        return {
            hosts: count,
            ...{ facts, up, noopUp, preview },
            stateBytes: statSync(workspace.stateFile).size,
            resources: all,
            mostResourcesOfAWorker: most,
        };
    } finally {
        await workspace.remove();
        fleet.close();
    }
}

function rows(figures: Figures): Row[] {
    const { hosts, facts, up, noopUp, preview } = figures;
    const title = (what: string) => `${hosts} hosts: ${what}`;
    const aimed = (what: string, value: number, aim: number, show: (value: number) => string) =>
        hosts === aims.hosts
            ? limited(title(what), value, aim, show)
            : { what: title(what), measured: show(value) };
    const plain = (
        what: string,
        { seconds: wall, cpuSeconds, fleetCpuSeconds }: Measured,
    ): Row => ({
        what: title(what),
        measured: `${seconds(wall)} (CPU ${seconds(cpuSeconds)}, of the hosts ${seconds(fleetCpuSeconds)})`,
    });
    const peak = Math.max(up.peakBytes, noopUp.peakBytes, preview.peakBytes);
    return [
        aimed("facts of all hosts", facts.seconds, aims.facts, seconds),
        aimed("preview, nothing to do", preview.seconds, aims.preview, seconds),
        plain("  its processor time", preview),
        plain("up --skip-preview, nothing to do", noopUp),
        plain("first up", up),
        aimed("peak memory (RSS) of preview", preview.peakBytes, aims.bytes, gigabytes),
        { what: title("peak memory (RSS) of all"), measured: gigabytes(peak) },
        { what: title("state on disk"), measured: gigabytes(figures.stateBytes) },
        limited(
            title("resources of a worker"),
            figures.mostResourcesOfAWorker,
            aims.resourcesPerHost,
            String,
        ),
        { what: title("resources in all"), measured: String(figures.resources) },
    ];
}

/** How preview and facts grow from one size to the next: 1 is linear. */
function growth(all: readonly Figures[]): Row[] {
    return all.slice(1).flatMap((now, i) => {
        const before = all[i];
        if (before === undefined) return [];
        const per = (value: number, { hosts }: Figures) => value / hosts;
        const cost = (what: string, of: (one: Figures) => number): Row => ({
            what: `${what}: a host of ${now.hosts} costs, of ${before.hosts} = 1`,
            measured: (per(of(now), now) / per(of(before), before)).toFixed(2),
        });
        return [
            cost("facts, processor time", ({ facts }) => facts.cpuSeconds),
            cost("preview, processor time", ({ preview }) => preview.cpuSeconds),
            cost("first up, processor time", ({ up }) => up.cpuSeconds),
        ];
    });
}

function heading({ cores, processor, memoryBytes, load, when }: Machine): string {
    const memory = (memoryBytes / 2 ** 30).toFixed(1);
    return `${when}: ${cores} cores (${processor}), ${memory} GiB of memory, load ${load.join(" ")}`;
}

const { values } = parseArgs({ options: { hosts: { type: "string", default: "10,100,1000" } } });
const counts = values.hosts.split(",").map(Number);
if (counts.some((count) => !Number.isInteger(count) || count < 6)) {
    throw new Error(`--hosts ${values.hosts}: give whole numbers of at least 6, with commas`);
}
const on = machine();
say(heading(on));
const all: Figures[] = [];
for (const count of counts) all.push(await measure(count));
const folder = join(project, ".bench");
mkdirSync(folder, { recursive: true });
writeFileSync(
    join(folder, "fleet.json"),
    `${JSON.stringify({ machine: on, fleets: all }, null, 4)}\n`,
);
say(
    `\n${heading(on)}\n\n${table([...all.flatMap(rows), ...growth(all)])}\n\nall figures: .bench/fleet.json`,
);
