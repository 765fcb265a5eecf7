// SPDX-License-Identifier: Apache-2.0
/** In which order workers restart: tables, and properties of any fleet. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseConfig } from "../../lib/config/parse.ts";
import type { HostConfig } from "../../lib/config/schema.ts";
import { unspreadTopics, waveEdges, waveWidth, workerWaves } from "../../lib/waves.ts";
import { loadStack, rawStack } from "./stacks.ts";

const worker = (name: string, rack: string, id: number): HostConfig => ({
    ...{ id, name, rack, address: "203.0.113.1" },
    ...{ roles: ["datanode", "kafka-broker"], state: "present", devices: {} },
});

/** `a1 b1 a2`: hosts named by rack and number. */
const fleetOf = (text: string) =>
    text.split(" ").map((name, i) => worker(name, name.slice(0, 1), i + 1));
const shown = (text: string, width: number) =>
    workerWaves(fleetOf(text), width)
        .map((wave) => wave.map(({ name }) => name).join("+"))
        .join(" ");

const anyFleet = fc
    .array(fc.constantFrom("r1", "r2", "r3", "r4"), { maxLength: 60 })
    .map((racks) => racks.map((rack, i) => worker(`w${i}`, rack, i + 1)));
const anyWidth = fc.integer({ min: 1, max: 20 });
const always = (holds: (hosts: HostConfig[], width: number) => void) => {
    fc.assert(fc.property(anyFleet, anyWidth, holds));
};

describe("waves of workers", () => {
    const cases: readonly [hosts: string, width: number, waves: string][] = [
        ["a1 b1 c1", 1, "a1 b1 c1"],
        ["a1 b1 a2 b2", 1, "a1 a2 b1 b2"],
        ["a1 a2 a3 a4 a5 a6 b1 b2", 3, "a1 a2+a3+a4 a5 a6 b1 b2"],
        ["a1 a2 a3 a4 b1 b2 b3 b4", 3, "a1 a2+a3+a4 b1 b2+b3+b4"],
        ["a1 b1 b2", 8, "a1 b1+b2"],
    ];
    for (const [hosts, width, waves] of cases) {
        it(`of ${hosts}, ${width} wide, are ${waves}`, () => {
            assert.equal(shown(hosts, width), waves);
        });
    }

    it("never hold hosts of two racks", () => {
        always((hosts, width) => {
            for (const wave of workerWaves(hosts, width)) {
                assert.equal(new Set(wave.map(({ rack }) => rack)).size, 1);
            }
        });
    });

    it("hold every worker exactly once", () => {
        always((hosts, width) => {
            const names = workerWaves(hosts, width).flat();
            assert.deepEqual(new Set(names), new Set(hosts));
            assert.equal(names.length, hosts.length);
        });
    });

    it("are no wider than said, and the first is a single host", () => {
        always((hosts, width) => {
            const sizes = workerWaves(hosts, width).map((wave) => wave.length);
            assert.ok(sizes.every((size) => size <= width && size > 0));
            assert.equal(sizes[0] ?? 1, 1);
        });
    });

    it("wait for all hosts of the wave before, with at most two edges a host", () => {
        always((hosts, width) => {
            const waves = workerWaves(hosts, width);
            const edges = waveEdges(waves);
            for (const [i, wave] of waves.entries()) {
                const before = (waves[i - 1] ?? []).map(({ name }) => name);
                for (const { name } of wave) assert.deepEqual(edges.get(name), before);
            }
            const count = [...edges.values()].reduce((sum, names) => sum + names.length, 0);
            assert.ok(count <= 2 * hosts.length);
        });
    });
});

describe("width of a wave", () => {
    const stack = (changes: Record<string, unknown>) => ({ ...loadStack("prod"), ...changes });
    const spread = loadStack("prod").kafka;
    const cases: readonly [what: string, config: ReturnType<typeof stack>, n: number, w: number][] =
        [
            ["one of six workers", stack({}), 6, 1],
            ["one of 39 workers", stack({}), 39, 1],
            ["49 of 997 workers", stack({}), 997, 49],
            ["what the stack says", stack({ rolls: { workers: 7 } }), 997, 7],
            [
                "one where a topic has more replicas than racks",
                stack({ kafka: { ...spread, replicationFactor: 4 } }),
                997,
                1,
            ],
        ];
    for (const [what, config, workers, width] of cases) {
        it(`is ${what}`, () => {
            assert.equal(waveWidth(config, workers), width);
        });
    }

    it("above one is refused where a topic has more replicas than there are racks", () => {
        const raw = { ...rawStack("prod"), rolls: { workers: 2 } };
        assert.deepEqual(unspreadTopics(parseConfig(raw, "prod")), []);
        const topics = [{ name: "logs", partitions: 3 }];
        const bad = { ...raw, kafka: { replicationFactor: 4, topics } };
        assert.throws(() => parseConfig(bad, "prod"), /rolls\.workers.*2 workers of a rack/);
        const one = { ...bad, rolls: { workers: 1 } };
        assert.doesNotThrow(() => parseConfig(one, "prod"));
    });
});

describe("ids of hosts", () => {
    const withId = (name: string, id: number) => {
        const raw = rawStack("prod");
        const hosts = (raw["hosts"] as HostConfig[]).map((host) =>
            host.name === name ? { ...host, id } : host,
        );
        return () => parseConfig({ ...raw, hosts }, "prod");
    };

    it("of workers may be larger than a byte", () => {
        assert.doesNotThrow(withId("w1", 2999));
    });

    it("of ZooKeeper members may not", () => {
        assert.doesNotThrow(withId("m1", 255));
        assert.throws(withId("m1", 256), /myid is at most 255/);
    });

    it("stay below those of Kafka controllers", () => {
        assert.throws(withId("w1", 3000), /found 3000/);
    });
});
