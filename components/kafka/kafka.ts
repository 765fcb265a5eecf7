// SPDX-License-Identifier: Apache-2.0
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { HostConfig } from "../../lib/config/schema.ts";
import { endpoints, firstContacts, ports, withRole } from "../../lib/topology.ts";
import type { Converged, Fleet, Gates } from "../fleet.ts";
import { rollChain } from "../roll-chain.ts";
import type { Units } from "../sections.ts";
import { initialControllers, logDirectory, nodeId, type KafkaRole } from "./config.ts";
import { clusterOf, logUndone, mayFormatControllers } from "./lifecycle.ts";

export interface KafkaArgs {
    readonly fleet: Fleet;
    readonly units: Units;
    readonly converged: Converged;
    /** Jar with the gate's and topics' tools, on every host of Kafka. */
    readonly tools: string;
    /**
     * First starts of ZooKeeper's members. Kafka has no need of them, but HDFS and Spark have: on a host that they share, theirs goes before the
     * format of a controller, which is a JVM.
     */
    readonly zookeeper: readonly pulumi.Resource[];
    /** What must have been rolled before, so that hosts which services share see one disruption at a time. */
    readonly after: readonly pulumi.Resource[];
}

/** A Kafka cluster in KRaft mode: one cluster id for ever, kept in the state; controllers first, then brokers, one at a time. */
export class Kafka extends pulumi.ComponentResource {
    static readonly __pulumiType = "metalstream:kafka:Kafka";
    readonly clusterId: pulumi.Output<string>;
    /** `w1:9092,w2:9092,w3:9092`. */
    readonly bootstrapServers: pulumi.Output<string>;
    /** Rolls of the controllers. */
    readonly ready: pulumi.Resource[];
    /** First starts of the brokers, by host: their rolls are part of their hosts' (workers). */
    readonly brokers: ReadonlyMap<string, pulumi.Resource>;
    readonly #args: KafkaArgs;
    readonly #name: string;

    constructor(name: string, args: KafkaArgs, opts?: pulumi.ComponentResourceOptions) {
        const { config } = args.fleet;
        const bootstrapServers = firstContacts(config).join(",");
        super(Kafka.__pulumiType, name, { bootstrapServers }, opts);
        this.#args = args;
        this.#name = name;
        // 16 bytes in base64url, as Kafka's own Uuid; replacing it would orphan every log directory.
        const id = new random.RandomBytes(
            `${name}-cluster-id`,
            { length: 16 },
            { parent: this, protect: config.protect },
        );
        const known =
            config.kafka.clusterId ??
            clusterOf(withRole(config, "kafka-controller").map((host) => args.fleet.facts(host)));
        this.clusterId =
            known === undefined
                ? pulumi.unsecret(id.base64).apply(toClusterId)
                : pulumi.output(known);
        const controllers = [...this.#format("kafka-controller", args.zookeeper).values()];
        this.ready = this.#rollControllers(controllers);
        // A formatted broker is the evidence that all controllers were formatted before (lifecycle.ts).
        this.brokers = this.#format("kafka-broker", controllers);
        this.bootstrapServers = pulumi.output(bootstrapServers);
        this.registerOutputs({
            bootstrapServers: this.bootstrapServers,
            clusterId: this.clusterId,
        });
    }

    #format(role: KafkaRole, after: readonly pulumi.Resource[]): Map<string, pulumi.Resource> {
        const { fleet, converged } = this.#args;
        const isBroker = role === "kafka-broker";
        // The steps of controllers that are down or lost stay in the state, and are left alone. A broker's begins nothing that could not begin
        // again, so it is not protected, and is simply forgotten while its host is away.
        const hosts = isBroker ? fleet.active(role) : fleet.everyone(role);
        const everybody = (of: KafkaRole) =>
            withRole(fleet.config, of).map((host) => fleet.facts(host));
        const granted =
            role === "kafka-controller" &&
            mayFormatControllers(everybody("kafka-controller"), everybody("kafka-broker"));
        const declare = (host: HostConfig) => {
            const gates = this.clusterId.apply((cluster) => ({
                ...kafkaGates(fleet, host, role, this.#args.tools),
                cluster,
                voters: initialControllers(fleet.config, cluster),
                disks: fleet.config.hardware.disks.join(","),
            }));
            const name = `${this.#name}-format-${role}-${host.name}`;
            const step = {
                step: role,
                granted,
                gates,
                undone: logUndone(fleet.facts(host), role),
            };
            const options = {
                parent: this,
                dependsOn: [converged.get(host.name) ?? [], after].flat(),
            };
            return isBroker
                ? fleet.firstStart(name, host, step, options)
                : fleet.birth(name, host, step, options);
        };
        return new Map(hosts.map((host) => [host.name, declare(host)]));
    }

    #rollControllers(formatted: pulumi.Resource[]): pulumi.Resource[] {
        const { fleet, units, tools } = this.#args;
        return rollChain(fleet, fleet.active("kafka-controller"), {
            leader: (facts) => facts.roles.get("kafka-controller") === "leader",
            declare: (host, after) =>
                fleet.roll(
                    `${this.#name}-roll-controller-${host.name}`,
                    host,
                    units.of(host, ["kafka-controller"]),
                    kafkaGates(fleet, host, "kafka-controller", tools),
                    { parent: this, dependsOn: [...formatted, ...this.#args.after, ...after] },
                ),
        });
    }
}

/** Kafka's cluster ids are base64url without padding. A leading `-` is legal and handled (KAFKA-15754). */
export function toClusterId(base64: string): string {
    return Buffer.from(base64, "base64").toString("base64url");
}

/** `gate` lines that the programs of Kafka read. */
export function kafkaGates(fleet: Fleet, host: HostConfig, role: KafkaRole, tools: string): Gates {
    const { config } = fleet;
    return {
        node: String(nodeId(host, role)),
        brokers: firstContacts(config).join(","),
        controllers: endpoints(config, "kafka-controller", ports.kafkaController).join(","),
        directory: logDirectory(config, role),
        tools,
    };
}
