// SPDX-License-Identifier: Apache-2.0
/** Running programs of the machine. Arguments are never joined to a shell line here. */

import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";

/** What a program answered. */
export interface Result {
    readonly code: number;
    readonly stdout: string;
    readonly stderr: string;
}

/** How to run a program. */
export interface RunOptions {
    readonly input?: string;
    readonly env?: Readonly<Record<string, string>>;
    /** The program is killed after this many seconds. @default 600 */
    readonly timeoutSeconds?: number;
    /** A file that gets the program's output as it comes, beside the answer. */
    readonly log?: string;
}

/** Runs a program to its end and gives its answer, whatever the exit code; 124 for one that was killed. */
export function attempt(
    program: string,
    args: readonly string[],
    options: RunOptions = {},
): Promise<Result> {
    return new Promise((resolve, reject) => {
        const log = options.log === undefined ? undefined : openSync(options.log, "a");
        const child = spawn(program, args, {
            stdio: ["pipe", log ?? "pipe", log ?? "pipe"],
            env: { ...process.env, ...options.env },
        });
        // Not spawn's own `timeout`: that one keeps us waiting when the program could not be started at all.
        const seconds = options.timeoutSeconds ?? 600;
        const timer = setTimeout(() => child.kill("SIGKILL"), seconds * 1000);
        let stdout = "";
        let stderr = "";
        child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
        child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
        // A program that ends without reading its input is no failure of ours.
        child.stdin?.on("error", () => undefined);
        child.stdin?.end(options.input ?? "");
        child.on("error", (error) => {
            clearTimeout(timer);
            reject(new Error(`lab: cannot run ${program}: ${error.message}`));
        });
        child.on("close", (code) => {
            clearTimeout(timer);
            if (log !== undefined) {
                closeSync(log);
            }
            resolve({ code: code ?? 124, stdout, stderr });
        });
    });
}

/**
 * Runs a program that must succeed and gives what it wrote to stdout.
 *
 * @throws Error with the command, its exit code and the last lines it wrote
 */
export async function run(
    program: string,
    args: readonly string[],
    options: RunOptions = {},
): Promise<string> {
    const result = await attempt(program, args, options);
    if (result.code !== 0) {
        const said = `${result.stdout}\n${result.stderr}`.trim().split("\n").slice(-5).join("\n");
        const where = options.log === undefined ? said : `see ${options.log}`;
        throw new Error(
            `lab: "${[program, ...args].join(" ")}" failed with exit code ${result.code}: ${where}`,
        );
    }
    return result.stdout;
}

/**
 * Starts a program that outlives this one: own session, no terminal, output appended to a log.
 *
 * @returns its process id
 */
export function startDetached(program: string, args: readonly string[], log: string): number {
    const output = openSync(log, "a", 0o600);
    try {
        const child = spawn(program, args, {
            detached: true,
            cwd: "/",
            stdio: ["ignore", output, output],
        });
        if (child.pid === undefined) {
            child.on("error", () => undefined);
            throw new Error(`lab: cannot start ${program}; is it installed?`);
        }
        child.unref();
        return child.pid;
    } finally {
        closeSync(output);
    }
}

/** Asks every `everyMs` until the answer is not undefined; gives undefined when the time is over. */
export async function poll<T>(
    seconds: number,
    ask: () => T | undefined | Promise<T | undefined>,
    everyMs = 50,
): Promise<T | undefined> {
    const end = performance.now() + seconds * 1000;
    for (;;) {
        const answer = await ask();
        if (answer !== undefined || performance.now() > end) {
            return answer;
        }
        await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
}
