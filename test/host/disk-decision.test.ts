// SPDX-License-Identifier: Apache-2.0
/** The decision about a disk: every combination of evidence, in one bash. */
import assert from "node:assert/strict";
import { combinations } from "../unit/answers.ts";
import { callEach } from "./functions.ts";

const fits = ["fits", "absent", "nodevice", "nosize", "small", "readonly", "shared"] as const;
const uses = ["here", "free", "mounted", "swap", "held", "partitioned", "open"] as const;
const places = ["free", "files", "taken"] as const;
const contents = ["ours", "otherlabel", "signature", "bytes", "blank", "unreadable"] as const;
const notes = ["none", "begun", "whole", "partial", "unclear", "made"] as const;
const twins = ["alone", "twin"] as const;

const rows = combinations(fits, uses, places, contents, notes, twins);
type Row = (typeof rows)[number];

/** What the sentences of host/README.md say, in another order than the program asks. */
function expected([fit, use, place, content, note, twin]: Row): string {
    const formatted = content === "ours";
    if (fit !== "fits") return `refuse-${fit}`;
    if (use === "here") {
        if (formatted) return "keep";
        return content === "bytes" && note === "begun" ? "refuse-cutoff" : `refuse-${content}`;
    }
    if (use !== "free") return `refuse-${use}`;
    if (content === "bytes") return note === "begun" ? "refuse-cutoff" : "refuse-bytes";
    if (content !== "blank" && !formatted) return `refuse-${content}`;
    if (place !== "free") return `refuse-${place}`;
    if (formatted && note === "unclear") return "refuse-cutoff";
    if (content === "blank" && note === "made") return "refuse-vanished";
    if (twin === "twin") return "refuse-twin";
    return content === "blank" || note === "partial" ? "format" : "mount";
}

describe("host decisions: disks", function () {
    this.timeout(60_000);
    let got: string[] = [];
    before(() => {
        const all = rows.map((row) => `disk_decision ${row.join(" ")}; printf ' '`).join("\n");
        const [line = ""] = callEach([["all_decisions"]], `all_decisions() {\n${all}\n}`);
        got = line.trim().split(" ");
    });

    it(`keeps, mounts, formats or refuses (${rows.length} combinations)`, () => {
        assert.deepEqual(
            got,
            rows.map((row) => expected(row)),
        );
    });

    it("formats only what is free, alone, has the right size, and is blank or its own format that was cut off", () => {
        const formats = rows.filter((_, i) => got[i] === "format");
        assert.ok(formats.length > 0);
        for (const [fit, use, place, content, note, twin] of formats) {
            assert.deepEqual([fit, use, place, twin], ["fits", "free", "free", "alone"]);
            assert.ok(content === "blank" ? note !== "made" : content === "ours");
            assert.ok(content === "blank" || note === "partial");
        }
    });
});

describe("host: what is read of a disk", function () {
    this.timeout(60_000);
    const mib = 1024 ** 2;
    const gib = 1024 * mib;
    const ranges = (depth: string, size: number) => {
        const before = "joined() { disk_ranges \"$@\" | tr '\\n' ','; }";
        const [line = ""] = callEach([["joined", depth, String(size)]], before);
        return line
            .split(",")
            .filter((text) => text !== "")
            .map((text) => text.split(" ").map(Number))
            .map(([at = 0, length = 0]) => ({ at, end: at + length }));
    };
    const total = (list: { at: number; end: number }[]) =>
        list.reduce((sum, { at, end }) => sum + end - at, 0);

    it("before a format: all of a disk of up to 64 GiB", () => {
        for (const size of [mib, 512 * mib, 64 * gib]) {
            assert.deepEqual(ranges("deep", size), [{ at: 0, end: size }]);
        }
    });

    it("before a format: of a larger one both ends, and no gap of 64 MiB up to 1 TiB", () => {
        for (const size of [64 * gib + 4096, 931 * gib, 1024 * gib]) {
            const sorted = ranges("deep", size).sort((a, b) => a.at - b.at);
            assert.ok(sorted.every(({ at, end }) => at >= 0 && end <= size));
            assert.ok((sorted[0]?.end ?? 0) >= 64 * mib && sorted.at(-1)?.end === size);
            const gaps = sorted.slice(1).map(({ at }, i) => at - (sorted[i]?.end ?? 0));
            assert.ok(Math.max(...gaps) < 64 * mib);
            assert.ok(total(sorted) <= 65 * gib);
        }
    });

    it("before a format: where ext4 and XFS keep copies of their superblocks, from 0, 1 or 2 MiB on", () => {
        const size = 931 * gib;
        const list = ranges("deep", size);
        const read = (at: number) => list.some((range) => range.at <= at && at < range.end);
        for (const start of [0, mib, 2 * mib]) {
            for (const group of [1, 3, 5, 7, 9, 25, 27, 49, 81, 125, 243, 343]) {
                assert.ok(read(start + group * 128 * mib), `ext4, group ${group}`);
            }
            for (const quarter of [1, 2, 3]) {
                const length = Math.floor((size - start) / 4096 / 4) * 4096;
                assert.ok(read(start + quarter * length), `XFS, quarter ${quarter}`);
            }
        }
    });

    it("of 16 TB not more than of 1 TB", () => {
        assert.ok(total(ranges("deep", 14901 * gib)) <= 65 * gib);
    });

    it("in a glance: ends and 256 pieces, some 24 MiB of a large disk", () => {
        const list = ranges("glance", 931 * gib);
        assert.ok(list.length > 250 && list.length < 270 && total(list) <= 25 * mib);
    });
});
