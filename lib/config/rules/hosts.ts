// SPDX-License-Identifier: Apache-2.0
/** Rules about hosts and what they run. Pure. */
import { withRole } from "../../topology.ts";
import type { HostConfig, Role } from "../schema.ts";
import { finding, type Rule } from "./finding.ts";

/** No two hosts share a value of `key`. */
export function unique(key: "name" | "address" | "id"): Rule {
    return ({ hosts }) =>
        hosts.flatMap((host, i) => {
            const first = hosts.findIndex((other) => other[key] === host[key]);
            if (first === i) return [];
            const what = `${String(host[key])} is also hosts[${first}].${key}`;
            return [finding(`hosts[${i}].${key}`, what, "give each host its own")];
        });
}

/** A member's id is a byte: ids of sessions and transactions begin with it (SessionTrackerImpl.initializeNextSessionId). */
export const memberIds: Rule = (config) =>
    withRole(config, "zookeeper")
        .filter(({ id }) => id > 255)
        .map(({ name, id }) => {
            const what = `${name} is a ZooKeeper member and has the id ${id}; myid is at most 255`;
            return finding("hosts", what, "give the role zookeeper to hosts with smaller ids");
        });

/** Services that vote: with 2n members one failure costs as much as with 2n-1, so an even number is a mistake. */
export function quorum(role: Role, label: string): Rule {
    return (config) => {
        const count = withRole(config, role).length;
        if (count === 0 || (count >= 3 && count % 2 === 1)) return [];
        const what = `${count} hosts have the role ${role}; ${label} needs an odd number, at least 3`;
        return [finding("hosts", what, `give the role ${role} to 3 or 5 hosts in different racks`)];
    };
}

/** Where a role is used at all, enough hosts have it to survive the loss of one. */
export function atLeast(role: Role, least: number): Rule {
    return (config) => {
        const count = withRole(config, role).length;
        if (count === 0 || count >= least) return [];
        const what = `${count} hosts have the role ${role}; at least ${least} are needed`;
        return [finding("hosts", what, `give the role ${role} to more hosts`)];
    };
}

/** A role is of use only with others. */
export function needs(role: Role, others: readonly Role[]): Rule {
    return (config) => {
        if (withRole(config, role).length === 0) return [];
        return others
            .filter((other) => withRole(config, other).length === 0)
            .map((other) =>
                finding(
                    "hosts",
                    `${role} needs ${other}, which no host has`,
                    `give the role ${other} to hosts`,
                ),
            );
    };
}

/** sshfence logs in to every NameNode at one and the same port. */
export const fencingPort: Rule = (config) => {
    const [first, ...others] = withRole(config, "namenode");
    const portOf = (host: HostConfig) => host.port ?? config.ssh.port;
    if (first === undefined) return [];
    return others
        .filter((host) => portOf(host) !== portOf(first))
        .map((host) => {
            const what = `SSH of ${host.name} is at port ${portOf(host)}, of ${first.name} at ${portOf(first)}; fencing needs one port for all NameNodes`;
            return finding("hosts", what, "let sshd of all NameNodes listen on one port");
        });
};
