// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import languagePb from "@pulumi/pulumi/proto/language_pb.js";
import type { ProgramInfo, RunRequest, RunResponse } from "@pulumi/pulumi/proto/language_pb.js";
import { messageOf } from "../plugin/serve.ts";
import { fromStruct } from "../plugin/wire.ts";
import { interrupt, waitFor } from "./child.ts";
import type { Exit } from "./child.ts";
import { findNode, locateModule } from "./node.ts";
import { parseOptions } from "./options.ts";
import type { NodeOptions } from "./options.ts";

/** The SDK ends with this code after it has shown the user what went wrong. */
const EXIT_AFTER_MESSAGE = 32;

/**
 * Runs a Pulumi program: starts node with the SDK's `cmd/run`, which loads the program.
 * Every failure is in the response, so that the engine shows it as the program's.
 *
 * @param engineAddress `host:port` of the engine, for the SDK's log
 * @param onCancel is given the function that interrupts the program
 */
export async function runProgram(
    request: RunRequest,
    engineAddress: string,
    onCancel: (cancel: () => void) => void,
): Promise<RunResponse> {
    const response = new languagePb.RunResponse();
    try {
        const info = programInfo(request.getInfo());
        const directory = info.getProgramDirectory();
        const options = parseOptions(fromStruct(info.getOptions()));
        const runner = process.env["PULUMI_LANGUAGE_NODEJS_RUN_PATH"] ?? "@pulumi/pulumi/cmd/run";
        const runPath = locateModule(runner, directory, false);
        const node = await findNode(directory);
        const child = spawn(
            node.path,
            [...options.nodeargs, runPath, ...programArguments(request, info, engineAddress)],
            { env: environment(request, options), stdio: ["ignore", "inherit", "inherit"] },
        );
        onCancel(() => {
            interrupt(child);
        });
        describe(await waitFor(child), response);
    } catch (error) {
        response.setError(messageOf(error));
    }
    return response;
}

/** The part of a request that says where the program is. The engine always sends it. */
export function programInfo(info: ProgramInfo | undefined): ProgramInfo {
    if (info === undefined) {
        throw new Error("the request of the engine lacks the program's location (ProgramInfo)");
    }
    return info;
}

function programArguments(request: RunRequest, info: ProgramInfo, engineAddress: string): string[] {
    const flags = {
        monitor: request.getMonitorAddress(),
        engine: engineAddress,
        organization: request.getOrganization(),
        project: request.getProject(),
        "root-directory": info.getRootDirectory(),
        stack: request.getStack(),
        pwd: info.getProgramDirectory(),
        parallel: String(request.getParallel()),
    };
    const given = Object.entries(flags).filter(([, value]) => value !== "");
    return [
        ...given.flatMap(([name, value]) => [`--${name}`, value]),
        ...(request.getDryrun() ? ["--dry-run"] : []),
        info.getEntryPoint(),
        ...request.getArgsList(),
    ];
}

function environment(request: RunRequest, options: NodeOptions): NodeJS.ProcessEnv {
    return {
        ...process.env,
        ...typescriptEnvironment(options),
        PULUMI_CONFIG: JSON.stringify(configOf(request)),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
    };
}

/** How the SDK learns whether it should run TypeScript itself, through ts-node. */
export function typescriptEnvironment(options: NodeOptions): NodeJS.ProcessEnv {
    return {
        PULUMI_NODEJS_TYPESCRIPT: options.typescript ? "true" : "false",
        ...(options.tsconfig === undefined
            ? {}
            : { PULUMI_NODEJS_TSCONFIG_PATH: options.tsconfig }),
    };
}

/** Old SDKs know keys only as `namespace:config:name`; new ones take both forms. */
function configOf(request: RunRequest): Record<string, string> {
    const config: Record<string, string> = {};
    request.getConfigMap().forEach((value, key) => {
        const colon = key.indexOf(":");
        config[`${key.slice(0, colon)}:config:${key.slice(colon + 1)}`] = value;
    });
    return config;
}

function describe(exit: Exit, response: RunResponse): void {
    if (exit.code === 0) {
        return;
    }
    if (exit.code === EXIT_AFTER_MESSAGE) {
        response.setBail(true);
    } else if (exit.code !== null) {
        response.setError(`Program exited with non-zero exit code: ${exit.code}`);
    } else {
        const hint =
            exit.signal === "SIGABRT"
                ? ". If it ran out of memory, raise the limit with NODE_OPTIONS=--max-old-space-size=<MB>"
                : "";
        response.setError(`Program ended by signal ${String(exit.signal)}${hint}`);
    }
}
