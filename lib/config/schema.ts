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
    .regex(/^[a-z][a-z0-9-]{0,62}$/, "must be a host name: lower-case letters, digits and hyphens")
    .refine((text) => text !== "localhost", "must not be localhost");
const absolutePath = z
    .string()
    .regex(
        /^\/[^\s,:"\\]*[^\s,:"\\/]$/,
        "must be an absolute path without blanks, commas or colons",
    );
const mib = z.int().positive();
const port = z.int().min(1).max(65535);
const overrides = z.record(z.string().min(1), z.string()).default({});
/** Least memory that Spark accepts for a driver or an executor is 450 MiB of usable heap (UnifiedMemoryManager). */
const sparkMemory = mib.min(512);

const host = z.strictObject({
    name: name.describe("Host name; part of the names of resources, so never change it"),
    address: z
        .union(
            [z.ipv4(), z.ipv6()],
            "must be an IP address (/etc/hosts of all hosts is made of it)",
        )
        .describe("IP address of SSH and of the services"),
    rack: z
        .string()
        .regex(/^[A-Za-z0-9._-]+$/, "must be letters, digits, dots, hyphens and underscores")
        .describe("Rack; drives HDFS racks, broker.rack and quorum placement"),
    roles: z
        .array(z.enum(roles))
        .default([])
        .describe(`What runs here: ${roles.join(", ")}`),
    state: z
        .enum(["present", "down", "lost"])
        .default("present")
        .describe(
            "present: in service; down: leave it alone for now; lost: forget it without contacting it",
        ),
    id: z
        .int()
        .min(1)
        .max(255)
        .describe("Stable number of this host: myid, Kafka node id. Never reuse or renumber"),
    port: port.optional().describe("SSH port of this host; default ssh.port"),
});
export type HostConfig = z.infer<typeof host>;

const ssh = z.strictObject({
    user: z.string().default("root").describe("Login user; any user with sudo"),
    port: port.default(22).describe("SSH port of the hosts"),
    knownHosts: z
        .string()
        .min(1)
        .describe("known_hosts file with one pinned key per host, relative to the project"),
    agentSocketPath: z
        .string()
        .optional()
        .describe("Socket of the SSH agent, relative to the project; default $SSH_AUTH_SOCK"),
    bastion: z
        .strictObject({
            address: z.string().min(1).describe("Address or name of the bastion"),
            port: port.default(22).describe("SSH port of the bastion"),
            user: z.string().min(1).describe("Login user on the bastion"),
        })
        .optional()
        .describe("A host to go through; its key is in knownHosts too"),
});

const hardware = z.strictObject({
    cores: z.int().positive().describe("Cores of each host"),
    memoryMiB: mib.describe("Memory of each host"),
    disks: z
        .array(absolutePath)
        .min(1)
        .describe(
            "Mount points of the data disks, in order: the first takes Kafka's log and the journals, the others what is bulky",
        ),
    diskGiB: z.int().positive().describe("Size of each data disk"),
});
export type Hardware = z.infer<typeof hardware>;

const heaps = z
    .strictObject({
        zookeeper: mib.optional().describe("ZooKeeper member, MiB"),
        journalnode: mib.optional().describe("JournalNode, MiB"),
        namenode: mib.optional().describe("NameNode, MiB; about 1 GiB for a million blocks"),
        zkfc: mib.optional().describe("Failover controller beside a NameNode, MiB"),
        datanode: mib.optional().describe("DataNode, MiB"),
        sparkMaster: mib.optional().describe("Spark master, MiB"),
        sparkWorker: mib.optional().describe("Spark worker itself, without executors, MiB"),
        sparkHistory: mib.optional().describe("Spark history server, MiB"),
        kafkaController: mib.optional().describe("Kafka controller, MiB"),
        kafkaBroker: mib.optional().describe("Kafka broker, MiB"),
    })
    .prefault({})
    .describe("Heap of each daemon; default: derived from the hardware (lib/profile.ts)");

const zookeeper = z
    .strictObject({
        tmpfsMiB: mib
            .optional()
            .describe("Size of the temporary disk; default: derived from the hardware"),
        tickTimeMs: z.int().min(500).default(2000).describe("Unit of ZooKeeper's time limits"),
        maxSessionTimeoutMs: z
            .int()
            .positive()
            .default(8000)
            .describe(
                "Caps the 60 s that Spark's masters ask for; decides how long a failover takes",
            ),
        overrides: overrides.describe("zoo.cfg keys, applied last"),
    })
    .prefault({})
    .describe("ZooKeeper, on temporary disk");

