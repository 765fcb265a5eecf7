// SPDX-License-Identifier: Apache-2.0
/** What each policy on the platform refuses: a change of stack prod, and the words that are said of it. */
import { kafkaCases } from "./kafka-cases.ts";
import { host, move, without, type PlatformCase } from "./spoil.ts";

export const platformCases: readonly PlatformCase[] = [
    {
        policy: "zookeeper-members-odd",
        spoil: (c) => {
            without(c, "m3", "zookeeper");
        },
        says: ["hosts: found 2 with the role zookeeper, expected an odd number of at least 3"],
    },
    {
        policy: "zookeeper-members-odd",
        spoil: (c) => {
            without(c, "m2", "zookeeper");
            without(c, "m3", "zookeeper");
        },
        says: ["hosts: found 1 with the role zookeeper, expected an odd number of at least 3"],
        tolerant: { minimum: 1 },
    },
    {
        policy: "zookeeper-members-spread",
        spoil: (c) => {
            move(c, "m2", "r1");
        },
        says: ["hosts: rack r1 holds 2 of 3 ZooKeeper members (m1, m2), expected at most 1"],
    },
    {
        policy: "zookeeper-overrides-safe",
        spoil: (c) => {
            c.zookeeper.overrides = {
                "autopurge.purgeInterval": "0",
                "4lw.commands.whitelist": "*",
                "snapshot.trust.empty": "true",
                forceSync: "no",
                skipACL: "yes",
                "autopurge.snapRetainCount": "1",
            };
        },
        says: [
            "zookeeper.overrides[autopurge.purgeInterval]: found 0: snapshots are never purged and fill the temporary disk",
            "zookeeper.overrides[autopurge.snapRetainCount]: found 1: fewer than three snapshots are kept, ZooKeeper's own minimum",
            "zookeeper.overrides[snapshot.trust.empty]: found true: an emptied member passes for one with data",
            "zookeeper.overrides[forceSync]: found no: transactions are acknowledged before they are written",
            "zookeeper.overrides[skipACL]: found yes: all access control is off",
            "zookeeper.overrides[4lw.commands.whitelist]: found *: anybody can ask a member to dump its sessions and watches",
        ],
    },
    {
        policy: "hdfs-journalnodes-odd",
        spoil: (c) => host(c, "w1").roles.push("journalnode"),
        says: ["hosts: found 4 with the role journalnode, expected an odd number of at least 3"],
    },
    {
        policy: "hdfs-journalnodes-spread",
        spoil: (c) => {
            move(c, "m3", "r2");
        },
        says: ["hosts: rack r2 holds 2 of 3 JournalNodes (m2, m3), expected at most 1"],
    },
    {
        policy: "hdfs-namenodes-redundant",
        spoil: (c) => {
            without(c, "m2", "namenode");
        },
        says: ["hosts: found 1 with the role namenode, expected at least 2"],
        tolerant: { minimum: 1 },
    },
    {
        policy: "hdfs-namenodes-spread",
        spoil: (c) => {
            move(c, "m2", "r1");
        },
        says: ["hosts: all NameNodes (m1, m2) are in r1, expected at least 2 racks"],
        tolerant: { racks: 1 },
    },
    {
        policy: "hdfs-blocks-replicated",
        spoil: (c) => (c.hdfs.replication = 2),
        says: ["hdfs.replication: found 2, expected at least 3"],
        tolerant: { minimum: 2 },
    },
    {
        policy: "hdfs-blocks-replicated",
        spoil: (c) => (c.hdfs.overrides.hdfsSite["dfs.replication"] = "1"),
        says: ["hdfs.overrides.hdfsSite[dfs.replication]: found 1, expected at least 3"],
        tolerant: { minimum: 1 },
    },
    {
        policy: "hdfs-blocks-spread",
        spoil: (c) => (c.hdfs.replication = 4),
        says: ["hdfs.replication: 4 copies over 3 racks with DataNodes"],
    },
    {
        policy: "hdfs-overrides-safe",
        spoil: (c) => {
            c.hdfs.overrides.coreSite = { "fs.trash.interval": "0" };
            c.hdfs.overrides.hdfsSite = {
                "dfs.permissions.enabled": "false",
                "dfs.namenode.safemode.threshold-pct": "0.5",
                "dfs.journalnode.enable.sync": "false",
                "dfs.namenode.replication.min": "0",
                "dfs.client.block.write.replace-datanode-on-failure.enable": "false",
            };
        },
        says: [
            "hdfs.overrides.coreSite[fs.trash.interval]: found 0: deleted files cannot be brought back",
            "hdfs.overrides.hdfsSite[dfs.permissions.enabled]: found false: every user may read and delete everything",
            "hdfs.overrides.hdfsSite[dfs.namenode.safemode.threshold-pct]: found 0.5: the NameNode leaves safe mode while blocks are missing",
            "hdfs.overrides.hdfsSite[dfs.namenode.replication.min]: found 0: files close before any DataNode has their blocks",
            "hdfs.overrides.hdfsSite[dfs.journalnode.enable.sync]: found false: an emptied JournalNode is not filled by its peers",
            "hdfs.overrides.hdfsSite[dfs.client.block.write.replace-datanode-on-failure.enable]: found false: writers go on with ever fewer copies",
        ],
    },
    {
        policy: "spark-masters-redundant",
        spoil: (c) => {
            without(c, "m2", "spark-master");
            without(c, "m3", "spark-master");
        },
        says: ["hosts: found 1 with the role spark-master, expected at least 2"],
        tolerant: { minimum: 1 },
    },
    {
        policy: "spark-masters-spread",
        spoil: (c) => {
            move(c, "m2", "r1");
            move(c, "m3", "r1");
        },
        says: ["hosts: all Spark masters (m1, m2, m3) are in r1, expected at least 2 racks"],
        tolerant: { racks: 1 },
    },
    ...kafkaCases,
    {
        policy: "platform-quorums-available",
        spoil: (c) => {
            host(c, "m1").state = "down";
            host(c, "m2").state = "lost";
        },
        says: [
            "hosts: 2 hosts with the role zookeeper are out of action (m1 down, m2 lost), expected at most 1",
            "hosts: 2 hosts with the role journalnode are out of action (m1 down, m2 lost), expected at most 1",
            "hosts: 2 hosts with the role kafka-controller are out of action (m1 down, m2 lost), expected at most 1",
        ],
        tolerant: { maximum: 2 },
    },
    {
        policy: "platform-config-no-secrets",
        spoil: (c) => {
            c.spark.overrides["spark.authenticate.secret"] = "hunter2";
            c.kafka.overrides["sasl.jaas.config"] = 'Module required password="hunter2";';
        },
        says: [
            "spark.overrides[spark.authenticate.secret]: holds a secret by its name",
            "kafka.overrides[sasl.jaas.config]: holds a password or secret in clear text",
        ],
    },
    {
        policy: "platform-listeners-bound",
        spoil: (c) => (c.kafka.overrides["listeners"] = "PLAINTEXT://0.0.0.0:9092"),
        says: ["kafka.overrides[listeners]: found PLAINTEXT://0.0.0.0:9092"],
    },
    {
        policy: "host-memory-budgeted",
        spoil: (c) => (c.spark.workerMemoryMiB = 120000),
        says: [
            "hosts[w1]: needs 177334 MiB of 131072 MiB (daemons and temporary disk 14080, executors 120000, reserve 43254)",
            "hosts[w2]: needs 177334 MiB of 131072 MiB (daemons and temporary disk 14080, executors 120000, reserve 43254)",
            "hosts[w3]: needs 177334 MiB of 131072 MiB (daemons and temporary disk 14080, executors 120000, reserve 43254)",
            "hosts[w4]: needs 177334 MiB of 131072 MiB (daemons and temporary disk 14080, executors 120000, reserve 43254)",
            "hosts[w5]: needs 177334 MiB of 131072 MiB (daemons and temporary disk 14080, executors 120000, reserve 43254)",
            "hosts[w6]: needs 177334 MiB of 131072 MiB (daemons and temporary disk 14080, executors 120000, reserve 43254)",
        ],
    },
    {
        policy: "host-memory-budgeted",
        spoil: (c) => (c.heaps.namenode = 100000),
        says: [
            "hosts[m1]: needs 179086 MiB of 131072 MiB (daemons and temporary disk 135832, executors 0, reserve 43254)",
            "hosts[m2]: needs 179086 MiB of 131072 MiB (daemons and temporary disk 135832, executors 0, reserve 43254)",
        ],
    },
    {
        policy: "host-cores-budgeted",
        spoil: (c) => (c.spark.workerCores = 32),
        says: ["spark.workerCores: workers offer 32 cores, expected at most 24 of 24"],
    },
    {
        policy: "host-disks-separate",
        spoil: (c) => (c.hardware.disks = ["/data/1"]),
        says: ["hardware.disks: found 1, expected at least 2"],
        tolerant: { minimum: 1 },
    },
    {
        policy: "host-disks-separate",
        spoil: (c) => (c.hardware.disks = ["/data/1", "/data/1", "/tmp"]),
        says: [
            "hardware.disks[1]: /data/1 is named twice",
            "hardware.disks[2]: /tmp is the system's",
        ],
    },
    {
        policy: "host-login-unprivileged",
        spoil: (c) => {
            c.ssh.user = "root";
            if (c.ssh.bastion !== undefined) c.ssh.bastion.user = "root";
        },
        says: ["ssh.user: found root", "ssh.bastion.user: found root"],
        tolerant: { users: ["guest"] },
    },
    {
        policy: "artifacts-mirror-encrypted",
        spoil: (c) => (c.artifacts.mirror = "http://artifacts.example.internal/metalstream"),
        says: ["artifacts.mirror: found http://, expected https://"],
    },
];
