// SPDX-License-Identifier: Apache-2.0
/** The outline of what each host gets: every service contributes a section. Pure. */
import type { Artifact } from "../lib/artifacts/artifact.ts";
import type { Config, HostConfig } from "../lib/config/schema.ts";
import { systemPlaces } from "../lib/facts/preflight.ts";
import { item, manifest, type Section, type UnitBlock } from "../lib/manifest.ts";
import { endpoints, hasRole, ports, portsOfUnit, withRole } from "../lib/topology.ts";
import { hdfsSection } from "./hdfs/config.ts";
import { namenodeQuestions } from "./hdfs/lifecycle.ts";
import { nameDirectories } from "./hdfs/site.ts";
import { baseSection } from "./host/config.ts";
import { kafkaSection, logDirectory } from "./kafka/config.ts";
import { brokerQuestions, controllerQuestions } from "./kafka/lifecycle.ts";
import { artifactItem } from "./service.ts";
import { sparkSection } from "./spark/config.ts";
import { logShippingSection } from "./streaming/logs.ts";
import { zookeeperSection } from "./zookeeper/config.ts";
import { zookeeperQuestions } from "./zookeeper/lifecycle.ts";

/** The software that hosts get. */
export interface Artifacts {
    readonly zookeeper: Artifact;
    readonly hadoop: Artifact;
    readonly spark: Artifact;
    readonly kafka: Artifact;
    readonly jobs: Artifact;
}

/** What one host gets, and what it is asked. */
export interface HostPlan {
    readonly host: HostConfig;
    readonly manifest: string;
    readonly units: readonly UnitBlock[];
    /** `port`, `disk` and `evidence` lines: questions for preflight and for decisions about data. */
    readonly questions: string;
}

/** Units of all hosts, by host and name. */
export class Units {
    readonly #plans: ReadonlyMap<string, HostPlan>;
    constructor(plans: readonly HostPlan[]) {
        this.#plans = new Map(plans.map((plan) => [plan.host.name, plan]));
    }

    /** The named units of a host, in the order given; those that it does not have are left out. */
    of(host: HostConfig, names: readonly string[]): UnitBlock[] {
        const units = this.#plans.get(host.name)?.units ?? [];
        return names.flatMap((name) => units.filter((unit) => unit.name === name));
    }
}

/** Hosts of Kafka and of the masters that submit jobs hold the jar with the tools and the runner. */
function jobsSection(config: Config, host: HostConfig, artifacts: Artifacts): Section {
    const needed = (["kafka-controller", "kafka-broker", "spark-master"] as const).some((role) =>
        hasRole(host, role),
    );
    return { items: needed ? [artifactItem(config, artifacts.jobs)] : [], units: [] };
}

/** Changes whenever the configuration of a Spark worker does. */
export function workerDigests(plans: readonly HostPlan[]): string {
    const units = plans.flatMap((plan) => plan.units).filter(({ name }) => name === "spark-worker");
    return units.map(({ digest }) => digest).join(",") || "none";
}

/** The host that submits jobs is asked whether they run. */
function jobQuestions(config: Config, host: HostConfig): string[] {
    const [submitter] = withRole(config, "spark-master").filter(({ state }) => state === "present");
    if (!config.streaming.logs.enabled || submitter?.name !== host.name) return [];
    const masters = endpoints(config, "spark-master", ports.sparkMasterHttp).join(",");
    const namenodes = endpoints(config, "namenode", ports.namenodeHttp).join(",");
    return [item.job("logs", { masters, namenodes })];
}

function questions(config: Config, host: HostConfig, units: readonly UnitBlock[]): string {
    return [
        ...[...config.hardware.disks, ...systemPlaces].map((path) => item.disk(path)),
        ...units.flatMap(({ name }) =>
            (portsOfUnit[name] ?? []).map((port) => item.port(port, name)),
        ),
        ...jobQuestions(config, host),
        ...(hasRole(host, "zookeeper") ? zookeeperQuestions : []),
        ...(hasRole(host, "namenode") ? namenodeQuestions(nameDirectories(config)) : []),
        ...(hasRole(host, "kafka-controller")
            ? controllerQuestions(logDirectory(config, "kafka-controller"))
            : []),
        ...(hasRole(host, "kafka-broker")
            ? brokerQuestions(logDirectory(config, "kafka-broker"))
            : []),
    ].join("");
}

/** The plan of one host. */
export function planHost(config: Config, host: HostConfig, artifacts: Artifacts): HostPlan {
    const sections = [
        baseSection(config),
        ...(hasRole(host, "zookeeper")
            ? [zookeeperSection(config, host, artifacts.zookeeper)]
            : []),
        hdfsSection(config, host, artifacts.hadoop),
        kafkaSection(config, host, artifacts.kafka),
        sparkSection(config, host, artifacts.spark),
        jobsSection(config, host, artifacts),
        logShippingSection(config),
    ];
    const units = sections.flatMap((section) => section.units);
    return {
        host,
        manifest: manifest(host.name, sections),
        units,
        questions: questions(config, host, units),
    };
}
