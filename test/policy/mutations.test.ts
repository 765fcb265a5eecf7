// SPDX-License-Identifier: Apache-2.0
/** Every stack file, changed in every way that a policy should catch: the policy that is named must refuse it at its environment's level. */
import assert from "node:assert/strict";
import type { Config, HostConfig, Role } from "../../lib/config/schema.ts";
import { refusals, stack, type Environment } from "./helpers.ts";

interface Mutation {
    readonly what: string;
    readonly caughtBy: string;
    readonly apply: (config: Config) => void;
}

const holders = (config: Config, role: Role) =>
    config.hosts.filter((host) => host.roles.includes(role));

const drop = (host: HostConfig, role: Role) => {
    host.roles = host.roles.filter((other) => other !== role);
};

/** Takes the role away from every single holder in turn. */
function losses(config: Config, role: Role, caughtBy: string): Mutation[] {
    return holders(config, role).map(({ name }) => ({
        what: `${name} loses the role ${role}`,
        caughtBy,
        apply: (c) => {
            for (const host of c.hosts) if (host.name === name) drop(host, role);
        },
    }));
}

/** Gives the role to every single other host in turn, which makes an odd number even. */
function gains(config: Config, role: Role, caughtBy: string): Mutation[] {
    const others = config.hosts.filter((host) => !host.roles.includes(role));
    return others.map(({ name }) => ({
        what: `${name} gains the role ${role}`,
        caughtBy,
        apply: (c) => {
            for (const host of c.hosts) if (host.name === name) host.roles.push(role);
        },
    }));
}

/** Moves every holder of the role into each other holder's rack. */
function moves(config: Config, role: Role, caughtBy: string): Mutation[] {
    const hosts = holders(config, role);
    return hosts.flatMap(({ name }) =>
        hosts
            .filter((other) => other.name !== name)
            .map((other) => ({
                what: `${name} moves to the rack of ${other.name}, beside its ${role}`,
                caughtBy,
                apply: (c: Config) => {
                    for (const host of c.hosts) if (host.name === name) host.rack = other.rack;
                },
            })),
    );
}

/** Two members of a quorum out of action, in every combination. */
function outages(config: Config, role: Role): Mutation[] {
    const hosts = holders(config, role);
    return hosts.flatMap(({ name: first }, i) =>
        hosts.slice(i + 1).map(({ name: second }) => ({
            what: `${first} is down and ${second} is lost, both with the role ${role}`,
            caughtBy: "platform-quorums-available",
            apply: (c: Config) => {
                for (const host of c.hosts) {
                    if (host.name === first) host.state = "down";
                    if (host.name === second) host.state = "lost";
                }
            },
        })),
    );
}

function override(
    where: (config: Config) => Record<string, string>,
    key: string,
    value: string,
    caughtBy: string,
): Mutation {
    return {
        what: `override ${key}=${value}`,
        caughtBy,
        apply: (config) => {
            where(config)[key] = value;
        },
    };
}

const zookeeper = (c: Config) => c.zookeeper.overrides;
const hdfsSite = (c: Config) => c.hdfs.overrides.hdfsSite;
const kafka = (c: Config) => c.kafka.overrides;

const overrides: readonly Mutation[] = [
    override(zookeeper, "autopurge.purgeInterval", "0", "zookeeper-overrides-safe"),
    override(zookeeper, "4lw.commands.whitelist", "*", "zookeeper-overrides-safe"),
    override(zookeeper, "snapshot.trust.empty", "true", "zookeeper-overrides-safe"),
    override(hdfsSite, "dfs.replication", "2", "hdfs-blocks-replicated"),
    override(hdfsSite, "dfs.permissions.enabled", "false", "hdfs-overrides-safe"),
    override(hdfsSite, "dfs.journalnode.enable.sync", "false", "hdfs-overrides-safe"),
    override(hdfsSite, "dfs.datanode.http.address", "0.0.0.0:9864", "platform-listeners-bound"),
    override(kafka, "unclean.leader.election.enable", "true", "kafka-elections-clean"),
    override(kafka, "auto.create.topics.enable", "true", "kafka-topics-declared"),
    override(kafka, "default.replication.factor", "2", "kafka-partitions-replicated"),
    override(kafka, "offsets.topic.replication.factor", "1", "kafka-partitions-replicated"),
    override(kafka, "min.insync.replicas", "1", "kafka-isr-durable"),
    override(kafka, "transaction.state.log.min.isr", "3", "kafka-isr-below-replicas"),
    override(kafka, "ssl.keystore.password", "hunter2", "platform-config-no-secrets"),
    override(
        (c) => c.spark.overrides,
        "spark.authenticate.secret",
        "hunter2",
        "platform-config-no-secrets",
    ),
];

