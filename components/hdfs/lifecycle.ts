// SPDX-License-Identifier: Apache-2.0
/** Decisions about the life of HDFS, from the evidence of all NameNodes. Pure. The host decides again: host/service-hdfs-bootstrap.sh. */
import { item } from "../../lib/manifest.ts";
import { onKnownDisk } from "../../lib/facts/disks.ts";
import type { HostFacts } from "../../lib/facts/parse.ts";

const key = (path: string) => `namedir${path.replace(/\//g, ".")}`;

/** What is asked of each NameNode's host. */
export function namenodeQuestions(nameDirectories: readonly string[]): string[] {
    return nameDirectories.map((path) => item.evidence(key(path), "empty", path));
}

/** `missing` proves nothing while the disk below it is not mounted: the image may lie on that disk. */
function knownEmpty(facts: HostFacts | undefined, path: string): boolean {
    return (
        onKnownDisk(facts, path) &&
        ["yes", "missing"].includes(facts?.evidence.get(key(path)) ?? "")
    );
}

/** What a NameNode's host is known to be without; see FirstStart. */
export function imageUndone(
    facts: HostFacts | undefined,
    nameDirectories: readonly string[],
): string | undefined {
    return nameDirectories.every((path) => knownEmpty(facts, path)) ? "no_image" : undefined;
}

/**
 * A file system may be formatted only when every name directory of every NameNode, those that are down or out of reach included, is known
 * to be empty, or not yet made by the first converge, on a disk that is mounted or formatted by this run.
 */
export function mayFormat(
    namenodes: readonly (HostFacts | undefined)[],
    nameDirectories: readonly string[],
): boolean {
    return namenodes.every((facts) => nameDirectories.every((path) => knownEmpty(facts, path)));
}
