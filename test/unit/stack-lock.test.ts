// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { clearDeadLocks } from "../../lab/stack-lock.ts";

describe("what a killed pulumi leaves in a state", () => {
    let state = "";
    const lines: string[] = [];
    const put = (path: string, text: string) => {
        const file = join(state, ".pulumi", path);
        mkdirSync(join(file, ".."), { recursive: true });
        writeFileSync(file, text);
        return file;
    };
    const clear = () => {
        clearDeadLocks({ state, project: "p", stack: "s" }, (line) => lines.push(line));
    };
    beforeEach(() => (state = mkdtempSync(join(tmpdir(), "ms-state-"))));
    afterEach(() => {
        rmSync(state, { recursive: true });
        lines.length = 0;
    });
    const lock = (pid: number, host: string) =>
        put(`locks/organization/p/s/${pid}.json`, JSON.stringify({ pid, hostname: host }));

    it("is removed: the lock of a dead process of this machine, and attributes that were being written", () => {
        const dead = lock(999_999_999, hostname());
        const empty = put("stacks/p/s.json.attrs", "");
        const whole = put("stacks/p/s.json.bak.attrs", "{}");
        clear();
        assert.deepEqual([dead, empty, whole].map(existsSync), [false, false, true]);
        assert.equal(lines.length, 2);
    });

    it("stays while somebody elsewhere may be at work", () => {
        const kept = [lock(1, "elsewhere"), put("stacks/p/s.json.attrs", "")];
        clear();
        assert.deepEqual(kept.map(existsSync), [true, true]);
    });

    it("is nothing where there is no state", () => {
        clear();
        assert.deepEqual(lines, []);
    });
});
