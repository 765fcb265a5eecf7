// SPDX-License-Identifier: Apache-2.0
import * as pulumi from "@pulumi/pulumi";
import type { HostConfig } from "../lib/config/schema.ts";
import { members } from "../lib/topology.ts";
import { waveEdges, waveWidth, workerWaves } from "../lib/waves.ts";
import type { Converged, Fleet } from "./fleet.ts";
import { hdfsGates } from "./hdfs/hdfs.ts";
import { kafkaGates } from "./kafka/kafka.ts";
import type { Units } from "./sections.ts";
import { sparkGates } from "./spark/spark.ts";

export interface WorkersArgs {
    readonly fleet: Fleet;
    readonly units: Units;
    readonly converged: Converged;
    readonly tools: string;
    /** The first start of each broker, by host. */
    readonly formatted: ReadonlyMap<string, pulumi.Resource>;
    /** Everything that workers register with. */
    readonly after: readonly pulumi.Resource[];
}

/** Units of a worker host, in the order in which they are rolled. */
const workerUnits = ["kafka-broker", "hdfs-datanode", "spark-worker"];

/**
 * DataNodes, Spark workers and brokers share hosts: one roll a host, so that there is one disruption at a time on it. Hosts follow one another in
 * waves of one rack (lib/waves.ts).
 */
export class Workers extends pulumi.ComponentResource {
    static readonly __pulumiType = "metalstream:platform:Workers";
    readonly ready: pulumi.Resource[];

    constructor(name: string, args: WorkersArgs, opts?: pulumi.ComponentResourceOptions) {
        super(Workers.__pulumiType, name, {}, opts);
        const { fleet, units, tools } = args;
        const hosts = members(fleet.config).filter(
            (host) => host.state === "present" && units.of(host, workerUnits).length > 0,
        );
        // Nobody waits for a host that is out of reach: its roll is left alone.
        const waves = workerWaves(
            hosts.filter((host) => fleet.isReached(host)),
            waveWidth(fleet.config, hosts.length),
        );
        const edges = waveEdges(waves);
        const rolls = new Map<string, pulumi.Resource>();
        const declare = (host: HostConfig) => {
            const gates = {
                ...hdfsGates(fleet),
                ...sparkGates(fleet),
                ...kafkaGates(fleet, host, "kafka-broker", tools),
            };
            const after = [
                args.converged.get(host.name),
                args.formatted.get(host.name),
                ...args.after,
                ...fleet.inTurn(
                    (edges.get(host.name) ?? []).flatMap((name) => rolls.get(name) ?? []),
                ),
            ];
            return fleet.roll(
                `${name}-roll-${host.name}`,
                host,
                units.of(host, workerUnits),
                gates,
                { parent: this, dependsOn: after.filter((resource) => resource !== undefined) },
            );
        };
        for (const host of waves.flat()) rolls.set(host.name, declare(host));
        for (const host of hosts.filter((one) => !rolls.has(one.name))) declare(host);
        this.ready = [...rolls.values()];
        this.registerOutputs({});
    }
}
