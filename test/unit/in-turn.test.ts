// SPDX-License-Identifier: Apache-2.0
/** One disruption at a time on hosts that services share: what waits for what, as the whole program declares it. */
import assert from "node:assert/strict";
import { stale } from "./answers.ts";
import { changedStack, declared, useMocks, type Declared } from "./declared.ts";

/** Whether a resource waits for another, over any number of others. */
function waits(all: ReadonlyMap<string, Declared>, name: string, on: string): boolean {
    const after = all.get(name)?.after ?? [];
    return after.includes(on) || after.some((one) => waits(all, one, on));
}

/** The last roll of each service on the masters, and the first of the next. */
const neighbours = [
    ["hdfs-roll-namenode-m2", "hdfs-directories"],
    ["zookeeper-roll-m3", "hdfs-roll-journalnode-m1"],
    ["hdfs-roll-namenode-m2", "spark-roll-master-m1"],
    ["spark-roll-master-m3", "kafka-roll-controller-m1"],
    ["spark-roll-history-m3", "kafka-roll-controller-m1"],
    ["kafka-roll-controller-m3", "workers-roll-w1"],
] as const;

/** Rolls of the members of each service, in order. m2's leads nothing. */
const chains = [
    ["m1", "m2", "m3"].map((host) => `zookeeper-roll-${host}`),
    ["m1", "m2", "m3"].map((host) => `hdfs-roll-journalnode-${host}`),
    ["m1", "m2"].map((host) => `hdfs-roll-namenode-${host}`),
    ["m1", "m2", "m3"].map((host) => `spark-roll-master-${host}`),
    ["m1", "m2", "m3"].map((host) => `kafka-roll-controller-${host}`),
    ["w1", "w2", "w3"].map((host) => `workers-roll-${host}`),
];

describe("services that share hosts", () => {
    useMocks();

    it("follow one another when anything restarts", () => {
        const all = declared(changedStack("lab"), { m2: stale("kafka-controller") });
        for (const [before, next] of neighbours)
            assert.ok(waits(all, next, before), `${next} after ${before}`);
    });

    it("start side by side when nothing runs yet", () => {
        const all = declared(changedStack("lab"));
        assert.ok(!waits(all, "hdfs-roll-journalnode-m1", "zookeeper-roll-m3"));
        assert.ok(!waits(all, "kafka-roll-controller-m1", "spark-roll-master-m3"));
        assert.ok(!waits(all, "spark-roll-master-m1", "hdfs-roll-namenode-m2"));
        assert.ok(waits(all, "hdfs-directories", "hdfs-format-m1"));
        assert.ok(!waits(all, "hdfs-directories", "hdfs-standby-m2"));
        assert.ok(waits(all, "logs-submit", "hdfs-roll-namenode-m2"));
    });

    it("start all members side by side when nothing runs yet, with rolls that may restart nothing", () => {
        const all = declared(changedStack("lab"));
        for (const chain of chains)
            for (const one of chain)
                for (const other of chain)
                    assert.ok(!waits(all, one, other), `${one} after ${other}`);
        const token = (name: string) => /token=(\S+)/.exec(all.get(name)?.create ?? "")?.[1] ?? "";
        for (const name of chains.flat()) assert.match(token(name), /,starts-only,/);
    });

    it("restart one member after the other when anything restarts, and may", () => {
        const all = declared(changedStack("lab"), { m2: stale("kafka-controller") });
        for (const chain of chains)
            for (const [i, name] of chain.entries()) {
                if (i > 0) assert.ok(waits(all, name, chain[i - 1] ?? ""), name);
                assert.doesNotMatch(all.get(name)?.create ?? "", /starts-only/);
            }
    });
});
