// SPDX-License-Identifier: Apache-2.0
/** Compares text with a file under test/golden; `UPDATE_GOLDEN=1` writes the file instead. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

/**
 * Asserts that `text` is what the golden file says.
 * @param name path below test/golden, such as `lab/m1/zookeeper/zoo.cfg`
 */
export function golden(name: string, text: string): void {
    const file = path.join(import.meta.dirname, name);
    if (process.env["UPDATE_GOLDEN"] === "1") {
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, text);
        return;
    }
    assert.equal(text, expected(file, name), `${name} changed; if that is meant: UPDATE_GOLDEN=1`);
}

function expected(file: string, name: string): string {
    try {
        return readFileSync(file, "utf8");
    } catch {
        throw new Error(`test/golden/${name} is missing; make it with UPDATE_GOLDEN=1`);
    }
}
