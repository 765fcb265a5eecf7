// SPDX-License-Identifier: Apache-2.0
/** Every rendered file of lab, staging and prod, one host of each kind, as files that a reviewer can read. */
import assert from "node:assert/strict";
import { readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { hostKinds, loadStack, plan, renderedFiles } from "../unit/stacks.ts";
import { golden } from "./golden.ts";

/** The manifest without its units, whose files have golden files of their own. */
function itemsOnly(text: string): string {
    const firstUnit = text.indexOf("\nunit ");
    return firstUnit < 0 ? text : text.slice(0, firstUnit + 1);
}

for (const stack of ["lab", "staging", "prod"] as const) {
    describe(`golden files of ${stack}`, () => {
        const config = loadStack(stack);
        const folder = path.join(import.meta.dirname, stack);
        const wanted = new Map<string, string>();
        for (const host of hostKinds(config)) {
            wanted.set(`${host.name}/manifest`, itemsOnly(plan(config, host).manifest));
            for (const [file, text] of Object.entries(renderedFiles(config, host))) {
                wanted.set(`${host.name}/${file}`, text);
            }
        }

        if (process.env["UPDATE_GOLDEN"] === "1") {
            before(() => {
                rmSync(folder, { recursive: true, force: true });
            });
        }

        for (const [file, text] of wanted) {
            it(file, () => {
                golden(`${stack}/${file}`, text);
            });
        }

        it("has no golden file that nothing renders", () => {
            const there = readdirSync(folder, { recursive: true, withFileTypes: true })
                .filter((entry) => entry.isFile())
                .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
            assert.deepEqual(there.sort(), [...wanted.keys()].sort());
        });
    });
}
