// SPDX-License-Identifier: Apache-2.0
/** Relations between keys that a schema cannot say. All rules are always asked. Pure. */
import type { Diagnostic } from "./diagnostics.ts";
import type { Rule } from "./rules/finding.ts";
import { atLeast, fencingPort, needs, quorum, unique } from "./rules/hosts.ts";
import { noPasswordInUrl, overrides, streamingNeeds } from "./rules/keys.ts";
import { kafkaDurability, replication, topicsOnce } from "./rules/replicas.ts";
import { memory, sessions, streamingFits } from "./rules/sizes.ts";
import type { Config } from "./schema.ts";

/** Each rule with the sentence that docs/configuration.md has for it. */
const rules: readonly (readonly [says: string, ...check: readonly Rule[]])[] = [
    [
        "Names, addresses and ids of hosts are unique.",
        unique("name"),
        unique("address"),
        unique("id"),
    ],
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
        "`zookeeper.maxSessionTimeoutMs` is at least two ticks; `hdfs.failoverSessionTimeoutMs` is not more than it.",
        sessions,
    ],
    [
        "On each host daemons, temporary disk, page cache (a quarter of the memory), the system (8 %) and executors fit into the memory.",
        memory,
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
];

/** What the rules ask for, a sentence each. */
export const ruleTexts: readonly string[] = rules.map(([says]) => says);

/** Every finding of every rule. */
export function checkRules(config: Config): Diagnostic[] {
    return rules.flatMap(([, ...checks]) => checks.flatMap((check) => check(config)));
}
