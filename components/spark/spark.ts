// SPDX-License-Identifier: Apache-2.0
import * as pulumi from "@pulumi/pulumi";
import { endpoints, ports, sparkMasterUrl } from "../../lib/topology.ts";
import type { Converged, Fleet, Gates } from "../fleet.ts";
import { rollChain } from "../roll-chain.ts";
import type { Units } from "../sections.ts";

export interface SparkArgs {
    readonly fleet: Fleet;
    readonly units: Units;
    readonly converged: Converged;
    /** Resources that end when ZooKeeper, which elects the master, serves. */
    readonly zookeeper: readonly pulumi.Resource[];
    /** Resources that end when event logs can be written. */
    readonly hdfs: readonly pulumi.Resource[];
    /** What must have been rolled before, so that hosts which services share see one disruption at a time. */
    readonly after: readonly pulumi.Resource[];
}

/** `gate` lines that the programs of Spark read. */
export function sparkGates(fleet: Fleet): Gates {
    return {
        masters: endpoints(fleet.config, "spark-master", ports.sparkMasterHttp).join(","),
        workers: String(fleet.active("spark-worker").length),
    };
}

/** A quorum of Spark standalone masters elected through ZooKeeper, and the history server. Workers are rolled with their hosts. */
export class Spark extends pulumi.ComponentResource {
    static readonly __pulumiType = "metalstream:spark:Spark";
    /** Resources that end when a master leads. */
    readonly ready: pulumi.Resource[];
    /** All that is rolled here, the history server included, which nothing needs. */
    readonly rolled: pulumi.Resource[];
    /** `spark://m1:7077,m2:7077,m3:7077`. */
    readonly masterUrl: pulumi.Output<string>;

    constructor(name: string, args: SparkArgs, opts?: pulumi.ComponentResourceOptions) {
        const { fleet, units, converged } = args;
        super(Spark.__pulumiType, name, { masterUrl: sparkMasterUrl(fleet.config) }, opts);
        const masters = fleet.active("spark-master");
        const histories = fleet.active("spark-history");
        const all = [...masters, ...histories].flatMap((host) => converged.get(host.name) ?? []);
        const gates = sparkGates(fleet);
        this.ready = rollChain(fleet, masters, {
            leader: (facts) => facts.roles.get("spark-master") === "alive",
            declare: (host, after) =>
                fleet.roll(
                    `${name}-roll-master-${host.name}`,
                    host,
                    units.of(host, ["spark-master"]),
                    gates,
                    {
                        parent: this,
                        dependsOn: [...all, ...args.zookeeper, ...args.after, ...after],
                    },
                ),
        });
        const served = histories.map((host) =>
            fleet.roll(
                `${name}-roll-history-${host.name}`,
                host,
                units.of(host, ["spark-history"]),
                gates,
                {
                    parent: this,
                    dependsOn: [...this.ready, ...args.hdfs],
                },
            ),
        );
        this.rolled = [...this.ready, ...served];
        this.masterUrl = pulumi.output(sparkMasterUrl(fleet.config));
        this.registerOutputs({ masterUrl: this.masterUrl });
    }
}
