// SPDX-License-Identifier: Apache-2.0
import * as pulumi from "@pulumi/pulumi";
import { members } from "../lib/topology.ts";
import type { Fleet } from "./fleet.ts";
import { hdfsGates } from "./hdfs/hdfs.ts";
import { kafkaGates } from "./kafka/kafka.ts";
import { rollChain } from "./roll-chain.ts";
import type { Units } from "./sections.ts";
import { sparkGates } from "./spark/spark.ts";

export interface WorkersArgs {
    readonly fleet: Fleet;
    readonly units: Units;
    readonly converged: ReadonlyMap<string, pulumi.Resource>;
    readonly tools: string;
    /** Everything that workers register with. */
    readonly after: readonly pulumi.Resource[];
}

/** Units of a worker host, in the order in which they are rolled. */
const workerUnits = ["kafka-broker", "hdfs-datanode", "spark-worker"];

/** DataNodes, Spark workers and brokers share hosts: one roll a host, one host at a time, so that there is one disruption at a time. */
export class Workers extends pulumi.ComponentResource {
    static readonly __pulumiType = "metalstream:platform:Workers";
    readonly ready: pulumi.Resource[];

    constructor(name: string, args: WorkersArgs, opts?: pulumi.ComponentResourceOptions) {
        super(Workers.__pulumiType, name, {}, opts);
        const { fleet, units, tools } = args;
        const hosts = members(fleet.config).filter(
            (host) => host.state === "present" && units.of(host, workerUnits).length > 0,
        );
        this.ready = rollChain(fleet, hosts, {
            leader: () => false,
            declare: (host, after) => {
                const gates = {
                    ...hdfsGates(fleet),
                    ...sparkGates(fleet),
                    ...kafkaGates(fleet, host, "kafka-broker", tools),
                };
                return fleet.roll(
                    `${name}-roll-${host.name}`,
                    host,
                    units.of(host, workerUnits),
                    gates,
                    {
                        parent: this,
                        dependsOn: [args.converged.get(host.name), ...args.after, ...after].filter(
                            (r) => r !== undefined,
                        ),
                    },
                );
            },
        });
        this.registerOutputs({});
    }
}
