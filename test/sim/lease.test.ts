// SPDX-License-Identifier: Apache-2.0
/** The model's run lease against the host program's own, in a sandbox: the same calls, the same answers. */
import assert from "node:assert/strict";
import { Cluster } from "../../sim/cluster.ts";
import { hardware } from "../../sim/fleet.ts";
import { ModelHost } from "../../sim/host.ts";
import { parseCommand } from "../../sim/shell.ts";
import { boxUnavailable, inBox } from "../host/box.ts";

const me = (run: string) => `run=${run} who=ops@desk pid=7 started=9 machine=m term=100`;
const calls = [
    "show",
    `take ${me("A")}`,
    `take ${me("B")}`,
    `take ${me("A")}`,
    "give run=B",
    `take ${me("C")} over=A`,
    `take ${me("B")} over=A`,
    "show",
    "give run=C",
    `take ${me("B")}`,
];
/** Times differ from run to run. */
const plain = (line: string) => line.replace(/\d{9,}/g, "T");

describe("the model's run lease", function () {
    this.timeout(60_000);

    it("answers as the host program does", async function () {
        const reason = boxUnavailable();
        if (reason !== undefined) {
            console.log(`skipped: ${reason}`);
            this.skip();
        }
        const latency = { look: 0, change: 0, gate: 0 };
        const host = new ModelHost({ name: "box", rack: "r1" }, hardware, new Cluster(), latency);
        const said: string[] = [];
        for (const call of calls) {
            const parsed = parseCommand(
                `sudo -n /usr/local/lib/metalstream/host-0123456789ab lease ${call}`,
            );
            assert.ok(parsed, call);
            await host.run({ ...parsed.call, payload: "" }, (line) => said.push(plain(line)));
        }
        const { out } = inBox(calls.map((call) => `ms lease ${call}`).join("\n"));
        assert.deepEqual(said, out.trim().split("\n").map(plain));
    });
});
