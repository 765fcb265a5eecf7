// SPDX-License-Identifier: Apache-2.0
import * as pulumi from "@pulumi/pulumi";
import type { HostConfig, Role } from "../../lib/config/schema.ts";
import { endpoints, namenodeId, ports, withRole } from "../../lib/topology.ts";
import type { Converged, Fleet, Gates } from "../fleet.ts";
import { rollChain } from "../roll-chain.ts";
import type { Units } from "../sections.ts";
import { eventLogPath, user as sparkUser } from "../spark/config.ts";
import { imageUndone, mayFormat } from "./lifecycle.ts";
import { nameDirectories } from "./site.ts";

export interface HdfsArgs {
    readonly fleet: Fleet;
    readonly units: Units;
    readonly converged: Converged;
    /** What must be done before a NameNode's fencing can work: its key is in place. */
    readonly fencing: readonly pulumi.Resource[];
    /** Resources that end when ZooKeeper serves. */
    readonly zookeeper: readonly pulumi.Resource[];
    /** What must have been rolled before, so that hosts which services share see one disruption at a time. */
    readonly after: readonly pulumi.Resource[];
}

/** `gate` lines that the programs of HDFS read. */
export function hdfsGates(fleet: Fleet): Gates {
    const { config } = fleet;
    return {
        nameservice: config.hdfs.nameservice,
        namenodes: endpoints(config, "namenode", ports.namenodeHttp).join(","),
        journalnodes: endpoints(config, "journalnode", ports.journalnodeHttp).join(","),
        ids: fleet
            .active("namenode")
            .map((host) => `${host.name}=${namenodeId(host)}`)
            .join(","),
        datanodes: String(fleet.active("datanode").length),
    };
}

/** Directories that the platform's services need on HDFS: path, owner, mode. */
const directories: readonly (readonly [path: string, owner: string, mode: string])[] = [
    ["/tmp", "hdfs", "1777"],
    ["/user", "hdfs", "755"],
    ["/user/spark", sparkUser, "750"],
    [eventLogPath, sparkUser, "1770"],
    ["/metalstream", "hdfs", "755"],
    ["/metalstream/jobs", "hdfs", "755"],
    ["/metalstream/checkpoints", sparkUser, "755"],
    ["/metalstream/data", sparkUser, "755"],
];

/** HDFS with a quorum journal and automatic failover: formatted once by the evidence of all, then rolled in order. */
export class Hdfs extends pulumi.ComponentResource {
    static readonly __pulumiType = "metalstream:hdfs:Hdfs";
    /** Resources that end when files can be written. */
    readonly ready: pulumi.Resource[];
    /** Resources that end when there is an active NameNode and a standby. */
    readonly rolled: readonly pulumi.Resource[];
    /** `hdfs://<nameservice>`. */
    readonly url: pulumi.Output<string>;
    readonly #args: HdfsArgs;
    readonly #name: string;
    readonly #gates: Gates;

    constructor(name: string, args: HdfsArgs, opts?: pulumi.ComponentResourceOptions) {
        const url = `hdfs://${args.fleet.config.hdfs.nameservice}`;
        super(Hdfs.__pulumiType, name, { url }, opts);
        this.#args = args;
        this.#name = name;
        this.#gates = hdfsGates(args.fleet);
        const journals = this.#rollJournalNodes();
        const bootstrapped = this.#bootstrap([...journals, ...args.zookeeper, ...args.fencing]);
        this.rolled = this.#rollNameNodes(bootstrapped);
        // The first NameNode alone can be written to; the standby need not be waited for, unless it restarts.
        const writable = [...bootstrapped.slice(0, 1), ...args.fleet.inTurn(this.rolled)];
        this.ready = [this.#makeDirectories(writable)];
        this.url = pulumi.output(url);
        this.registerOutputs({ url: this.url });
    }

    #converged(role: Role): pulumi.Input<pulumi.Resource>[] {
        return this.#args.fleet
            .active(role)
            .flatMap((host) => this.#args.converged.get(host.name) ?? []);
    }

    #rollJournalNodes(): pulumi.Resource[] {
        const { fleet, units } = this.#args;
        return rollChain(fleet, fleet.active("journalnode"), {
            leader: () => false,
            declare: (host, after) =>
                fleet.roll(
                    `${this.#name}-roll-journalnode-${host.name}`,
                    host,
                    units.of(host, ["hdfs-journalnode"]),
                    this.#gates,
                    {
                        parent: this,
                        dependsOn: [
                            ...this.#converged("journalnode"),
                            ...this.#args.after,
                            ...after,
                        ],
                    },
                ),
        });
    }

    /** Formats on the first NameNode, then copies the image to the others, one by one. */
    #bootstrap(dependsOn: pulumi.Resource[]): pulumi.Resource[] {
        const { fleet } = this.#args;
        const namedirs = nameDirectories(fleet.config).join(",");
        // Hosts that are down or lost keep their place: their steps stay in the state, and are left alone.
        const namenodes = fleet.everyone("namenode");
        const mayBegin = mayFormat(
            withRole(fleet.config, "namenode").map((host) => fleet.facts(host)),
            namedirs.split(","),
        );
        const converged = this.#converged("namenode");
        const done: pulumi.Resource[] = [];
        const disks = fleet.config.hardware.disks.join(",");
        const declare = (name: string, host: HostConfig, step: string, granted: boolean) =>
            fleet.birth(
                `${this.#name}-${name}-${host.name}`,
                host,
                {
                    step,
                    granted,
                    gates: { ...this.#gates, namedirs, disks },
                    undone: imageUndone(fleet.facts(host), namedirs.split(",")),
                },
                {
                    parent: this,
                    dependsOn: [...converged, ...dependsOn, ...done],
                },
            );
        for (const [i, host] of namenodes.entries()) {
            done.push(
                i === 0
                    ? declare("format", host, "namenode", mayBegin)
                    : declare("standby", host, "standby", false),
            );
        }
        return done;
    }

    #rollNameNodes(dependsOn: pulumi.Resource[]): pulumi.Resource[] {
        const { fleet, units } = this.#args;
        return rollChain(fleet, fleet.active("namenode"), {
            leader: (facts) => facts.roles.get("hdfs-namenode") === "active",
            declare: (host, after) =>
                fleet.roll(
                    `${this.#name}-roll-namenode-${host.name}`,
                    host,
                    units.of(host, ["hdfs-namenode", "hdfs-zkfc"]),
                    this.#gates,
                    { parent: this, dependsOn: [...dependsOn, ...after] },
                ),
        });
    }

    #makeDirectories(dependsOn: pulumi.Resource[]): pulumi.Resource {
        const { fleet } = this.#args;
        const [first] = fleet.active("namenode");
        if (first === undefined) throw new Error("no host has the role namenode");
        const wanted = directories.map(([path, owner, mode], i): [string, string] => [
            `directory.${String(i).padStart(2, "0")}`,
            `${path} ${owner} ${mode}`,
        ]);
        const gates = { ...this.#gates, ...Object.fromEntries(wanted) };
        return fleet.bootstrap(`${this.#name}-directories`, first, "hdfs-directories", gates, {
            parent: this,
            dependsOn: [...dependsOn, ...this.#converged("datanode")],
        });
    }
}
