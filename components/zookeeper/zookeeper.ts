// SPDX-License-Identifier: Apache-2.0
import * as pulumi from "@pulumi/pulumi";
import { endpoints, ports, withRole } from "../../lib/topology.ts";
import type { Units } from "../sections.ts";
import type { Converged, Fleet } from "../fleet.ts";
import { rollChain } from "../roll-chain.ts";
import { mayBeBorn, zookeeperUndone } from "./lifecycle.ts";

export interface ZooKeeperArgs {
    /** Members and their temporary disks come from the fleet's configuration. */
    readonly fleet: Fleet;
    readonly units: Units;
    /** The converge of each host. */
    readonly converged: Converged;
}

/** A ZooKeeper ensemble on temporary disk: born once, by the evidence of all members; then rolled one member at a time, the leader last. */
export class ZooKeeper extends pulumi.ComponentResource {
    static readonly __pulumiType = "metalstream:zookeeper:ZooKeeper";
    /** Resources that end when all members run. */
    readonly born: readonly pulumi.Resource[];
    /** Resources that end when the ensemble serves. */
    readonly ready: pulumi.Resource[];
    /** `m1:2181,m2:2181,m3:2181`. */
    readonly connect: pulumi.Output<string>;

    constructor(name: string, args: ZooKeeperArgs, opts?: pulumi.ComponentResourceOptions) {
        const { fleet } = args;
        const connect = endpoints(fleet.config, "zookeeper", ports.zookeeperClient).join(",");
        super(ZooKeeper.__pulumiType, name, { connect }, opts);
        const members = fleet.active("zookeeper");
        const gates = {
            members: endpoints(
                { ...fleet.config, hosts: members },
                "zookeeper",
                ports.zookeeperClient,
            ).join(","),
        };
        const everybody = withRole(fleet.config, "zookeeper").map((host) => fleet.facts(host));
        const granted = mayBeBorn(everybody);
        // Hosts that are down or lost keep their steps in the state, and are left alone.
        const births = fleet.everyone("zookeeper").map((host) =>
            fleet.birth(
                `${name}-birth-${host.name}`,
                host,
                { step: "zookeeper", granted, gates, undone: zookeeperUndone(fleet.facts(host)) },
                {
                    parent: this,
                    dependsOn: members.flatMap((member) => args.converged.get(member.name) ?? []),
                },
            ),
        );
        this.born = births;
        this.ready = rollChain(fleet, members, {
            leader: (facts) => facts.roles.get("zookeeper") === "leader",
            declare: (host, after) =>
                fleet.roll(
                    `${name}-roll-${host.name}`,
                    host,
                    args.units.of(host, ["zookeeper"]),
                    gates,
                    {
                        parent: this,
                        dependsOn: [...births, ...after],
                    },
                ),
        });
        this.connect = pulumi.output(connect);
        this.registerOutputs({ connect: this.connect });
    }
}
