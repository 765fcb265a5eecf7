// SPDX-License-Identifier: Apache-2.0
import { ArtifactError } from "./artifact.ts";

/** A jar in a Maven repository; written `group:artifact:version` or `group:artifact:version:classifier`. */
export interface Coordinate {
    readonly group: string;
    readonly artifact: string;
    readonly version: string;
    readonly classifier?: string;
}

/** Reads `group:artifact:version[:classifier]`. */
export function parseCoordinate(text: string): Coordinate {
    const [group, artifact, version, classifier, ...rest] = text.split(":");
    const parts = [group, artifact, version, classifier ?? "none"];
    if (!group || !artifact || !version || rest.length > 0 || !parts.every(isSafe)) {
        throw new ArtifactError(
            `"${text}" is not a Maven coordinate: expected group:artifact:version[:classifier], ` +
                `of letters, digits, ".", "-" and "_"`,
        );
    }
    return classifier === undefined
        ? { group, artifact, version }
        : { group, artifact, version, classifier };
}

/** The parts end up in file names and in XML, so nothing else is let through. */
function isSafe(part: string | undefined): boolean {
    return part !== undefined && /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(part);
}

/** The written form, the inverse of `parseCoordinate`. */
export function formatCoordinate(c: Coordinate): string {
    return [c.group, c.artifact, c.version, ...(c.classifier ? [c.classifier] : [])].join(":");
}

/** File name of the jar, as Maven names it. */
export function jarName(c: Coordinate): string {
    return `${c.artifact}-${c.version}${c.classifier ? `-${c.classifier}` : ""}.jar`;
}

/** Path of the jar in a repository (local or remote), as Maven lays it out. */
export function repositoryPath(c: Coordinate): string {
    return [...c.group.split("."), c.artifact, c.version, jarName(c)].join("/");
}

/** Reads a path in the layout of a Maven repository back, the inverse of `repositoryPath`. */
export function fromRepositoryPath(file: string): Coordinate {
    const parts = file.split("/");
    const [artifact, version, name] = parts.slice(-3);
    const group = parts.slice(0, -3).join(".");
    const plain = `${artifact ?? ""}-${version ?? ""}`;
    if (!artifact || !version || !name?.startsWith(plain) || !name.endsWith(".jar")) {
        throw new ArtifactError(`"${file}" is not the path of a jar in a Maven repository`);
    }
    const classifier = name.slice(plain.length + 1, -".jar".length);
    return parseCoordinate(
        [group, artifact, version, ...(classifier ? [classifier] : [])].join(":"),
    );
}

/**
 * Whether a jar holds only native libraries for systems that are no host of ours. Such jars have no
 * classes: the loader looks them up by the name of the running system, so they are never opened here.
 */
export function isForeignNative(c: Coordinate): boolean {
    return c.classifier !== undefined && /^(osx|windows|linux-riscv64)/.test(c.classifier);
}
