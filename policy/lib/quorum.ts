// SPDX-License-Identifier: Apache-2.0
/** Policies that are the same for every service with members that vote or take over from each other. Pure. */
import type { ResourceValidationPolicy } from "@pulumi/policy";
import type { HostConfig, Role } from "../../lib/config/schema.ts";
import { withRole } from "../../lib/topology.ts";
import { platformPolicy } from "./policy.ts";
import { integer } from "./settings.ts";

interface Members {
    readonly name: string;
    readonly role: Role;
    /** What the members are called, in the plural. */
    readonly label: string;
    /** What is lost without them. */
    readonly why: string;
}

/** Hosts by rack, the fullest rack first. */
export function byRack(hosts: readonly HostConfig[]): { rack: string; hosts: HostConfig[] }[] {
    const racks = [...new Set(hosts.map((host) => host.rack))];
    return racks
        .map((rack) => ({ rack, hosts: hosts.filter((host) => host.rack === rack) }))
        .sort((a, b) => b.hosts.length - a.hosts.length);
}

const names = (hosts: readonly HostConfig[]) => hosts.map((host) => host.name).join(", ");

/** An odd number of voters, at least three. */
export function oddMembers({ name, role, label, why }: Members): ResourceValidationPolicy {
    return platformPolicy({
        name,
        severity: "critical",
        rule: `An odd number of ${label}, at least three.`,
        why: `${why} An even number tolerates no more failures than one member fewer, and one or two tolerate none.`,
        remedy: `Give the role ${role} to 3 or 5 hosts in different racks.`,
        settings: { minimum: integer(3, `Least number of ${label}`, 1) },
        check: (config, { minimum }) => {
            const { length } = withRole(config, role);
            if (length === 0 || (length >= minimum && length % 2 === 1)) return [];
            const what = `found ${length} with the role ${role}, expected an odd number of at least ${minimum}`;
            return [{ where: "hosts", what }];
        },
    });
}

/** No rack holds so many voters that its loss would take the majority with it. */
export function spreadMembers({ name, role, label, why }: Members): ResourceValidationPolicy {
    return platformPolicy({
        name,
        severity: "high",
        rule: `No rack holds so many ${label} that its loss would take the majority with it.`,
        why: `${why} A rack shares its switch and its power.`,
        remedy: `Move the role ${role} to hosts in other racks.`,
        settings: {},
        check: (config) => {
            const voters = withRole(config, role);
            const bearable = Math.floor((voters.length - 1) / 2);
            return byRack(voters)
                .filter(({ hosts }) => hosts.length > bearable)
                .map(({ rack, hosts }) => ({
                    where: "hosts",
                    what: `rack ${rack} holds ${hosts.length} of ${voters.length} ${label} (${names(hosts)}), expected at most ${bearable}`,
                }));
        },
    });
}

/** Enough members for one to take over from another. */
export function redundantMembers({ name, role, label, why }: Members): ResourceValidationPolicy {
    return platformPolicy({
        name,
        severity: "critical",
        rule: `At least two ${label}.`,
        why,
        remedy: `Give the role ${role} to another host, in another rack.`,
        settings: { minimum: integer(2, `Least number of ${label}`, 1) },
        check: (config, { minimum }) => {
            const { length } = withRole(config, role);
            if (length === 0 || length >= minimum) return [];
            const what = `found ${length} with the role ${role}, expected at least ${minimum}`;
            return [{ where: "hosts", what }];
        },
    });
}

/** Members that take over from each other, not all in one rack. */
export function separateMembers({ name, role, label, why }: Members): ResourceValidationPolicy {
    return platformPolicy({
        name,
        severity: "high",
        rule: `${label} in at least two racks.`,
        why,
        remedy: `Move the role ${role} of one host to a host in another rack.`,
        settings: { racks: integer(2, `Least number of racks with ${label}`, 1) },
        check: (config, { racks }) => {
            const hosts = withRole(config, role);
            const found = byRack(hosts);
            if (hosts.length === 0 || found.length >= racks) return [];
            const where = found.map(({ rack }) => rack).join(", ");
            const what = `all ${label} (${names(hosts)}) are in ${where}, expected at least ${racks} racks`;
            return [{ where: "hosts", what }];
        },
    });
}
