// SPDX-License-Identifier: Apache-2.0
/** What every benchmark begins and ends with: an empty machine, and figures that are kept with the machine they belong to. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { status } from "../lab/index.ts";
import { project } from "./commands.ts";
import type { Machine } from "./machine.ts";

/** Benchmarks never take a lab away. @throws Error when there is one, or what an interrupted one left. */
export function refuseWithLab(): void {
    if (status().hosts.some(({ on }) => on) || existsSync(join(project, ".lab", "state.json")))
        throw new Error(
            "bench: there is a lab, and the benchmarks need an empty machine; first run: npm run lab:down",
        );
}

/** Keeps the figures of one benchmark in `.bench/<name>.json`. */
export function keep(name: string, on: Machine, figures: object): void {
    const folder = join(project, ".bench");
    mkdirSync(folder, { recursive: true });
    const text = JSON.stringify({ name, machine: on, ...figures }, null, 4);
    writeFileSync(join(folder, `${name}.json`), `${text}\n`);
}

/** The machine in one line. */
export function heading({ cores, processor, memoryBytes, load, when }: Machine): string {
    const memory = (memoryBytes / 2 ** 30).toFixed(1);
    return `${when}: ${cores} cores (${processor}), ${memory} GiB of memory, load ${load.join(" ")}`;
}
