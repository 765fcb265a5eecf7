// SPDX-License-Identifier: Apache-2.0
/** The artifact of our own Java code (jobs/): built by Maven on the deploying machine, once per state of its sources. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { cp, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { ArtifactError, type Artifact } from "./artifact.ts";
import type { Progress } from "./build.ts";
import { cacheFolder, isCached, withWorkFolder } from "./cache.ts";
import { localArtifact } from "./local.ts";

const folder = path.join(import.meta.dirname, "..", "..", "jobs");

/** Digest of everything that the jar is made of. */
function sourceDigest(): string {
    const main = path.join(folder, "src", "main");
    const files = readdirSync(main, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.join(entry.parentPath, entry.name));
    const hash = createHash("sha256");
    for (const file of [path.join(folder, "pom.xml"), ...files.sort()]) {
        hash.update(path.relative(folder, file))
            .update("\0")
            .update(readFileSync(file))
            .update("\0");
    }
    return hash.digest("hex").slice(0, 12);
}

const recordFile = (cache: string) => path.join(cache, `jobs-${sourceDigest()}.json`);

/**
 * The jobs artifact of the sources as they are now.
 * @throws ArtifactError when it was not built yet, with the command that builds it.
 */
export async function jobsArtifact(cache = cacheFolder()): Promise<Artifact> {
    try {
        return JSON.parse(await readFile(recordFile(cache), "utf8")) as Artifact;
    } catch {
        throw new ArtifactError(
            "the jobs jar of these sources was not built yet; run: npx metalstream artifacts build",
        );
    }
}

/**
 * Builds the jobs artifact unless it is there. Tests of the Java code are not run here: `npm test` does. Maven works on a copy of the
 * sources: two builds at once do not meet, and the build is reproducible, so they end in the same artifact.
 */
export async function ensureJobs(progress: Progress, cache = cacheFolder()): Promise<Artifact> {
    const there = await jobsArtifact(cache).catch(() => undefined);
    if (there !== undefined && (await isCached(there, cache))) return there;
    progress("artifact jobs: building with Maven");
    return withWorkFolder(cache, async (work) => {
        await cp(path.join(folder, "pom.xml"), path.join(work, "pom.xml"));
        await cp(path.join(folder, "src", "main"), path.join(work, "src", "main"), {
            recursive: true,
        });
        await mavenPackage(work);
        const jar = {
            source: path.join(work, "target", "metalstream-jobs.jar"),
            path: "jars/metalstream-jobs.jar",
        };
        const { artifact } = await localArtifact("jobs", "1.0.0", [jar], cache);
        const draft = path.join(work, "record.json");
        await writeFile(draft, JSON.stringify(artifact));
        await rename(draft, recordFile(cache));
        return artifact;
    });
}

async function mavenPackage(cwd: string): Promise<void> {
    await promisify(execFile)("mvn", ["-B", "-q", "-DskipTests", "package"], {
        cwd,
        maxBuffer: 64 * 1024 * 1024,
    }).catch((error: unknown) => {
        const output = (error as { stdout?: string }).stdout ?? "";
        throw new ArtifactError(
            `jobs: mvn package failed (needs Maven and a JDK 17: apt-get install maven openjdk-17-jdk-headless): ${String(error)}\n${output}`,
        );
    });
}
