// SPDX-License-Identifier: Apache-2.0
/** Sizes derived from the hardware, by pure rules with the reason beside each number. All memory in MiB. */
import type { Config, HostConfig, Role } from "./config/schema.ts";

type Daemon = keyof Config["heaps"];

interface HeapRule {
    /** The heap is this part of the host's memory … */
    readonly divisor: number;
    /** … but at least what the daemon was seen healthy with under load, … */
    readonly least: number;
    /** … and at most what it can make use of. */
    readonly most: number;
}

const heapRules: Readonly<Record<Daemon, HeapRule>> = {
    // A znode tree of this platform is a few MB; a larger heap only makes longer pauses.
    zookeeper: { divisor: 64, least: 64, most: 1024 },
    // Buffers of edits only.
    journalnode: { divisor: 64, least: 64, most: 1024 },
    // About 1 GiB a million blocks (Hadoop's own rule of thumb); 8 GiB serves the seed's 4 TB workers many times over.
    namenode: { divisor: 16, least: 128, most: 32768 },
    zkfc: { divisor: 128, least: 48, most: 256 },
    // Block reports grow with the number of blocks of a host.
    datanode: { divisor: 32, least: 96, most: 4096 },
    sparkMaster: { divisor: 64, least: 128, most: 1024 },
    sparkWorker: { divisor: 64, least: 128, most: 1024 },
    sparkHistory: { divisor: 32, least: 128, most: 4096 },
    // Kafka's documentation gives a dedicated controller 5 GB of memory in all; most of it is page cache.
    kafkaController: { divisor: 64, least: 192, most: 2048 },
    // Kafka lives off the page cache: 6 GiB of heap is the documented example for 64 GB machines.
    kafkaBroker: { divisor: 20, least: 256, most: 6144 },
};

const daemonsOfRole: Readonly<Record<Role, readonly Daemon[]>> = {
    zookeeper: ["zookeeper"],
    journalnode: ["journalnode"],
    namenode: ["namenode", "zkfc"],
    datanode: ["datanode"],
    "spark-master": ["sparkMaster"],
    "spark-worker": ["sparkWorker"],
    "spark-history": ["sparkHistory"],
    "kafka-controller": ["kafkaController"],
    "kafka-broker": ["kafkaBroker"],
};

/** JVMs need more than their heap: metaspace, code, threads, direct buffers. Measured in the lab: 60-100 MiB and growing with the heap. */
const jvmOverhead = (heap: number) => heap + Math.max(80, heap / 4);

/** Share of memory left to the page cache, which HDFS reads and Kafka serve from. */
const pageCacheShare = 0.25;
/** What the operating system, sshd and the agents keep. */
const systemShare = 0.08;

const roundTo16 = (value: number) => Math.floor(value / 16) * 16;

/** Heap of a daemon in MiB: the override, else the rule's. */
export function heap(config: Config, daemon: Daemon): number {
    const rule = heapRules[daemon];
    const derived = roundTo16(config.hardware.memoryMiB / rule.divisor);
    return config.heaps[daemon] ?? Math.min(rule.most, Math.max(rule.least, derived));
}

/** tmpfs of ZooKeeper: at least four pre-allocated logs and snapshots (autopurge keeps three), at most 4 GiB. */
export function zookeeperTmpfs(config: Config): number {
    const derived = roundTo16(config.hardware.memoryMiB / 32);
    return config.zookeeper.tmpfsMiB ?? Math.min(4096, Math.max(128, derived));
}

/** Memory that a host's daemons and temporary disk take, without Spark's executors. */
export function committedMemory(config: Config, host: HostConfig): number {
    const daemons = host.roles.flatMap((role) => daemonsOfRole[role]);
    const jvms = daemons.reduce((sum, daemon) => sum + jvmOverhead(heap(config, daemon)), 0);
    return Math.ceil(jvms + (host.roles.includes("zookeeper") ? zookeeperTmpfs(config) : 0));
}

/** Memory of a host that is not for daemons: operating system and page cache. */
export function reservedMemory(config: Config): number {
    return Math.ceil(config.hardware.memoryMiB * (pageCacheShare + systemShare));
}

/** Memory that a Spark worker offers to drivers and executors: what the daemons and the reserve leave. */
export function workerMemory(config: Config, host: HostConfig): number {
    const left = config.hardware.memoryMiB - committedMemory(config, host) - reservedMemory(config);
    return config.spark.workerMemoryMiB ?? roundTo16(Math.max(0, left));
}

/** Cores that a Spark worker offers; on large hosts a sixth stays with HDFS, Kafka and the system. */
export function workerCores(config: Config): number {
    const { cores } = config.hardware;
    return config.spark.workerCores ?? Math.max(1, cores - Math.floor(cores / 6));
}

/**
 * Data disks of a purpose. With four disks as in the seed: Kafka's log and the metadata journals (small synchronous writes) get the
 * first disk, everything bulky the others, so that neither waits for the other.
 */
export function disksFor(config: Config, purpose: "journal" | "bulk"): string[] {
    const { disks } = config.hardware;
    const [first] = disks;
    if (disks.length === 1 || first === undefined) return [...disks];
    return purpose === "journal" ? [first] : disks.slice(1);
}

/**
 * JVM options that follow from the size of heap and host. The serial collector has the smallest footprint and needs no threads; above
 * 1 GiB its pauses would reach session timeouts, G1's do not. On hosts of up to four cores the second compiler costs more at
 * start than it gives back (lab-measured: half of a daemon's CPU time until it serves).
 */
export function jvmOptions(config: Config, heapMiB: number): string[] {
    const collector = heapMiB <= 1024 ? "-XX:+UseSerialGC" : "-XX:+UseG1GC";
    return config.hardware.cores <= 4 ? [collector, "-XX:TieredStopAtLevel=1"] : [collector];
}
