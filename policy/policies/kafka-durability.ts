// SPDX-License-Identifier: Apache-2.0
/** Kafka: copies of records, in-sync replicas, elections, retention. */
import { withRole } from "../../lib/topology.ts";
import type { Config } from "../../lib/config/schema.ts";
import { isTrue } from "../lib/overrides.ts";
import { platformPolicy, type Finding } from "../lib/policy.ts";
import { byRack } from "../lib/quorum.ts";
import { integer } from "../lib/settings.ts";
import { defaults, topics, type Replicated } from "../lib/kafka.ts";

/** Findings about topics and defaults of topics, each once though several may follow from one key; none where there are no brokers. */
function eachReplicated(config: Config, judge: (one: Replicated) => Finding[]): Finding[] {
    if (withRole(config, "kafka-broker").length === 0) return [];
    const findings = [...defaults(config), ...topics(config)].flatMap(judge);
    const said = findings.map(({ where, what }) => `${where}: ${what}`);
    return findings.filter((_, i) => said.indexOf(said[i] ?? "") === i);
}

export const kafkaPartitionsReplicated = platformPolicy({
    name: "kafka-partitions-replicated",
    severity: "critical",
    rule: "At least three replicas of every Kafka partition, internal topics included.",
    why: "With two, one failed broker during the maintenance of another loses records or stops writers.",
    remedy: "Set the replication factor to 3, with brokers to hold the replicas.",
    settings: { minimum: integer(3, "Least replication factor", 1) },
    check: (config, { minimum }) =>
        eachReplicated(config, ({ factorAt, factor }) =>
            factor >= minimum
                ? []
                : [{ where: factorAt, what: `found ${factor}, expected at least ${minimum}` }],
        ),
});

export const kafkaPartitionsSpread = platformPolicy({
    name: "kafka-partitions-spread",
    severity: "high",
    rule: "No more replicas of a Kafka partition than there are racks with brokers.",
    why: "Otherwise a rack holds more than one replica, and its loss can take a partition below its min ISR.",
    remedy: "Put brokers into more racks.",
    settings: {},
    check: (config) => {
        const racks = byRack(withRole(config, "kafka-broker")).length;
        return eachReplicated(config, ({ factorAt, factor }) =>
            factor <= racks
                ? []
                : [
                      {
                          where: factorAt,
                          what: `${factor} replicas over ${racks} racks with brokers`,
                      },
                  ],
        );
    },
});

export const kafkaIsrDurable = platformPolicy({
    name: "kafka-isr-durable",
    severity: "critical",
    rule: "An acknowledged record is on at least two brokers.",
    why: "With a min ISR of one, a record that only the failed leader had was acknowledged and is lost.",
    remedy: "Set min ISR to 2.",
    settings: { minimum: integer(2, "Least min ISR", 1) },
    check: (config, { minimum }) =>
        eachReplicated(config, ({ isrAt, isr }) =>
            isr >= minimum
                ? []
                : [{ where: isrAt, what: `found ${isr}, expected at least ${minimum}` }],
        ),
});

export const kafkaIsrBelowReplicas = platformPolicy({
    name: "kafka-isr-below-replicas",
    severity: "critical",
    rule: "Min ISR is below the replication factor.",
    why: "Otherwise writers stop as soon as any broker does, and no broker can ever be restarted safely.",
    remedy: "Set min ISR to one less than the replication factor.",
    settings: {},
    check: (config) =>
        eachReplicated(config, ({ isrAt, isr, factor }) =>
            isr < factor
                ? []
                : [{ where: isrAt, what: `found ${isr} with replication factor ${factor}` }],
        ),
});

const unclean = "unclean.leader.election.enable";

export const kafkaElectionsClean = platformPolicy({
    name: "kafka-elections-clean",
    severity: "critical",
    rule: "Only an in-sync replica becomes the leader of a partition.",
    why: "A replica that is behind, once elected, makes every other one drop records that were acknowledged.",
    remedy: `Remove ${unclean}; where a partition has to be given up, elect by hand with kafka-leader-election.`,
    settings: {},
    check: ({ kafka }) => {
        const maps = [
            { path: "kafka.overrides", map: kafka.overrides },
            ...kafka.topics.map(({ name, config }) => ({
                path: `kafka.topics[${name}].config`,
                map: config,
            })),
        ];
        return maps.flatMap(({ path, map }) =>
            isTrue(map[unclean] ?? "")
                ? [{ where: `${path}[${unclean}]`, what: "found true, expected false" }]
                : [],
        );
    },
});

const hour = 3_600_000;

export const kafkaRetentionSufficient = platformPolicy({
    name: "kafka-retention-sufficient",
    severity: "medium",
    rule: "Topics keep records for longer than the longest outage of their readers.",
    why: "Records that expire before a stopped job is back are lost to it.",
    remedy: "Raise retention.ms of the topic.",
    settings: { hours: integer(24, "Longest outage of a reader, in hours", 1) },
    check: (config, { hours }) =>
        withRole(config, "kafka-broker").length === 0
            ? []
            : topics(config).flatMap(({ retentionAt, retentionMs }) =>
                  retentionMs === -1 || retentionMs >= hours * hour
                      ? []
                      : [
                            {
                                where: retentionAt,
                                what: `found ${retentionMs} (${(retentionMs / hour).toFixed(1)} h), expected at least ${hours * hour} (${hours} h)`,
                            },
                        ],
              ),
});

const autoCreate = "auto.create.topics.enable";

export const kafkaTopicsDeclared = platformPolicy({
    name: "kafka-topics-declared",
    severity: "medium",
    rule: "Topics are made by their declaration only.",
    why: "A topic made by a typing mistake has neither the partitions nor the retention that its readers need.",
    remedy: `Remove ${autoCreate} and declare the topic in kafka.topics.`,
    settings: {},
    check: ({ kafka: { overrides } }) =>
        isTrue(overrides[autoCreate] ?? "")
            ? [{ where: `kafka.overrides[${autoCreate}]`, what: "found true, expected false" }]
            : [],
});

export const kafkaDurabilityPolicies = [
    kafkaPartitionsReplicated,
    kafkaPartitionsSpread,
    kafkaIsrDurable,
    kafkaIsrBelowReplicas,
    kafkaElectionsClean,
    kafkaRetentionSufficient,
    kafkaTopicsDeclared,
];
