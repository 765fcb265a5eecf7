// SPDX-License-Identifier: Apache-2.0
/** Decisions about the life of HDFS, from the evidence of all NameNodes. Pure. The host decides again: host/service-hdfs-bootstrap.sh. */
import { item } from "../../lib/manifest.ts";
import type { HostFacts } from "../../lib/facts/parse.ts";

const key = (path: string) => `namedir${path.replace(/\//g, ".")}`;

/** What is asked of each NameNode's host. */
export function namenodeQuestions(nameDirectories: readonly string[]): string[] {
    return nameDirectories.map((path) => item.evidence(key(path), "empty", path));
}

/**
 * A file system may be formatted only when every name directory of every NameNode is known to be empty. `missing` counts as empty before
 * the first converge has made it: the host refuses again when the disk is not mounted.
 */
export function mayFormat(
    namenodes: readonly (HostFacts | undefined)[],
    nameDirectories: readonly string[],
): boolean {
    return namenodes.every((facts) =>
        nameDirectories.every((path) =>
            ["yes", "missing"].includes(facts?.evidence.get(key(path)) ?? "unknown"),
        ),
    );
}
