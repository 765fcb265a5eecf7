// SPDX-License-Identifier: Apache-2.0
/** core-site.xml and hdfs-site.xml, the same on every host; keys are documented in Hadoop's core-default and hdfs-default. Pure. */
import type { Config, HostConfig } from "../../lib/config/schema.ts";
import { disksFor } from "../../lib/profile.ts";
import { hadoopXml } from "../../lib/render/hadoop-xml.ts";
import { endpoints, namenodeId, ports, rackPath, withRole } from "../../lib/topology.ts";
import { currentDirectory } from "../service.ts";

export const hdfsHome = "/var/lib/hdfs";
export const fencingKeyFile = `${hdfsHome}/.ssh/id_fence`;

/** Name directories: the disk of journals and one other, so that the image outlives a disk. */
export function nameDirectories(config: Config): string[] {
    const disks = [...disksFor(config, "journal"), ...disksFor(config, "bulk")].slice(0, 2);
    return [...new Set(disks)].map((disk) => `${disk}/hdfs/name`);
}

export function journalDirectory(config: Config): string {
    return `${disksFor(config, "journal")[0] ?? ""}/hdfs/journal`;
}

export function dataDirectories(config: Config): string[] {
    return disksFor(config, "bulk").map((disk) => `${disk}/hdfs/data`);
}

/** core-site.xml. */
export function coreSite(config: Config): string {
    return hadoopXml({
        "fs.defaultFS": `hdfs://${config.hdfs.nameservice}`,
        "ha.zookeeper.quorum": endpoints(config, "zookeeper", ports.zookeeperClient).join(","),
        "ha.zookeeper.session-timeout.ms": String(config.hdfs.failoverSessionTimeoutMs),
        // Names and addresses are a table, not a script: no process a look-up, and nothing that can answer wrongly under load.
        "net.topology.node.switch.mapping.impl": "org.apache.hadoop.net.TableMapping",
        "net.topology.table.file.name": `${currentDirectory("hdfs-namenode")}/topology.table`,
        // Deleted files stay a day in the trash.
        "fs.trash.interval": "1440",
        ...config.hdfs.overrides.coreSite,
    });
}

function namenodeKeys(config: Config): Record<string, string> {
    const { nameservice } = config.hdfs;
    const namenodes = withRole(config, "namenode");
    const addresses = namenodes.flatMap((host) => [
        [
            `dfs.namenode.rpc-address.${nameservice}.${namenodeId(host)}`,
            `${host.name}:${ports.namenodeRpc}`,
        ],
        [
            `dfs.namenode.http-address.${nameservice}.${namenodeId(host)}`,
            `${host.name}:${ports.namenodeHttp}`,
        ],
    ]);
    const journals = endpoints(config, "journalnode", ports.journalnodeRpc).join(";");
    return {
        "dfs.nameservices": nameservice,
        [`dfs.ha.namenodes.${nameservice}`]: namenodes.map(namenodeId).join(","),
        ...(Object.fromEntries(addresses) as Record<string, string>),
        "dfs.namenode.shared.edits.dir": `qjournal://${journals}/${nameservice}`,
        "dfs.namenode.name.dir": nameDirectories(config)
            .map((path) => `file://${path}`)
            .join(","),
        "dfs.namenode.rpc-bind-host": "0.0.0.0",
        "dfs.namenode.http-bind-host": "0.0.0.0",
        [`dfs.client.failover.proxy.provider.${nameservice}`]:
            "org.apache.hadoop.hdfs.server.namenode.ha.ConfiguredFailoverProxyProvider",
        "dfs.ha.automatic-failover.enabled": "true",
        // A real method first, and one that always succeeds last, or a dead host blocks the failover for ever (HDFS HA guide);
        // QJM lets only one NameNode write in any case.
        // The port is one for all NameNodes (rules.ts holds them to that).
        "dfs.ha.fencing.methods": `sshfence(hdfs:${namenodes[0]?.port ?? config.ssh.port})\nshell(/bin/true)`,
        "dfs.ha.fencing.ssh.private-key-files": fencingKeyFile,
        "dfs.ha.fencing.ssh.connect-timeout": "5000",
    };
}

/** What only NameNodes read: in the file of all it would restart everything when a DataNode is added. */
function namenodeOnlyKeys(config: Config): Record<string, string> {
    const datanodes = Math.max(1, withRole(config, "datanode").length);
    // 20 * ln(cluster size), at least Hadoop's own 10.
    return {
        "dfs.namenode.handler.count": String(Math.max(10, Math.round(20 * Math.log(datanodes)))),
        // Streaming jobs make many small files. By default (2, 2, 4) a DataNode begins two copies every 3 s, whatever their size, so that a worker
        // of a million blocks that was lost leaves them at two replicas for weeks (measured: 0.7 blocks a second and DataNode).
        "dfs.namenode.replication.work.multiplier.per.iteration": "20",
        "dfs.namenode.replication.max-streams": "20",
        "dfs.namenode.replication.max-streams-hard-limit": "40",
        // A DataNode that has been silent for 30 s is the last to read from and is not written to (default: only after 10.5 minutes, when it is
        // dead): a file after the other would wait for it. HBase's reference guide has the same for its own recovery.
        "dfs.namenode.avoid.read.stale.datanode": "true",
        "dfs.namenode.avoid.write.stale.datanode": "true",
    };
}

/** hdfs-site.xml of a daemon. */
export function hdfsSite(config: Config, daemon?: "hdfs-namenode"): string {
    return hadoopXml({
        ...(daemon === "hdfs-namenode" ? namenodeOnlyKeys(config) : {}),
        ...namenodeKeys(config),
        "dfs.replication": String(config.hdfs.replication),
        "dfs.journalnode.edits.dir": journalDirectory(config),
        // Its default differs between Hadoop's lines, so it is said: an emptied JournalNode is filled by its peers.
        "dfs.journalnode.enable.sync": "true",
        // A reinstalled JournalNode takes the storage info from the others, as well as the edits.
        "dfs.journalnode.enable.sync.format": "true",
        "dfs.datanode.data.dir": dataDirectories(config)
            .map((path) => `file://${path}`)
            .join(","),
        // One failed disk does not take the whole DataNode with it, where there is more than one.
        "dfs.datanode.failed.volumes.tolerated": dataDirectories(config).length > 1 ? "1" : "0",
        // Only a full report shows the NameNode a replica that was cut off in writing, and until then nothing is copied to its DataNode (said in
        // BlockManager.markBlockAsCorrupt): with as many DataNodes as replicas a block lacks one as long. An hour, where Hadoop takes six: 1,000
        // DataNodes then make one report in 3.6 s.
        "dfs.blockreport.intervalMsec": "3600000",
        // A standby that tails every 5 s takes over with little left to read (default 60 s).
        "dfs.ha.tail-edits.period": "5s",
        // It reads the segment that is being written, too (HDFS-10519). Else it learns of the newest blocks only when the log is
        // rolled, every 120 s, and a restarted one stays in safe mode as long.
        "dfs.ha.tail-edits.in-progress": "true",
        // How long a reader or writer waits for a DataNode that says nothing (default 60 s): its host may have lost its power.
        "dfs.client.socket-timeout": "30000",
        "dfs.permissions.superusergroup": "hdfs",
        ...config.hdfs.overrides.hdfsSite,
    });
}

/** topology.table: the rack of each member, by name and by address. */
export function topologyTable(config: Config): string {
    const hosts: HostConfig[] = withRole(config, "datanode");
    return hosts
        .flatMap((h) => [`${h.name} ${rackPath(h)}\n`, `${h.address} ${rackPath(h)}\n`])
        .join("");
}
