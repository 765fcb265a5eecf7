// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run drills [-- --moments 50 --seed 1 --hosts 6]`: kills `pulumi up` at random moments on a simulated fleet, and compares where the next `up`
 * ends with where an undisturbed one does. Prints a table; ends with 1 if any differs.
 */
import { wholeNumbers } from "./drill-options.ts";
import { SimFleet } from "./fleet.ts";
import { interrupt, moments, situations, type Outcome } from "./interrupt.ts";
import { Workspace } from "./workspace.ts";

const {
    moments: count,
    seed,
    hosts,
} = wholeNumbers({
    moments: { least: 1, otherwise: 50 },
    seed: { least: 0, otherwise: 1 },
    hosts: { least: 6, otherwise: 6 },
});

const columns = [4, 10, 9, 7, 8, 9];
const row = (cells: readonly (string | number)[]) =>
    cells.map((cell, i) => String(cell).padEnd(columns[i] ?? 0)).join("  ");
const shown = (i: number, outcome: Outcome) =>
    row([
        i + 1,
        outcome.situation,
        outcome.changes,
        outcome.delayMs,
        outcome.killed ? "killed" : "was over",
        outcome.repeated,
        outcome.failure === undefined ? "same end" : "DIFFERS",
    ]);

const fleet = new SimFleet(hosts, { look: 0, change: 30, gate: 20_000 });
await fleet.listen();
const workspace = await Workspace.create(fleet);
const failures: string[] = [];
try {
    console.log(`${fleet.entries.length} simulated hosts, ${count} moments, seed ${seed}`);
    const all = await situations(workspace);
    for (const { name, changes } of all)
        console.log(`${name}: ${changes} changes on hosts, undisturbed`);
    console.log(row(["no.", "up", "changes", "then ms", "engine", "repeated", "next up"]));
    for (const [i, moment] of moments(all, count, seed).entries()) {
        const situation = all.find(({ name }) => name === moment.situation);
        if (situation === undefined) continue;
        const outcome = await interrupt(workspace, situation, moment);
        console.log(shown(i, outcome));
        if (outcome.failure !== undefined) failures.push(`no. ${i + 1}: ${outcome.failure}`);
    }
} finally {
    await workspace.remove();
    fleet.close();
}
console.log(failures.length === 0 ? `all ${count} ended alike` : failures.join("\n"));
process.exitCode = failures.length === 0 ? 0 : 1;
