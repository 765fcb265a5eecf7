// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import languagePb from "@pulumi/pulumi/proto/language_pb.js";
import type {
    InstallDependenciesRequest,
    InstallDependenciesResponse,
} from "@pulumi/pulumi/proto/language_pb.js";
import { fromStruct } from "../plugin/wire.ts";
import { waitFor } from "./child.ts";
import type { NodeOptions } from "./options.ts";
import { parseOptions } from "./options.ts";
import { programInfo } from "./program.ts";

/**
 * Installs a program's npm dependencies with its package manager.
 *
 * @param write sends a piece of the output to the user
 * @throws Error when the package manager fails
 */
export async function installDependencies(
    request: InstallDependenciesRequest,
    write: (response: InstallDependenciesResponse) => void,
): Promise<void> {
    const info = programInfo(request.getInfo());
    const options = parseOptions(fromStruct(info.getOptions()));
    const [command, args] = installCommand(options);
    const child = spawn(command, args, {
        cwd: info.getProgramDirectory(),
        stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout.on("data", (data: Buffer) => {
        const response = new languagePb.InstallDependenciesResponse();
        response.setStdout(data);
        write(response);
    });
    child.stderr.on("data", (data: Buffer) => {
        const response = new languagePb.InstallDependenciesResponse();
        response.setStderr(data);
        write(response);
    });
    const exit = await waitFor(child);
    if (exit.code !== 0) {
        const how = exit.code === null ? String(exit.signal) : `exit code ${exit.code}`;
        throw new Error(
            `${command} ${args.join(" ")} failed in ${info.getProgramDirectory()}: ${how}`,
        );
    }
}

/** The command line that installs what the lockfile names. */
export function installCommand(options: NodeOptions): [string, string[]] {
    const production = options.production;
    switch (options.packagemanager) {
        case "npm":
            return ["npm", ["install", "--loglevel=error", ...(production ? ["--omit=dev"] : [])]];
        case "yarn":
            return ["yarn", ["install", ...(production ? ["--production"] : [])]];
        case "pnpm":
            return ["pnpm", ["install", ...(production ? ["--prod"] : [])]];
    }
}
