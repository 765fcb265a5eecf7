// SPDX-License-Identifier: Apache-2.0
/** The lab's artifact mirror: a background process that serves the artifact cache to the hosts. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { MIRROR_PORT, type LabLayout } from "./layout.ts";
import { end, findByArguments, type ProcessId } from "./processes.ts";
import { poll, startDetached } from "./shell.ts";

const SERVER = join(import.meta.dirname, "mirror-server.ts");

/** The folder that is served. */
export function artifactsOf(layout: LabLayout): string {
    return join(layout.cache, "artifacts");
}

/** The running mirror. */
export function findMirror(layout: LabLayout): ProcessId | undefined {
    return findByArguments([SERVER, layout.gateway, String(MIRROR_PORT)])[0];
}

/** Where the hosts find the mirror, without a trailing slash. */
export function mirrorUrl(layout: LabLayout): string {
    return `http://${layout.gateway}:${MIRROR_PORT}`;
}

async function answers(layout: LabLayout): Promise<true | undefined> {
    try {
        await fetch(mirrorUrl(layout), { method: "HEAD", signal: AbortSignal.timeout(1000) });
        return true;
    } catch {
        return undefined;
    }
}

/**
 * Starts the mirror where it does not run.
 *
 * @throws Error that names the log when it does not answer
 */
export async function ensureMirror(layout: LabLayout): Promise<void> {
    const folder = artifactsOf(layout);
    const log = join(layout.dir, "mirror.log");
    mkdirSync(folder, { recursive: true });
    if (findMirror(layout) === undefined) {
        const args = ["--no-warnings", SERVER, folder, layout.gateway, String(MIRROR_PORT)];
        startDetached(process.execPath, args, log);
    }
    if ((await poll(10, () => answers(layout))) === undefined) {
        throw new Error(
            `lab: the artifact mirror ${mirrorUrl(layout)} does not answer; see ${log}`,
        );
    }
}

/** Ends the mirror. */
export async function endMirror(layout: LabLayout): Promise<void> {
    const mirror = findMirror(layout);
    if (mirror !== undefined) {
        await end(mirror, "SIGTERM");
    }
}
