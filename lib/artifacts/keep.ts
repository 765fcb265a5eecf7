// SPDX-License-Identifier: Apache-2.0
/** What stays in the cache of the deploying machine. Pure. */

/** A tar of the cache. */
export interface CachedTar {
    readonly file: string;
    /** Milliseconds; when it was made. */
    readonly made: number;
}

/** Name of the artifact that a file of the cache is a tar of; undefined where it is none. */
export function tarName(file: string): string | undefined {
    return /^([a-z]+(?:-[a-z]+)*)-[0-9].*-[0-9a-f]{12}\.tar$/.exec(file)?.[1];
}

/**
 * The tars that stay: all that are needed, and of each name the newest, so that with the needed ones there are `versions` of it. Older pins of
 * the catalogue (a platform that is not yet upgraded, a way back) are found among the newest.
 */
export function keptTars(
    tars: readonly CachedTar[],
    needed: ReadonlySet<string>,
    versions: number,
): Set<string> {
    const kept = new Set(needed);
    const count = new Map<string, number>();
    const add = (name: string) => count.set(name, (count.get(name) ?? 0) + 1);
    for (const file of needed) add(tarName(file) ?? file);
    const newestFirst = [...tars].sort((a, b) => b.made - a.made || (a.file < b.file ? -1 : 1));
    for (const { file } of newestFirst) {
        const name = tarName(file);
        if (name === undefined || kept.has(file) || (count.get(name) ?? 0) >= versions) continue;
        kept.add(file);
        add(name);
    }
    return kept;
}
