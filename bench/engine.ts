// SPDX-License-Identifier: Apache-2.0
/** The engine when there is nothing to do: `pulumi up --skip-preview` and `pulumi preview`, with facts from every host. */
import { command } from "./commands.ts";
import { median } from "./figures.ts";

/** What the benchmarks `noop-up` and `preview` found. Seconds. */
export interface Engine {
    readonly runs: readonly number[];
    readonly median: number;
    /** What the engine says about resources in each run: `51 unchanged`. Anything else than that is no run without changes. */
    readonly resources: readonly string[];
}

const LIMIT = 120; // seconds a run

/** The engine's summary of resources, in one line. Pure. */
export function summary(lines: readonly string[]): string {
    const from = lines.indexOf("Resources:");
    if (from < 0) return "no summary";
    const until = lines.findIndex((line, i) => i > from && line.trim() === "");
    return lines
        .slice(from + 1, until < 0 ? undefined : until)
        .map((line) => line.trim())
        .join(", ");
}

async function repeat(times: number, args: readonly string[]): Promise<Engine> {
    const runs: number[] = [];
    const resources: string[] = [];
    for (let i = 0; i < times; i++) {
        const { begin, end, lines } = await command(args, { limit: LIMIT });
        runs.push((end - begin) / 1000);
        resources.push(summary(lines.map(({ text }) => text)));
    }
    return { runs, median: median(runs), resources };
}

/** `pulumi up` that finds everything as it should be. */
export const noopUp = (times: number): Promise<Engine> =>
    repeat(times, ["pulumi", "up", "--yes", "--skip-preview", "--stack", "lab"]);

/** `pulumi preview` of the same. */
export const preview = (times: number): Promise<Engine> =>
    repeat(times, ["pulumi", "preview", "--stack", "lab"]);
