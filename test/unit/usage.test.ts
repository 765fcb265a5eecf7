// SPDX-License-Identifier: Apache-2.0
/** What a process tree takes, from /proc. */
import assert from "node:assert/strict";
import { cpuOf, treeBelow } from "../../bench/usage.ts";

const one = (pid: number, parent: number) => ({ pid, parent, args: [], rssBytes: pid });

describe("usage of a process tree", () => {
    it("counts a process and all below it, and no other", () => {
        const all = [one(1, 0), one(10, 1), one(11, 10), one(12, 11), one(20, 1)];
        assert.deepEqual(
            treeBelow(all, 10).map(({ pid }) => pid),
            [10, 11, 12],
        );
        assert.deepEqual(treeBelow(all, 99), []);
    });

    it("reads user and system time, whatever the process is called", () => {
        const stat = "7 (a) b (c)) S 1 7 7 0 -1 4194560 1 2 3 4 250 50 9 9 20 0 1 0 5 6 7";
        assert.equal(cpuOf(stat), 3);
    });
});
