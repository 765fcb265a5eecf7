// SPDX-License-Identifier: Apache-2.0
/** Relations between keys that a schema cannot say. Each rule returns findings; all rules are always asked. Pure. */
import { committedMemory, reservedMemory, workerCores, workerMemory } from "../profile.ts";
import { hasRole, members, withRole } from "../topology.ts";
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

const topicsOnce: Rule = ({ kafka: { topics } }) =>
    topics.flatMap((topic, i) => {
        const first = topics.findIndex((other) => other.name === topic.name);
        if (first === i) return [];
        const what = `${topic.name} is also kafka.topics[${first}].name`;
        return [finding(`kafka.topics[${i}].name`, what, "declare each topic once")];
    });

/** ZooKeeper grants sessions between two ticks and its maximum, and shortens without a word what asks for more. */
const sessions: Rule = ({ zookeeper, hdfs }) => {
    const { tickTimeMs, maxSessionTimeoutMs: most } = zookeeper;
    const findings: Diagnostic[] = [];
    if (most < 2 * tickTimeMs) {
        const what = `${most} ms is less than two ticks (${2 * tickTimeMs} ms), ZooKeeper's least session`;
        findings.push(
            finding(
                "zookeeper.maxSessionTimeoutMs",
                what,
                "raise it or lower zookeeper.tickTimeMs",
            ),
        );
    }
    if (hdfs.failoverSessionTimeoutMs > most) {
        const what = `${hdfs.failoverSessionTimeoutMs} ms is more than ZooKeeper grants (zookeeper.maxSessionTimeoutMs: ${most})`;
        findings.push(
            finding(
                "hdfs.failoverSessionTimeoutMs",
                what,
                "lower it, or raise what ZooKeeper grants",
            ),
        );
    }
    return findings;
};

/** Least memory of one driver or executor, MiB. */
const leastExecutor = 512;

const memory: Rule = (config) =>
    members(config).flatMap((host) => {
        const executors = hasRole(host, "spark-worker")
            ? (config.spark.workerMemoryMiB ?? leastExecutor)
            : 0;
        const needed = committedMemory(config, host) + reservedMemory(config) + executors;
        const has = config.hardware.memoryMiB;
        if (needed <= has) return [];
        const what = `${host.name} has ${has} MiB; its daemons, temporary disk, page cache and executors (${executors} MiB) need ${needed} MiB`;
        const fix = "spread the roles over more hosts, or lower heaps.* or spark.workerMemoryMiB";
        return [finding("hardware.memoryMiB", what, fix)];
    });

/** A job that asks for more than any worker offers waits for ever without an error. */
const streamingFits: Rule = (config) => {
    const { logs } = config.streaming;
    const workers = withRole(config, "spark-worker");
    if (!logs.enabled || workers.length === 0) return [];
    const largest = Math.max(...workers.map((host) => workerMemory(config, host)));
    const cores = workers.length * workerCores(config) - 1;
    const tooLarge = (["driverMemoryMiB", "executorMemoryMiB"] as const)
        .filter((key) => logs[key] > Math.max(largest, leastExecutor))
        .map((key) => {
            const what = `${logs[key]} MiB, but the largest Spark worker offers ${largest} MiB`;
            return finding(`streaming.logs.${key}`, what, "lower it");
        });
    if (logs.cores <= cores) return tooLarge;
    const what = `${logs.cores} cores, but the Spark workers offer ${cores} beside the driver's`;
    return [...tooLarge, finding("streaming.logs.cores", what, "lower it")];
};

/** sshfence logs in to every NameNode at one and the same port. */
const fencingPort: Rule = (config) => {
    const [first, ...others] = withRole(config, "namenode");
    const portOf = (host: HostConfig) => host.port ?? config.ssh.port;
    if (first === undefined) return [];
    return others
        .filter((host) => portOf(host) !== portOf(first))
        .map((host) => {
            const what = `SSH of ${host.name} is at port ${portOf(host)}, of ${first.name} at ${portOf(first)}; fencing needs one port for all NameNodes`;
            return finding("hosts", what, "let sshd of all NameNodes listen on one port");
        });
};

/** What is written into manifests is clear text on hosts, in the state and in previews. */
const noPasswordInUrl: Rule = ({ artifacts }) => {
    const url = new URL(artifacts.mirror);
    if (url.username === "" && url.password === "") return [];
    const what =
        "the URL holds a user or password, which would be clear text in state and previews";
    return [finding("artifacts.mirror", what, "serve the folder without, artifacts are verified")];
};

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

/** Keys that follow from the topology or from a key of our own; an override would quietly break what the rules promise. */
const protectedKeys = [
    /^fs\.defaultFS$/,
    /^ha\.zookeeper\./,
    /^net\.topology\./,
    /^dfs\.(nameservices|replication)$/,
    /^dfs\.ha\./,
    /^dfs\.namenode\.((rpc|http)-address|shared\.edits\.dir|name\.dir|edits\.dir)/,
    /^dfs\.(journalnode\.edits|datanode\.data)\.dir$/,
    /^dfs\.client\.failover\.proxy\.provider/,
    /^(process\.roles|node\.id|broker\.(id|rack)|log\.dirs?|metadata\.log\.dir|controller\.)/,
    /^(listeners|advertised\.listeners|listener\.security\.protocol\.map)$/,
    /^(default\.replication\.factor|min\.insync\.replicas|unclean\.leader\.election\.enable)$/,
    /^(dataDir|dataLogDir|clientPort|tickTime|maxSessionTimeout|4lw\.commands\.whitelist|server\.\d+)$/,
    /^spark\.(master|eventLog\.dir)$/,
];

const overrides: Rule = (config) => {
    const maps = {
        "zookeeper.overrides": config.zookeeper.overrides,
        "hdfs.overrides.coreSite": config.hdfs.overrides.coreSite,
        "hdfs.overrides.hdfsSite": config.hdfs.overrides.hdfsSite,
        "spark.overrides": config.spark.overrides,
        "kafka.overrides": config.kafka.overrides,
    };
    return Object.entries(maps).flatMap(([path, map]) =>
        Object.keys(map)
            .filter((key) => protectedKeys.some((pattern) => pattern.test(key)))
            .map((key) =>
                finding(
                    `${path}.${key}`,
                    "this key follows from other keys of the stack",
                    "remove the override; docs/configuration.md names the key that decides it",
                ),
            ),
    );
};

const rules: readonly Rule[] = [
    unique("name"),
    unique("address"),
    unique("id"),
    quorum("zookeeper", "ZooKeeper"),
    quorum("journalnode", "the quorum journal"),
    quorum("kafka-controller", "the KRaft controller quorum"),
    atLeast("namenode", 2, "namenode"),
    atLeast("spark-master", 2, "spark-master"),
    needs("namenode", ["journalnode", "zookeeper", "datanode"]),
    needs("datanode", ["namenode"]),
    needs("spark-master", ["zookeeper"]),
    needs("spark-worker", ["spark-master", "namenode"]),
    needs("spark-history", ["namenode"]),
    needs("kafka-broker", ["kafka-controller"]),
    replication,
    kafkaDurability,
    topicsOnce,
    sessions,
    fencingPort,
    memory,
    streamingFits,
    noPasswordInUrl,
    streamingNeeds,
    overrides,
];

/** Every finding of every rule. */
export function checkRules(config: Config): Diagnostic[] {
    return rules.flatMap((rule) => rule(config));
}
