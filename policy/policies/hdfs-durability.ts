// SPDX-License-Identifier: Apache-2.0
/** HDFS: copies of blocks, JournalNodes, NameNodes. */
import { withRole } from "../../lib/topology.ts";
import type { Config } from "../../lib/config/schema.ts";
import { below, isFalse, unsafeOverrides, type UnsafeKey } from "../lib/overrides.ts";
import { platformPolicy } from "../lib/policy.ts";
import {
    byRack,
    oddMembers,
    redundantMembers,
    separateMembers,
    spreadMembers,
} from "../lib/quorum.ts";
import { integer } from "../lib/settings.ts";

const journals = {
    role: "journalnode",
    label: "JournalNodes",
    why: "The active NameNode stops when a majority of its JournalNodes does not take its edits.",
} as const;

export const hdfsJournalnodesOdd = oddMembers({ name: "hdfs-journalnodes-odd", ...journals });
export const hdfsJournalnodesSpread = spreadMembers({
    name: "hdfs-journalnodes-spread",
    ...journals,
});

const namenodes = {
    role: "namenode",
    label: "NameNodes",
    why: "A NameNode that is alone, or shares its rack with the other, takes HDFS and every job on it down.",
} as const;

export const hdfsNamenodesRedundant = redundantMembers({
    name: "hdfs-namenodes-redundant",
    ...namenodes,
});
export const hdfsNamenodesSpread = separateMembers({ name: "hdfs-namenodes-spread", ...namenodes });

/** The copies that HDFS will keep, and the key that says so: an override wins over `hdfs.replication`. */
function replication(config: Config): { where: string; copies: number } {
    const override = config.hdfs.overrides.hdfsSite["dfs.replication"];
    if (override === undefined) {
        return { where: "hdfs.replication", copies: config.hdfs.replication };
    }
    return { where: "hdfs.overrides.hdfsSite[dfs.replication]", copies: Number(override) };
}

export const hdfsBlocksReplicated = platformPolicy({
    name: "hdfs-blocks-replicated",
    severity: "critical",
    rule: "At least three copies of every HDFS block.",
    why: "With two, one failed disk during the maintenance of another host loses data.",
    remedy: "Set hdfs.replication to 3, with DataNodes to hold the copies.",
    settings: { minimum: integer(3, "Least number of copies", 1) },
    check: (config, { minimum }) => {
        const { where, copies } = replication(config);
        if (withRole(config, "datanode").length === 0 || copies >= minimum) return [];
        return [{ where, what: `found ${copies}, expected at least ${minimum}` }];
    },
});

export const hdfsBlocksSpread = platformPolicy({
    name: "hdfs-blocks-spread",
    severity: "high",
    rule: "HDFS keeps no more copies of a block than there are racks with DataNodes.",
    why: "Otherwise racks hold more than one copy, and the loss of a rack costs more than one.",
    remedy: "Put DataNodes into more racks.",
    settings: {},
    check: (config) => {
        const racks = byRack(withRole(config, "datanode")).length;
        const { where, copies } = replication(config);
        if (racks === 0 || copies <= racks) return [];
        return [{ where, what: `${copies} copies over ${racks} racks with DataNodes` }];
    },
});

const unsafe: readonly UnsafeKey[] = [
    {
        key: "dfs.permissions.enabled",
        unsafe: isFalse,
        effect: "every user may read and delete everything",
    },
    {
        key: "dfs.namenode.safemode.threshold-pct",
        unsafe: below(0.999),
        effect: "the NameNode leaves safe mode while blocks are missing",
    },
    {
        key: "dfs.namenode.replication.min",
        unsafe: below(1),
        effect: "files close before any DataNode has their blocks",
    },
    {
        key: "dfs.journalnode.enable.sync",
        unsafe: isFalse,
        effect: "an emptied JournalNode is not filled by its peers",
    },
    {
        key: "dfs.client.block.write.replace-datanode-on-failure.enable",
        unsafe: isFalse,
        effect: "writers go on with ever fewer copies",
    },
];

const unsafeCore: readonly UnsafeKey[] = [
    {
        key: "fs.trash.interval",
        unsafe: below(1),
        effect: "deleted files cannot be brought back",
    },
];

export const hdfsOverridesSafe = platformPolicy({
    name: "hdfs-overrides-safe",
    severity: "high",
    rule: "No override of a Hadoop file weakens durability or access control.",
    why: "Overrides are applied last and would win over the values that the platform relies on.",
    remedy: "Remove the override.",
    settings: {},
    check: ({ hdfs: { overrides } }) => [
        ...unsafeOverrides("hdfs.overrides.coreSite", overrides.coreSite, unsafeCore),
        ...unsafeOverrides("hdfs.overrides.hdfsSite", overrides.hdfsSite, unsafe),
    ],
});

export const hdfsPolicies = [
    hdfsJournalnodesOdd,
    hdfsJournalnodesSpread,
    hdfsNamenodesRedundant,
    hdfsNamenodesSpread,
    hdfsBlocksReplicated,
    hdfsBlocksSpread,
    hdfsOverridesSafe,
];
