// SPDX-License-Identifier: Apache-2.0
/** Plain ssh to the lab's hosts: one kept connection a host (ControlMaster), scripts for root on standard input. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attempt, run } from "../lab/shell.ts";
import { project, until } from "./commands.ts";

const config = join(project, ".lab", "ssh_config");

/** Kept connections to some hosts. End them with `close`. */
export class Ssh {
    readonly #folder = mkdtempSync(join(tmpdir(), "msbench-"));
    readonly #masters: ChildProcess[] = [];

    #args(...rest: string[]): string[] {
        return ["-F", config, "-o", "BatchMode=yes", "-S", join(this.#folder, "%n"), ...rest];
    }

    /** Connects to all hosts. @throws Error when one does not let us in within 20 seconds. */
    async open(hosts: readonly string[]): Promise<void> {
        for (const host of hosts)
            this.#masters.push(spawn("ssh", this.#args("-M", "-N", host), { stdio: "ignore" }));
        await Promise.all(
            hosts.map((host) =>
                until(`a login on ${host}`, 20, async () => {
                    const { code } = await attempt("ssh", this.#args("-O", "check", host));
                    return code === 0;
                }),
            ),
        );
    }

    /** Runs a script as root and gives what it wrote. @throws Error with its last lines when it fails or takes more than 300 s. */
    root(host: string, script: string): Promise<string> {
        const args = this.#args("-o", "ControlMaster=no", host, "sudo -n bash -s");
        return run("ssh", args, { input: script, timeoutSeconds: 300 });
    }

    /** Ends the connections. */
    close(): void {
        for (const master of this.#masters) master.kill("SIGTERM");
        rmSync(this.#folder, { recursive: true, force: true });
    }
}
