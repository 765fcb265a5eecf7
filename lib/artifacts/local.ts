// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { ArtifactError, describe } from "./artifact.ts";
import type { Artifact } from "./artifact.ts";
import { cacheFolder, cachePath, storeTar } from "./cache.ts";

/** A file of this machine and its path in the artifact, for example `jars/metalstream-jobs.jar`. */
export interface LocalFile {
    readonly source: string;
    readonly path: string;
}

/**
 * Makes an artifact of files of this machine, the same way as those of the catalogue: the same
 * contents give the same name. It is written to the cache each time (these are small).
 *
 * @param name must not be one of the catalogue's
 * @param version a word for people, part of the file name; the digest tells contents apart
 * @throws ArtifactError where a file cannot be read
 */
export async function localArtifact(
    name: string,
    version: string,
    files: readonly LocalFile[],
    folder = cacheFolder(),
): Promise<{ artifact: Artifact; path: string }> {
    const members = files.map((file) => file.path);
    const loaded = files.map((file) => ({ path: file.path, load: () => load(name, file.source) }));
    const artifact = await storeTar(loaded, folder, (tar) => describe(name, version, tar, members));
    return { artifact, path: cachePath(artifact, folder) };
}

async function load(name: string, source: string): Promise<Buffer> {
    try {
        return await readFile(source);
    } catch (error) {
        throw new ArtifactError(`artifact ${name}: cannot read ${source}: ${String(error)}`);
    }
}
