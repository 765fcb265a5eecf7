// SPDX-License-Identifier: Apache-2.0
import * as pulumi from "@pulumi/pulumi";
import { platformAddresses } from "./addresses.ts";
import type { Converged, Fleet } from "./fleet.ts";
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
    readonly #converged: Converged;

    constructor(name: string, args: PlatformArgs, opts?: pulumi.ComponentResourceOptions) {
        const { fleet, artifacts } = args;
        const { config } = fleet;
        // The whole configuration is the component's input: policies judge it there.
        super(Platform.__pulumiType, name, config, opts);
        this.#args = args;
        this.#converged = this.#convergeHosts();
        this.#keepLostHosts();
        const shared = { fleet, units: new Units(args.plans), converged: this.#converged };
        const parent = { parent: this };
        const [tools = ""] = artifacts.jobs.jars;

        const zookeeper = this.#zookeeper(shared.units);
        const fencing = new Fencing("fencing", shared, parent);
        const hdfs = new Hdfs(
            "hdfs",
            {
                ...shared,
                fencing: fencing.ready,
                zookeeper: zookeeper.ready,
                after: fleet.inTurn(zookeeper.ready),
            },
            parent,
        );
        const spark = new Spark(
            "spark",
            {
                ...shared,
                zookeeper: zookeeper.ready,
                hdfs: hdfs.ready,
                after: fleet.inTurn(hdfs.ready),
            },
            parent,
        );
        const kafka = new Kafka(
            "kafka",
            {
                ...shared,
                tools,
                zookeeper: zookeeper.born,
                after: fleet.inTurn(spark.rolled),
            },
            parent,
        );
        const workers = new Workers(
            "workers",
            {
                ...shared,
                tools,
                formatted: kafka.brokers,
                after: [...hdfs.ready, ...spark.ready, ...kafka.ready],
            },
            parent,
        );
        const topics = this.#topics(tools, workers.ready);
        this.#jobs([topics, ...workers.ready, ...hdfs.rolled]);
        this.addresses = pulumi.output(platformAddresses(config));
        this.registerOutputs({ addresses: this.addresses });
    }

    #convergeHosts(): Converged {
        const { fleet, plans } = this.#args;
        const parent = { parent: this };
        return new Map(
            plans.map(({ host, manifest }) => [host.name, fleet.converge(host, manifest, parent)]),
        );
    }

    /** A lost host's converge stays declared, so that the program that removes it is never run on a dead host. */
    #keepLostHosts(): void {
        const { fleet } = this.#args;
        for (const host of fleet.lost) {
            fleet.command(
                `converge-${host.name}`,
                host,
                { verb: "converge", minutes: 30 },
                { parent: this },
            );
        }
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
