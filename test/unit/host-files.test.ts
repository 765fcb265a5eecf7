// SPDX-License-Identifier: Apache-2.0
/** Hosts of a stack that are in a file of their own. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withHostFiles } from "../../lib/host-files.ts";

describe("hosts in files", () => {
    const folder = mkdtempSync(join(tmpdir(), "metalstream-hosts-"));
    const file = (name: string, text: string) => {
        writeFileSync(join(folder, name), text);
        return { file: join(folder, name) };
    };
    after(() => {
        rmSync(folder, { recursive: true });
    });

    it("stand where the entry stood, in order", async () => {
        const more = file("more.yaml", "- {id: 2, name: w1}\n- {id: 3, name: w2}\n");
        const raw = { hosts: [{ id: 1, name: "m1" }, more, { id: 4, name: "w3" }], protect: true };
        const { hosts, protect } = await withHostFiles(raw, "stack");
        assert.deepEqual(
            (hosts as { name: string }[]).map(({ name }) => name),
            ["m1", "w1", "w2", "w3"],
        );
        assert.equal(protect, true);
    });

    it("leave a configuration alone that has none", async () => {
        const raw = { hosts: [{ name: "m1", file: "x" }] };
        assert.deepEqual(await withHostFiles(raw, "stack"), raw);
        assert.deepEqual(await withHostFiles({ hosts: 3 }, "stack"), { hosts: 3 });
    });

    const bad: readonly [what: string, entry: () => { file: string }, says: RegExp][] = [
        ["that is not there", () => ({ file: join(folder, "none") }), /hosts: cannot read .*none/],
        ["that holds no list", () => file("map.yaml", "a: 1\n"), /map\.yaml holds no list/],
        ["that is no YAML", () => file("bad.yaml", "[1\n"), /bad\.yaml is no YAML/],
    ];
    for (const [what, entry, says] of bad) {
        it(`are refused from a file ${what}`, async () => {
            await assert.rejects(withHostFiles({ hosts: [entry()] }, "stack"), says);
        });
    }
});
