// SPDX-License-Identifier: Apache-2.0
/** Overrides of keys that follow from other keys of the stack are refused, and no others. */
import assert from "node:assert/strict";
import { findings, type Draft } from "./findings.ts";

describe("protected overrides", () => {
    const refused: readonly (readonly [path: string, key: string])[] = [
        ["zookeeper.overrides", "dataDir"],
        ["zookeeper.overrides", "dataLogDir"],
        ["zookeeper.overrides", "server.4"],
        ["hdfs.overrides.coreSite", "fs.defaultFS"],
        ["hdfs.overrides.coreSite", "ha.zookeeper.quorum"],
        ["hdfs.overrides.hdfsSite", "dfs.ha.fencing.methods"],
        ["hdfs.overrides.hdfsSite", "dfs.replication"],
        ["hdfs.overrides.hdfsSite", "dfs.namenode.rpc-address.lab.nn1"],
        ["spark.overrides", "spark.master"],
        ["kafka.overrides", "node.id"],
        ["kafka.overrides", "log.dirs"],
        ["kafka.overrides", "min.insync.replicas"],
    ];
    for (const [path, key] of refused) {
        it(`refuse ${key} in ${path}`, () => {
            const found = findings((config) => {
                overridesAt(config, path)[key] = "x";
            });
            assert.deepEqual(found, [
                `${path}.${key}: this key follows from other keys of the stack | remove the override; docs/configuration.md names the key that decides it`,
            ]);
        });
    }

    it("leave the rest to the user", () => {
        const found = findings((config) => {
            overridesAt(config, "zookeeper.overrides")["initLimit"] = "20";
            overridesAt(config, "hdfs.overrides.hdfsSite")["dfs.blocksize"] = "256m";
            overridesAt(config, "kafka.overrides")["num.io.threads"] = "16";
            overridesAt(config, "spark.overrides")["spark.sql.shuffle.partitions"] = "12";
        });
        assert.deepEqual(found, []);
    });
});

function overridesAt(config: Draft, path: string): Record<string, string> {
    return path
        .split(".")
        .reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], config) as Record<
        string,
        string
    >;
}
