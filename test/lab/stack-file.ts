// SPDX-License-Identifier: Apache-2.0
/** The lab's stack file with changes, aside: the one of the project stays as it is. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parse, stringify } from "yaml";
import { project, run, type Result } from "./support.ts";

interface Host {
    name: string;
    state?: string;
    roles: string[];
}

/** What the file has under `config`. */
export type Values = Record<string, unknown> & { "metalstream:hosts": Host[] };

export function hostOf(config: Values, name: string): Host {
    const found = config["metalstream:hosts"].find((host) => host.name === name);
    assert.ok(found, name);
    return found;
}

/** A copy of the stack file, and the engine's commands with it. */
export class StackFile {
    readonly #folder = mkdtempSync(path.join(tmpdir(), "ms-stack-"));
    readonly #file = path.join(this.#folder, "Pulumi.lab.yaml");

    /** Writes the project's own file with a change. */
    write(change: (config: Values) => void): void {
        const text = readFileSync(path.join(project, "stacks/Pulumi.lab.yaml"), "utf8");
        const stack = parse(text) as { config: Values };
        change(stack.config);
        writeFileSync(this.#file, stringify(stack));
    }

    /** An engine's command with this file. */
    pulumi(...args: string[]): Promise<Result> {
        return run(["pulumi", ...args, "--stack", "lab", "--config-file", this.#file]);
    }

    /** The output of a command that must end well. */
    async succeeds(...args: string[]): Promise<string> {
        const { code, output } = await this.pulumi(...args);
        assert.equal(code, 0, output);
        return output;
    }

    remove(): void {
        rmSync(this.#folder, { recursive: true });
    }
}
