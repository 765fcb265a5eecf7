// SPDX-License-Identifier: Apache-2.0
/** The schema of the services and of the streaming jobs on top. */
import * as z from "zod";
import { mib, overrides, sparkMemory } from "./values.ts";

export const heaps = z
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

export const zookeeper = z
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

export const hdfs = z
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

export const spark = z
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

export const kafka = z
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

export const streaming = z
    .strictObject({
        logs: logsJob
            .prefault({})
            .describe("The journals of all hosts, from Kafka to Parquet and counts on HDFS"),
    })
    .prefault({})
    .describe("Streaming-ETL jobs");
