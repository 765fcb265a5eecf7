// SPDX-License-Identifier: Apache-2.0
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { HostConfig } from "../../lib/config/schema.ts";
import { endpoints, ports, withRole } from "../../lib/topology.ts";
import type { Fleet, Gates } from "../fleet.ts";
import { rollChain } from "../roll-chain.ts";
import type { Units } from "../sections.ts";
import { initialControllers, logDirectory, nodeId, type KafkaRole } from "./config.ts";
import { mayFormatControllers } from "./lifecycle.ts";

export interface KafkaArgs {
    readonly fleet: Fleet;
    readonly units: Units;
    readonly converged: ReadonlyMap<string, pulumi.Resource>;
    /** Jar with the gate's and topics' tools, on every host of Kafka. */
    readonly tools: string;
}

/** A Kafka cluster in KRaft mode: one cluster id for ever, kept in the state; controllers first, then brokers, one at a time. */
export class Kafka extends pulumi.ComponentResource {
    static readonly __pulumiType = "metalstream:kafka:Kafka";
    readonly clusterId: pulumi.Output<string>;
    /** `w1:9092,w2:9092,w3:9092`. */
    readonly bootstrapServers: pulumi.Output<string>;
    /** Rolls of the controllers, and formats of the brokers: the brokers' own rolls are part of their hosts' (workers). */
    readonly ready: pulumi.Resource[];
    readonly #args: KafkaArgs;
    readonly #name: string;

    constructor(name: string, args: KafkaArgs, opts?: pulumi.ComponentResourceOptions) {
        const { config } = args.fleet;
        const bootstrapServers = endpoints(config, "kafka-broker", ports.kafkaBroker).join(",");
        super(Kafka.__pulumiType, name, { bootstrapServers }, opts);
        this.#args = args;
        this.#name = name;
        // 16 bytes in base64url, as Kafka's own Uuid; replacing it would orphan every log directory.
        const id = new random.RandomBytes(
            `${name}-cluster-id`,
            { length: 16 },
            { parent: this, protect: config.protect },
        );
        this.clusterId =
            config.kafka.clusterId === undefined
                ? pulumi.unsecret(id.base64).apply(toClusterId)
                : pulumi.output(config.kafka.clusterId);
        const controllers = this.#format("kafka-controller", []);
        const rolls = this.#rollControllers(controllers);
        // A formatted broker is the evidence that all controllers were formatted before (lifecycle.ts).
        this.ready = [...rolls, ...this.#format("kafka-broker", controllers)];
        this.bootstrapServers = pulumi.output(bootstrapServers);
        this.registerOutputs({
            bootstrapServers: this.bootstrapServers,
            clusterId: this.clusterId,
        });
    }

    #format(role: KafkaRole, after: pulumi.Resource[]): pulumi.Resource[] {
        const { fleet, converged } = this.#args;
        const everybody = (of: KafkaRole) =>
            withRole(fleet.config, of).map((host) => fleet.facts(host));
        const given =
            role === "kafka-controller" &&
            mayFormatControllers(everybody("kafka-controller"), everybody("kafka-broker"));
        // Hosts that are down keep their steps in the state, and are left alone.
        return withRole(fleet.config, role).map((host) => {
            const gates = this.clusterId.apply((cluster) => ({
                ...kafkaGates(fleet, host, role, this.#args.tools),
                cluster,
                voters: initialControllers(fleet.config, cluster),
                disks: fleet.config.hardware.disks.join(","),
            }));
            return fleet.birth(
                `${this.#name}-format-${role}-${host.name}`,
                host,
                `${role}${fleet.grant(given)}`,
                gates,
                {
                    parent: this,
                    dependsOn: [converged.get(host.name) ?? [], after].flat(),
                },
            );
        });
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
                    { parent: this, dependsOn: [...formatted, ...after] },
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
        brokers: endpoints(config, "kafka-broker", ports.kafkaBroker).join(","),
        controllers: endpoints(config, "kafka-controller", ports.kafkaController).join(","),
        directory: logDirectory(config, role),
        tools,
    };
}
