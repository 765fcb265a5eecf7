// SPDX-License-Identifier: Apache-2.0
/** Hosts: memory, cores and disks that are shared out. */
import type { Config, HostConfig } from "../../lib/config/schema.ts";
import { committedMemory, reservedMemory, workerCores } from "../../lib/profile.ts";
import { hasRole, members, withRole } from "../../lib/topology.ts";
import { platformPolicy } from "../lib/policy.ts";
import { integer, texts } from "../lib/settings.ts";

/** The least that a Spark worker is of use with, MiB: one executor. */
const oneExecutor = 512;

/** Memory of executors on a host: what the configuration gives them, at least one's. */
function executorMemory(config: Config, host: HostConfig): number {
    return hasRole(host, "spark-worker") ? (config.spark.workerMemoryMiB ?? oneExecutor) : 0;
}

export const hostMemoryBudgeted = platformPolicy({
    name: "host-memory-budgeted",
    severity: "critical",
    rule: "Heaps, temporary disk, executors and the reserve for page cache and system fit into each host's memory.",
    why: "A host that runs out of memory kills a daemon, and temporary disk counts as memory.",
    remedy: "Spread the roles over more hosts, or lower heaps.*, zookeeper.tmpfsMiB or spark.workerMemoryMiB.",
    settings: { headroomMiB: integer(0, "Memory to leave free besides, MiB") },
    check: (config, { headroomMiB }) => {
        const has = config.hardware.memoryMiB;
        const reserve = reservedMemory(config) + headroomMiB;
        return members(config).flatMap((host) => {
            const daemons = committedMemory(config, host);
            const executors = executorMemory(config, host);
            const needed = daemons + executors + reserve;
            if (needed <= has) return [];
            const what = `needs ${needed} MiB of ${has} MiB (daemons and temporary disk ${daemons}, executors ${executors}, reserve ${reserve})`;
            return [{ where: `hosts[${host.name}]`, what }];
        });
    },
});

export const hostCoresBudgeted = platformPolicy({
    name: "host-cores-budgeted",
    severity: "medium",
    rule: "Spark workers offer no more cores than a host has.",
    why: "Executors that outnumber the cores starve the daemons beside them, whose heartbeats then time out.",
    remedy: "Lower spark.workerCores.",
    settings: { reserved: integer(0, "Cores to leave to daemons") },
    check: (config, { reserved }) => {
        const offered = workerCores(config);
        const limit = config.hardware.cores - reserved;
        if (withRole(config, "spark-worker").length === 0 || offered <= limit) return [];
        const what = `workers offer ${offered} cores, expected at most ${limit} of ${config.hardware.cores}`;
        return [{ where: "spark.workerCores", what }];
    },
});

export const hostDisksSeparate = platformPolicy({
    name: "host-disks-separate",
    severity: "high",
    rule: "Journals and bulk data lie on disks of their own, none of them the system's.",
    why: "A journal that waits for bulk writes stalls every writer; a system disk that is full stops the host.",
    remedy: "Name the mount points of the data disks in hardware.disks, each once.",
    settings: {
        minimum: integer(2, "Least number of data disks", 1),
        system: texts(
            ["/", "/tmp", "/var", "/var/tmp", "/home", "/run", "/root"],
            "Places that are no data disk",
        ),
    },
    check: ({ hardware: { disks } }, { minimum, system }) => {
        const few = `found ${disks.length}, expected at least ${minimum}`;
        return [
            ...(disks.length < minimum ? [{ where: "hardware.disks", what: few }] : []),
            ...disks.flatMap((disk, i) => {
                const where = `hardware.disks[${i}]`;
                const twice = disks.indexOf(disk) < i;
                return [
                    ...(twice ? [{ where, what: `${disk} is named twice` }] : []),
                    ...(system.includes(disk) ? [{ where, what: `${disk} is the system's` }] : []),
                ];
            }),
        ];
    },
});

export const hostBudgetPolicies = [hostMemoryBudgeted, hostCoresBudgeted, hostDisksSeparate];
