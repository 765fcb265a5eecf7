// SPDX-License-Identifier: Apache-2.0
/** The software of the platform, as pinned by this version of the program. */
import { artifact } from "../lib/artifacts/catalogue.ts";
import { jobsArtifact } from "../lib/artifacts/jobs.ts";
import type { Artifacts } from "./sections.ts";

/** Names, digests and jars of all artifacts. Reads no tar. @throws ArtifactError when the jobs were not built yet. */
export async function loadArtifacts(): Promise<Artifacts> {
    return {
        zookeeper: artifact("zookeeper"),
        hadoop: artifact("hadoop"),
        spark: artifact("spark"),
        kafka: artifact("kafka"),
        jobs: await jobsArtifact(),
    };
}
