// SPDX-License-Identifier: Apache-2.0
/** An `up` that is cut off in the middle, in several ways: the next one ends where an undisturbed one does. Needs `node lab/cli.ts up` before. */
import assert from "node:assert/strict";
import { disturbedUp, spoil, state, ways, type Way } from "./disturb.ts";
import { assertJobGoesOn, requireLab, rows, upAndClean, whole, type Cut } from "./support.ts";

describe("an up that is cut off", function () {
    this.timeout(900_000);
    this.slow(180_000);
    let undisturbed = "";
    before(async function () {
        requireLab(this);
        await upAndClean();
        undisturbed = await state();
    });

    const converging = /converge-w2 updating/;
    const cases: readonly (readonly [when: string, way: Way, at: Cut["at"]])[] = [
        ...ways.map((way) => ["while it converges", way, converging] as const),
        ["before it begins", "kill -9", 1500],
    ];
    for (const [when, way, at] of cases) {
        it(`ends where an undisturbed one does: ${way}, ${when}`, async () => {
            const before = await rows();
            await spoil();
            const { output } = await disturbedUp(way, at, "w2");
            if (typeof at !== "number") assert.match(output, at);
            await upAndClean();
            assert.equal(await state(), undisturbed);
            await whole();
            await assertJobGoesOn(before);
        });
    }
});
