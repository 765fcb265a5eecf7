// SPDX-License-Identifier: Apache-2.0
/** How safe the data of HDFS is at the moment, as its active NameNode counts it. Pure. */

/** Numbers of blocks (FSNamesystem's metrics BlocksTotal, MissingBlocks, HighestPriorityLowRedundancyReplicatedBlocks, LowRedundancyBlocks, PendingReconstructionBlocks). */
export interface Replicas {
    readonly blocks: number;
    /** Without any replica: these cannot be read. */
    readonly missing: number;
    /** With one replica, though they should have more. */
    readonly single: number;
    /** With fewer replicas than they should have, those above and those that are being copied included. */
    readonly low: number;
}

/** The host's words; undefined where a number is missing: a NameNode that just stopped says nothing. */
export function parseReplicas(words: Readonly<Record<string, string>>): Replicas | undefined {
    const count = (key: string) => (/^\d+$/.test(words[key] ?? "") ? Number(words[key]) : NaN);
    const all: Replicas = {
        blocks: count("blocks"),
        missing: count("missing"),
        single: count("single"),
        low: count("low") + count("pending"),
    };
    return Object.values(all).some(Number.isNaN) ? undefined : all;
}

/** In one line, for a table. */
export function replicasText({ blocks, missing, single, low }: Replicas): string {
    const parts = [
        missing > 0 ? `${missing} LOST` : undefined,
        single > 0 ? `${single} on one replica only` : undefined,
        low > 0 ? `${low} below their replication` : "all replicated",
    ];
    return [`${blocks} blocks`, ...parts.filter((part) => part !== undefined)].join(", ");
}

/** What a person must know before the next host or disk goes; none when every block has at least two replicas. */
export function replicaWarnings({ blocks, missing, single }: Replicas): string[] {
    return [
        ...(missing > 0
            ? [
                  `hdfs: ${missing} of ${blocks} blocks have lost all their replicas, and their files cannot be read; bring back the DataNodes or disks that held them`,
              ]
            : []),
        ...(single > 0
            ? [
                  `hdfs: ${single} of ${blocks} blocks live on one replica only; let no DataNode's host or disk go until HDFS has copied them (npx metalstream status counts them)`,
              ]
            : []),
    ];
}
