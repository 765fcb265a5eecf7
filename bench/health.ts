// SPDX-License-Identifier: Apache-2.0
/** What "healthy" means, from the services' own answers: the criteria of the gates in host/service-*.sh, as seen from outside. Pure. */

/** ZooKeeper: one leader with which every other member is synced. `srvr` of each member, `mntr` of the leader. */
export function ensembleServes(srvr: readonly string[], mntr: string): boolean {
    const modes = srvr.map((answer) => /^Mode: (\w+)/m.exec(answer)?.[1]);
    const leaders = modes.filter((mode) => mode === "leader").length;
    const followers = modes.filter((mode) => mode === "follower").length;
    const synced = Number(/^zk_synced_followers\s+(\S+)/m.exec(mntr)?.[1] ?? Number.NaN);
    return leaders === 1 && leaders + followers === srvr.length && synced === followers;
}

/** What one NameNode says of itself. */
export interface NameNode {
    /** `active`, `standby`, …; undefined when it does not answer. */
    readonly state: string | undefined;
    /** `Operational` out of safe mode. */
    readonly fsState: string | undefined;
    readonly liveDataNodes: number;
}

/** HDFS: one active, all others standby, all out of safe mode with every DataNode. */
export function hdfsServes(namenodes: readonly NameNode[], dataNodes: number): boolean {
    const active = namenodes.filter(({ state }) => state === "active").length;
    const standby = namenodes.filter(({ state }) => state === "standby").length;
    return (
        active === 1 &&
        active + standby === namenodes.length &&
        namenodes.every(
            ({ fsState, liveDataNodes }) => fsState === "Operational" && liveDataNodes >= dataNodes,
        )
    );
}

/** What a Spark master says of itself (`/json/`). */
export interface SparkMaster {
    readonly status: string;
    readonly workers: readonly { readonly host: string; readonly state: string }[];
    readonly activeapps?: readonly { readonly name: string; readonly state: string }[];
}

/** Spark: one master leads, all others stand by, and the leader counts every worker as alive. */
export function sparkServes(
    masters: readonly (SparkMaster | undefined)[],
    workers: readonly string[],
): boolean {
    const alive = masters.filter((master) => master?.status === "ALIVE");
    const standby = masters.filter((master) => master?.status === "STANDBY");
    const [leader] = alive;
    return (
        alive.length === 1 &&
        alive.length + standby.length === masters.length &&
        workers.every(
            (name) =>
                leader?.workers.some(({ host, state }) => host === name && state === "ALIVE") ===
                true,
        )
    );
}

/** A bean of Hadoop's `/jmx` answer. */
export function bean(answer: string): Record<string, unknown> {
    try {
        const { beans } = JSON.parse(answer) as { beans?: Record<string, unknown>[] };
        return beans?.[0] ?? {};
    } catch {
        return {}; // No answer, or a service that is only starting.
    }
}

/** What a Spark master's `/json/` answer says; undefined when it is no answer. */
export function sparkMaster(answer: string): SparkMaster | undefined {
    try {
        return JSON.parse(answer) as SparkMaster;
    } catch {
        return undefined;
    }
}
