// SPDX-License-Identifier: Apache-2.0
import type * as pulumi from "@pulumi/pulumi";
import type { HostConfig } from "../lib/config/schema.ts";
import type { HostFacts } from "../lib/facts/parse.ts";
import type { Fleet } from "./fleet.ts";

export interface ChainStep {
    /** Whether a host leads now; the leader comes last, so that leadership moves once. */
    readonly leader: (facts: HostFacts) => boolean;
    /** Declares the roll of one host, after the resources given. */
    readonly declare: (host: HostConfig, after: pulumi.Resource[]) => pulumi.Resource;
}

/** Followers in the order of their ids, then the leader. The order is an optimisation: each element decides again at its turn. */
export function rollOrder(
    hosts: readonly HostConfig[],
    leads: (host: HostConfig) => boolean,
): HostConfig[] {
    return [...hosts.filter((host) => !leads(host)), ...hosts.filter(leads)];
}

/**
 * Declares one roll after the other where anything restarts: one disruption at a time, and a failed element stops all behind it. Hosts that are
 * down are no part of the chain.
 * @returns the rolls, in order.
 */
export function rollChain(
    fleet: Fleet,
    hosts: readonly HostConfig[],
    step: ChainStep,
): pulumi.Resource[] {
    const leads = (host: HostConfig) => {
        const facts = fleet.facts(host);
        return facts !== undefined && step.leader(facts);
    };
    const done: pulumi.Resource[] = [];
    for (const host of rollOrder(hosts, leads))
        done.push(step.declare(host, [...fleet.inTurn(done.slice(-1))]));
    return done;
}
