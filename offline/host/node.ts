// SPDX-License-Identifier: Apache-2.0
import { execFile } from "node:child_process";
import { access, constants, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

/** The oldest Node that `@pulumi/pulumi` of this version supports. */
const OLDEST_MAJOR = 22;
const run = promisify(execFile);

/** A node executable and its version, such as `v22.23.3`. */
export interface Node {
    readonly path: string;
    readonly version: string;
}

/**
 * The node that runs a program: the program's own (`node_modules/.bin/node`) before those on the PATH,
 * the first that is new enough, and at last the one that runs this host.
 *
 * @param programDirectory where the program's package.json is
 * @param searchPath value of PATH
 */
export async function findNode(
    programDirectory: string,
    searchPath = process.env["PATH"] ?? "",
): Promise<Node> {
    const folders = [
        join(programDirectory, "node_modules", ".bin"),
        ...searchPath.split(delimiter),
    ];
    for (const folder of folders) {
        const path = join(folder, "node");
        const version = await versionOf(path);
        if (version !== undefined && majorOf(version) >= OLDEST_MAJOR) {
            return { path, version };
        }
    }
    return { path: process.execPath, version: process.version };
}

function majorOf(version: string): number {
    return Number.parseInt(version.replace(/^v/, ""), 10);
}

/** Asking a node for its version costs some 40 ms, so a hard link to our own is recognised without. */
async function versionOf(path: string): Promise<string | undefined> {
    try {
        await access(path, constants.X_OK);
        const [one, own] = await Promise.all([stat(path), stat(process.execPath)]);
        if (one.ino === own.ino && one.dev === own.dev) {
            return process.version;
        }
        return (await run(path, ["--version"])).stdout.trim();
    } catch {
        return undefined;
    }
}

/**
 * Finds a module of the Pulumi SDK from where the program would.
 *
 * @param specifier such as `@pulumi/pulumi/cmd/run`
 * @param isPlugin whether this is for a plugin or policy pack: they are installed by other means
 * @throws Error that says how to install the SDK
 */
export function locateModule(
    specifier: string,
    programDirectory: string,
    isPlugin: boolean,
): string {
    try {
        return createRequire(join(programDirectory, "package.json")).resolve(specifier);
    } catch {
        const install = isPlugin ? `npm install in ${programDirectory}` : "pulumi install";
        throw new Error(
            `It looks like the Pulumi SDK has not been installed. Have you run ${install}?`,
        );
    }
}
