// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";

/** How a command ended, and what it wrote to both streams. */
export interface Result {
    /** Null when a signal or the time limit ended it. */
    readonly code: number | null;
    readonly output: string;
}

/** Environment, folder and time limit (ms) of a command. */
export interface Options {
    readonly cwd?: string;
    readonly env?: NodeJS.ProcessEnv;
    readonly timeout?: number;
}

/**
 * Runs a command and waits for it. A time limit ends its whole process group.
 *
 * @throws Error when there is no such program
 */
export async function run(
    command: string,
    args: readonly string[],
    options: Options = {},
): Promise<Result> {
    return new Promise((resolve, reject) => {
        const child = spawn(command, args, {
            cwd: options.cwd,
            env: options.env ?? process.env,
            stdio: ["ignore", "pipe", "pipe"],
            detached: true,
        });
        const killGroup = (): void => {
            if (child.pid !== undefined) {
                process.kill(-child.pid, "SIGKILL");
            }
        };
        const timer =
            options.timeout === undefined ? undefined : setTimeout(killGroup, options.timeout);
        // Ctrl-C reaches only our own group, so it must be passed on.
        process.once("SIGINT", killGroup);
        process.once("SIGTERM", killGroup);
        let output = "";
        const collect = (data: Buffer): void => {
            output += data.toString();
        };
        child.stdout.on("data", collect);
        child.stderr.on("data", collect);
        child.on("error", reject);
        child.on("close", (code) => {
            clearTimeout(timer);
            process.off("SIGINT", killGroup);
            process.off("SIGTERM", killGroup);
            resolve({ code, output });
        });
    });
}

/** The last lines of an output, for an error message. */
export function lastLines(output: string, count = 10): string {
    return output.trim().split("\n").slice(-count).join("\n");
}
