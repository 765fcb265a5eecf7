// SPDX-License-Identifier: Apache-2.0
/** An ssh-agent with one new key, whose private part is in no file. */
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A running agent. */
export interface Agent {
    readonly socket: string;
    stop(): void;
}

/**
 * Starts an agent below a folder.
 * @throws Error when OpenSSH's tools are not there.
 */
export async function startAgent(folder: string): Promise<Agent> {
    const socket = join(folder, "agent.sock");
    const child = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
    let failure: Error | undefined;
    child.once("error", (error) => (failure = error));
    for (let i = 0; i < 200 && !existsSync(socket) && failure === undefined; i++) await sleep(10);
    if (failure !== undefined || !existsSync(socket)) {
        throw new Error("no ssh-agent here: apt-get install openssh-client", { cause: failure });
    }
    const key = join(folder, "key");
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "sim", "-f", key]);
    await run("ssh-add", ["-q", key], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
    await Promise.all([rm(key), rm(`${key}.pub`)]);
    return {
        socket,
        stop: () => {
            child.kill();
        },
    };
}
