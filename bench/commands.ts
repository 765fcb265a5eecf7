// SPDX-License-Identifier: Apache-2.0
/** Running the project's own commands under a clock, as a person would type them, and ending them when the benchmark is ended. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { engineEnvironment } from "../lab/platform.ts";
import type { Line } from "./phases.ts";

/** The project's folder. */
export const project = join(import.meta.dirname, "..");

/** What became of a command. Times are milliseconds of the machine's clock. */
export interface Ran {
    readonly begin: number;
    readonly end: number;
    readonly lines: readonly Line[];
}

export interface CommandOptions {
    /** It is ended after this many seconds. */
    readonly limit: number;
    /** Gets each line as it comes. @default nothing is shown */
    readonly show?: (text: string) => void;
    /** Gets the process id as soon as there is one. */
    readonly started?: (pid: number) => void;
    /** Where it runs. @default the project's folder */
    readonly folder?: string;
    /** Beside the engine's environment. @default nothing */
    readonly environment?: Readonly<Record<string, string>>;
}

const running = new Set<number>();
let stopped = false;

/** Ends what runs, and lets nothing new begin but the clean-up. */
export function stopEverything(): void {
    stopped = true;
    for (const pid of running) endGroup(pid, "SIGTERM");
}

function endGroup(pid: number, signal: NodeJS.Signals): void {
    try {
        process.kill(-pid, signal);
    } catch {
        // It has ended by itself.
    }
}

/** Whether the benchmark was told to end. */
export const isStopped = (): boolean => stopped;

/** Runs a benchmark as this process: a signal ends what it started, and its exit code is the process's. */
export async function runBenchmark(main: () => Promise<number>): Promise<void> {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
        process.once(signal, stopEverything);
    try {
        process.exitCode = await main();
    } catch (error) {
        console.error(error instanceof Error ? error.message : error);
        process.exitCode = 1;
    }
}

/**
 * Runs a command to its end.
 * @throws Error with the command's last lines when it fails or does not end in time.
 */
export async function command(args: readonly string[], options: CommandOptions): Promise<Ran> {
    const [program = "", ...rest] = args;
    const begin = Date.now();
    // A group of its own, so that all of it can be ended; lab/cli.ts passes the signal on to its engine.
    const child = spawn(program, rest, {
        cwd: options.folder ?? project,
        env: { ...engineEnvironment, NO_COLOR: "1", ...options.environment },
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
    });
    const { pid } = child;
    if (pid !== undefined) {
        running.add(pid);
        options.started?.(pid);
    }
    const lines: Line[] = [];
    for (const stream of [child.stdout, child.stderr]) {
        createInterface(stream).on("line", (text) => {
            lines.push({ at: Date.now(), text });
            options.show?.(text);
        });
    }
    const timer = setTimeout(() => {
        if (pid !== undefined) endGroup(pid, "SIGTERM");
    }, options.limit * 1000);
    try {
        const code = await new Promise<number | string>((resolve, reject) => {
            child.once("error", reject);
            child.once("close", (status, signal) => {
                resolve(signal ?? status ?? "nothing");
            });
        });
        const ran = { begin, end: Date.now(), lines };
        if (code === 0) return ran;
        const said = lines.slice(-15).map(({ text }) => `  | ${text}`);
        const after = ((ran.end - begin) / 1000).toFixed(0);
        throw new Error(
            `"${args.join(" ")}" ended with ${code} after ${after} s (limit ${options.limit} s):\n${said.join("\n")}`,
        );
    } finally {
        clearTimeout(timer);
        if (pid !== undefined) running.delete(pid);
    }
}

/**
 * Asks again and again until the answer is yes.
 * @param limit seconds.
 * @throws Error that says what was waited for.
 */
export async function until(
    what: string,
    limit: number,
    ask: () => Promise<boolean>,
): Promise<void> {
    const end = performance.now() + limit * 1000;
    while (!(await ask())) {
        if (stopped) throw new Error("ended by a signal");
        if (performance.now() > end) throw new Error(`not within ${limit} s: ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 200));
    }
}
