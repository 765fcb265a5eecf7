// SPDX-License-Identifier: Apache-2.0
/** Runs verbs of the host program on a lab host, w3. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { carriedCommand } from "../../lib/facts/carry.ts";
import { hostProgram } from "../../lib/host-program.ts";

const project = join(import.meta.dirname, "..", "..");
const sshConfig = join(project, ".lab", "ssh_config");

/** Is there a lab whose w3 answers? */
export const hasHost = (): boolean => existsSync(sshConfig) && ssh("true").code === 0;

/** Runs a command on w3. */
export function ssh(
    command: string,
    input = "",
): { code: number | null; out: string; err: string } {
    const { status, stdout, stderr } = spawnSync("ssh", ["-F", sshConfig, "w3", command], {
        cwd: project,
        input,
        encoding: "utf8",
        timeout: 120_000,
    });
    return { code: status, out: stdout, err: stderr };
}

/** Runs a verb on w3; nothing of the program is left there. */
export function verb(words: string, payload = "") {
    return ssh(`sudo -n ${carriedCommand(words, false)}`, hostProgram().text + payload);
}
