// SPDX-License-Identifier: Apache-2.0
/** Stack files and their rendered configuration, for the tests that look at text. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { planHost, type Artifacts, type HostPlan } from "../../components/sections.ts";
import type { Artifact } from "../../lib/artifacts/artifact.ts";
import { parseConfig } from "../../lib/config/parse.ts";
import type { Config, HostConfig } from "../../lib/config/schema.ts";

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

export const fakeArtifacts: Artifacts = {
    zookeeper: fakeArtifact("zookeeper"),
    hadoop: fakeArtifact("hadoop"),
    spark: fakeArtifact("spark"),
    kafka: fakeArtifact("kafka"),
    jobs: fakeArtifact("jobs"),
};

/** What a host gets, by default with made-up artifacts. */
export function plan(config: Config, host: HostConfig, artifacts = fakeArtifacts): HostPlan {
    return planHost(config, host, artifacts);
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
    artifacts = fakeArtifacts,
): Record<string, string> {
    return Object.fromEntries(
        plan(config, host, artifacts).units.flatMap(({ name, text }) =>
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
