// SPDX-License-Identifier: Apache-2.0
/** `kill -9` of `pulumi up` at a few moments of a fixed seed; `npm run drills` is the campaign. */
import assert from "node:assert/strict";
import { SimFleet } from "../../sim/fleet.ts";
import { interrupt, moments, situations, type Situation } from "../../sim/interrupt.ts";
import { Workspace } from "../../sim/workspace.ts";

const count = 3;
const seed = 20261124;

describe("pulumi up, killed on simulated hosts", function () {
    this.timeout(600_000);
    let fleet: SimFleet;
    let on: Workspace;
    let all: Situation[] = [];

    before(async function () {
        fleet = new SimFleet(6, { look: 0, change: 30, gate: 20_000 });
        await fleet.listen();
        on = await Workspace.create(fleet);
        all = await situations(on);
    });
    after(async () => {
        await on.remove();
        fleet.close();
    });

    for (let i = 0; i < count; i++) {
        it(`ends where an undisturbed one does, when the next up has run (moment ${i + 1})`, async () => {
            const moment = moments(all, count, seed)[i];
            const situation = all.find(({ name }) => name === moment?.situation);
            assert.ok(moment !== undefined && situation !== undefined);
            const outcome = await interrupt(on, situation, moment);
            assert.ok(outcome.killed, "the engine was still at work");
            assert.equal(outcome.failure, undefined);
        });
    }
});
