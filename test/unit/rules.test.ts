// SPDX-License-Identifier: Apache-2.0
/** Each rule: a stack that keeps it passes, one that breaks it is refused with exactly this text. */
import assert from "node:assert/strict";
import { checkRules } from "../../lib/config/rules.ts";
import type { Role } from "../../lib/config/schema.ts";
import { findings, type Draft } from "./findings.ts";
import { loadStack } from "./stacks.ts";

/** Takes a role from the last `count` hosts that have it. */
function take(config: Draft, role: Role, count: number): void {
    const having = config.hosts.filter((host) => host.roles.includes(role));
    for (const host of having.slice(-count))
        host.roles = host.roles.filter((other) => other !== role);
}

interface Case {
    readonly title: string;
    readonly change: (config: Draft) => void;
    readonly says: readonly string[];
}

const host = (config: Draft, i: number) => {
    const found = config.hosts[i];
    assert.ok(found);
    return found;
};

const cases: readonly Case[] = [
    {
        title: "a name, an address and an id twice",
        change: (config) => {
            Object.assign(host(config, 4), { name: "w1", address: "10.77.0.14", id: 4 });
        },
        says: [
            "hosts[4].name: w1 is also hosts[3].name | give each host its own",
            "hosts[4].address: 10.77.0.14 is also hosts[3].address | give each host its own",
            "hosts[4].id: 4 is also hosts[3].id | give each host its own",
        ],
    },
    {
        title: "two ZooKeeper members",
        change: (config) => {
            take(config, "zookeeper", 1);
        },
        says: [
            "hosts: 2 hosts have the role zookeeper; ZooKeeper needs an odd number, at least 3 | give the role zookeeper to 3 or 5 hosts in different racks",
        ],
    },
    {
        title: "four JournalNodes",
        change: (config) => {
            host(config, 3).roles.push("journalnode");
        },
        says: [
            "hosts: 4 hosts have the role journalnode; the quorum journal needs an odd number, at least 3 | give the role journalnode to 3 or 5 hosts in different racks",
        ],
    },
    {
        title: "one Kafka controller",
        change: (config) => {
            take(config, "kafka-controller", 2);
        },
        says: [
            "hosts: 1 hosts have the role kafka-controller; the KRaft controller quorum needs an odd number, at least 3 | give the role kafka-controller to 3 or 5 hosts in different racks",
        ],
    },
    {
        title: "a quorum member that was lost and not replaced",
        change: (config) => {
            host(config, 2).state = "lost";
        },
        says: [
            "hosts: 2 hosts have the role zookeeper; ZooKeeper needs an odd number, at least 3 | give the role zookeeper to 3 or 5 hosts in different racks",
            "hosts: 2 hosts have the role journalnode; the quorum journal needs an odd number, at least 3 | give the role journalnode to 3 or 5 hosts in different racks",
            "hosts: 2 hosts have the role kafka-controller; the KRaft controller quorum needs an odd number, at least 3 | give the role kafka-controller to 3 or 5 hosts in different racks",
        ],
    },
    {
        title: "one NameNode and one Spark master",
        change: (config) => {
            take(config, "namenode", 1);
            take(config, "spark-master", 2);
        },
        says: [
            "hosts: 1 hosts have the role namenode; at least 2 are needed | give the role namenode to more hosts",
            "hosts: 1 hosts have the role spark-master; at least 2 are needed | give the role spark-master to more hosts",
        ],
    },
    {
        title: "services without those that they need",
        change: (config) => {
            config.streaming.logs.enabled = false;
            for (const role of ["zookeeper", "journalnode", "kafka-controller"] as const) {
                take(config, role, 3);
            }
        },
        says: [
            "hosts: namenode needs journalnode, which no host has | give the role journalnode to hosts",
            "hosts: namenode needs zookeeper, which no host has | give the role zookeeper to hosts",
            "hosts: spark-master needs zookeeper, which no host has | give the role zookeeper to hosts",
            "hosts: kafka-broker needs kafka-controller, which no host has | give the role kafka-controller to hosts",
        ],
    },
    {
        title: "NameNodes whose sshd listens on different ports",
        change: (config) => {
            host(config, 1).port = 2222;
        },
        says: [
            "hosts: SSH of m2 is at port 2222, of m1 at 22; fencing needs one port for all NameNodes | let sshd of all NameNodes listen on one port",
        ],
    },
    {
        title: "more replicas than DataNodes",
        change: (config) => {
            config.hdfs.replication = 4;
        },
        says: [
            "hdfs.replication: 4 replicas cannot be kept on 3 DataNodes | add DataNodes or lower it",
        ],
    },
    {
        title: "more replicas than brokers, by default and for a topic",
        change: (config) => {
            config.kafka.replicationFactor = 4;
            config.kafka.topics.push({
                name: "t",
                partitions: 1,
                replicationFactor: 5,
                config: {},
            });
        },
        says: [
            "kafka.replicationFactor: 4 replicas cannot be kept on 3 brokers | add brokers or lower it",
            "kafka.topics[1].replicationFactor: 5 replicas cannot be kept on 3 brokers | add brokers or lower it",
        ],
    },
    {
        title: "min ISR that leaves no broker to restart, by default and for a topic",
        change: (config) => {
            config.kafka.minInsyncReplicas = 3;
            config.kafka.topics.push(
                { name: "t", partitions: 1, replicationFactor: 2, config: {} },
                { name: "u", partitions: 1, config: { "min.insync.replicas": "three" } },
            );
        },
        says: [
            "kafka.minInsyncReplicas: min ISR 3 with replication factor 3: no broker could ever be restarted | set min ISR below the replication factor, at least to 1",
            "kafka.topics[1]: min ISR 3 with replication factor 2: no broker could ever be restarted | set min ISR below the replication factor, at least to 1",
            "kafka.topics[2]: min ISR NaN with replication factor 3: no broker could ever be restarted | set min ISR below the replication factor, at least to 1",
        ],
    },
    {
        title: "a topic twice",
        change: (config) => {
            config.kafka.topics.push({ name: "logs", partitions: 1, config: {} });
        },
        says: ["kafka.topics[1].name: logs is also kafka.topics[0].name | declare each topic once"],
    },
    {
        title: "session limits that ZooKeeper would refuse or shorten",
        change: (config) => {
            config.zookeeper.tickTimeMs = 5000;
            config.hdfs.failoverSessionTimeoutMs = 9000;
        },
        says: [
            "zookeeper.maxSessionTimeoutMs: 8000 ms is less than two ticks (10000 ms), ZooKeeper's least session | raise it or lower zookeeper.tickTimeMs",
            "hdfs.failoverSessionTimeoutMs: 9000 ms is more than ZooKeeper grants (zookeeper.maxSessionTimeoutMs: 8000) | lower it, or raise what ZooKeeper grants",
        ],
    },
    {
        title: "too little memory for the daemons",
        change: (config) => {
            config.heaps.kafkaBroker = 3072;
        },
        says: ["w1", "w2", "w3"].map(
            (name) =>
                `hardware.memoryMiB: ${name} has 4096 MiB; its daemons, temporary disk, page cache and executors (512 MiB) need 6120 MiB | spread the roles over more hosts, or lower heaps.* or spark.workerMemoryMiB`,
        ),
    },
    {
        title: "too much memory promised to executors",
        change: (config) => {
            config.spark.workerMemoryMiB = 2048;
        },
        says: ["w1", "w2", "w3"].map(
            (name) =>
                `hardware.memoryMiB: ${name} has 4096 MiB; its daemons, temporary disk, page cache and executors (2048 MiB) need 4152 MiB | spread the roles over more hosts, or lower heaps.* or spark.workerMemoryMiB`,
        ),
    },
    {
        title: "a job larger than the workers",
        change: (config) => {
            Object.assign(config.streaming.logs, { driverMemoryMiB: 4096, cores: 12 });
        },
        says: [
            "streaming.logs.driverMemoryMiB: 4096 MiB, but the largest Spark worker offers 1984 MiB | lower it",
            "streaming.logs.cores: 12 cores, but the Spark workers offer 11 beside the driver's | lower it",
        ],
    },
    {
        title: "a job without its topic",
        change: (config) => {
            config.streaming.logs.topic = "journal";
        },
        says: [
            "streaming.logs.topic: topic journal is not in kafka.topics | add it to kafka.topics",
        ],
    },
    {
        title: "a job without the services that it needs",
        change: (config) => {
            take(config, "kafka-broker", 3);
        },
        says: [
            "streaming.logs: the job needs kafka-broker, which no host has | give the role or set enabled: false",
        ],
    },
    {
        title: "a password in a URL, without repeating it",
        change: (config) => {
            config.artifacts.mirror = "https://user:hunter2@artifacts.example.internal/";
        },
        says: [
            "artifacts.mirror: the URL holds a user or password, which would be clear text in state and previews | serve the folder without, artifacts are verified",
        ],
    },
];

describe("rules", () => {
    it("pass the lab", () => {
        assert.deepEqual(checkRules(loadStack("lab")), []);
    });

    for (const { title, change, says } of cases) {
        it(`refuse ${title}`, () => {
            assert.deepEqual(findings(change), says);
        });
    }

    it("let an overridden heap and worker memory pass that fit", () => {
        const found = findings((config) => {
            config.heaps.kafkaBroker = 512;
            config.spark.workerMemoryMiB = 1024;
        });
        assert.deepEqual(found, []);
    });

    it("let a platform pass that is only a ZooKeeper ensemble", () => {
        const found = findings((config) => {
            config.streaming.logs.enabled = false;
            for (const each of config.hosts)
                each.roles = each.roles.filter((role) => role === "zookeeper");
        });
        assert.deepEqual(found, []);
    });
});
