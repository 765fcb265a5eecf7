// SPDX-License-Identifier: Apache-2.0
/** The rendered files of whole stacks as a tree of real files, with the real artifacts, for the services' own parsers. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { hostsFile } from "../../components/host/config.ts";
import { artifact } from "../../lib/artifacts/catalogue.ts";
import type { Config, HostConfig, Role } from "../../lib/config/schema.ts";
import type { Artifacts } from "../../components/sections.ts";
import { fakeArtifacts, loadStack, renderedFiles } from "../unit/stacks.ts";

/** The artifacts of the catalogue; the jar of the jobs is not looked at here. */
const real: Artifacts = {
    zookeeper: artifact("zookeeper"),
    hadoop: artifact("hadoop"),
    spark: artifact("spark"),
    kafka: artifact("kafka"),
    jobs: fakeArtifacts.jobs,
};

export const stacks = ["lab", "staging", "prod"] as const;

/** One unit of one host, and the folder that its files lie in. */
export interface Unit {
    readonly stack: (typeof stacks)[number];
    readonly config: Config;
    readonly host: HostConfig;
    readonly unit: string;
    readonly folder: string;
    readonly files: Readonly<Record<string, string>>;
}

export interface Tree {
    readonly root: string;
    readonly units: readonly Unit[];
    /** /etc/hosts of a stack, for the JVM, so that no name is asked of the network. */
    hosts(stack: Unit["stack"]): string;
    remove(): void;
}

/** Writes the tree; `remove` it after use. */
export function writeTree(): Tree {
    const root = mkdtempSync(path.join(os.tmpdir(), "metalstream-oracle-"));
    const units = stacks.flatMap((stack) => {
        const config = loadStack(stack);
        return config.hosts.flatMap((host) => unitsOf(root, stack, config, host));
    });
    for (const { folder, files } of units) {
        mkdirSync(folder, { recursive: true });
        for (const [name, text] of Object.entries(files))
            writeFileSync(path.join(folder, name), text);
    }
    const hosts = (stack: Unit["stack"]) => path.join(root, stack, "hosts");
    for (const stack of stacks) writeFileSync(hosts(stack), hostsFile(loadStack(stack)));
    return {
        root,
        units,
        hosts,
        remove: () => {
            rmSync(root, { recursive: true, force: true });
        },
    };
}

function unitsOf(
    root: string,
    stack: (typeof stacks)[number],
    config: Config,
    host: HostConfig,
): Unit[] {
    const byUnit = new Map<string, Record<string, string>>();
    for (const [name, text] of Object.entries(renderedFiles(config, host, real))) {
        const [unit = "", file = ""] = name.split("/");
        byUnit.set(unit, { ...byUnit.get(unit), [file]: text });
    }
    return [...byUnit].map(([unit, files]) => {
        const folder = path.join(root, stack, host.name, unit);
        return { stack, config, host, unit, folder, files };
    });
}

/** `name` of each host with a role, in the order of ids: said anew here, so that a test does not repeat the code it tests. */
export function namesWith(config: Config, role: Role): string[] {
    return [...config.hosts]
        .sort((a, b) => a.id - b.id)
        .filter((host) => host.roles.includes(role))
        .map((host) => host.name);
}

/** Arguments of an argument file, as tokens. */
export function tokens(text: string): string[] {
    return text
        .trimEnd()
        .split("\n")
        .map((line) => (line.startsWith('"') ? (JSON.parse(line) as string) : line));
}
