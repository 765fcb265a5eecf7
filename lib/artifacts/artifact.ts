// SPDX-License-Identifier: Apache-2.0
import path from "node:path";

/** Where hosts keep unpacked artifacts; every version gets a folder of its own below it. */
export const hostRoot = "/opt/metalstream";

/** One tar that is put on hosts: a service's jars, or the jobs of the user. Plain data, made without I/O. */
export interface Artifact {
    readonly name: string;
    readonly version: string;
    /** Hex digest of the uncompressed tar. */
    readonly sha256: string;
    /** Size of the uncompressed tar in bytes. */
    readonly size: number;
    /** File name in the cache, and the name under which it is served to hosts. */
    readonly file: string;
    /** Absolute folder on a host into which the tar is unpacked (the tar has no top folder of its own). */
    readonly directory: string;
    /**
     * Absolute paths of the jars on a host, sorted by code unit. Class-data archives need the very
     * same explicit list at dump time and at run time; a wildcard has no defined order.
     */
    readonly jars: readonly string[];
}

/** Failure with a message for a person: what, where, why, what to do next. Shown without a stack. */
export class ArtifactError extends Error {
    override readonly name = "ArtifactError";
}

/**
 * Describes the artifact made of a tar with this digest and these member files.
 *
 * @param members paths inside the tar, in any order; those under `jars/` make the class path
 */
export function describe(
    name: string,
    version: string,
    tar: { readonly sha256: string; readonly size: number },
    members: Iterable<string>,
): Artifact {
    const label = `${name}-${version}-${tar.sha256.slice(0, 12)}`;
    const directory = path.posix.join(hostRoot, label);
    const jars = [...members]
        .filter((member) => member.startsWith("jars/") && member.endsWith(".jar"))
        .sort(byCodeUnit)
        .map((member) => path.posix.join(directory, member));
    return {
        name,
        version,
        sha256: tar.sha256,
        size: tar.size,
        file: `${label}.tar`,
        directory,
        jars,
    };
}

/** Order of names that is the same on every machine, whatever its locale. */
export function byCodeUnit(a: string, b: string): number {
    return a < b ? -1 : a > b ? 1 : 0;
}
