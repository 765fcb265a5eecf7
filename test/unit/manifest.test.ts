// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { schema } from "../../lib/config/schema.ts";
import { item, manifest, unitBlock } from "../../lib/manifest.ts";
import { filesOf, plan, rawStack } from "./stacks.ts";

/** The manifests of all hosts of the lab, with the hosts of the stack file in the order given. */
function manifests(order: readonly number[]): Record<string, string> {
    const config = schema.parse(rawStack("lab"));
    config.hosts = order.flatMap((i) => config.hosts.slice(i, i + 1));
    return Object.fromEntries(
        [...config.hosts]
            .sort((a, b) => a.id - b.id)
            .map((host) => [host.name, plan(config, host).manifest]),
    );
}

describe("manifest", () => {
    const straight = [0, 1, 2, 3, 4, 5];

    it("does not depend on the order of hosts in the stack file", () => {
        const wanted = manifests(straight);
        fc.assert(
            fc.property(fc.shuffledSubarray(straight, { minLength: 6 }), (order) => {
                assert.deepEqual(manifests(order), wanted);
            }),
            { numRuns: 20 },
        );
    });

    it("writes what others refer to first, and each item once", () => {
        const text = manifest("m1", [
            {
                items: [
                    item.sysctl("vm.swappiness", 1),
                    item.file("/etc/x", { owner: "a", group: "a", mode: "0644" }, "one\n\n two\n"),
                    item.user("a", { group: "a", home: "/var/lib/a" }),
                    item.tmpfs("/var/lib/a", "size=64m"),
                ],
                units: [unitBlock("a", { "a.conf": "x=1\n" })],
            },
            {
                items: [item.sysctl("vm.swappiness", 1), item.group("a"), item.package("curl")],
                units: [],
            },
        ]);
        assert.equal(
            text,
            [
                "metalstream 1",
                "host m1",
                "package curl",
                "group a",
                "user a group=a home=/var/lib/a",
                "mount /var/lib/a tmpfs size=64m",
                "file /etc/x owner=a group=a mode=0644",
                "| one",
                "|",
                "|  two",
                "sysctl vm.swappiness 1",
                "unit a",
                "> a.conf",
                "| x=1",
                "",
            ].join("\n"),
        );
    });

    it("refuses what the host program does not know", () => {
        assert.throws(
            () => manifest("m1", [{ items: ["fiel /etc/x\n"], units: [] }]),
            /not an item of a manifest: fiel \/etc\/x/,
        );
    });

    it("names a unit's configuration by the SHA-256 of its block", () => {
        const block = unitBlock("zookeeper", { "zoo.cfg": "tickTime=2000\n", myid: "1\n" });
        assert.equal(block.text, "unit zookeeper\n> zoo.cfg\n| tickTime=2000\n> myid\n| 1\n");
        assert.equal(
            block.digest,
            createHash("sha256").update(block.text).digest("hex").slice(0, 12),
        );
        assert.equal(block.digest, "b1038cda3e00");
    });

    it("gives back any text line by line, whatever it looks like", () => {
        const line = fc.string().filter((text) => !text.includes("\n"));
        fc.assert(
            fc.property(fc.array(line, { minLength: 1 }), (lines) => {
                const text = `${lines.join("\n")}\n`;
                const files = { "a.conf": text, b: "x\n" };
                assert.deepEqual(filesOf(unitBlock("u", files).text), files);
            }),
        );
    });
});
