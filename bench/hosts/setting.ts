// SPDX-License-Identifier: Apache-2.0
/** Where a comparison takes place: booted hosts, a folder for what the tools write, and the other tools themselves. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { resolveLayout } from "../../lab/state.ts";
import { command } from "../commands.ts";
import type { BenchHost } from "./items.ts";

/** What a tool is given. */
export interface Setting {
    readonly hosts: readonly BenchHost[];
    /** The lab's folder: ssh_config, known_hosts, agent.sock. */
    readonly lab: string;
    /** A folder of this comparison's own, removed at its end. */
    readonly folder: string;
    /** `bin` of the Python environment that has Ansible and pyinfra. */
    readonly bin: string;
}

const requirements = join(import.meta.dirname, "others", "requirements.txt");

/**
 * Installs Ansible and pyinfra, once for each set of versions, into the user's cache folder.
 * @returns the environment's `bin`
 * @throws Error with what Python said.
 */
export async function installOthers(show: (line: string) => void): Promise<string> {
    const digest = createHash("sha256").update(readFileSync(requirements)).digest("hex");
    const folder = join(resolveLayout({}).cache, "bench-hosts", digest.slice(0, 12));
    const done = join(folder, "complete");
    const bin = join(folder, "bin");
    if (existsSync(done)) return bin;
    show(`  Ansible and pyinfra to ${folder}`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await command(["python3", "-m", "venv", folder], { limit: 120 });
    const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    await command([join(bin, "python"), ...install, "-r", requirements], { limit: 600 });
    writeFileSync(done, "");
    return bin;
}
