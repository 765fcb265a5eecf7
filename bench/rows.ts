// SPDX-License-Identifier: Apache-2.0
/** From figures to the rows of the table, with the project's aims (for two cores). Pure. */
import type { Cold } from "./cold.ts";
import type { Engine } from "./engine.ts";
import { gigabytes, limited, type Row, seconds } from "./figures.ts";
import type { Floor } from "./floor.ts";
import type { HostsMemory } from "./memory.ts";

/** What the project wants. */
export const aims = {
    /** First unit started to last gate passed, as a multiple of the floor. */
    ratio: 1.3,
    /** Seconds of a `pulumi` command with nothing to do. */
    engine: 6,
    /** Bytes of all hosts with the job at work. */
    hosts: 7e9,
} as const;

export function coldRows({ parts, installed, deployingPeakBytes, servicesCpu }: Cold): Row[] {
    const row = (what: string, value: number): Row => ({ what, measured: seconds(value) });
    return [
        row("cold npm run lab, caches warm", parts.total),
        row("  set-up, engine, artifacts in the caches", parts.preparation),
        row("  boot of six hosts", parts.boot),
        row("  pulumi up onto booted, empty hosts", parts.up),
        row("    installation: begin to last converge", parts.installation),
        row("      packages there on the slowest host", installed.packages),
        row("      artifacts and archives there on the slowest host", installed.artifacts),
        row("    services: first unit started to last gate passed", parts.services),
        row("      of it after the last converge", parts.servicesAfterInstallation),
        row("    topic, and the job's first batch", parts.job),
        { what: "  CPU of the machine while services start", measured: seconds(servicesCpu.busy) },
        {
            what: "peak memory of the deploying side (RSS)",
            measured: gigabytes(deployingPeakBytes),
        },
    ];
}

/** A run that changed something is no run with nothing to do, however fast. */
export function engineRows(title: string, { median, resources, runs }: Engine): Row[] {
    const row = limited(title, median, aims.engine, seconds);
    const unchanged = resources.every((text) => /^\d+ unchanged$/.test(text));
    const all = runs.map((run) => run.toFixed(1)).join(", ");
    return [
        {
            ...row,
            measured: `${row.measured} (${all}; ${resources.at(-1) ?? ""})`,
            reached: row.reached === true && unchanged,
        },
    ];
}

export function memoryRows({ totalBytes, applications }: HostsMemory): Row[] {
    const title = `memory of all hosts (PSS), job running: ${applications.join(", ")}`;
    return [limited(title, totalBytes, aims.hosts, gigabytes)];
}

/** @param services seconds from the first unit started to the last gate passed in `pulumi up`. */
export function floorRows({ median, runs }: Floor, services: number): Row[] {
    const all = runs.map((run) => run.all.toFixed(1)).join(", ");
    const ratio = limited("pulumi up / floor", services / median, aims.ratio, (value) =>
        value.toFixed(2),
    );
    return [{ what: "floor: started by hand", measured: `${seconds(median)} (${all})` }, ratio];
}
