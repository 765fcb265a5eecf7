// SPDX-License-Identifier: Apache-2.0
/** Rules about copies of data, in HDFS and in Kafka. Pure. */
import { withRole } from "../../topology.ts";
import type { Diagnostic } from "../diagnostics.ts";
import { finding, type Rule } from "./finding.ts";

/** HDFS cannot keep two replicas of a block on one DataNode. */
export const replication: Rule = (config) => {
    const datanodes = withRole(config, "datanode").length;
    const { replication: wanted } = config.hdfs;
    if (datanodes === 0 || wanted <= datanodes) return [];
    const what = `${wanted} replicas cannot be kept on ${datanodes} DataNodes`;
    return [finding("hdfs.replication", what, "add DataNodes or lower it")];
};

/** Brokers enough for the replicas, and replicas enough to restart a broker; for the defaults and for each topic. */
export const kafkaDurability: Rule = (config) => {
    const brokers = withRole(config, "kafka-broker").length;
    if (brokers === 0) return [];
    const { replicationFactor, minInsyncReplicas, topics } = config.kafka;
    return [
        ...tooManyReplicas("kafka.replicationFactor", replicationFactor, brokers),
        ...minIsr("kafka.minInsyncReplicas", minInsyncReplicas, replicationFactor),
        ...topics.flatMap((topic, i) => {
            const factor = topic.replicationFactor ?? replicationFactor;
            const own = topic.config["min.insync.replicas"];
            // What is inherited is a finding of the default, once.
            if (topic.replicationFactor === undefined && own === undefined) return [];
            const path = `kafka.topics[${i}]`;
            return [
                ...tooManyReplicas(`${path}.replicationFactor`, factor, brokers),
                ...minIsr(path, own === undefined ? minInsyncReplicas : Number(own), factor),
            ];
        }),
    ];
};

function tooManyReplicas(path: string, factor: number, brokers: number): Diagnostic[] {
    if (factor <= brokers) return [];
    const what = `${factor} replicas cannot be kept on ${brokers} brokers`;
    return [finding(path, what, "add brokers or lower it")];
}

function minIsr(path: string, least: number, factor: number): Diagnostic[] {
    if (Number.isInteger(least) && least >= 1 && least < factor) return [];
    const what = `min ISR ${least} with replication factor ${factor}: no broker could ever be restarted`;
    return [finding(path, what, "set min ISR below the replication factor, at least to 1")];
}

/** Two declarations of a topic would be two resources of one name. */
export const topicsOnce: Rule = ({ kafka: { topics } }) =>
    topics.flatMap((topic, i) => {
        const first = topics.findIndex((other) => other.name === topic.name);
        if (first === i) return [];
        const what = `${topic.name} is also kafka.topics[${first}].name`;
        return [finding(`kafka.topics[${i}].name`, what, "declare each topic once")];
    });
