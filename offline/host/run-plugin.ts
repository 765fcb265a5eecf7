// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import type { Readable } from "node:stream";
import type { AnalyzerStackConfigureRequest } from "@pulumi/pulumi/proto/analyzer_pb.js";
import languagePb from "@pulumi/pulumi/proto/language_pb.js";
import type { RunPluginRequest, RunPluginResponse } from "@pulumi/pulumi/proto/language_pb.js";
import { fromStruct } from "../plugin/wire.ts";
import { interrupt, waitFor } from "./child.ts";
import { findNode, locateModule } from "./node.ts";
import { parseOptions } from "./options.ts";
import { PolicyProxy } from "./policy-proxy.ts";
import { programInfo, typescriptEnvironment } from "./program.ts";

type Child = ChildProcessByStdio<null, Readable, Readable>;
type Write = (response: RunPluginResponse) => void;

/** The kind of plugin that a policy pack is to the engine. */
const POLICY_PACK = "analyzer";

/**
 * Runs a plugin that is a Node program (a policy pack, or a provider in a folder with PulumiPlugin.yaml)
 * until it ends or the engine cancels.
 *
 * @param write sends a piece of the plugin's output to the engine: the first line must be a port
 * @param onCancel is given the function that ends the plugin
 * @throws Error when it could not be started or ended with an error
 */
export async function runPlugin(
    request: RunPluginRequest,
    write: Write,
    onCancel: (cancel: () => void) => void,
): Promise<void> {
    const proxy = request.getKind() === POLICY_PACK ? await PolicyProxy.start() : undefined;
    try {
        let stack: NodeJS.ProcessEnv = {};
        if (proxy !== undefined) {
            write(stdout(`${proxy.port}\n`));
            stack = stackEnvironment(await proxy.configured);
        }
        const child = await start(request, stack);
        onCancel(() => {
            interrupt(child);
        });
        child.stderr.on("data", (data: Buffer) => {
            write(stderr(data));
        });
        if (proxy === undefined) {
            child.stdout.on("data", (data: Buffer) => {
                write(stdout(data));
            });
        } else {
            attachWhenListening(child, proxy, write);
        }
        const exit = await waitFor(child);
        if (exit.code !== 0 && exit.signal === null) {
            throw new Error(`Program exited with non-zero exit code: ${String(exit.code)}`);
        }
    } finally {
        proxy?.close();
    }
}

async function start(request: RunPluginRequest, stack: NodeJS.ProcessEnv): Promise<Child> {
    const directory = programInfo(request.getInfo()).getProgramDirectory();
    const options = parseOptions(fromStruct(request.getInfo()?.getOptions()));
    const isPolicyPack = request.getKind() === POLICY_PACK;
    const module = isPolicyPack
        ? "@pulumi/pulumi/cmd/run-policy-pack"
        : (process.env["PULUMI_LANGUAGE_NODEJS_RUN_PATH"] ?? "@pulumi/pulumi/cmd/run-plugin");
    const runPath = locateModule(module, directory, true);
    const node = await findNode(directory);
    // A policy pack takes its folder last and runs in it; other plugins take it first.
    const args = isPolicyPack
        ? [...request.getArgsList(), directory]
        : [directory, ...request.getArgsList()];
    return spawn(node.path, [...options.nodeargs, runPath, ...args], {
        cwd: isPolicyPack ? directory : request.getPwd(),
        env: {
            ...parseEnvironment(request.getEnvList()),
            ...typescriptEnvironment(options),
            ...stack,
        },
        stdio: ["ignore", "pipe", "pipe"],
    });
}

/** `KEY=value` lines as an object; the last one of a key wins, as in the C library of most systems. */
function parseEnvironment(lines: readonly string[]): NodeJS.ProcessEnv {
    return Object.fromEntries(
        lines.map((line) => {
            const equals = line.indexOf("=");
            return [line.slice(0, equals), line.slice(equals + 1)];
        }),
    );
}

function stackEnvironment(stack: AnalyzerStackConfigureRequest | undefined): NodeJS.ProcessEnv {
    if (stack === undefined) {
        return {};
    }
    const config = Object.fromEntries(stack.getConfigMap().getEntryList());
    const variables = {
        PULUMI_NODEJS_ORGANIZATION: stack.getOrganization(),
        PULUMI_NODEJS_PROJECT: stack.getProject(),
        PULUMI_NODEJS_STACK: stack.getStack(),
        PULUMI_NODEJS_DRY_RUN: String(stack.getDryRun()),
        PULUMI_CONFIG: JSON.stringify(config),
    };
    return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ""));
}

/** The pack's first line is its port; what follows is output. */
function attachWhenListening(child: Child, proxy: PolicyProxy, write: Write): void {
    let head: string | undefined = "";
    child.stdout.on("data", (data: Buffer) => {
        if (head === undefined) {
            write(stdout(data));
            return;
        }
        head += data.toString();
        const newline = head.indexOf("\n");
        if (newline >= 0) {
            proxy.attach(Number.parseInt(head, 10));
            const rest = head.slice(newline + 1);
            head = undefined;
            if (rest !== "") {
                write(stdout(rest));
            }
        }
    });
}

function stdout(data: string | Buffer): RunPluginResponse {
    const response = new languagePb.RunPluginResponse();
    response.setStdout(Buffer.from(data));
    return response;
}

function stderr(data: Buffer): RunPluginResponse {
    const response = new languagePb.RunPluginResponse();
    response.setStderr(data);
    return response;
}
