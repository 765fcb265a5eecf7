// SPDX-License-Identifier: Apache-2.0
/** The unmodified program under the real engine, in a temporary project with a state of its own, on a simulated fleet. */
import { spawn, type ChildProcess } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findPaths } from "../offline/seed/paths.ts";
import { clearDeadLocks } from "../lab/stack-lock.ts";
import { startAgent, type Agent } from "./agent.ts";
import { stackConfig, type SimFleet } from "./fleet.ts";

const root = join(import.meta.dirname, "..");
const project = "metalstream";
const stack = "sim";

/** How a command of the engine ended. */
export interface Run {
    readonly code: number | null;
    readonly output: string;
    readonly seconds: number;
}

/** A project with one stack. */
export class Workspace {
    readonly folder: string;
    readonly fleet: SimFleet;
    readonly #agent: Agent;
    #salt = "";
    /** More variables for the engine. */
    environment: NodeJS.ProcessEnv = {};

    private constructor(folder: string, fleet: SimFleet, agent: Agent) {
        this.folder = folder;
        this.fleet = fleet;
        this.#agent = agent;
    }

    /** Makes the project; the fleet must listen by then. */
    static async create(fleet: SimFleet): Promise<Workspace> {
        const folder = await mkdtemp(join(tmpdir(), "metalstream-sim-"));
        const workspace = new Workspace(folder, fleet, await startAgent(folder));
        for (const name of ["index.ts", "lib", "package.json", "node_modules"]) {
            await symlink(join(root, name), join(folder, name));
        }
        await cp(join(root, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
        await mkdir(join(folder, ".state"));
        await mkdir(join(folder, "stacks"));
        await workspace.succeeds("stack", "init", stack);
        const file = await readFile(workspace.#stackFile, "utf8");
        workspace.#salt = /^encryptionsalt: (.+)$/m.exec(file)?.[1] ?? "";
        await workspace.configure();
        return workspace;
    }

    get #stackFile(): string {
        return join(this.folder, "stacks", `Pulumi.${stack}.yaml`);
    }

    /** Where the state lies. */
    get stateFile(): string {
        return join(this.folder, ".state/.pulumi/stacks", project, `${stack}.json`);
    }

    /** Writes the stack file: the fleet as it is, with changes of top-level keys. */
    async configure(changes: Readonly<Record<string, unknown>> = {}): Promise<void> {
        const { fleet } = this;
        const knownHosts = join(this.folder, "known_hosts");
        await writeFile(knownHosts, fleet.knownHosts());
        const ssh = { port: fleet.port, knownHosts, agent: this.#agent.socket };
        const hosts = { hosts: [{ file: join(this.folder, "hosts.yaml") }] };
        await writeFile(join(this.folder, "hosts.yaml"), JSON.stringify(fleet.entries));
        const config = { ...stackConfig(fleet.entries, ssh), ...hosts, ...changes };
        const entries = Object.entries(config).map(([key, value]) => [`${project}:${key}`, value]);
        const text = { encryptionsalt: this.#salt, config: Object.fromEntries(entries) as object };
        await writeFile(this.#stackFile, JSON.stringify(text));
    }

    /** Starts the engine's own binary, so that its process can be killed: the npm launcher would die alone. */
    start(...args: string[]): ChildProcess {
        return spawn(findPaths().cli, [...args, "--non-interactive"], {
            cwd: this.folder,
            env: {
                ...process.env,
                PATH: `${join(root, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`,
                PULUMI_CONFIG_PASSPHRASE: "sim",
                PULUMI_SKIP_UPDATE_CHECK: "1",
                NO_COLOR: "1",
                ...this.environment,
            },
            stdio: ["ignore", "pipe", "pipe"],
        });
    }

    /** Runs the engine to its end. */
    async run(...args: string[]): Promise<Run> {
        return ended(this.start(...args));
    }

    /** {@link run}, which must succeed; its output. */
    async succeeds(...args: string[]): Promise<string> {
        const { code, output } = await this.run(...args);
        if (code !== 0) throw new Error(`pulumi ${args.join(" ")} ended with ${code}:\n${output}`);
        return output;
    }

    up(): Promise<Run> {
        return this.run("up", "--yes", "--skip-preview", "--stack", stack);
    }

    startUp(): ChildProcess {
        return this.start("up", "--yes", "--skip-preview", "--stack", stack);
    }

    preview(): Promise<Run> {
        return this.run("preview", "--diff", "--stack", stack);
    }

    /** Forgets the stack's state, not its hosts. */
    async loseState(): Promise<void> {
        await rm(join(this.folder, ".state/.pulumi"), { recursive: true, force: true });
        await this.succeeds("stack", "init", stack);
        await this.configure();
    }

    /** Takes away the lock of an engine that was killed. @returns what was done, a line each. */
    clearLocks(): string[] {
        const lines: string[] = [];
        clearDeadLocks({ state: join(this.folder, ".state"), project, stack }, (line) =>
            lines.push(line),
        );
        return lines;
    }

    /** Copies the state to a file of that name, or back. */
    async keepState(name: string): Promise<void> {
        await cp(this.stateFile, join(this.folder, name));
    }
    async bringBackState(name: string): Promise<void> {
        await cp(join(this.folder, name), this.stateFile);
    }

    async remove(): Promise<void> {
        this.#agent.stop();
        await rm(this.folder, { recursive: true, force: true });
    }
}

/** Waits for the end of a process, and takes what it says. */
export async function ended(child: ChildProcess): Promise<Run> {
    const begin = performance.now();
    let output = "";
    child.stdout?.on("data", (data: Buffer) => (output += data.toString()));
    child.stderr?.on("data", (data: Buffer) => (output += data.toString()));
    const code = await new Promise<number | null>((resolve, reject) => {
        child.once("error", reject);
        child.once("close", resolve);
    });
    return { code, output, seconds: (performance.now() - begin) / 1000 };
}

/** Counts of the summary: `{ create: 3, unchanged: 40 }`. Pure. */
export function changes(output: string): Record<string, number> {
    const lines = [...output.matchAll(/^ {4}(?:[+~-]+ ?)?(\d+) (?:to )?(\w+)/gm)];
    return Object.fromEntries(lines.map(([, count, what = ""]) => [what, Number(count)]));
}
