// SPDX-License-Identifier: Apache-2.0
import { ArtifactError, describe } from "./artifact.ts";
import type { Artifact } from "./artifact.ts";
import hadoop from "./catalogue/hadoop-3.5.0.json" with { type: "json" };
import kafka from "./catalogue/kafka-4.3.0.json" with { type: "json" };
import spark from "./catalogue/spark-4.2.0.json" with { type: "json" };
import zookeeper from "./catalogue/zookeeper-3.9.5.json" with { type: "json" };
import { jarName, parseCoordinate } from "./coordinate.ts";

/** A file of the catalogue: what goes in (roots, unpack), and what that gives (jars, contents, tar). */
export interface Entry {
    readonly name: string;
    readonly version: string;
    /** Maven coordinates; what these need at run time comes along. */
    readonly roots: readonly string[];
    /** Folders of further jars that are unpacked into the artifact under the same path. */
    readonly unpack: readonly { readonly jar: string; readonly folder: string }[];
    /** Coordinate -> hex sha256, for every jar that is fetched. The path is `jars/<file name>`. */
    readonly jars: Readonly<Record<string, string>>;
    /** Coordinate -> hex sha256, for the jars that are only unpacked. */
    readonly unpacked: Readonly<Record<string, string>>;
    /** The uncompressed tar; size in bytes. */
    readonly tar: { readonly sha256: string; readonly size: number };
}

export const artifactNames = ["hadoop", "kafka", "spark", "zookeeper"] as const;
export type ArtifactName = (typeof artifactNames)[number];

/** The version of each service that is installed. Another version is another file and a line above. */
export const catalogue: Readonly<Record<ArtifactName, Entry>> = { hadoop, kafka, spark, zookeeper };

/** Describes an artifact of the catalogue, from pinned data alone. */
export function artifact(name: ArtifactName): Artifact {
    return describeEntry(catalogue[name]);
}

/** The same for an entry at hand. */
export function describeEntry(entry: Entry): Artifact {
    const members = Object.keys(entry.jars).map(jarPath);
    return describe(entry.name, entry.version, entry.tar, members);
}

/** Path of a jar inside its artifact. */
export function jarPath(coordinate: string): string {
    return `jars/${jarName(parseCoordinate(coordinate))}`;
}

/** Turns names typed by a person into names of the catalogue; none means all. */
export function chooseNames(names: readonly string[]): readonly ArtifactName[] {
    const isKnown = (name: string): name is ArtifactName =>
        (artifactNames as readonly string[]).includes(name);
    const unknown = names.filter((name) => !isKnown(name));
    if (unknown.length > 0) {
        throw new ArtifactError(
            `no such artifact: ${unknown.join(", ")}; the catalogue has ${artifactNames.join(", ")}`,
        );
    }
    return names.length > 0 ? names.filter(isKnown) : artifactNames;
}
