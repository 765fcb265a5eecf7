// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { isExecutable, linkOrCopy } from "../../../offline/seed/files.ts";
import { ensure } from "../../../offline/seed/ensure.ts";
import { findPaths } from "../../../offline/seed/paths.ts";
import type { Paths } from "../../../offline/seed/paths.ts";

const ROOT = dirname(dirname(dirname(import.meta.dirname)));

/** How the CLI ended, and what it showed. */
export interface Run {
    readonly code: number | null;
    readonly output: string;
}

/** A resource of a test program: its type, name, inputs, and options. */
export interface ResourceSpec {
    readonly type: "remote" | "local" | "copy" | "password" | "bytes" | "uuid" | "id";
    readonly name: string;
    readonly args: Record<string, unknown>;
    readonly opts?: Record<string, unknown>;
    /** Inputs that the program makes secrets. */
    readonly secrets?: readonly string[];
    /** Names of resources declared before that this one depends on. */
    readonly after?: readonly string[];
}

/** Declares what `resources.json` lists, so that a test changes data and not the program. */
const PROGRAM = `
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { local, remote } from "@pulumi/command";
import * as random from "@pulumi/random";

// Otherwise Node 22 needs 20 s to colour the stack of an error: the SDK's source maps name paths such as
// node_modules/@pulumi/resource.ts, on which util.inspect loops until its string is too long.
Error.prepareStackTrace = undefined;
interface Spec { type: string; name: string; args: Record<string, any>; opts?: object; secrets?: string[]; after?: string[] }
const types: Record<string, any> = {
    remote: remote.Command,
    local: local.Command,
    copy: remote.CopyToRemote,
    password: random.RandomPassword,
    bytes: random.RandomBytes,
    uuid: random.RandomUuid,
    id: random.RandomId,
};
const specs = JSON.parse(readFileSync("resources.json", "utf8")) as Spec[];
const made = new Map<string, pulumi.Resource>();
for (const { type, name, args, opts, secrets, after = [] } of specs) {
    for (const key of secrets ?? []) args[key] = pulumi.secret(args[key]);
    if (typeof args.source === "string") args.source = new pulumi.asset.StringAsset(args.source);
    made.set(name, new types[type](name, args, { ...opts, dependsOn: after.map((other) => made.get(other)) }));
}
export const project = pulumi.getProject();
`;

const POLICY = `
const { PolicyPack } = require("@pulumi/policy");
new PolicyPack("trial", {
    policies: [{
        name: "no-forbidden",
        description: "No command says forbidden.",
        enforcementLevel: "mandatory",
        validateResource: (args, report) => {
            if (String(args.props.create).includes("forbidden")) report("says forbidden");
        },
    }],
});
`;

/** A project with a stack on a backend of files, run by the real CLI from a PULUMI_HOME of its own. */
export class Engine {
    readonly folder: string;
    readonly paths: Paths;

    private constructor(folder: string) {
        this.folder = folder;
        this.paths = findPaths({
            PULUMI_HOME: join(folder, "home"),
            XDG_CACHE_HOME: join(folder, "cache"),
        });
    }

    /** Makes the project and its stack. The CLI is that of this machine; the rest is seeded anew. */
    static async create(): Promise<Engine> {
        const engine = new Engine(await mkdtemp(join(tmpdir(), "offline-engine-")));
        const machine = findPaths();
        const cli = [machine.cachedCli, machine.cli];
        const found = (await Promise.all(cli.map(isExecutable))).indexOf(true);
        assert.ok(found >= 0, "there is no Pulumi CLI: run node offline/seed.ts ensure");
        await linkOrCopy(cli[found] ?? "", engine.paths.cachedCli);
        await ensure(engine.paths, { offline: true }, () => undefined);

        await mkdir(join(engine.folder, "state"));
        await engine.#write(
            "Pulumi.yaml",
            "name: trial\nruntime: {name: nodejs, options: {typescript: false}}\n",
        );
        await engine.#write("package.json", '{"type": "module", "main": "index.ts"}\n');
        await engine.#write("index.ts", PROGRAM);
        await symlink(join(ROOT, "node_modules"), join(engine.folder, "node_modules"));
        await engine.#write("policy/PulumiPolicy.yaml", "runtime: nodejs\n");
        await engine.#write("policy/package.json", '{"name": "trial", "version": "0.0.1"}\n');
        await engine.#write("policy/index.js", POLICY);
        await symlink(join(ROOT, "node_modules"), join(engine.folder, "policy", "node_modules"));
        await engine.succeeds("stack", "init", "test");
        return engine;
    }

    /** Sets what the program declares. */
    async declare(...resources: ResourceSpec[]): Promise<void> {
        await this.#write("resources.json", JSON.stringify(resources));
    }

    /** Starts the CLI without waiting. */
    start(...args: string[]): ChildProcess {
        return spawn(this.paths.cli, [...args, "--non-interactive"], {
            cwd: this.folder,
            env: {
                ...process.env,
                PULUMI_HOME: this.paths.pulumiHome,
                PULUMI_BACKEND_URL: `file://${join(this.folder, "state")}`,
                PULUMI_CONFIG_PASSPHRASE: "test",
                PULUMI_SKIP_UPDATE_CHECK: "1",
                SSH_AUTH_SOCK: "",
            },
            stdio: ["ignore", "pipe", "pipe"],
        });
    }

    /** Runs the CLI to its end. */
    async run(...args: string[]): Promise<Run> {
        const child = this.start(...args);
        let output = "";
        child.stdout?.on("data", (data: Buffer) => (output += data.toString()));
        child.stderr?.on("data", (data: Buffer) => (output += data.toString()));
        const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
        return { code, output };
    }

    /** {@link run}, which must succeed; its output. */
    async succeeds(...args: string[]): Promise<string> {
        const { code, output } = await this.run(...args);
        assert.equal(code, 0, `pulumi ${args.join(" ")}:\n${output}`);
        return output;
    }

    /** `pulumi up` without a preview. */
    async up(): Promise<string> {
        return this.succeeds("up", "--yes", "--skip-preview");
    }

    /** The state as it lies on the disk. */
    async rawState(): Promise<string> {
        return readFile(join(this.folder, "state/.pulumi/stacks/trial/test.json"), "utf8");
    }

    /** Outputs of a resource, as in the state. */
    async outputs(name: string): Promise<Record<string, unknown>> {
        const state = JSON.parse(await this.rawState()) as {
            checkpoint: {
                latest: { resources: { urn: string; outputs: Record<string, unknown> }[] };
            };
        };
        const found = state.checkpoint.latest.resources.find((one) =>
            one.urn.endsWith(`::${name}`),
        );
        assert.ok(found, `${name} is in the state`);
        return found.outputs;
    }

    /** Removes everything. */
    async remove(): Promise<void> {
        await rm(this.folder, { recursive: true, force: true });
    }

    async #write(path: string, content: string): Promise<void> {
        await mkdir(dirname(join(this.folder, path)), { recursive: true });
        await writeFile(join(this.folder, path), content);
    }
}
