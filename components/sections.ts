// SPDX-License-Identifier: Apache-2.0
/** The outline of what each host gets: every service contributes a section. Pure. */
import type { Artifact } from "../lib/artifacts/artifact.ts";
import { ConfigError, type Diagnostic } from "../lib/config/diagnostics.ts";
import type { Config, HostConfig } from "../lib/config/schema.ts";
import type { Question } from "../lib/facts/gather.ts";
import { systemPlaces } from "../lib/facts/preflight.ts";
import type { Target } from "../lib/target.ts";
import { item, manifest, type Section, type UnitBlock } from "../lib/manifest.ts";
import { openFiles } from "../lib/render/unit.ts";
import {
    artifactsSocket,
    endpoints,
    hasRole,
    members,
    ports,
    portsOfUnit,
    withRole,
} from "../lib/topology.ts";
import { hdfsSection } from "./hdfs/config.ts";
import { namenodeQuestions } from "./hdfs/lifecycle.ts";
import { nameDirectories } from "./hdfs/site.ts";
import { baseSection } from "./host/config.ts";
import { disksSection } from "./host/disks.ts";
import { notesSection } from "./host/notes.ts";
import { systemConflicts, systemSection } from "./host/system.ts";
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
    /** What the stack file wants here although the platform owns it. */
    readonly findings: readonly Diagnostic[];
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

/** A member of each other rack, not the same for all, so that none is asked by everybody. */
function peers(config: Config, host: HostConfig): string[] {
    const all = members(config).filter(({ state }) => state === "present");
    const racks = [...new Set(all.map(({ rack }) => rack))].filter((rack) => rack !== host.rack);
    return racks.flatMap((rack) => {
        const there = all.filter((other) => other.rack === rack);
        const peer = there[host.id % there.length];
        if (peer === undefined) return [];
        const { name, address, port = config.ssh.port } = peer;
        return [item.peer(name, { rack, address, port })];
    });
}

/** Sizes of what hosts get, by the names that manifests give. */
export function artifactSizes(artifacts: Artifacts): Map<string, number> {
    const all = Object.values<Artifact>({ ...artifacts });
    return new Map(
        all.map(({ directory, size }) => [directory.slice(directory.lastIndexOf("/") + 1), size]),
    );
}

function questions(config: Config, host: HostConfig, units: readonly UnitBlock[]): string {
    return [
        ...[...config.hardware.disks, ...systemPlaces].map((path) => item.disk(path)),
        ...units.flatMap(({ name }) =>
            (portsOfUnit[name] ?? []).map((port) => item.port(port, name)),
        ),
        ...(config.artifacts.peers ? [item.port(ports.artifacts, artifactsSocket)] : []),
        item.names("/etc/hosts"),
        item.openFiles(openFiles),
        ...peers(config, host),
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

/**
 * The plans of all hosts.
 * @throws ConfigError with everything that the stack file wants on a host although the platform owns it there.
 */
export function planHosts(
    config: Config,
    targets: readonly Pick<Target, "config">[],
    artifacts: Artifacts,
): HostPlan[] {
    const plans = targets.map((target) => planHost(config, target.config, artifacts));
    const findings = plans.flatMap((plan) => plan.findings);
    if (findings.length > 0) throw new ConfigError("stack file", findings);
    return plans;
}

/** What hosts that are present are asked: their manifest, and questions. */
export function questionsFor(targets: readonly Target[], plans: readonly HostPlan[]): Question[] {
    const byName = new Map(plans.map((plan) => [plan.host.name, plan]));
    return targets.flatMap((target) => {
        const plan = byName.get(target.config.name);
        return plan === undefined || target.config.state !== "present"
            ? []
            : [{ target, payload: plan.manifest + plan.questions }];
    });
}

/** The plan of one host. */
export function planHost(config: Config, host: HostConfig, artifacts: Artifacts): HostPlan {
    const platform = [
        baseSection(config),
        notesSection(config),
        disksSection(config, host),
        ...(hasRole(host, "zookeeper")
            ? [zookeeperSection(config, host, artifacts.zookeeper)]
            : []),
        hdfsSection(config, host, artifacts.hadoop),
        kafkaSection(config, host, artifacts.kafka),
        sparkSection(config, host, artifacts.spark),
        jobsSection(config, host, artifacts),
        logShippingSection(config),
    ];
    const sections = [...platform, systemSection(config, host)];
    const units = sections.flatMap((section) => section.units);
    return {
        host,
        manifest: manifest(host.name, sections),
        units,
        questions: questions(config, host, units),
        findings: systemConflicts(config, host, platform),
    };
}
