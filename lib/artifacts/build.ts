// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { ArtifactError } from "./artifact.ts";
import type { Artifact } from "./artifact.ts";
import { cacheFolder, cachePath, isCached, storeTar, withWorkFolder } from "./cache.ts";
import { catalogue, describeEntry, jarPath } from "./catalogue.ts";
import type { ArtifactName, Entry } from "./catalogue.ts";
import { parseCoordinate, repositoryPath } from "./coordinate.ts";
import { fetchedJar, fetchJars } from "./maven.ts";
import type { TarFile } from "./tar.ts";
import { readZipFolder } from "./zip.ts";

/** Takes one line for a person about what is being done. */
export type Progress = (line: string) => void;

/**
 * Makes sure that these artifacts lie in the cache, whole and verified; builds those that do not.
 *
 * @param folder default: the user's cache folder
 * @returns the artifacts with the paths of their tars on this machine, in the order asked for
 * @throws ArtifactError where a jar cannot be had or is not the pinned one
 */
export async function ensureArtifacts(
    names: readonly ArtifactName[],
    progress: Progress,
    folder = cacheFolder(),
): Promise<{ artifact: Artifact; path: string }[]> {
    const done = [];
    for (const name of names) {
        const artifact = describeEntry(catalogue[name]);
        if (!(await isCached(artifact, folder))) await build(catalogue[name], folder, progress);
        done.push({ artifact, path: cachePath(artifact, folder) });
    }
    return done;
}

async function build(entry: Entry, folder: string, progress: Progress): Promise<void> {
    const begin = performance.now();
    const label = `${entry.name} ${entry.version}`;
    const count = Object.keys(entry.jars).length;
    progress(`artifact ${label}: fetching ${count} jars with Maven`);
    await withWorkFolder(folder, async (work) => {
        await fetchEntry(entry, work);
        progress(`artifact ${label}: verifying the jars and writing the tar`);
        const expected = describeEntry(entry);
        await storeTar(await tarFiles(entry, work), folder, ({ sha256 }) => {
            if (sha256 === entry.tar.sha256) return expected;
            throw new ArtifactError(
                `artifact ${label}: every jar is the pinned one, yet the tar has sha256 ${sha256}, ` +
                    `expected ${entry.tar.sha256}. The list of classes beside the entry, or how tars are ` +
                    `written, has changed: pin it anew with npx metalstream artifacts pin ${entry.name}`,
            );
        });
    });
    const seconds = ((performance.now() - begin) / 1000).toFixed(0);
    progress(`artifact ${label}: done, ${(entry.tar.size / 1e6).toFixed(0)} MB, ${seconds} s`);
}

/** Has Maven put all jars of an entry into a folder. */
export async function fetchEntry(entry: Entry, work: string): Promise<void> {
    const coordinates = [...Object.keys(entry.jars), ...Object.keys(entry.unpacked)];
    await fetchJars(coordinates.map(parseCoordinate), work);
}

/** The files of an entry's tar; each jar is checked against its pin at the time it is read. */
export async function tarFiles(entry: Entry, work: string): Promise<TarFile[]> {
    const read = (coordinate: string, sha256: string | undefined) =>
        readPinned(`${entry.name} ${entry.version}`, coordinate, sha256, work);
    const jars = Object.entries(entry.jars).map(([coordinate, sha256]) => ({
        path: jarPath(coordinate),
        load: () => read(coordinate, sha256),
    }));
    const folders = entry.unpack.map(async ({ jar, folder }) => {
        const files = readZipFolder(await read(jar, entry.unpacked[jar]), folder);
        return [...files].map(([name, data]) => ({
            path: name,
            load: () => Promise.resolve(data),
        }));
    });
    return [...jars, ...(await Promise.all(folders)).flat(), ...classList(entry)];
}

/** The list of classes for the host's class-data archive, where `train.sh` has left one beside the entry. */
function classList(entry: Entry): TarFile[] {
    const file = `${entry.name}-${entry.version}.classes.gz`;
    const source = path.join(import.meta.dirname, "catalogue", file);
    return existsSync(source) ? [{ path: "classes.gz", load: () => readFile(source) }] : [];
}

async function readPinned(
    label: string,
    coordinate: string,
    expected: string | undefined,
    work: string,
): Promise<Buffer> {
    const jar = parseCoordinate(coordinate);
    const data = await readFile(fetchedJar(work, jar));
    const found = createHash("sha256").update(data).digest("hex");
    if (found === expected) return data;
    throw new ArtifactError(
        `artifact ${label}: ${coordinate} is not the pinned jar: expected sha256 ${expected ?? "none"}, ` +
            `found ${found}. Delete ${repositoryPath(jar)} from the local Maven repository (~/.m2/repository) ` +
            `and run this again; if it comes back different, the mirror in settings.xml serves another file.`,
    );
}
