// SPDX-License-Identifier: Apache-2.0
/** What the real engine does with the resources of hosts that are down or lost, with the very options that the program gives them. */
import assert from "node:assert/strict";
import { changedStack, declared, useMocks } from "../unit/declared.ts";
import { EngineBox } from "./support/engine-box.ts";
import type { ResourceSpec } from "./support/engine.ts";

type State = "present" | "down" | "lost";

describe("engine: hosts that are away", function () {
    this.timeout(180_000);
    useMocks();
    const box = EngineBox.use();

    /** The program's converge of w3 with the program's options; its commands are harmless, and its connection is the test's. */
    function converge(state: State, more: Record<string, unknown> = {}): ResourceSpec {
        const found = declared(changedStack("lab", { w3: { state } })).get("converge-w3");
        assert.ok(found, state);
        const { create, delete: remove, opts } = found;
        // Relations to other resources of the program have no counterpart here.
        const plain = Object.fromEntries(
            Object.entries(opts).filter(
                ([key]) => !["parent", "transformations", "dependsOn"].includes(key),
            ),
        );
        const harmless = state === "present" ? "echo made" : create;
        const args = {
            connection: box.server.connection(more),
            create: harmless,
            ...(remove === undefined ? {} : { delete: "echo removed" }),
        };
        return { type: "remote", name: "converge-w3", args, opts: plain };
    }

    it("a lost host is not contacted: neither while it is declared lost, nor when its line is taken out", async () => {
        await box.engine.declare(converge("present"));
        await box.engine.up();
        assert.deepEqual(box.server.commands, ["echo made"]);
        const { connections } = box.server;
        await box.engine.declare(converge("lost", { host: "127.0.0.9", dialErrorLimit: 0 }));
        await box.engine.up();
        assert.ok((await box.engine.rawState()).includes("echo removed"), "what was stored stays");
        await box.engine.declare();
        await box.engine.up();
        assert.deepEqual(
            [box.server.commands, box.server.connections],
            [["echo made"], connections],
        );
        assert.ok(!(await box.engine.rawState()).includes("::converge-w3"));
    });

    it("a host that is down is not contacted, and is taken back by its next change", async () => {
        await box.engine.declare(converge("present"));
        await box.engine.up();
        box.server.commands.length = 0;
        await box.engine.declare(converge("down", { host: "127.0.0.9", dialErrorLimit: 0 }));
        await box.engine.up();
        assert.deepEqual(box.server.commands, []);
        const back = converge("present");
        await box.engine.declare({ ...back, args: { ...back.args, create: "echo again" } });
        await box.engine.up();
        assert.deepEqual(box.server.commands, ["echo again"]);
        await box.engine.declare();
        await box.engine.up();
        assert.deepEqual(box.server.commands, ["echo again", "echo removed"]);
    });

    it("a host that is declared down and was never set up is not begun, and the error says so", async () => {
        box.server.commands.length = 0;
        await box.engine.declare(converge("down"));
        const { code, output } = await box.engine.run("up", "--yes", "--skip-preview");
        assert.notEqual(code, 0);
        assert.match(
            output,
            /metalstream: w3: declared down, and converge-w3 was never made; take this host out of the stack file/,
        );
        assert.equal(box.server.commands.length, 1);
        assert.doesNotMatch(box.server.commands.join(), /sudo/);
        assert.ok(!(await box.engine.rawState()).includes("::converge-w3"));
    });
});
