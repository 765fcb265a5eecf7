// SPDX-License-Identifier: Apache-2.0
import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, mkdir, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { ArtifactError } from "./artifact.ts";
import { fromRepositoryPath, jarName } from "./coordinate.ts";
import type { Coordinate } from "./coordinate.ts";
import { goal, pomOfCopies, pomOfDependencies } from "./pom.ts";

/**
 * Has Maven put exactly these jars into a folder, flat, under their usual names. It uses the user's
 * settings.xml (mirrors, proxies, credentials) and local repository like any other build.
 *
 * @throws ArtifactError where Maven or Java is missing, or a jar cannot be had
 */
export async function fetchJars(jars: readonly Coordinate[], folder: string): Promise<void> {
    const pom = path.join(folder, "pom.xml");
    await mkdir(folder, { recursive: true });
    await writeFile(pom, pomOfCopies(jars, folder));
    await runMaven(["-f", pom, goal("copy")]);
}

/** Where `fetchJars` has put a jar. */
export function fetchedJar(folder: string, jar: Coordinate): string {
    return path.join(folder, jarName(jar));
}

/**
 * Has Maven find everything these coordinates need at run time.
 *
 * @param folder an empty folder for Maven's use
 */
export async function resolveJars(
    roots: readonly Coordinate[],
    folder: string,
): Promise<Coordinate[]> {
    const pom = path.join(folder, "pom.xml");
    const output = path.join(folder, "repository");
    await mkdir(output, { recursive: true });
    await writeFile(pom, pomOfDependencies(roots));
    const options = ["-DincludeScope=runtime", "-Dmdep.useRepositoryLayout=true"];
    await runMaven([
        "-f",
        pom,
        goal("copy-dependencies"),
        ...options,
        `-DoutputDirectory=${output}`,
    ]);
    const files = await readdir(output, { recursive: true });
    return files.filter((file) => file.endsWith(".jar")).map(fromRepositoryPath);
}

async function runMaven(args: readonly string[]): Promise<void> {
    await requirePrograms();
    // Strict checksums: a jar that does not match its repository's own checksum is an error.
    const all = ["--batch-mode", "--quiet", "--strict-checksums", ...args];
    await new Promise<void>((resolve, reject) => {
        execFile("mvn", all, { maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
            if (error) reject(new ArtifactError(explain(stdout + stderr || error.message)));
            else resolve();
        });
    });
}

/** Maven's own words, without its general advice, and what to do next. */
function explain(output: string): string {
    // eslint-disable-next-line no-control-regex -- Maven colours its output even where it is told not to.
    const lines = output.replaceAll(/\x1b\[[0-9;]*m/g, "").split("\n");
    const errors = lines.filter((line) => /\[ERROR\] \S/.test(line));
    const telling = errors.filter(
        (line) => !/re-run Maven|\[Help 1\] http|more information/i.test(line),
    );
    return [
        "Maven could not get the jars:",
        ...(telling.length > 0 ? telling : lines).slice(0, 8).map((line) => `  ${line}`),
        "Check that this machine reaches Maven Central, or name a mirror of it in ~/.m2/settings.xml, and run this again.",
    ].join("\n");
}

async function requirePrograms(): Promise<void> {
    const java = process.env["JAVA_HOME"] && path.join(process.env["JAVA_HOME"], "bin");
    const missing = [
        ...((await onPath("mvn", "")) ? [] : ["Maven (Debian, Ubuntu: apt-get install maven)"]),
        ...((await onPath("java", java ?? ""))
            ? []
            : ["a JDK (Debian, Ubuntu: apt-get install openjdk-17-jdk-headless)"]),
    ];
    if (missing.length > 0) {
        throw new ArtifactError(
            `The jars of the services are fetched with Maven. Missing on this machine: ` +
                `${missing.join(" and ")}. Install it and run this again.`,
        );
    }
}

async function onPath(program: string, first: string): Promise<boolean> {
    const folders = [first, ...(process.env["PATH"] ?? "").split(path.delimiter)];
    const checks = folders
        .filter((folder) => folder !== "")
        .map((folder) => access(path.join(folder, program), constants.X_OK));
    return (await Promise.allSettled(checks)).some((check) => check.status === "fulfilled");
}
