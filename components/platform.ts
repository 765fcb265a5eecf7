// SPDX-License-Identifier: Apache-2.0
import * as pulumi from "@pulumi/pulumi";
import { manifestDigest, convergeToken } from "../lib/facts/token.ts";
import { platformAddresses } from "./addresses.ts";
import type { Fleet } from "./fleet.ts";
import { Fencing } from "./hdfs/fencing.ts";
import { Hdfs } from "./hdfs/hdfs.ts";
import { Kafka, kafkaGates } from "./kafka/kafka.ts";
import { Units, workerDigests, type Artifacts, type HostPlan } from "./sections.ts";
import { Spark } from "./spark/spark.ts";
import { jobPaths, logsSpec } from "./streaming/logs-job.ts";
import { StreamingJob } from "./streaming/streaming-job.ts";
import { Workers } from "./workers.ts";
import { ZooKeeper } from "./zookeeper/zookeeper.ts";

export interface PlatformArgs {
    readonly fleet: Fleet;
    readonly plans: readonly HostPlan[];
    readonly artifacts: Artifacts;
}

/** The whole platform, in the order in which it comes up. The constructor is the table of contents. */
export class Platform extends pulumi.ComponentResource {
    static readonly __pulumiType = "metalstream:platform:Platform";
    readonly addresses: pulumi.Output<Record<string, string>>;
    readonly #args: PlatformArgs;
    readonly #converged: ReadonlyMap<string, pulumi.Resource>;

    constructor(name: string, args: PlatformArgs, opts?: pulumi.ComponentResourceOptions) {
        const { fleet, artifacts } = args;
        const { config } = fleet;
        // The whole configuration is the component's input: policies judge it there.
        super(Platform.__pulumiType, name, config, opts);
        this.#args = args;
        this.#converged = this.#convergeHosts();
        const shared = { fleet, units: new Units(args.plans), converged: this.#converged };
        const parent = { parent: this };
        const [tools = ""] = artifacts.jobs.jars;

        const zookeeper = this.#zookeeper(shared.units);
        const fencing = new Fencing("fencing", shared, parent);
        const hdfs = new Hdfs(
            "hdfs",
            { ...shared, fencing: fencing.ready, zookeeper: zookeeper.ready },
            parent,
        );
        const spark = new Spark(
            "spark",
            { ...shared, zookeeper: zookeeper.ready, hdfs: hdfs.ready },
            parent,
        );
        const kafka = new Kafka("kafka", { ...shared, tools }, parent);
        const workers = new Workers(
            "workers",
            { ...shared, tools, after: [...hdfs.ready, ...spark.ready, ...kafka.ready] },
            parent,
        );
        const topics = this.#topics(tools, workers.ready);
        this.#jobs([topics, ...workers.ready]);
        this.addresses = pulumi.output(platformAddresses(config));
        this.registerOutputs({ addresses: this.addresses });
    }

    #convergeHosts(): Map<string, pulumi.Resource> {
        const { fleet, plans } = this.#args;
        return new Map(
            plans.map(({ host, manifest }) => {
                const token = convergeToken(fleet.facts(host), manifestDigest(manifest), fleet.now);
                const spec = {
                    verb: "converge",
                    payload: manifest,
                    token,
                    onDelete: "remove",
                    minutes: 30,
                };
                return [
                    host.name,
                    fleet.command(`converge-${host.name}`, host, spec, { parent: this }),
                ];
            }),
        );
    }

    #zookeeper(units: Units): ZooKeeper {
        const { fleet } = this.#args;
        return new ZooKeeper(
            "zookeeper",
            { fleet, units, converged: this.#converged },
            { parent: this },
        );
    }

    #topics(tools: string, dependsOn: pulumi.Resource[]): pulumi.Resource {
        const { fleet } = this.#args;
        const [host] = fleet.active("kafka-broker");
        if (host === undefined) throw new Error("no host has the role kafka-broker");
        const { topics, replicationFactor } = fleet.config.kafka;
        const wishes = topics.map((topic) => ({
            ...{ name: topic.name, partitions: topic.partitions, configs: topic.config },
            replicationFactor: topic.replicationFactor ?? replicationFactor,
        }));
        const gates = {
            ...kafkaGates(fleet, host, "kafka-broker", tools),
            topics: JSON.stringify({ topics: wishes }),
        };
        return fleet.bootstrap("kafka-topics", host, "kafka-topics", gates, {
            parent: this,
            dependsOn,
        });
    }

    #jobs(after: pulumi.Resource[]): void {
        const { fleet, artifacts } = this.#args;
        const { config } = fleet;
        if (!config.streaming.logs.enabled) return;
        new StreamingJob(
            "logs",
            {
                fleet,
                spec: logsSpec(config),
                checkpoint: jobPaths(config, "logs").checkpoint,
                workers: workerDigests(this.#args.plans),
                resources: config.streaming.logs,
                jobs: artifacts.jobs,
                after,
            },
            { parent: this },
        );
    }
}
