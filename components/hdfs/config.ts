// SPDX-License-Identifier: Apache-2.0
/** HDFS with high availability: topology -> units. Pure. */
import type { Config, HostConfig } from "../../lib/config/schema.ts";
import { item, unitBlock, type Section, type UnitBlock } from "../../lib/manifest.ts";
import type { Artifact } from "../../lib/artifacts/artifact.ts";
import { classArchive } from "../../lib/artifacts/cds.ts";
import { heap, jvmOptions } from "../../lib/profile.ts";
import { properties } from "../../lib/render/properties.ts";
import { javaArguments, systemdUnit } from "../../lib/render/unit.ts";
import { hasRole } from "../../lib/topology.ts";
import {
    serviceArtifactItem,
    currentDirectory,
    ownedDirectory,
    parentDirectory,
} from "../service.ts";
import {
    coreSite,
    dataDirectories,
    hdfsHome,
    hdfsSite,
    journalDirectory,
    nameDirectories,
    topologyTable,
} from "./site.ts";

export const user = "hdfs";

interface Daemon {
    readonly unit: string;
    readonly description: string;
    readonly heap: keyof Config["heaps"];
    readonly main: string;
    readonly writable: (config: Config) => string[];
    readonly evidence?: (config: Config) => string[];
}

/**
 * Evidence that a NameNode was formatted: until then neither it nor its ZKFC starts. An image in one directory is enough, since the
 * NameNode fills an empty one from it (FSImage.recoverTransitionRead); VERSION without an image is a format that was cut off.
 */
const images = (config: Config) =>
    nameDirectories(config).map((path) => `${path}/current/fsimage_[0-9]*`);

const daemons = {
    journalnode: {
        unit: "hdfs-journalnode",
        description: "HDFS JournalNode",
        heap: "journalnode",
        main: "org.apache.hadoop.hdfs.qjournal.server.JournalNode",
        writable: (config) => [journalDirectory(config)],
    },
    namenode: {
        unit: "hdfs-namenode",
        description: "HDFS NameNode",
        heap: "namenode",
        main: "org.apache.hadoop.hdfs.server.namenode.NameNode",
        writable: nameDirectories,
        evidence: images,
    },
    zkfc: {
        unit: "hdfs-zkfc",
        description: "HDFS failover controller",
        heap: "zkfc",
        main: "org.apache.hadoop.hdfs.tools.DFSZKFailoverController",
        writable: () => [],
        evidence: images,
    },
    datanode: {
        unit: "hdfs-datanode",
        description: "HDFS DataNode",
        heap: "datanode",
        main: "org.apache.hadoop.hdfs.server.datanode.DataNode",
        writable: dataDirectories,
    },
} as const satisfies Record<string, Daemon>;

const log4j = properties({
    "log4j.rootLogger": "INFO,console",
    "log4j.appender.console": "org.apache.log4j.ConsoleAppender",
    "log4j.appender.console.layout": "org.apache.log4j.PatternLayout",
    // The journal adds time, host and unit.
    "log4j.appender.console.layout.ConversionPattern": "%p %c{1}: %m%n",
});

/** Class path of Hadoop's daemons and tools: jars, then what lies beside them (webapps), then the unit's configuration. */
export function hadoopClasspath(unit: string, artifact: Artifact): string[] {
    return [...artifact.jars, artifact.directory, currentDirectory(unit)];
}

function daemonUnit(config: Config, daemon: Daemon, artifact: Artifact): UnitBlock {
    const heapMiB = heap(config, daemon.heap);
    const writable = daemon.writable(config);
    return unitBlock(daemon.unit, {
        "core-site.xml": coreSite(config),
        "hdfs-site.xml": hdfsSite(
            config,
            daemon.unit === "hdfs-namenode" ? daemon.unit : undefined,
        ),
        ...(daemon.unit === "hdfs-namenode" ? { "topology.table": topologyTable(config) } : {}),
        "log4j.properties": log4j,
        "java.args": javaArguments({
            unit: daemon.unit,
            heapMiB,
            options: [...classArchive(artifact).options, ...jvmOptions(config, heapMiB)],
            classpath: hadoopClasspath(daemon.unit, artifact),
            main: daemon.main,
        }),
        [`${daemon.unit}.service`]: systemdUnit({
            name: daemon.unit,
            description: daemon.description,
            user,
            writable,
            mounts: writable,
            anyOf: daemon.evidence?.(config) ?? [],
            ...(daemon.unit === "hdfs-namenode" ? { stopSeconds: 180 } : {}),
        }),
    });
}

/** What fencing needs on a NameNode's host: fuser, and a directory for the key (the key itself is a secret of its own). */
function fencingItems(): string[] {
    return [item.package("psmisc"), ownedDirectory(`${hdfsHome}/.ssh`, user, "0700")];
}

/** What a host needs for its roles in HDFS. */
export function hdfsSection(config: Config, host: HostConfig, artifact: Artifact): Section {
    const runs = (Object.keys(daemons) as (keyof typeof daemons)[]).filter((role) =>
        hasRole(host, role === "zkfc" ? "namenode" : role),
    );
    if (runs.length === 0) return { items: [], units: [] };
    const directories = [...new Set(runs.flatMap((role) => daemons[role].writable(config)))];
    return {
        items: [
            item.group(user),
            // A shell, since the fencing of the other NameNode logs in as this user (with a forced command only).
            item.user(user, { group: user, home: hdfsHome, shell: "/bin/sh" }),
            ownedDirectory(hdfsHome, user),
            serviceArtifactItem(config, artifact),
            ...directories.map((path) => parentDirectory(path.slice(0, path.lastIndexOf("/")))),
            ...directories.map((path) => ownedDirectory(path, user, "0700")),
            ...(hasRole(host, "namenode") ? fencingItems() : []),
        ],
        units: runs.map((role) => daemonUnit(config, daemons[role], artifact)),
    };
}