/** One change of a number or a text, with the policy that it must meet. */
const values: readonly Mutation[] = [
    {
        what: "hdfs.replication 2",
        caughtBy: "hdfs-blocks-replicated",
        apply: (c) => (c.hdfs.replication = 2),
    },
    {
        what: "kafka.replicationFactor 2",
        caughtBy: "kafka-partitions-replicated",
        apply: (c) => (c.kafka.replicationFactor = 2),
    },
    {
        what: "kafka.minInsyncReplicas 1",
        caughtBy: "kafka-isr-durable",
        apply: (c) => (c.kafka.minInsyncReplicas = 1),
    },
    {
        what: "kafka.minInsyncReplicas 3",
        caughtBy: "kafka-isr-below-replicas",
        apply: (c) => (c.kafka.minInsyncReplicas = 3),
    },
    {
        what: "a topic with two replicas",
        caughtBy: "kafka-partitions-replicated",
        apply: (c) => {
            c.kafka.topics.forEach((topic) => (topic.replicationFactor = 2));
        },
    },
    {
        what: "a topic kept for an hour",
        caughtBy: "kafka-retention-sufficient",
        apply: (c) => {
            c.kafka.topics.forEach((topic) => (topic.config["retention.ms"] = "3600000"));
        },
    },
    {
        what: "a NameNode with nearly all memory",
        caughtBy: "host-memory-budgeted",
        apply: (c) => (c.heaps.namenode = c.hardware.memoryMiB - 100),
    },
    {
        what: "temporary disk as large as the memory",
        caughtBy: "host-memory-budgeted",
        apply: (c) => (c.zookeeper.tmpfsMiB = c.hardware.memoryMiB),
    },
    {
        what: "workers with more cores than there are",
        caughtBy: "host-cores-budgeted",
        apply: (c) => (c.spark.workerCores = c.hardware.cores + 1),
    },
    {
        what: "one disk",
        caughtBy: "host-disks-separate",
        apply: (c) => (c.hardware.disks = c.hardware.disks.slice(0, 1)),
    },
    {
        what: "a mirror that is not allowed",
        caughtBy: "artifacts-mirror-allowed",
        apply: (c) => (c.artifacts.mirror = "https://elsewhere.example.org/"),
    },
    {
        what: "login as root",
        caughtBy: "host-login-unprivileged",
        apply: (c) => (c.ssh.user = "root"),
    },
];

const ofProd: readonly Mutation[] = [
    {
        what: "login to the bastion as root",
        caughtBy: "host-login-unprivileged",
        apply: (c) => {
            if (c.ssh.bastion !== undefined) c.ssh.bastion.user = "root";
        },
    },
    {
        what: "artifacts over http",
        caughtBy: "artifacts-mirror-encrypted",
        apply: (c) => (c.artifacts.mirror = c.artifacts.mirror.replace("https:", "http:")),
    },
];

function mutations(environment: Environment): Mutation[] {
    const config = stack(environment);
    return [
        ...(["zookeeper", "journalnode", "kafka-controller"] as const).flatMap((role) => {
            const policy = {
                zookeeper: "zookeeper-members",
                journalnode: "hdfs-journalnodes",
                "kafka-controller": "kafka-controllers",
            }[role];
            return [
                ...losses(config, role, `${policy}-odd`),
                ...gains(config, role, `${policy}-odd`),
                ...moves(config, role, `${policy}-spread`),
                ...outages(config, role),
            ];
        }),
        ...losses(config, "namenode", "hdfs-namenodes-redundant"),
        ...moves(config, "namenode", "hdfs-namenodes-spread"),
        ...overrides,
        ...values,
        ...(environment === "lab" ? [] : ofProd),
    ];
}

for (const environment of ["lab", "staging", "prod"] as const) {
    describe(`mutations of stack ${environment}`, () => {
        for (const { what, caughtBy, apply } of mutations(environment)) {
            it(`${what}: ${caughtBy}`, () => {
                const config = stack(environment);
                apply(config);
                const caught = refusals(environment, config);
                assert.ok(caught.includes(caughtBy), `refused by: ${caught.join(", ") || "none"}`);
            });
        }
    });
}
