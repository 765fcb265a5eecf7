// SPDX-License-Identifier: Apache-2.0
/** `kill -9` of `pulumi up` at chosen moments, on a simulated fleet: does the next `up` end where an undisturbed one does? */
import { isDeepStrictEqual } from "node:util";
import type { SimFleet } from "./fleet.ts";
import type { HostState } from "./state.ts";
import { changes, type Workspace } from "./workspace.ts";

/** When to kill: after so many changes were begun on hosts, and then after so many milliseconds. */
export interface Moment {
    readonly situation: string;
    readonly changes: number;
    readonly delayMs: number;
}

/** What came of it. */
export interface Outcome extends Moment {
    /** Whether the engine was still at work when it was killed. */
    readonly killed: boolean;
    /** Changes that the next `up` began. */
    readonly repeated: number;
    /** Why this is no good end; undefined when it is one. */
    readonly failure: string | undefined;
}

/** A run to be interrupted: where it begins, and where it ends when nothing interrupts it. */
export interface Situation {
    readonly name: string;
    readonly hosts: ReadonlyMap<string, HostState>;
    /** Name of the kept state. */
    readonly state: string;
    readonly configuration: Readonly<Record<string, unknown>>;
    readonly end: Record<string, unknown>;
    /** Changes that an undisturbed run begins. */
    readonly changes: number;
}

/** Random numbers in [0, 1), the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
    let state = seed >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let t = Math.imul(state ^ (state >>> 15), state | 1);
        t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
}

/** Moments for the situations in turn, spread at random over each run. Pure. */
export function moments(
    situations: readonly Pick<Situation, "name" | "changes">[],
    count: number,
    seed: number,
): Moment[] {
    const random = randomNumbers(seed);
    return Array.from({ length: count }, (_, i) => {
        const { name = "", changes: all = 0 } = situations[i % situations.length] ?? {};
        return {
            situation: name,
            changes: Math.floor(random() * all),
            delayMs: Math.floor(random() * 60),
        };
    });
}

async function begin(
    workspace: Workspace,
    from: Omit<Situation, "end" | "changes">,
): Promise<void> {
    workspace.fleet.restore(from.hosts);
    await workspace.bringBackState(from.state);
    await workspace.configure(from.configuration);
}

async function undisturbed(
    workspace: Workspace,
    from: Omit<Situation, "end" | "changes">,
): Promise<Situation> {
    await begin(workspace, from);
    const { code, output } = await workspace.up();
    if (code !== 0)
        throw new Error(`${from.name}: an undisturbed up ended with ${code}:\n${output}`);
    const { fleet } = workspace;
    return { ...from, end: fleet.summary(), changes: fleet.history().length };
}

/** The first `up` on blank hosts, and an `up` that changes something on every host and restarts members of two services. */
export async function situations(workspace: Workspace): Promise<Situation[]> {
    const { fleet } = workspace;
    await workspace.keepState("blank");
    const blank = { name: "first up", hosts: fleet.snapshot(), state: "blank", configuration: {} };
    const first = await undisturbed(workspace, blank);
    await workspace.keepState("in-step");
    const configuration = {
        zookeeper: { tickTimeMs: 2500 },
        artifacts: { mirror: "http://127.0.0.1:9/elsewhere" },
        spark: { overrides: { "spark.task.maxFailures": "8" } },
    };
    const hosts = fleet.snapshot();
    const change = { name: "change", hosts, state: "in-step", configuration };
    return [first, await undisturbed(workspace, change)];
}

const pollMs = 2;

async function killAt(workspace: Workspace, { changes: after, delayMs }: Moment): Promise<boolean> {
    const child = workspace.startUp();
    const ended = new Promise<void>((resolve) => {
        child.once("exit", () => {
            resolve();
        });
    });
    const isOver = () => child.exitCode !== null || child.signalCode !== null;
    child.stdout?.resume();
    child.stderr?.resume();
    const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    while (!isOver() && workspace.fleet.history().length <= after) await pause(pollMs);
    await pause(delayMs);
    const killed = !isOver() && child.kill("SIGKILL");
    await ended;
    return killed;
}

function differences(end: Record<string, unknown>, fleet: SimFleet): string[] {
    const now = fleet.summary();
    return Object.keys(end).filter((host) => !isDeepStrictEqual(now[host], end[host]));
}

/** Kills one `up`, runs the next, and judges the end. */
export async function interrupt(
    workspace: Workspace,
    situation: Situation,
    moment: Moment,
): Promise<Outcome> {
    const { fleet } = workspace;
    await begin(workspace, situation);
    const killed = await killAt(workspace, moment);
    workspace.clearLocks();
    const before = fleet.history().length;
    const next = await workspace.up();
    const { violations } = fleet.cluster;
    const differing = differences(situation.end, fleet);
    const after = await workspace.preview();
    const left = Object.keys(changes(after.output)).join();
    const failures = [
        ...(next.code === 0 ? [] : [`the next up ended with ${next.code}:\n${next.output}`]),
        ...(differing.length === 0 ? [] : [`other than undisturbed: ${differing.join(" ")}`]),
        ...(left === "unchanged" ? [] : [`the preview after it is not clean: ${left}`]),
        ...violations,
    ];
    return {
        ...moment,
        killed,
        repeated: fleet.history().length - before,
        failure: failures.length === 0 ? undefined : failures.join("\n"),
    };
}
