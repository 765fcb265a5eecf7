// SPDX-License-Identifier: Apache-2.0
import path from "node:path";
import type { Artifact } from "./artifact.ts";

/** Where hosts keep class-data archives. A lab may let its hosts share it: one host makes, all map. */
export const archiveFolder = "/var/cache/metalstream/cds";

/** A class-data archive: the classes of all daemons and tools of one artifact, parsed and verified. */
export interface ClassArchive {
    /** Absolute path on a host. The same for every build of Java: converge renews it (host/class-archive.sh). */
    readonly file: string;
    /** Options of `java` for every process of the artifact. */
    readonly options: readonly string[];
}

/**
 * The class-data archive of an artifact (README.md says what it saves, and when Java leaves it aside).
 * It serves a JVM only whose class path begins with exactly `artifact.jars`: folders of configuration
 * come after them. Without the file, or with one that does not fit, Java starts all the same.
 */
export function classArchive(artifact: Artifact): ClassArchive {
    const file = path.posix.join(archiveFolder, `${path.posix.basename(artifact.directory)}.jsa`);
    return {
        file,
        options: [
            "-Xshare:auto",
            `-XX:SharedArchiveFile=${file}`,
            // By default Java 17 moves the archive to a random address, which makes every page of it
            // private to the process. At its own address the processes of a host share the pages.
            "-XX:+UnlockDiagnosticVMOptions",
            "-XX:ArchiveRelocationMode=0",
        ],
    };
}
