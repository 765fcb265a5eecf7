// SPDX-License-Identifier: Apache-2.0
import { ensureArtifacts } from "../lib/artifacts/build.ts";
import { artifactNames } from "../lib/artifacts/catalogue.ts";
import { ensureJobs } from "../lib/artifacts/jobs.ts";
import { cacheFolder } from "../lib/artifacts/cache.ts";

/** `metalstream artifacts build`: fills the cache, whose folder is what a mirror serves. */
export async function artifactsCommand(args: string[]): Promise<number> {
    if (args[0] !== "build") {
        console.error("usage: npx metalstream artifacts build");
        return 2;
    }
    const say = (line: string) => {
        console.log(line);
    };
    await ensureArtifacts(artifactNames, say);
    await ensureJobs(say);
    console.log(`artifacts: all in ${cacheFolder()}; serve this folder as artifacts.mirror`);
    return 0;
}
