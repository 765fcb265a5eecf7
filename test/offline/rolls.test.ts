// SPDX-License-Identifier: Apache-2.0
/** A chain of rolls under the real engine, with the dependencies and options that the program gives it. */
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stale } from "../unit/answers.ts";
import { changedStack, declared, useMocks } from "../unit/declared.ts";
import { EngineBox } from "./support/engine-box.ts";
import type { ResourceSpec } from "./support/engine.ts";

describe("engine: a chain of rolls", function () {
    this.timeout(180_000);
    useMocks();
    const box = EngineBox.use();

    /** The rolls of ZooKeeper's members as the program chains them while something restarts; a roll succeeds unless a file says that its gate does not pass. */
    function rolls(setting: string): ResourceSpec[] {
        const isRoll = (name: string) => name.startsWith("zookeeper-roll-");
        return [...declared(changedStack("lab"), { w1: stale("kafka-broker") })]
            .filter(([name]) => isRoll(name))
            .map(([name, { opts }]) => {
                const before = [opts.dependsOn ?? []].flat() as { __name?: string }[];
                const create = `test ! -e ${join(box.engine.folder, name)} && echo ${name}`;
                const after = before.map((resource) => resource.__name ?? "").filter(isRoll);
                const args = { connection: box.server.connection(), create, stdin: setting };
                return {
                    type: "remote",
                    name,
                    args,
                    opts: { customTimeouts: opts.customTimeouts },
                    after,
                };
            });
    }
    const ran = () =>
        box.server.commands.splice(0).map((command) => command.split(" ").at(-1)?.slice(-2));

    it("stops behind a gate that does not pass; the next run does exactly the rest, and the one after nothing", async () => {
        for (const setting of ["first", "changed"]) {
            await box.engine.declare(...rolls(setting));
            writeFileSync(join(box.engine.folder, "zookeeper-roll-m2"), "");
            const { code } = await box.engine.run("up", "--yes", "--skip-preview");
            assert.notEqual(code, 0);
            assert.deepEqual(ran(), ["m1", "m2"], setting);
            rmSync(join(box.engine.folder, "zookeeper-roll-m2"));
            await box.engine.up();
            assert.deepEqual(ran(), ["m2", "m3"], setting);
            await box.engine.up();
            assert.deepEqual(ran(), [], setting);
        }
    });
});
