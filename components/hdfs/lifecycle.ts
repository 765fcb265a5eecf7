// SPDX-License-Identifier: Apache-2.0
/** Decisions about the life of HDFS, from the evidence of all NameNodes. Pure. The host decides again: host/service-hdfs-bootstrap.sh. */
import { item } from "../../lib/manifest.ts";
import type { HostFacts } from "../../lib/facts/parse.ts";

const key = (path: string) => `namedir${path.replace(/\//g, ".")}`;

/** What is asked of each NameNode's host. */
export function namenodeQuestions(nameDirectories: readonly string[]): string[] {
    return nameDirectories.map((path) => item.evidence(key(path), "empty", path));
}

/** `missing` proves nothing while the disk below it is not mounted: the image may lie on that disk. */
function knownEmpty(facts: HostFacts | undefined, path: string): boolean {
    const onMountedDisk = [...(facts?.disks ?? [])].some(
        ([disk, { kind }]) => kind === "mounted" && path.startsWith(`${disk}/`),
    );
    return onMountedDisk && ["yes", "missing"].includes(facts?.evidence.get(key(path)) ?? "");
}

/**
 * A file system may be formatted only when every name directory of every NameNode, those that are down or out of reach included, is known
 * to be empty, or not yet made by the first converge, on a disk that is mounted.
 */
export function mayFormat(
    namenodes: readonly (HostFacts | undefined)[],
    nameDirectories: readonly string[],
): boolean {
    return namenodes.every((facts) => nameDirectories.every((path) => knownEmpty(facts, path)));
}
