// SPDX-License-Identifier: Apache-2.0
/** Runs the oracles: small Java programs on the very class path of a service. */
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import type { Artifact } from "../../lib/artifacts/artifact.ts";
import { cacheFolder, cachePath } from "../../lib/artifacts/cache.ts";
import { artifact, artifactNames, type ArtifactName } from "../../lib/artifacts/catalogue.ts";

const run = promisify(execFile);

/** Why the oracles cannot be asked on this machine, or undefined when they can. */
export function whyNot(): string | undefined {
    try {
        execFileSync("javac", ["-version"], { stdio: "ignore" });
    } catch {
        return "no JDK on this machine: apt-get install openjdk-17-jdk-headless";
    }
    const missing = artifactNames.filter((name) => !existsSync(cachePath(artifact(name))));
    if (missing.length === 0) return undefined;
    return `not in the artifact cache: ${missing.join(", ")}; npx metalstream artifacts build`;
}

/** Folder of an unpacked artifact beside the cache; unpacked once per content, older ones go. */
export function unpacked({ directory, file, name }: Artifact): string {
    const root = path.join(path.dirname(cacheFolder()), "oracle");
    const folder = path.join(root, path.basename(directory));
    if (existsSync(folder)) return folder;
    mkdirSync(root, { recursive: true });
    for (const older of readdirSync(root).filter((entry) => entry.startsWith(`${name}-`))) {
        rmSync(path.join(root, older), { recursive: true, force: true });
    }
    const work = mkdtempSync(path.join(root, "work-"));
    try {
        execFileSync("tar", ["-xf", path.join(cacheFolder(), file), "-C", work]);
        renameSync(work, folder);
    } finally {
        rmSync(work, { recursive: true, force: true });
    }
    return folder;
}

/** Text with the artifacts' folders on a host replaced by those on this machine. */
export function onThisMachine(text: string): string {
    return artifactNames
        .map((name) => artifact(name))
        .reduce((result, item) => result.replaceAll(item.directory, unpacked(item)), text);
}

/** What an oracle said: subject -> key -> values in the order they were said. */
export type Answers = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

/**
 * Runs `<Name>Oracle.java` on the class path of a service.
 * @param jvm options of the JVM
 * @throws Error with the program's stack trace where the service's parser refuses
 */
export async function ask(
    name: ArtifactName,
    program: string,
    args: readonly string[],
    jvm: readonly string[] = [],
): Promise<Answers> {
    const classpath = artifact(name).jars.map(onThisMachine).join(":");
    const source = path.join(import.meta.dirname, program);
    const fast = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"];
    const { stdout } = await run("java", [...fast, ...jvm, "-cp", classpath, source, ...args], {
        maxBuffer: 16 * 1024 * 1024,
    });
    return parseAnswers(stdout);
}

function parseAnswers(text: string): Answers {
    const answers = new Map<string, Map<string, string[]>>();
    for (const line of text.split("\n")) {
        const [subject, key, value] = line.split("\t");
        if (subject === undefined || key === undefined || value === undefined) continue;
        const of = answers.get(subject) ?? new Map<string, string[]>();
        answers.set(subject, of.set(key, [...(of.get(key) ?? []), value]));
    }
    return answers;
}
