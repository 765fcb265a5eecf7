// SPDX-License-Identifier: Apache-2.0
/** ZooKeeper on temporary disk: topology -> files. Pure. */
import type { Config, HostConfig } from "../../lib/config/schema.ts";
import { item, unitBlock, type Section, type UnitBlock } from "../../lib/manifest.ts";
import type { Artifact } from "../../lib/artifacts/artifact.ts";
import { classArchive } from "../../lib/artifacts/cds.ts";
import { heap, jvmOptions, zookeeperTmpfs } from "../../lib/profile.ts";
import { properties } from "../../lib/render/properties.ts";
import { javaArguments, systemdUnit } from "../../lib/render/unit.ts";
import { ports, withRole } from "../../lib/topology.ts";
import { serviceArtifactItem, currentDirectory, userItems } from "../service.ts";

const user = "zookeeper";
/** The temporary disk. It is data and log directory in one: `initialize` is looked for in the log directory (FileTxnSnapLog). */
export const dataDirectory = "/var/lib/zookeeper";
/** Lies on durable disk once the ensemble was born; without it no member starts. */
export const bornMark = "/var/lib/metalstream/zookeeper.born";

/** zoo.cfg. Ids are the hosts' stable ids, never their place in a list. */
export function zooCfg(config: Config): string {
    const { tickTimeMs, maxSessionTimeoutMs, overrides } = config.zookeeper;
    const servers = withRole(config, "zookeeper").map((host): [string, string] => [
        `server.${host.id}`,
        `${host.name}:${ports.zookeeperQuorum}:${ports.zookeeperElection};${ports.zookeeperClient}`,
    ]);
    return properties({
        tickTime: String(tickTimeMs),
        initLimit: "10",
        syncLimit: "5",
        maxSessionTimeout: String(maxSessionTimeoutMs),
        dataDir: dataDirectory,
        // srvr and mntr carry the evidence of gates and status; nothing else is answered.
        "4lw.commands.whitelist": "srvr,mntr,ruok",
        "admin.enableServer": "false",
        // Off by default, and a full tmpfs ends a member.
        "autopurge.purgeInterval": "1",
        "autopurge.snapRetainCount": "3",
        ...Object.fromEntries(servers),
        ...overrides,
    });
}

function zookeeperJava(config: Config, artifact: Artifact): string {
    const heapMiB = heap(config, "zookeeper");
    return javaArguments({
        unit: "zookeeper",
        heapMiB,
        options: [...classArchive(artifact).options, ...jvmOptions(config, heapMiB)],
        systemProperties: {
            // An empty member (its temporary disk was lost) does not vote until it has synced (ZOOKEEPER-261).
            "zookeeper.db.autocreate": "false",
            // Logs are pre-allocated in blocks of 64 MiB otherwise, on a disk that is memory (KiB).
            "zookeeper.preAllocSize": "8192",
        },
        classpath: [...artifact.jars, currentDirectory("zookeeper")],
        main: "org.apache.zookeeper.server.quorum.QuorumPeerMain",
        args: [`${currentDirectory("zookeeper")}/zoo.cfg`],
    });
}

/** The unit of a member. */
export function zookeeperUnit(config: Config, host: HostConfig, artifact: Artifact): UnitBlock {
    const current = currentDirectory("zookeeper");
    return unitBlock("zookeeper", {
        "zoo.cfg": zooCfg(config),
        myid: `${host.id}\n`,
        "java.args": zookeeperJava(config, artifact),
        "zookeeper.service": systemdUnit({
            name: "zookeeper",
            description: "ZooKeeper member",
            user,
            writable: [dataDirectory],
            mounts: [dataDirectory],
            conditions: [bornMark],
            prepare: [
                `/usr/bin/install -o ${user} -g ${user} -m 0640 ${current}/myid ${dataDirectory}/myid`,
            ],
        }),
    });
}

/** What a host needs for ZooKeeper. */
export function zookeeperSection(config: Config, host: HostConfig, artifact: Artifact): Section {
    const options = `size=${zookeeperTmpfs(config)}m,mode=0750,uid=${user},gid=${user}`;
    return {
        items: [
            ...userItems(user, dataDirectory),
            serviceArtifactItem(config, artifact),
            item.tmpfs(dataDirectory, options),
        ],
        units: [zookeeperUnit(config, host, artifact)],
    };
}
