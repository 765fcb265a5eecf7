// SPDX-License-Identifier: Apache-2.0
/** What Kafka will do with topics, overrides applied: a policy over the plain keys alone could be passed by. Pure. */
import type { Config } from "../../lib/config/schema.ts";

/** Replicas and in-sync replicas of a topic or of a default for topics, each with the key that decides. */
export interface Replicated {
    readonly factorAt: string;
    readonly factor: number;
    readonly isrAt: string;
    readonly isr: number;
}

interface Topic extends Replicated {
    readonly retentionAt: string;
    /** -1: for ever. */
    readonly retentionMs: number;
}

/** A number that an override decides, else the configuration. */
function decided(config: Config, key: string, plainKey: string, plain: number) {
    const override = config.kafka.overrides[key];
    return override === undefined
        ? { at: plainKey, value: plain }
        : { at: `kafka.overrides[${key}]`, value: Number(override) };
}

/** Keys of brokers that set replicas and in-sync replicas: of topics, and of Kafka's own topics. */
const pairs = [
    ["default.replication.factor", "min.insync.replicas"],
    ["offsets.topic.replication.factor", "min.insync.replicas"],
    ["transaction.state.log.replication.factor", "transaction.state.log.min.isr"],
    ["share.coordinator.state.topic.replication.factor", "share.coordinator.state.topic.min.isr"],
] as const;

/** The defaults that apply where a topic says nothing; the same pair of keys only once. */
export function defaults(config: Config): Replicated[] {
    const { replicationFactor, minInsyncReplicas } = config.kafka;
    const all = pairs.map(([factorKey, isrKey]): Replicated => {
        const factor = decided(config, factorKey, "kafka.replicationFactor", replicationFactor);
        const isr = decided(config, isrKey, "kafka.minInsyncReplicas", minInsyncReplicas);
        return { factorAt: factor.at, factor: factor.value, isrAt: isr.at, isr: isr.value };
    });
    return all.filter(
        (one, i) =>
            all.findIndex(
                ({ factorAt, isrAt }) => factorAt === one.factorAt && isrAt === one.isrAt,
            ) === i,
    );
}

/** Kafka's own default, seven days. */
const week = 7 * 24 * 3_600_000;

/** Retention of topics that say nothing, by the first of the broker's keys that is there (milliseconds win over hours). */
function retentionDefault({ kafka: { overrides } }: Config): { at: string; value: number } {
    const units = [
        ["log.retention.ms", 1],
        ["log.retention.minutes", 60_000],
        ["log.retention.hours", 3_600_000],
    ] as const;
    for (const [key, factor] of units) {
        const value = overrides[key];
        if (value === undefined) continue;
        return {
            at: `kafka.overrides[${key}]`,
            value: value === "-1" ? -1 : Number(value) * factor,
        };
    }
    return { at: "kafka.topics", value: week };
}

/** The declared topics that say something of their own about replicas or retention, or take a default. */
export function topics(config: Config): Topic[] {
    const [common] = defaults(config);
    const retention = retentionDefault(config);
    return config.kafka.topics.map((topic) => {
        const at = `kafka.topics[${topic.name}]`;
        const isr = topic.config["min.insync.replicas"];
        const kept = topic.config["retention.ms"];
        return {
            factorAt:
                topic.replicationFactor === undefined
                    ? "kafka.replicationFactor"
                    : `${at}.replicationFactor`,
            // The program always names a factor when it makes a topic, so a broker's default does not count here.
            factor: topic.replicationFactor ?? config.kafka.replicationFactor,
            isrAt: isr === undefined ? (common?.isrAt ?? at) : `${at}.config[min.insync.replicas]`,
            isr: isr === undefined ? (common?.isr ?? 1) : Number(isr),
            retentionAt: kept === undefined ? retention.at : `${at}.config[retention.ms]`,
            retentionMs: kept === undefined ? retention.value : Number(kept),
        };
    });
}
