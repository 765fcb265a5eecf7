// SPDX-License-Identifier: Apache-2.0
/** Kafka (KRaft): topology -> units. Controllers and brokers are processes of their own. Pure. */
import { createHash } from "node:crypto";
import type { Config, HostConfig } from "../../lib/config/schema.ts";
import { unitBlock, type Section, type UnitBlock } from "../../lib/manifest.ts";
import type { Artifact } from "../../lib/artifacts/artifact.ts";
import { classArchive } from "../../lib/artifacts/cds.ts";
import { disksFor, heap, jvmOptions } from "../../lib/profile.ts";
import { properties } from "../../lib/render/properties.ts";
import { javaArguments, systemdUnit } from "../../lib/render/unit.ts";
import { endpoints, hasRole, ports, withRole } from "../../lib/topology.ts";
import { serviceArtifactItem, currentDirectory, ownedDirectory, userItems } from "../service.ts";

export const user = "kafka";
export type KafkaRole = "kafka-controller" | "kafka-broker";

/** Node ids: a broker has its host's stable id, a controller that plus 3000, so that one host can run both. */
export function nodeId(host: HostConfig, role: KafkaRole): number {
    return role === "kafka-broker" ? host.id : 3000 + host.id;
}

/** Where a role keeps its log, on the disk of journals. */
export function logDirectory(config: Config, role: KafkaRole): string {
    return `${disksFor(config, "journal")[0] ?? ""}/${role}`;
}

/** Directory id of a controller, made from the cluster's id, so that every format names the same voters (KIP-853). */
export function directoryId(clusterId: string, host: HostConfig): string {
    return createHash("sha256")
        .update(`${clusterId} ${nodeId(host, "kafka-controller")}`)
        .digest()
        .subarray(0, 16)
        .toString("base64url");
}

/** `id@host:port:directory` of each first voter, for `--initial-controllers`. */
export function initialControllers(config: Config, clusterId: string): string {
    return withRole(config, "kafka-controller")
        .map(
            (h) =>
                `${nodeId(h, "kafka-controller")}@${h.name}:${ports.kafkaController}:${directoryId(clusterId, h)}`,
        )
        .join(",");
}

function commonProperties(
    config: Config,
    host: HostConfig,
    role: KafkaRole,
): Record<string, string> {
    return {
        "process.roles": role === "kafka-broker" ? "broker" : "controller",
        "node.id": String(nodeId(host, role)),
        "log.dirs": logDirectory(config, role),
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "controller.quorum.bootstrap.servers": endpoints(
            config,
            "kafka-controller",
            ports.kafkaController,
        ).join(","),
    };
}

function controllerProperties(config: Config, host: HostConfig): Record<string, string> {
    return {
        ...commonProperties(config, host, "kafka-controller"),
        listeners: `CONTROLLER://${host.name}:${ports.kafkaController}`,
        // Durability defaults of new topics are the controller's.
        "default.replication.factor": String(config.kafka.replicationFactor),
        "min.insync.replicas": String(config.kafka.minInsyncReplicas),
    };
}

function brokerProperties(config: Config, host: HostConfig): Record<string, string> {
    const factor = String(config.kafka.replicationFactor);
    const minInsync = String(config.kafka.minInsyncReplicas);
    return {
        ...commonProperties(config, host, "kafka-broker"),
        "broker.rack": host.rack,
        listeners: `PLAINTEXT://${host.name}:${ports.kafkaBroker}`,
        "default.replication.factor": factor,
        "min.insync.replicas": minInsync,
        "offsets.topic.replication.factor": factor,
        "transaction.state.log.replication.factor": factor,
        "transaction.state.log.min.isr": minInsync,
        "share.coordinator.state.topic.replication.factor": factor,
        "share.coordinator.state.topic.min.isr": minInsync,
        // An out-of-sync leader would lose acknowledged records.
        "unclean.leader.election.enable": "false",
        // Topics are declared; a typing mistake is an error, not a topic.
        "auto.create.topics.enable": "false",
        // A sixteenth of the heap at most; the default of 128 MiB is half of a small broker's.
        "log.cleaner.dedupe.buffer.size": String(
            Math.min(128, Math.floor(heap(config, "kafkaBroker") / 16)) * 1024 * 1024,
        ),
        // Internal topics of 50 partitions are for hundreds of groups; a small platform opens its files for nothing.
        ...(config.hardware.cores <= 4
            ? { "offsets.topic.num.partitions": "3", "transaction.state.log.num.partitions": "3" }
            : {}),
        ...config.kafka.overrides,
    };
}

/** server.properties of a node. */
export function serverProperties(config: Config, host: HostConfig, role: KafkaRole): string {
    return properties(
        role === "kafka-broker"
            ? brokerProperties(config, host)
            : controllerProperties(config, host),
    );
}

const log4j2 = `Configuration:
  Appenders:
    Console:
      name: console
      PatternLayout:
        pattern: "%p %c{1}: %m%n%ex"
  Loggers:
    Root:
      level: INFO
      AppenderRef:
        - ref: console
`;

const details = {
    "kafka-controller": {
        heap: "kafkaController",
        description: "Kafka controller",
        stopSeconds: 90,
    },
    // A controlled shutdown moves every leadership away first; killing it early costs log recovery.
    "kafka-broker": { heap: "kafkaBroker", description: "Kafka broker", stopSeconds: 1800 },
} as const;

function kafkaUnit(
    config: Config,
    host: HostConfig,
    role: KafkaRole,
    artifact: Artifact,
): UnitBlock {
    const heapMiB = heap(config, details[role].heap);
    const directory = logDirectory(config, role);
    const current = currentDirectory(role);
    return unitBlock(role, {
        "server.properties": serverProperties(config, host, role),
        "log4j2.yaml": log4j2,
        "java.args": javaArguments({
            unit: role,
            heapMiB,
            options: [...classArchive(artifact).options, ...jvmOptions(config, heapMiB)],
            systemProperties: { "log4j2.configurationFile": `${current}/log4j2.yaml` },
            classpath: [...artifact.jars, current],
            main: "kafka.Kafka",
            args: [`${current}/server.properties`],
        }),
        [`${role}.service`]: systemdUnit({
            name: role,
            description: details[role].description,
            user,
            writable: [directory],
            mounts: [directory],
            conditions: [`${directory}/meta.properties`],
            stopSeconds: details[role].stopSeconds,
        }),
    });
}

/** What a host needs for its roles in Kafka. */
export function kafkaSection(config: Config, host: HostConfig, artifact: Artifact): Section {
    const runs = (Object.keys(details) as KafkaRole[]).filter((role) => hasRole(host, role));
    if (runs.length === 0) return { items: [], units: [] };
    return {
        items: [
            ...userItems(user, "/var/lib/kafka"),
            serviceArtifactItem(config, artifact),
            ...runs.map((role) => ownedDirectory(logDirectory(config, role), user)),
        ],
        units: runs.map((role) => kafkaUnit(config, host, role, artifact)),
    };
}
