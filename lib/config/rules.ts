// SPDX-License-Identifier: Apache-2.0
/** Relations between keys that a schema cannot say. Each rule returns findings; all rules are always asked. Pure. */
import { committedMemory, reservedMemory, workerMemory } from "../profile.ts";
import { members, withRole } from "../topology.ts";
import type { Diagnostic } from "./diagnostics.ts";
import type { Config, HostConfig, Role } from "./schema.ts";

type Rule = (config: Config) => Diagnostic[];

const finding = (path: string, what: string, fix: string): Diagnostic => ({ path, what, fix });

function unique(key: "name" | "address" | "id"): Rule {
    return ({ hosts }) =>
        hosts.flatMap((host, i) => {
            const first = hosts.findIndex((other) => other[key] === host[key]);
            if (first === i) return [];
            const what = `${String(host[key])} is also hosts[${first}].${key}`;
            return [finding(`hosts[${i}].${key}`, what, "give each host its own")];
        });
}

/** Services that vote: with 2n members one failure costs as much as with 2n-1, so an even number is a mistake. */
function quorum(role: Role, label: string): Rule {
    return (config) => {
        const count = withRole(config, role).length;
        if (count === 0 || (count >= 3 && count % 2 === 1)) return [];
        const what = `${count} hosts have the role ${role}; ${label} needs an odd number, at least 3`;
        return [finding("hosts", what, `give the role ${role} to 3 or 5 hosts in different racks`)];
    };
}

function atLeast(role: Role, least: number, unlessAbsent: Role): Rule {
    return (config) => {
        const count = withRole(config, role).length;
        if (withRole(config, unlessAbsent).length === 0 || count >= least) return [];
        const what = `${count} hosts have the role ${role}; at least ${least} are needed`;
        return [finding("hosts", what, `give the role ${role} to more hosts`)];
    };
}

function needs(role: Role, others: readonly Role[]): Rule {
    return (config) => {
        if (withRole(config, role).length === 0) return [];
        return others
            .filter((other) => withRole(config, other).length === 0)
            .map((other) =>
                finding(
                    "hosts",
                    `${role} needs ${other}, which no host has`,
                    `give the role ${other} to hosts`,
                ),
            );
    };
}

const replication: Rule = (config) => {
    const datanodes = withRole(config, "datanode").length;
    const { replication: wanted } = config.hdfs;
    if (datanodes === 0 || wanted <= datanodes) return [];
    const what = `${wanted} replicas cannot be kept on ${datanodes} DataNodes`;
    return [finding("hdfs.replication", what, "add DataNodes or lower it")];
};

const kafkaDurability: Rule = (config) => {
    const brokers = withRole(config, "kafka-broker").length;
    if (brokers === 0) return [];
    const { replicationFactor, minInsyncReplicas, topics } = config.kafka;
    const factors = [
        { path: "kafka.replicationFactor", factor: replicationFactor },
        ...topics.map((topic, i) => ({
            path: `kafka.topics[${i}].replicationFactor`,
            factor: topic.replicationFactor ?? replicationFactor,
        })),
    ];
    const tooMany = factors
        .filter(({ factor }) => factor > brokers)
        .map(({ path, factor }) =>
            finding(
                path,
                `${factor} replicas cannot be kept on ${brokers} brokers`,
                "add brokers or lower it",
            ),
        );
    if (minInsyncReplicas < replicationFactor) return tooMany;
    const what = `min ISR ${minInsyncReplicas} with replication factor ${replicationFactor}: no broker could ever be restarted`;
    return [
        ...tooMany,
        finding("kafka.minInsyncReplicas", what, "set it below kafka.replicationFactor"),
    ];
};

const memory: Rule = (config) =>
    members(config).flatMap((host) => {
        const needed = committedMemory(config, host) + reservedMemory(config);
        const executors = host.roles.includes("spark-worker") ? 512 : 0;
        const has = config.hardware.memoryMiB;
        if (
            needed + executors <= has &&
            (executors === 0 || workerMemory(config, host) >= executors)
        )
            return [];
        const what = `${host.name} has ${has} MiB; its daemons, temporary disk, page cache and at least one executor need ${needed + executors} MiB`;
        return [
            finding(
                "hardware.memoryMiB",
                what,
                "spread the roles over more hosts or lower heaps.*",
            ),
        ];
    });

const streamingNeeds: Rule = (config) => {
    const { logs } = config.streaming;
    if (!logs.enabled) return [];
    const missing = (["spark-master", "spark-worker", "namenode", "kafka-broker"] as const).filter(
        (role) => withRole(config, role).length === 0,
    );
    const findings = missing.map((role) =>
        finding(
            "streaming.logs",
            `the job needs ${role}, which no host has`,
            `give the role or set enabled: false`,
        ),
    );
    if (config.kafka.topics.some((topic) => topic.name === logs.topic)) return findings;
    const what = `topic ${logs.topic} is not in kafka.topics`;
    return [...findings, finding("streaming.logs.topic", what, "add it to kafka.topics")];
};

/** Keys that make HDFS's high availability; an override of one of them would quietly break it. */
const protectedKeys = [
    /^fs\.defaultFS$/,
    /^ha\.zookeeper\.quorum$/,
    /^dfs\.nameservices$/,
    /^dfs\.ha\./,
    /^dfs\.namenode\.(rpc-address|shared\.edits\.dir|name\.dir)/,
    /^dfs\.client\.failover\.proxy\.provider/,
    /^(process\.roles|node\.id|broker\.rack|log\.dirs|controller\.)/,
    /^(dataDir|clientPort|server\.\d+)$/,
];

const overrides: Rule = (config) => {
    const maps = {
        "zookeeper.overrides": config.zookeeper.overrides,
        "hdfs.overrides.coreSite": config.hdfs.overrides.coreSite,
        "hdfs.overrides.hdfsSite": config.hdfs.overrides.hdfsSite,
        "kafka.overrides": config.kafka.overrides,
    };
    return Object.entries(maps).flatMap(([path, map]) =>
        Object.keys(map)
            .filter((key) => protectedKeys.some((pattern) => pattern.test(key)))
            .map((key) =>
                finding(
                    `${path}.${key}`,
                    "this key follows from the topology",
                    "remove the override; change hosts instead",
                ),
            ),
    );
};

const knownRacks: Rule = ({ hosts }) =>
    hosts.flatMap((host: HostConfig, i) =>
        /^[A-Za-z0-9._-]+$/.test(host.rack)
            ? []
            : [
                  finding(
                      `hosts[${i}].rack`,
                      `found "${host.rack}"`,
                      "use letters, digits, dots, hyphens only",
                  ),
              ],
    );

const rules: readonly Rule[] = [
    unique("name"),
    unique("address"),
    unique("id"),
    knownRacks,
    quorum("zookeeper", "ZooKeeper"),
    quorum("journalnode", "the quorum journal"),
    quorum("kafka-controller", "the KRaft controller quorum"),
    atLeast("namenode", 2, "namenode"),
    atLeast("spark-master", 2, "spark-master"),
    needs("namenode", ["journalnode", "zookeeper", "datanode"]),
    needs("datanode", ["namenode"]),
    needs("spark-master", ["zookeeper"]),
    needs("spark-worker", ["spark-master"]),
    needs("spark-history", ["namenode"]),
    needs("kafka-broker", ["kafka-controller"]),
    replication,
    kafkaDurability,
    memory,
    streamingNeeds,
    overrides,
];

/** Every finding of every rule. */
export function checkRules(config: Config): Diagnostic[] {
    return rules.flatMap((rule) => rule(config));
}
