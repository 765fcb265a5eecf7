// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import { messageOf } from "../plugin/serve.ts";
import { LineLog } from "../plugin/lines.ts";
import type { Operation } from "../plugin/resource.ts";
import { revealAll } from "../plugin/wire.ts";
import type { Wire, WireObject } from "../plugin/wire.ts";
import { commandFailure, exitReason } from "../ssh/errors.ts";
import { archiveOf, assetsOf } from "./assets.ts";
import { previousOutput, shownStreams, textOf, trimmed, variablesOf } from "./state.ts";

const DEFAULT_INTERPRETER = ["/bin/sh", "-c"];
const TERM_GRACE_MS = 1000;

/**
 * Runs a command on this machine, with the inputs of a resource or an invoke, and returns its outputs.
 * When the operation is cancelled its whole process group is ended.
 *
 * @param state what the previous run returned, for the environment
 * @throws Error with how it ended, the command, and what it wrote last
 */
export async function runLocal(
    operation: Operation,
    command: string,
    inputs: WireObject,
    state: WireObject,
): Promise<WireObject> {
    const plain = revealAll(inputs);
    const folder = textOf(plain, "dir") ?? process.cwd();
    const output = await runProcess(operation, command, plain, folder, revealAll(state));
    const outputs: WireObject = {
        stdout: trimmed(output.stdout),
        stderr: trimmed(output.stderr),
    };
    if (plain["assetPaths"] !== undefined) {
        outputs["assets"] = await assetsOf(folder, texts(plain["assetPaths"]));
    }
    if (plain["archivePaths"] !== undefined) {
        outputs["archive"] = await archiveOf(folder, texts(plain["archivePaths"]));
    }
    return outputs;
}

async function runProcess(
    operation: Operation,
    command: string,
    plain: WireObject,
    folder: string,
    state: WireObject,
): Promise<{ stdout: Buffer; stderr: Buffer }> {
    const given = texts(plain["interpreter"]);
    const [program, ...args] = [...(given.length > 0 ? given : DEFAULT_INTERPRETER), command];
    const child = spawn(program, args, {
        cwd: folder,
        env: { ...process.env, ...variablesOf(plain), ...previousOutput(plain, state) },
        stdio: ["pipe", "pipe", "pipe"],
        // A group of its own, so that what the command has started ends with it.
        detached: true,
    });
    const shown = shownStreams(plain);
    const log = new LineLog((line) => operation.log("info", line, true));
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const both: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => {
        stdout.push(chunk);
        both.push(chunk);
        if (shown.stdout) {
            log.write(chunk);
        }
    });
    child.stderr.on("data", (chunk: Buffer) => {
        stderr.push(chunk);
        both.push(chunk);
        if (shown.stderr) {
            log.write(chunk);
        }
    });
    // A command need not read its input.
    child.stdin.on("error", () => undefined);
    child.stdin.end(textOf(plain, "stdin") ?? "");

    const stop = (): void => {
        endGroup(child.pid);
    };
    operation.signal.addEventListener("abort", stop, { once: true });
    try {
        const reason = await new Promise<string | undefined>((resolve, reject) => {
            child.on("error", (error) => {
                reject(commandFailure(messageOf(error), command, Buffer.alloc(0)));
            });
            child.on("close", (code, signal) => {
                resolve(localReason(code, signal));
            });
        });
        if (operation.signal.aborted) {
            throw commandFailure("cancelled before it ended", command, Buffer.concat(both));
        }
        if (reason !== undefined) {
            throw commandFailure(reason, command, Buffer.concat(both));
        }
        return { stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) };
    } finally {
        operation.signal.removeEventListener("abort", stop);
        await log.end();
    }
}

/** How a local process ended, in the words of the official plugin; undefined when it ended well. */
function localReason(code: number | null, signal: string | null): string | undefined {
    if (signal !== null) {
        return `signal: ${signal}`;
    }
    return exitReason(code, undefined) === undefined ? undefined : `exit status ${String(code)}`;
}

function endGroup(pid: number | undefined): void {
    if (pid === undefined) {
        return;
    }
    const send = (signal: NodeJS.Signals): void => {
        try {
            process.kill(-pid, signal);
        } catch {
            // The group has ended.
        }
    };
    send("SIGTERM");
    setTimeout(() => {
        send("SIGKILL");
    }, TERM_GRACE_MS);
}

function texts(value: Wire | undefined): string[] {
    return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
