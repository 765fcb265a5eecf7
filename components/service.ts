// SPDX-License-Identifier: Apache-2.0
/** What the sections of all services share. Pure. */
import type { Config } from "../lib/config/schema.ts";
import { item } from "../lib/manifest.ts";
import type { Artifact } from "../lib/artifacts/artifact.ts";
import { classArchive } from "../lib/artifacts/cds.ts";

/** An artifact as an item: fetched from the mirror, unpacked to its own directory. */
export function artifactItem(config: Config, artifact: Artifact, archive?: string): string {
    const { sha256, size, file, directory } = artifact;
    const url = `${config.artifacts.mirror.replace(/\/$/, "")}/${file}`;
    const name = directory.slice(directory.lastIndexOf("/") + 1);
    return item.artifact(name, {
        sha256,
        size,
        url,
        ...(archive === undefined ? {} : { archive }),
    });
}

/** The artifact of a service's daemons, with its class-data archive: every start needs half of the CPU time with it. */
export function serviceArtifactItem(config: Config, artifact: Artifact): string {
    return artifactItem(config, artifact, classArchive(artifact).file);
}

/** A system user with a group of the same name. */
export function userItems(user: string, home: string): string[] {
    return [item.group(user), item.user(user, { group: user, home })];
}

/** A directory that a service writes to. */
export function ownedDirectory(path: string, user: string, mode = "0750"): string {
    return item.directory(path, { owner: user, group: user, mode });
}

/** Every ancestor of a data directory below the disk it lies on belongs to root, so that no service can move another's data. */
export function parentDirectory(path: string): string {
    return item.directory(path, { owner: "root", group: "root", mode: "0755" });
}

/** Where a unit's process reads its files. */
export function currentDirectory(unit: string): string {
    return `/etc/metalstream/${unit}/current`;
}
