// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run lab`, cut off at several points and run again. Begins without a lab; the lab that it leaves is unfinished, on purpose: the next
 * `npm run lab` has to complete it, beside an engine that may still be at work.
 */
import assert from "node:assert/strict";
import { status } from "../../lab/index.ts";
import { run } from "./support.ts";

const lab = (signal: "SIGINT" | "SIGKILL", at: RegExp) =>
    run(["npm", "run", "lab"], { signal, at });

describe("npm run lab, interrupted", function () {
    this.timeout(300_000);
    this.slow(120_000);

    before(function () {
        if (status().hosts.some(({ on }) => on)) {
            console.log("    skipped: there is a lab already (npm run lab:down)");
            this.skip();
        }
    });

    it("ends at once on Ctrl-C while hosts boot", async () => {
        const { code, output } = await lab("SIGINT", /boot m1/);
        assert.notEqual(code, 0, output);
        assert.doesNotMatch(output, /platform \(pulumi up/);
    });

    it("goes on from there, and ends its engine on Ctrl-C while hosts are set up", async () => {
        const { code, output } = await lab("SIGINT", /kafka-cluster-id created/);
        assert.notEqual(code, 0, output);
        assert.match(output, /pulumi .*up.* ended with/);
    });

    it("goes on from there, and may be killed while services start", async () => {
        const { output } = await lab("SIGKILL", /zookeeper-birth-m1 (created|updated)/);
        assert.match(output, /converge-m1 created/);
    });
});
