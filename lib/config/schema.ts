// SPDX-License-Identifier: Apache-2.0
/**
 * The schema of a stack file: every key, its type, its default and what it drives. docs/configuration.md is made from it.
 * Relations between keys (racks, quorums, memory) are in rules.ts.
 */
import * as z from "zod";

/** What a host can be asked to run. A role is a systemd unit's name, or a pair of them (namenode: with its ZKFC). */
export const roles = [
    "zookeeper",
    "journalnode",
    "namenode",
    "datanode",
    "spark-master",
    "spark-worker",
    "spark-history",
    "kafka-controller",
    "kafka-broker",
] as const;
export type Role = (typeof roles)[number];

const name = z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,62}$/, "must be a host name: lower-case letters, digits and hyphens");
const absolutePath = z.string().regex(/^\/[^\s,]*$/, "must be an absolute path without blanks");
const mib = z.int().positive();
const overrides = z.record(z.string(), z.string()).default({});

const host = z.strictObject({
    name: name.describe("Host name; part of the names of resources, so never change it"),
    address: z.union([z.ipv4(), z.ipv6(), z.hostname()]).describe("Address of SSH and services"),
    rack: z.string().min(1).describe("Rack; drives HDFS racks, broker.rack and quorum placement"),
    roles: z.array(z.enum(roles)).default([]).describe("What runs here"),
    state: z
        .enum(["present", "down", "lost"])
        .default("present")
        .describe("down: leave it alone for now; lost: forget it without contacting it"),
    id: z
        .int()
        .min(1)
        .max(255)
        .describe("Stable number of this host: myid, Kafka node id. Never reuse or renumber"),
    port: z.int().min(1).max(65535).optional().describe("SSH port, if not ssh.port"),
});
export type HostConfig = z.infer<typeof host>;

const ssh = z.strictObject({
    user: z.string().default("root").describe("Login user; any user with sudo"),
    port: z.int().min(1).max(65535).default(22),
    knownHosts: z
        .string()
        .describe("known_hosts file with one pinned key per host, relative to the project"),
    agentSocketPath: z
        .string()
        .optional()
        .describe("Socket of the SSH agent, relative to the project; default $SSH_AUTH_SOCK"),
    bastion: z
        .strictObject({
            address: z.string(),
            port: z.int().min(1).max(65535).default(22),
            user: z.string(),
        })
        .optional()
        .describe("A host to go through; its key is in knownHosts too"),
});

const hardware = z.strictObject({
    cores: z.int().positive().describe("Cores of each host"),
    memoryMiB: mib.describe("Memory of each host"),
    disks: z.array(absolutePath).min(1).describe("Mount points of the data disks, in order"),
    diskGiB: z.int().positive().describe("Size of each data disk"),
});
export type Hardware = z.infer<typeof hardware>;

const heaps = z
    .strictObject({
        zookeeper: mib.optional(),
        journalnode: mib.optional(),
        namenode: mib.optional(),
        zkfc: mib.optional(),
        datanode: mib.optional(),
        sparkMaster: mib.optional(),
        sparkWorker: mib.optional(),
        sparkHistory: mib.optional(),
        kafkaController: mib.optional(),
        kafkaBroker: mib.optional(),
    })
    .prefault({})
    .describe("Heap of each daemon, MiB; default: derived from the hardware");

const zookeeper = z
    .strictObject({
        tmpfsMiB: mib.optional().describe("Size of the temporary disk; default from the hardware"),
        tickTimeMs: z.int().min(500).default(2000),
        maxSessionTimeoutMs: z
            .int()
            .default(8000)
            .describe(
                "Caps the 60 s that Spark's masters ask for; decides how long a failover takes",
            ),
        overrides: overrides.describe("zoo.cfg keys, applied last"),
    })
    .prefault({});

const hdfs = z
    .strictObject({
        nameservice: z
            .string()
            .regex(/^[a-z][a-z0-9-]*$/)
            .default("metalstream"),
        replication: z.int().min(1).max(10).default(3),
        failoverSessionTimeoutMs: z.int().min(2000).default(10000),
        overrides: z
            .strictObject({ coreSite: overrides, hdfsSite: overrides })
            .prefault({})
            .describe("Hadoop keys per file, applied last"),
    })
    .prefault({});

const spark = z
    .strictObject({
        workerCores: z.int().positive().optional(),
        workerMemoryMiB: mib.optional().describe("Memory a worker gives to executors"),
        overrides: overrides.describe("spark-defaults.conf keys, applied last"),
    })
    .prefault({});

const topic = z.strictObject({
    name: z
        .string()
        .regex(/^[a-zA-Z0-9._-]{1,249}$/, "must be a legal Kafka topic name")
        .refine((text) => text !== "." && text !== "..", "must not be . or .."),
    partitions: z.int().positive().default(3),
    replicationFactor: z.int().positive().optional().describe("default kafka.replicationFactor"),
    config: overrides.describe("Topic configuration, such as retention.ms"),
});
export type TopicConfig = z.infer<typeof topic>;

const kafka = z
    .strictObject({
        replicationFactor: z.int().positive().default(3),
        minInsyncReplicas: z.int().positive().default(2),
        topics: z.array(topic).default([]),
        overrides: overrides.describe("server.properties keys of brokers, applied last"),
    })
    .prefault({});

const logsJob = z.strictObject({
    enabled: z.boolean().default(true),
    topic: z.string().default("logs"),
    trigger: z.string().default("10 seconds").describe("Interval of micro-batches"),
    maxOffsetsPerTrigger: z.int().positive().default(20000),
    driverMemoryMiB: mib.min(512).default(512),
    executorMemoryMiB: mib.min(512).default(512),
    cores: z.int().positive().default(2),
});

const streaming = z
    .strictObject({ logs: logsJob.prefault({}) })
    .prefault({})
    .describe("Streaming-ETL jobs");

/** The whole configuration of a stack, defaults filled in by parsing. */
export const schema = z.strictObject({
    hosts: z.array(host).min(1),
    ssh,
    hardware,
    heaps,
    zookeeper,
    hdfs,
    spark,
    kafka,
    streaming,
    artifacts: z
        .strictObject({
            mirror: z
                .url({ protocol: /^https?$/ })
                .describe(
                    "Where hosts fetch artifacts: a folder made by `npx metalstream artifacts build`",
                ),
        })
        .describe("Where the hosts get the software from"),
    facts: z
        .enum(["on", "off"])
        .default("on")
        .describe("off: a preview without contacting hosts; refused by up"),
});

export type Config = z.infer<typeof schema>;
/** Top-level keys, as Pulumi.yaml declares them. */
export const topLevelKeys = Object.keys(schema.shape) as (keyof Config)[];
