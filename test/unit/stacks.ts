// SPDX-License-Identifier: Apache-2.0
/** Stack files and their rendered configuration, for the tests that look at text. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { hdfsSection } from "../../components/hdfs/config.ts";
import { baseSection } from "../../components/host/config.ts";
import { kafkaSection } from "../../components/kafka/config.ts";
import { sparkSection } from "../../components/spark/config.ts";
import { zookeeperSection } from "../../components/zookeeper/config.ts";
import type { Artifact } from "../../lib/artifacts/artifact.ts";
import { parseConfig } from "../../lib/config/parse.ts";
import type { Config, HostConfig } from "../../lib/config/schema.ts";
import type { Section } from "../../lib/manifest.ts";
import { hasRole } from "../../lib/topology.ts";

export const stackNames = ["lab", "dev", "staging", "prod"] as const;
export type StackName = (typeof stackNames)[number];

/** Path of a stack file, relative to the project. */
export const stackFile = (stack: StackName): string => `stacks/Pulumi.${stack}.yaml`;

/** What a stack file says, by key without the project's name; not validated. A fresh copy each time. */
export function rawStack(stack: StackName): Record<string, unknown> {
    const file = new URL(`../../${stackFile(stack)}`, import.meta.url);
    const { config } = parse(readFileSync(file, "utf8")) as { config: Record<string, unknown> };
    return Object.fromEntries(
        Object.entries(config).map(([key, value]) => [key.replace(/^metalstream:/, ""), value]),
    );
}

export const loadStack = (stack: StackName): Config =>
    parseConfig(rawStack(stack), stackFile(stack));

/** A made-up artifact: rendered files then stay the same when the catalogue gets other jars. */
export function fakeArtifact(name: string): Artifact {
    const directory = `/opt/metalstream/${name}-1.0-0123456789ab`;
    return {
        name,
        version: "1.0",
        sha256: "0123456789abcdef".repeat(4),
        size: 10240,
        file: `${name}-1.0-0123456789ab.tar`,
        directory,
        jars: [`${directory}/jars/a.jar`, `${directory}/jars/b.jar`],
    };
}

export type ArtifactOf = (name: "hadoop" | "kafka" | "spark" | "zookeeper") => Artifact;

/** Every service's section of a host. */
export function sectionsOf(
    config: Config,
    host: HostConfig,
    of: ArtifactOf = fakeArtifact,
): Section[] {
    return [
        baseSection(config),
        ...(hasRole(host, "zookeeper") ? [zookeeperSection(config, host, of("zookeeper"))] : []),
        hdfsSection(config, host, of("hadoop")),
        kafkaSection(config, host, of("kafka")),
        sparkSection(config, host, of("spark")),
    ];
}

/** Files of a unit's block by name, read back from the manifest's own format. */
export function filesOf(block: string): Record<string, string> {
    const files: Record<string, string> = {};
    let current = "";
    for (const line of block.split("\n").slice(1, -1)) {
        if (line.startsWith("> ")) {
            current = line.slice(2);
            files[current] = "";
        } else {
            files[current] = `${files[current] ?? ""}${line.slice(2)}\n`;
        }
    }
    return files;
}

/** Rendered files of a host by `<unit>/<file>`. */
export function renderedFiles(
    config: Config,
    host: HostConfig,
    of: ArtifactOf = fakeArtifact,
): Record<string, string> {
    const units = sectionsOf(config, host, of).flatMap((section) => section.units);
    return Object.fromEntries(
        units.flatMap(({ name, text }) =>
            Object.entries(filesOf(text)).map(([file, content]) => [`${name}/${file}`, content]),
        ),
    );
}

/** One host of each kind: the first (by id) with its set of roles. */
export function hostKinds(config: Config): HostConfig[] {
    const kind = (host: HostConfig) => [...host.roles].sort().join();
    const hosts = [...config.hosts].sort((a, b) => a.id - b.id);
    return hosts.filter((host, i) => hosts.findIndex((other) => kind(other) === kind(host)) === i);
}