const hdfs = z
    .strictObject({
        nameservice: z
            .string()
            .regex(/^[a-z][a-z0-9-]*$/, "must be lower-case letters, digits and hyphens")
            .default("metalstream")
            .describe("Name that clients use: hdfs://<nameservice>. Never change it"),
        replication: z.int().min(1).max(10).default(3).describe("Replicas of a block"),
        failoverSessionTimeoutMs: z
            .int()
            .min(2000)
            .default(8000)
            .describe(
                "How long a dead host's NameNode stays active; at most zookeeper.maxSessionTimeoutMs",
            ),
        overrides: z
            .strictObject({
                coreSite: overrides.describe("core-site.xml keys"),
                hdfsSite: overrides.describe("hdfs-site.xml keys"),
            })
            .prefault({})
            .describe("Hadoop keys per file, applied last"),
    })
    .prefault({})
    .describe("HDFS with automatic failover");

const spark = z
    .strictObject({
        workerCores: z
            .int()
            .positive()
            .optional()
            .describe("Cores that a worker offers; default: all, on large hosts five in six"),
        workerMemoryMiB: sparkMemory
            .optional()
            .describe(
                "Memory that a worker offers to drivers and executors; default: what daemons and page cache leave",
            ),
        overrides: overrides.describe("spark-defaults.conf keys, applied last"),
    })
    .prefault({})
    .describe("Spark standalone with a quorum of masters");

const topic = z.strictObject({
    name: z
        .string()
        .regex(/^[a-zA-Z0-9._-]{1,249}$/, "must be a legal Kafka topic name")
        .refine((text) => text !== "." && text !== "..", "must not be . or ..")
        .describe("Name of the topic"),
    partitions: z.int().positive().default(3).describe("Partitions; can be raised, never lowered"),
    replicationFactor: z
        .int()
        .positive()
        .optional()
        .describe("Replicas of each partition; default kafka.replicationFactor"),
    config: overrides.describe("Topic configuration, such as retention.ms"),
});
export type TopicConfig = z.infer<typeof topic>;

const kafka = z
    .strictObject({
        clusterId: z
            .string()
            .regex(/^[A-Za-z0-9_-]{22}$/, "must be a Kafka cluster id: 22 characters of base64url")
            .optional()
            .describe(
                "Cluster id of log directories that an earlier stack made (cluster.id in their meta.properties), to go on with them; by default it is made once and kept in the state",
            ),
        replicationFactor: z
            .int()
            .positive()
            .default(3)
            .describe("Replicas of a partition, of internal topics too"),
        minInsyncReplicas: z
            .int()
            .positive()
            .default(2)
            .describe("Replicas that must have a record before it is acknowledged"),
        topics: z.array(topic).default([]).describe("Topics that the program makes"),
        overrides: overrides.describe("server.properties keys of brokers, applied last"),
    })
    .prefault({})
    .describe("Kafka (KRaft), controllers apart from brokers");

const logsJob = z.strictObject({
    enabled: z.boolean().default(true).describe("Whether the job is deployed"),
    topic: z.string().default("logs").describe("Topic that it reads; one of kafka.topics"),
    trigger: z
        .string()
        .regex(/^[1-9]\d* (second|minute|hour)s?$/, 'must be such as "10 seconds"')
        .default("10 seconds")
        .describe("Interval of micro-batches"),
    maxOffsetsPerTrigger: z
        .int()
        .positive()
        .default(20000)
        .describe("Most records of a micro-batch; bounds memory after a pause"),
    driverMemoryMiB: sparkMemory.default(512).describe("Heap of the driver"),
    executorMemoryMiB: sparkMemory.default(512).describe("Heap of each executor"),
    cores: z.int().positive().default(2).describe("Cores of all executors together"),
});

const streaming = z
    .strictObject({
        logs: logsJob
            .prefault({})
            .describe("The journals of all hosts, from Kafka to Parquet and counts on HDFS"),
    })
    .prefault({})
    .describe("Streaming-ETL jobs");

/** The whole configuration of a stack, defaults filled in by parsing. */
export const schema = z.strictObject({
    hosts: z.array(host).min(1).describe("The machines, and what runs on each"),
    ssh: ssh.describe("How hosts are reached"),
    hardware: hardware.describe(
        "The machine that all sizes are derived from; the same for all hosts",
    ),
    heaps,
    zookeeper,
    hdfs,
    spark,
    kafka,
    streaming,
    artifacts: z
        .strictObject({
            mirror: z
                .url({ protocol: /^https?$/, error: "must be a URL with http or https" })
                .describe(
                    "Where hosts fetch artifacts: a folder made by `npx metalstream artifacts build`",
                ),
        })
        .describe("Where the hosts get the software from"),
    protect: z
        .boolean()
        .default(true)
        .describe(
            "Whether what made data (formats, births, ids) is protected from removal and destroy",
        ),
    facts: z
        .enum(["on", "off"])
        .default("on")
        .describe("off: a preview without contacting hosts; refused by up"),
});

export type Config = z.infer<typeof schema>;
/** Top-level keys, as Pulumi.yaml declares them. */
export const topLevelKeys = Object.keys(schema.shape) as (keyof Config)[];
