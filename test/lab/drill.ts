// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run drills:lab [-- --moments 50 --seed 1]`: disturbs `pulumi up` at random moments on the lab's hosts (it must run: `npm run lab`), and compares
 * where the next `up` ends with where an undisturbed one does. A minute each. Prints a table; ends with 1 if any differs.
 */
import assert from "node:assert/strict";
import { wholeNumbers } from "../../sim/drill-options.ts";
import { randomNumbers } from "../../sim/interrupt.ts";
import { status } from "../../lab/index.ts";
import { disturbedUp, spoil, state, ways, type Way } from "./disturb.ts";
import { assertJobGoesOn, rows, upAndClean, whole } from "./support.ts";

const { moments: count, seed } = wholeNumbers({
    moments: { least: 1, otherwise: 50 },
    seed: { least: 0, otherwise: 1 },
});

interface Moment {
    readonly way: Way;
    readonly host: string;
    /** Milliseconds after the begin of `up`. */
    readonly at: number;
}

/** The ways in turn, on hosts and at moments taken at random. */
function moments(count: number, seed: number, hosts: readonly string[], upMs: number): Moment[] {
    const random = randomNumbers(seed);
    return Array.from({ length: count }, (_, i) => ({
        way: ways[i % ways.length] ?? "kill -9",
        host: hosts[Math.floor(random() * hosts.length)] ?? "",
        at: Math.floor(random() * upMs),
    }));
}

const row = (cells: readonly (string | number)[]) =>
    cells.map((cell, i) => String(cell).padEnd([4, 11, 5, 8, 9][i] ?? 0)).join("  ");

/** One disturbed `up`, the next one, and whether all is as it was. */
async function drill({ way, host, at }: Moment, undisturbed: string): Promise<number> {
    const before = await rows();
    await spoil();
    const { code } = await disturbedUp(way, at, host);
    await upAndClean();
    assert.equal(await state(), undisturbed, "files or processes differ");
    await whole();
    await assertJobGoesOn(before);
    return code;
}

const hosts = status().hosts;
if (!hosts.every(({ on }) => on)) throw new Error("the lab is off: npm run lab");
await upAndClean();
const undisturbed = await state();
await spoil();
const since = performance.now();
await upAndClean();
assert.equal(await state(), undisturbed, "an undisturbed up does not end where it began");
// `up` is the greater part of it; later moments find it over, as some should.
const upMs = performance.now() - since;
const names = hosts.map(({ name }) => name);
const failures: string[] = [];
console.log(`${count} moments within ${(upMs / 1000).toFixed(0)} s, seed ${seed}`);
console.log(row(["no.", "way", "host", "at ms", "its end", "next up"]));
for (const [i, moment] of moments(count, seed, names, upMs).entries()) {
    const cells = [i + 1, moment.way, moment.host, moment.at];
    try {
        const code = await drill(moment, undisturbed);
        console.log(row([...cells, code === 0 ? "well" : `code ${code}`, "same end"]));
    } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        console.log(row([...cells, "-", "DIFFERS"]));
        failures.push(`no. ${i + 1}: ${text}`);
    }
}
console.log(failures.length === 0 ? `all ${count} ended alike` : failures.join("\n"));
process.exitCode = failures.length === 0 ? 0 : 1;
