// SPDX-License-Identifier: Apache-2.0
/** Brings the stack `lab` onto the lab's hosts, with the same commands that a person would type. */
import { spawn } from "node:child_process";
import { createWriteStream, existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { exec, status } from "./index.ts";
import type { Report } from "./progress.ts";
import { awaitEngine, type StackPlace } from "./stack-lock.ts";

const project = join(import.meta.dirname, "..");

/** Environment of the engine: the lab's passphrase is a public word. */
export const engineEnvironment = {
    ...process.env,
    PATH: `${join(project, "node_modules", ".bin")}:${process.env["PATH"] ?? ""}`,
    PULUMI_CONFIG_PASSPHRASE: "lab",
    PULUMI_SKIP_UPDATE_CHECK: "1",
};

const elapsed = (begin: number) => `${((performance.now() - begin) / 1000).toFixed(0)} s`;

/**
 * Runs a command of the project in a process group of its own, which ends as a whole when this process is told to end: `npx` alone would leave
 * the engine going on.
 * @param take gets each line of output.
 */
async function command(args: readonly string[], take: (line: string) => void): Promise<void> {
    const [program = "", ...rest] = args;
    const child = spawn(program, rest, {
        cwd: project,
        env: engineEnvironment,
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
    });
    const stop = (signal: NodeJS.Signals) => {
        if (child.pid !== undefined) process.kill(-child.pid, signal);
    };
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
    for (const signal of signals) process.once(signal, stop);
    for (const stream of [child.stdout, child.stderr]) createInterface(stream).on("line", take);
    try {
        await new Promise<void>((resolve, reject) => {
            child.once("error", reject);
            child.once("close", (code, signal) => {
                if (code === 0) resolve();
                else reject(new Error(`${args.join(" ")} ended with ${signal ?? String(code)}`));
            });
        });
    } finally {
        for (const signal of signals) process.off(signal, stop);
    }
}

/** What a person wants to see of the engine's output: resources that are done, and from the diagnostics on everything. */
function progressOf(report: Report): (line: string) => void {
    let diagnostics = false;
    return (line) => {
        diagnostics ||= line.startsWith("Diagnostics:");
        const done = /^ [+~-]+ +\S+ (\S+) (created|updated|deleted|replaced) \(([^)]+)\)/.exec(
            line,
        );
        if (done !== null) report(`  ${done[1] ?? ""} ${done[2] ?? ""} (${done[3] ?? ""})`);
        else if (diagnostics && !line.includes("warning:")) report(line);
    };
}

async function step(title: string, report: Report, run: () => Promise<void>): Promise<void> {
    const begin = performance.now();
    report(`${title} …`);
    await run();
    report(`${title}: done in ${elapsed(begin)}`);
}

/** What must be there before hosts can be served: the engine and the software. A second run finds it in the caches. */
export async function prepare(report: Report): Promise<void> {
    const say = (line: string) => {
        report(`  ${line}`);
    };
    await step("engine", report, () => command(["node", "offline/seed.ts", "ensure"], say));
    await step("artifacts", report, () =>
        command(["node", "bin/metalstream.ts", "artifacts", "build"], say),
    );
}

/** Where the state of the stack lab lies. */
export const labStack: StackPlace = {
    state: join(project, ".state"),
    project: "metalstream",
    stack: "lab",
};

/**
 * Forgets the stack's state when the hosts that it describes are gone: first-start steps that it lists as done were done on disks that are
 * no more.
 */
export async function forgetState(report: Report): Promise<void> {
    if (!existsSync(join(labStack.state, ".pulumi", "stacks", labStack.project, "lab.json")))
        return;
    await awaitEngine(labStack, report);
    await command(
        ["pulumi", "stack", "rm", "lab", "--force", "--yes", "--preserve-config"],
        () => undefined,
    );
    report("  forgot the state of the stack lab");
}

/** Whether any host was ever converged. */
async function anyConverged(hosts: readonly string[]): Promise<boolean> {
    const answers = await Promise.all(
        hosts.map((host) => exec(host, "test -e /var/lib/metalstream")),
    );
    return answers.some(({ code }) => code === 0);
}

/** `pulumi up` of the stack lab, then the table of what runs. */
export async function deploy(report: Report): Promise<void> {
    await awaitEngine(labStack, report);
    if (!(await anyConverged(status().hosts.map(({ name }) => name)))) await forgetState(report);
    const log = createWriteStream(join(project, ".lab", "pulumi-up.log"));
    const show = progressOf(report);
    await step(
        "platform (pulumi up --stack lab; all of it in .lab/pulumi-up.log)",
        report,
        async () => {
            const keep = (line: string) => {
                log.write(`${line}\n`);
                show(line);
            };
            await command(["pulumi", "stack", "select", "--create", "lab"], keep);
            await command(
                ["pulumi", "up", "--yes", "--skip-preview", "--stack", "lab", "--suppress-outputs"],
                keep,
            );
        },
    );
    log.end();
    await command(["node", "bin/metalstream.ts", "status", "--stack", "lab"], report);
    report(`
What to try next
  ssh -F .lab/ssh_config m1                          a shell on a host
  npx metalstream status --stack lab                 hosts, services, roles
  npx metalstream counts --stack lab                 what the streaming job has counted
  export PULUMI_CONFIG_PASSPHRASE=lab; npx pulumi preview --stack lab
  node lab/cli.ts kill m1                            cut the power of a host, then: node lab/cli.ts boot m1
  npm run lab:down                                   take it all away`);
}
