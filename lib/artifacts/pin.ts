// SPDX-License-Identifier: Apache-2.0
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { ArtifactError, byCodeUnit } from "./artifact.ts";
import type { Artifact } from "./artifact.ts";
import { fetchEntry, tarFiles } from "./build.ts";
import type { Progress } from "./build.ts";
import { sha256File, storeTar, withWorkFolder } from "./cache.ts";
import { describeEntry, jarPath } from "./catalogue.ts";
import type { Entry } from "./catalogue.ts";
import { formatCoordinate, isForeignNative, parseCoordinate } from "./coordinate.ts";
import { fetchedJar, resolveJars } from "./maven.ts";

/**
 * Resolves the roots of a file of the catalogue anew, and writes the digests of what that gives into
 * the file. The tar is left in the cache.
 *
 * @param file a file of the catalogue; name, version, roots and unpack are read from it
 */
export async function pin(file: string, folder: string, progress: Progress): Promise<Artifact> {
    const old = JSON.parse(await readFile(file, "utf8")) as Entry;
    if (path.basename(file) !== `${old.name}-${old.version}.json`) {
        throw new ArtifactError(
            `${file} is the entry of ${old.name} ${old.version}: rename the file`,
        );
    }
    progress(`${old.name} ${old.version}: resolving with Maven`);
    const entry = await withWorkFolder(folder, async (work) => {
        const resolved = await resolveJars(
            old.roots.map(parseCoordinate),
            path.join(work, "resolve"),
        );
        const kept = resolved.filter((jar) => !isForeignNative(jar)).map(formatCoordinate);
        rejectSameNames(kept);
        const bare = {
            ...old,
            jars: unpinned(kept),
            unpacked: unpinned(old.unpack.map(({ jar }) => jar)),
        };
        await fetchEntry(bare, work);
        const pinned = {
            ...bare,
            jars: await digests(bare.jars, work),
            unpacked: await digests(bare.unpacked, work),
        };
        let result: Entry = pinned;
        await storeTar(await tarFiles(pinned, work), folder, (tar) => {
            result = { ...pinned, tar };
            return describeEntry(result);
        });
        return result;
    });
    await writeFile(file, `${JSON.stringify(entry, null, 4)}\n`);
    return describeEntry(entry);
}

function unpinned(coordinates: readonly string[]): Record<string, string> {
    return Object.fromEntries([...coordinates].sort(byCodeUnit).map((name) => [name, ""]));
}

async function digests(
    jars: Readonly<Record<string, string>>,
    work: string,
): Promise<Record<string, string>> {
    const pairs = Object.keys(jars).map(async (coordinate) => {
        const file = fetchedJar(work, parseCoordinate(coordinate));
        return [coordinate, await sha256File(file)] as const;
    });
    return Object.fromEntries(await Promise.all(pairs));
}

/** All jars lie in one folder, where one would silently overwrite the other. */
function rejectSameNames(coordinates: readonly string[]): void {
    const taken = new Map<string, string>();
    for (const coordinate of coordinates) {
        const other = taken.get(jarPath(coordinate));
        if (other !== undefined) {
            throw new ArtifactError(`${other} and ${coordinate} have the same file name`);
        }
        taken.set(jarPath(coordinate), coordinate);
    }
}
