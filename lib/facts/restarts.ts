// SPDX-License-Identifier: Apache-2.0
/** Which units an `up` will restart, in which order, and why: in words, for a preview. Pure. */
import type { UnitBlock } from "../manifest.ts";
import type { Answer } from "./gather.ts";
import type { Restart } from "./parse.ts";

/** A roll as it is declared: units of one host, one after the other. */
export interface PlannedRoll {
    readonly host: string;
    readonly units: readonly UnitBlock[];
}

interface Planned {
    readonly host: string;
    readonly unit: string;
    readonly files: readonly Restart[];
}

/** Units that run now, and something else than what is wanted, in the order of their rolls. */
export function plannedRestarts(
    rolls: readonly PlannedRoll[],
    answers: ReadonlyMap<string, Answer>,
): Planned[] {
    return rolls.flatMap(({ host, units }) => {
        const answer = answers.get(host);
        if (answer?.kind !== "facts") return [];
        return units
            .filter(({ name, digest }) => {
                const unit = answer.facts.units.get(name);
                return unit?.active === true && unit.running !== digest;
            })
            .map(({ name }) => ({
                host,
                unit: name,
                files: answer.facts.restarts.filter((restart) => restart.unit === name),
            }));
    });
}

/** The restarts in words; the same change on many hosts is shown once. Undefined when there is none. */
export function restartReport(
    rolls: readonly PlannedRoll[],
    answers: ReadonlyMap<string, Answer>,
): string | undefined {
    const planned = plannedRestarts(rolls, answers);
    if (planned.length === 0) return undefined;
    const shown = new Map<string, string>();
    const lines = planned.flatMap(({ host, unit, files }) => {
        const known = files.filter(({ file }) => file !== "-");
        const names = known.map(({ file }) => file).join(", ");
        const title = `  ${host}: ${unit} will restart: ${names || "what it runs is not on this host any more"}`;
        const diff = known.flatMap(({ file, lines: changed }) => [
            `    ${file}:`,
            ...changed.map((line) => `      ${line}`),
        ]);
        const key = `${unit}\n${diff.join("\n")}`;
        const first = shown.get(key);
        if (first === undefined) shown.set(key, host);
        return first === undefined || diff.length === 0
            ? [title, ...diff]
            : [`${title} (as on ${first})`];
    });
    const count = `${planned.length} ${planned.length === 1 ? "unit" : "units"}`;
    return [`${count} will restart, in this order, each between its gates:`, ...lines].join("\n");
}
