// SPDX-License-Identifier: Apache-2.0
/** Rules about memory, cores and time limits. Pure. */
import { committedMemory, reservedMemory, workerCores, workerMemory } from "../../profile.ts";
import { hasRole, members, withRole } from "../../topology.ts";
import type { Diagnostic } from "../diagnostics.ts";
import { finding, type Rule } from "./finding.ts";

/** ZooKeeper grants sessions between two ticks and its maximum, and shortens without a word what asks for more. */
export const sessions: Rule = ({ zookeeper, hdfs }) => {
    const { tickTimeMs, maxSessionTimeoutMs: most } = zookeeper;
    const findings: Diagnostic[] = [];
    if (most < 2 * tickTimeMs) {
        const what = `${most} ms is less than two ticks (${2 * tickTimeMs} ms), ZooKeeper's least session`;
        findings.push(
            finding(
                "zookeeper.maxSessionTimeoutMs",
                what,
                "raise it or lower zookeeper.tickTimeMs",
            ),
        );
    }
    if (hdfs.failoverSessionTimeoutMs > most) {
        const what = `${hdfs.failoverSessionTimeoutMs} ms is more than ZooKeeper grants (zookeeper.maxSessionTimeoutMs: ${most})`;
        findings.push(
            finding(
                "hdfs.failoverSessionTimeoutMs",
                what,
                "lower it, or raise what ZooKeeper grants",
            ),
        );
    }
    return findings;
};

/** Least memory of one driver or executor, MiB. */
const leastExecutor = 512;

/** What runs on a host fits into its memory, with room for the system and the page cache. */
export const memory: Rule = (config) =>
    members(config).flatMap((host) => {
        const executors = hasRole(host, "spark-worker")
            ? (config.spark.workerMemoryMiB ?? leastExecutor)
            : 0;
        const needed = committedMemory(config, host) + reservedMemory(config) + executors;
        const has = config.hardware.memoryMiB;
        if (needed <= has) return [];
        const what = `${host.name} has ${has} MiB; its daemons, temporary disk, page cache and executors (${executors} MiB) need ${needed} MiB`;
        const fix = "spread the roles over more hosts, or lower heaps.* or spark.workerMemoryMiB";
        return [finding("hardware.memoryMiB", what, fix)];
    });

/** A job that asks for more than any worker offers waits for ever without an error. */
export const streamingFits: Rule = (config) => {
    const { logs } = config.streaming;
    const workers = withRole(config, "spark-worker");
    if (!logs.enabled || workers.length === 0) return [];
    const largest = Math.max(...workers.map((host) => workerMemory(config, host)));
    const cores = workers.length * workerCores(config) - 1;
    const tooLarge = (["driverMemoryMiB", "executorMemoryMiB"] as const)
        .filter((key) => logs[key] > Math.max(largest, leastExecutor))
        .map((key) => {
            const what = `${logs[key]} MiB, but the largest Spark worker offers ${largest} MiB`;
            return finding(`streaming.logs.${key}`, what, "lower it");
        });
    if (logs.cores <= cores) return tooLarge;
    const what = `${logs.cores} cores, but the Spark workers offer ${cores} beside the driver's`;
    return [...tooLarge, finding("streaming.logs.cores", what, "lower it")];
};
