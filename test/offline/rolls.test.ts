// SPDX-License-Identifier: Apache-2.0
/** A chain of rolls under the real engine, with the dependencies and options that the program gives it. */
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { stale } from "../unit/answers.ts";
import { changedStack, declared, mocks } from "../unit/declared.ts";
import { Engine } from "./support/engine.ts";
import type { ResourceSpec } from "./support/engine.ts";
import { SshServer } from "./support/ssh-server.ts";

describe("engine: a chain of rolls", function () {
    this.timeout(180_000);
    let engine: Engine;
    let server: SshServer;

    before(async () => {
        pulumi.runtime.setMocks(mocks);
        [engine, server] = await Promise.all([Engine.create(), SshServer.start()]);
    });
    after(async () => {
        await pulumi.runtime.disconnect();
        server.stop();
        await engine.remove();
    });

    /** The rolls of ZooKeeper's members as the program chains them while something restarts; a roll succeeds unless a file says that its gate does not pass. */
    function rolls(setting: string): ResourceSpec[] {
        const isRoll = (name: string) => name.startsWith("zookeeper-roll-");
        return [...declared(changedStack("lab"), { w1: stale("kafka-broker") })]
            .filter(([name]) => isRoll(name))
            .map(([name, { opts }]) => {
                const before = [opts.dependsOn ?? []].flat() as { __name?: string }[];
                const create = `test ! -e ${join(engine.folder, name)} && echo ${name}`;
                const after = before.map((resource) => resource.__name ?? "").filter(isRoll);
                const args = { connection: server.connection(), create, stdin: setting };
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
        server.commands.splice(0).map((command) => command.split(" ").at(-1)?.slice(-2));

    it("stops behind a gate that does not pass; the next run does exactly the rest, and the one after nothing", async () => {
        for (const setting of ["first", "changed"]) {
            await engine.declare(...rolls(setting));
            writeFileSync(join(engine.folder, "zookeeper-roll-m2"), "");
            const { code } = await engine.run("up", "--yes", "--skip-preview");
            assert.notEqual(code, 0);
            assert.deepEqual(ran(), ["m1", "m2"], setting);
            rmSync(join(engine.folder, "zookeeper-roll-m2"));
            await engine.up();
            assert.deepEqual(ran(), ["m2", "m3"], setting);
            await engine.up();
            assert.deepEqual(ran(), [], setting);
        }
    });
});
