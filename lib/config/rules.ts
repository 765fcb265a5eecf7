// SPDX-License-Identifier: Apache-2.0
/** Relations between keys that a schema cannot say. All rules are always asked. Pure. */
import type { Diagnostic } from "./diagnostics.ts";
import type { Rule } from "./rules/finding.ts";
import { devicesOfDisks, devicesOnce, stableNames } from "./rules/disks.ts";
import { atLeast, fencingPort, memberIds, needs, quorum, unique } from "./rules/hosts.ts";
import { noPasswordInUrl, overrides, streamingNeeds } from "./rules/keys.ts";
import { kafkaDurability, replication, topicsOnce } from "./rules/replicas.ts";
import { rackWaves } from "./rules/waves.ts";
import { memory, sessions, streamingFits } from "./rules/sizes.ts";
import {
    systemHosts,
    systemNames,
    systemOnce,
    systemPlaces,
    systemRestarts,
    systemUnits,
} from "./rules/system.ts";
import type { Config } from "./schema.ts";

/** Each rule with the sentence that docs/configuration.md has for it. */
const rules: readonly (readonly [says: string, ...check: readonly Rule[]])[] = [
    [
        "Names, addresses and ids of hosts are unique.",
        unique("name"),
        unique("address"),
        unique("id"),
    ],
    ["Ids of ZooKeeper members are at most 255 (`myid` is a byte).", memberIds],
    [
        "ZooKeeper members, JournalNodes and Kafka controllers are an odd number, at least 3.",
        quorum("zookeeper", "ZooKeeper"),
        quorum("journalnode", "the quorum journal"),
        quorum("kafka-controller", "the KRaft controller quorum"),
    ],
    [
        "There are at least 2 NameNodes and 2 Spark masters.",
        atLeast("namenode", 2),
        atLeast("spark-master", 2),
    ],
    [
        "What a role needs is there: NameNodes need JournalNodes, ZooKeeper and DataNodes; DataNodes, Spark workers and the history server need NameNodes; Spark masters need ZooKeeper, Spark workers need masters; brokers need controllers.",
        needs("namenode", ["journalnode", "zookeeper", "datanode"]),
        needs("datanode", ["namenode"]),
        needs("spark-master", ["zookeeper"]),
        needs("spark-worker", ["spark-master", "namenode"]),
        needs("spark-history", ["namenode"]),
        needs("kafka-broker", ["kafka-controller"]),
    ],
    ["SSH of all NameNodes is at one port: fencing uses it.", fencingPort],
    ["`hdfs.replication` is at most the number of DataNodes.", replication],
    [
        "Replication factors of Kafka are at most the number of brokers, and min ISR is below them, for each topic too.",
        kafkaDurability,
    ],
    ["Each topic is declared once.", topicsOnce],
    [
        "More than one worker restarts at a time (`rolls.workers`) only where no topic has more replicas than there are racks with brokers.",
        rackWaves,
    ],
    [
        "`zookeeper.maxSessionTimeoutMs` is at least two ticks; `hdfs.failoverSessionTimeoutMs` is not more than it.",
        sessions,
    ],
    [
        "On each host daemons, temporary disk, page cache (a quarter of the memory), the system (8 %) and executors fit into the memory.",
        memory,
    ],
    [
        "Devices are named for mount points of `hardware.disks`, by stable names; on each host no device and no label is named twice.",
        devicesOfDisks,
        stableNames,
        devicesOnce,
    ],
    ["The streaming job fits into what the Spark workers offer.", streamingFits],
    [
        "The streaming job's topic is declared, and the services that it needs are there.",
        streamingNeeds,
    ],
    ["`artifacts.mirror` holds no user or password.", noPasswordInUrl],
    [
        "Overrides do not touch what follows from other keys: addresses, ids, quorums, directories, racks, high availability, fencing, replication, listeners.",
        overrides,
    ],
    [
        "A platform team's own items (`system`) are for hosts and roles that there are, declared once for a host, and neither in the platform's places nor its units; services restart on files that the same hosts have; further names are of other machines.",
        systemHosts,
        systemOnce,
        systemPlaces,
        systemUnits,
        systemRestarts,
        systemNames,
    ],
];

/** What the rules ask for, a sentence each. */
export const ruleTexts: readonly string[] = rules.map(([says]) => says);

/** Every finding of every rule. */
export function checkRules(config: Config): Diagnostic[] {
    return rules.flatMap(([, ...checks]) => checks.flatMap((check) => check(config)));
}
