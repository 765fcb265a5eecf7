// SPDX-License-Identifier: Apache-2.0
import { artifactsUsage, artifactsVerb } from "../lib/artifacts/verbs.ts";

/** `metalstream artifacts VERB`: the cache of artifacts, whose folder is what a mirror serves. */
export async function artifactsCommand(args: string[]): Promise<number> {
    if (args.length === 0) {
        console.error(artifactsUsage);
        return 2;
    }
    await artifactsVerb(args, (line) => {
        console.log(line);
    });
    return 0;
}
