// SPDX-License-Identifier: Apache-2.0
/** Sizes derived from the hardware: the numbers for the lab and the reference hardware, and that they always fit. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { checkRules } from "../../lib/config/rules.ts";
import { schema, type Config } from "../../lib/config/schema.ts";
import {
    committedMemory,
    disksFor,
    heap,
    jvmOptions,
    reservedMemory,
    workerCores,
    workerMemory,
    zookeeperTmpfs,
} from "../../lib/profile.ts";
import { loadStack, rawStack, stackNames } from "./stacks.ts";

const daemons = Object.keys(schema.shape.heaps.unwrap().shape) as (keyof Config["heaps"])[];

/** All sizes of a stack, MiB and cores. */
function table(config: Config): Record<string, number> {
    return {
        ...Object.fromEntries(daemons.map((daemon) => [daemon, heap(config, daemon)])),
        tmpfs: zookeeperTmpfs(config),
        reserved: reservedMemory(config),
        cores: workerCores(config),
        ...Object.fromEntries(
            config.hosts.map((host) => [`${host.name} executors`, workerMemory(config, host)]),
        ),
    };
}

describe("hardware profile", () => {
    it("of the lab (4 cores, 4 GiB)", () => {
        const { "m1 executors": master, "w1 executors": worker, ...rest } = table(loadStack("lab"));
        assert.deepEqual([master, worker], [1376, 1984]);
        assert.deepEqual(
            Object.fromEntries(Object.entries(rest).filter(([key]) => !key.includes(" "))),
            {
                zookeeper: 64,
                journalnode: 64,
                namenode: 256,
                zkfc: 48,
                datanode: 128,
                sparkMaster: 128,
                sparkWorker: 128,
                sparkHistory: 128,
                kafkaController: 192,
                kafkaBroker: 256,
                tmpfs: 128,
                reserved: 1352,
                cores: 4,
            },
        );
    });

    it("of the reference hardware (24 cores, 128 GiB)", () => {
        const {
            "m1 executors": master,
            "w1 executors": worker,
            ...rest
        } = table(loadStack("prod"));
        assert.deepEqual([master, worker], [66736, 73728]);
        assert.deepEqual(
            Object.fromEntries(Object.entries(rest).filter(([key]) => !key.includes(" "))),
            {
                zookeeper: 1024,
                journalnode: 1024,
                namenode: 8192,
                zkfc: 256,
                datanode: 4096,
                sparkMaster: 1024,
                sparkWorker: 1024,
                sparkHistory: 4096,
                kafkaController: 2048,
                kafkaBroker: 6144,
                tmpfs: 4096,
                reserved: 43254,
                cores: 20,
            },
        );
    });

    for (const stack of stackNames) {
        it(`fits every host of ${stack}`, () => {
            const config = loadStack(stack);
            for (const host of config.hosts) {
                const sum =
                    committedMemory(config, host) +
                    reservedMemory(config) +
                    workerMemory(config, host);
                assert.ok(sum <= config.hardware.memoryMiB, `${host.name}: ${sum}`);
            }
        });
    }

    it("fits any machine that the rules let pass", () => {
        fc.assert(
            fc.property(
                fc.integer({ min: 512, max: 1 << 21 }),
                fc.integer({ min: 1, max: 256 }),
                (memoryMiB, cores) => {
                    const config = schema.parse(rawStack("lab"));
                    Object.assign(config.hardware, { memoryMiB, cores });
                    if (checkRules(config).some(({ path }) => path === "hardware.memoryMiB"))
                        return;
                    for (const host of config.hosts) {
                        const offered = host.roles.includes("spark-worker")
                            ? workerMemory(config, host)
                            : 0;
                        const sum =
                            committedMemory(config, host) + reservedMemory(config) + offered;
                        assert.ok(sum <= memoryMiB, `${host.name}: ${sum} of ${memoryMiB}`);
                        if (host.roles.includes("spark-worker")) assert.ok(offered >= 512);
                    }
                    assert.ok(workerCores(config) >= 1 && workerCores(config) <= cores);
                },
            ),
        );
    });

    it("takes every override as it is", () => {
        const config = loadStack("prod");
        for (const daemon of daemons) config.heaps[daemon] = 777;
        Object.assign(config.spark, { workerCores: 3, workerMemoryMiB: 1111 });
        config.zookeeper.tmpfsMiB = 99;
        const sizes = table(config);
        for (const daemon of daemons) assert.equal(sizes[daemon], 777);
        assert.deepEqual([sizes["tmpfs"], sizes["cores"], sizes["w1 executors"]], [99, 3, 1111]);
    });

    it("keeps journals and bulk apart where there are disks for it", () => {
        const config = loadStack("prod");
        assert.deepEqual(disksFor(config, "journal"), ["/data/1"]);
        assert.deepEqual(disksFor(config, "bulk"), ["/data/2", "/data/3", "/data/4"]);
        config.hardware.disks = ["/data/1"];
        assert.deepEqual(disksFor(config, "journal"), ["/data/1"]);
        assert.deepEqual(disksFor(config, "bulk"), ["/data/1"]);
    });

    it("chooses the collector by the heap and the compilers by the cores", () => {
        assert.deepEqual(jvmOptions(loadStack("lab"), 256), [
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
        ]);
        assert.deepEqual(jvmOptions(loadStack("prod"), 8192), ["-XX:+UseG1GC"]);
    });
});
