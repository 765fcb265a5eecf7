// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import {
    link,
    mkdir,
    mkdtemp,
    open,
    readdir,
    readFile,
    rename,
    rm,
    stat,
    writeFile,
} from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { ArtifactError } from "./artifact.ts";
import type { Artifact } from "./artifact.ts";
import { writeTar } from "./tar.ts";
import type { TarFile } from "./tar.ts";

/** Folder of the finished tars, outside the checkout so that it outlives it. */
export function cacheFolder(): string {
    const base = process.env["XDG_CACHE_HOME"] ?? path.join(os.homedir(), ".cache");
    return path.join(base, "metalstream", "artifacts");
}

/** Path of an artifact's tar on this machine, whether it is there or not. */
export function cachePath(artifact: Artifact, folder = cacheFolder()): string {
    return path.join(folder, artifact.file);
}

/**
 * Whether the tar is there and is, by size and mtime, the one that was verified when it was written.
 * Cheap: reads no content. `verify` reads it all.
 */
export async function isCached(artifact: Artifact, folder: string): Promise<boolean> {
    const file = cachePath(artifact, folder);
    try {
        const now = await stat(file);
        return (
            now.size === artifact.size && (await readFile(stampPath(file), "utf8")) === stamp(now)
        );
    } catch {
        return false;
    }
}

/** Hashes the whole tar; a tar that is missing or different is an error. */
export async function verify(artifact: Artifact, folder: string): Promise<void> {
    const file = cachePath(artifact, folder);
    const found = await sha256File(file).catch(() => "nothing");
    if (found !== artifact.sha256) {
        throw new ArtifactError(
            `${file}: expected sha256 ${artifact.sha256}, found ${found}. ` +
                `Delete the file, if it is there, and build it anew: npx metalstream artifacts build`,
        );
    }
}

/**
 * Writes a tar into the cache under the name that its content gives it. Until it is whole and judged
 * it has a temporary name, so that a killed or a second run does no harm.
 *
 * @param judge gets digest and size, returns the artifact they make or throws
 */
export async function storeTar(
    files: readonly TarFile[],
    folder: string,
    judge: (tar: { sha256: string; size: number }) => Artifact,
): Promise<Artifact> {
    return withWorkFolder(folder, async (work) => {
        const temporary = path.join(work, "artifact.tar");
        const handle = await open(temporary, "wx", 0o644);
        try {
            const tar = await writeTar(files, async (piece) => {
                await handle.writeFile(piece);
            });
            await handle.sync();
            const artifact = judge(tar);
            await place(temporary, cachePath(artifact, folder), tar.sha256);
            return artifact;
        } finally {
            await handle.close();
        }
    });
}

/**
 * Puts a whole tar into its place. Of several at once the first stays: were each to replace the other's file, the stamp of one could come to
 * lie beside the file of another.
 */
async function place(temporary: string, file: string, sha256: string): Promise<void> {
    try {
        await link(temporary, file);
    } catch {
        const there = await sha256File(file).catch(() => "nothing");
        if (there !== sha256) await rename(temporary, file);
    }
    const draft = `${temporary}.stamp`;
    await writeFile(draft, stamp(await stat(file)));
    await rename(draft, stampPath(file));
}

/** Runs something with an empty folder inside the cache (so on the same disk), and removes it after. */
export async function withWorkFolder<T>(
    folder: string,
    run: (work: string) => Promise<T>,
): Promise<T> {
    await mkdir(folder, { recursive: true });
    const work = await mkdtemp(path.join(folder, `work-${process.pid}-`));
    try {
        return await run(work);
    } finally {
        await rm(work, { recursive: true, force: true });
    }
}

/**
 * Names in the cache that nobody needs: tars that are not kept, and left-overs of processes that are
 * gone. Files of another shape belong to somebody else.
 */
export async function garbage(folder: string, keep: ReadonlySet<string>): Promise<string[]> {
    const names = await readdir(folder).catch(() => []);
    return names.filter((name) => {
        const pid = /^work-(\d+)-/.exec(name)?.[1];
        if (pid !== undefined) return !isRunning(Number(pid));
        const tar = /^(.+-[0-9a-f]{12}\.tar)(\.stamp)?$/.exec(name)?.[1];
        return tar !== undefined && !keep.has(tar);
    });
}

/** Hex sha256 of a file, read in pieces. */
export async function sha256File(file: string): Promise<string> {
    const hash = createHash("sha256");
    await pipeline(createReadStream(file), hash);
    return hash.digest("hex");
}

function stampPath(file: string): string {
    return `${file}.stamp`;
}

function stamp(file: { size: number; mtimeMs: number }): string {
    return `${file.size} ${file.mtimeMs}\n`;
}

function isRunning(pid: number): boolean {
    try {
        process.kill(pid, 0);
        return true;
    } catch (error) {
        return (error as NodeJS.ErrnoException).code === "EPERM";
    }
}
