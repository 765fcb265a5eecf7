// SPDX-License-Identifier: Apache-2.0
/** What each policy on Kafka refuses: a change of stack prod, and the words that are said of it. */
import { move, without, type PlatformCase } from "./spoil.ts";

export const kafkaCases: readonly PlatformCase[] = [
    {
        policy: "kafka-controllers-odd",
        spoil: (c) => {
            without(c, "m1", "kafka-controller");
        },
        says: [
            "hosts: found 2 with the role kafka-controller, expected an odd number of at least 3",
        ],
    },
    {
        policy: "kafka-controllers-spread",
        spoil: (c) => {
            move(c, "m1", "r3");
        },
        says: ["hosts: rack r3 holds 2 of 3 Kafka controllers (m1, m3), expected at most 1"],
    },
    {
        policy: "kafka-partitions-replicated",
        spoil: (c) => (c.kafka.replicationFactor = 2),
        says: ["kafka.replicationFactor: found 2, expected at least 3"],
        tolerant: { minimum: 2 },
    },
    {
        policy: "kafka-partitions-replicated",
        spoil: (c) => (c.kafka.overrides["offsets.topic.replication.factor"] = "1"),
        says: ["kafka.overrides[offsets.topic.replication.factor]: found 1, expected at least 3"],
        tolerant: { minimum: 1 },
    },
    {
        policy: "kafka-partitions-spread",
        spoil: (c) => {
            for (const topic of c.kafka.topics) topic.replicationFactor = 5;
        },
        says: ["kafka.topics[logs].replicationFactor: 5 replicas over 3 racks with brokers"],
    },
    {
        policy: "kafka-isr-durable",
        spoil: (c) => (c.kafka.minInsyncReplicas = 1),
        says: ["kafka.minInsyncReplicas: found 1, expected at least 2"],
        tolerant: { minimum: 1 },
    },
    {
        policy: "kafka-isr-below-replicas",
        spoil: (c) => {
            for (const topic of c.kafka.topics) topic.config["min.insync.replicas"] = "3";
        },
        says: ["kafka.topics[logs].config[min.insync.replicas]: found 3 with replication factor 3"],
    },
    {
        policy: "kafka-isr-below-replicas",
        spoil: (c) => (c.kafka.overrides["transaction.state.log.min.isr"] = "3"),
        says: ["kafka.overrides[transaction.state.log.min.isr]: found 3 with replication factor 3"],
    },
    {
        policy: "kafka-elections-clean",
        spoil: (c) => {
            c.kafka.overrides["unclean.leader.election.enable"] = "true";
            for (const topic of c.kafka.topics)
                topic.config["unclean.leader.election.enable"] = "TRUE";
        },
        says: [
            "kafka.overrides[unclean.leader.election.enable]: found true, expected false",
            "kafka.topics[logs].config[unclean.leader.election.enable]: found true, expected false",
        ],
    },
    {
        policy: "kafka-retention-sufficient",
        spoil: (c) => {
            for (const topic of c.kafka.topics) topic.config["retention.ms"] = "3600000";
        },
        says: [
            "kafka.topics[logs].config[retention.ms]: found 3600000 (1.0 h), expected at least 86400000 (24 h)",
        ],
        tolerant: { hours: 1 },
    },
    {
        policy: "kafka-retention-sufficient",
        spoil: (c) => {
            for (const topic of c.kafka.topics) topic.config = {};
            c.kafka.overrides["log.retention.hours"] = "2";
        },
        says: [
            "kafka.overrides[log.retention.hours]: found 7200000 (2.0 h), expected at least 86400000 (24 h)",
        ],
        tolerant: { hours: 2 },
    },
    {
        policy: "kafka-topics-declared",
        spoil: (c) => (c.kafka.overrides["auto.create.topics.enable"] = "true"),
        says: ["kafka.overrides[auto.create.topics.enable]: found true, expected false"],
    },
];
