// SPDX-License-Identifier: Apache-2.0
/** Who the hosts are and who may log in: pinned host keys, and a login key that only an ssh-agent holds. */

import {
    existsSync,
    mkdirSync,
    readFileSync,
    renameSync,
    rmSync,
    statSync,
    writeFileSync,
} from "node:fs";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { hostsJson, knownHosts, sshConfig } from "./files.ts";
import { type LabHost, type LabLayout, LOGIN_USER } from "./layout.ts";
import { end, findByArguments, type ProcessId } from "./processes.ts";
import { attempt, poll, run, startDetached } from "./shell.ts";

/** What makes a host itself. Made once per checkout and kept over `down`, so that pinned keys stay true. */
export interface Identity {
    /** 32 hexadecimal digits. */
    readonly machineId: string;
    readonly privateKey: string;
    /** Algorithm and key, without a comment. */
    readonly publicKey: string;
}

function writeAtomically(path: string, text: string, mode: number): void {
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, text, { mode });
    renameSync(draft, path);
}

/** Gives the host's identity, after making it where there is none. */
export async function ensureIdentity(layout: LabLayout, host: LabHost): Promise<Identity> {
    const dir = join(layout.dir, "identity", host.name);
    const idFile = join(dir, "machine-id");
    const key = join(dir, "ssh_host_ed25519_key");
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    if (!existsSync(`${key}.pub`) || !existsSync(idFile)) {
        const draft = `${key}.draft`;
        rmSync(draft, { force: true });
        rmSync(`${draft}.pub`, { force: true });
        await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", draft]);
        writeAtomically(idFile, `${randomUUID().replaceAll("-", "")}\n`, 0o600);
        renameSync(draft, key);
        renameSync(`${draft}.pub`, `${key}.pub`);
    }
    return {
        machineId: readFileSync(idFile, "utf8").trim(),
        privateKey: readFileSync(key, "utf8"),
        publicKey: readFileSync(`${key}.pub`, "utf8").trim().split(" ").slice(0, 2).join(" "),
    };
}

/** Writes what users of the lab read: ssh_config, known_hosts, hosts.json. */
export function writeDirectory(layout: LabLayout, identities: ReadonlyMap<string, Identity>): void {
    const keys = new Map([...identities].map(([name, { publicKey }]) => [name, publicKey]));
    writeAtomically(join(layout.dir, "known_hosts"), knownHosts(layout, keys), 0o644);
    writeAtomically(join(layout.dir, "ssh_config"), sshConfig(layout), 0o644);
    writeAtomically(join(layout.dir, "hosts.json"), hostsJson(layout, keys), 0o644);
}

const socketOf = (layout: LabLayout): string => `${layout.alias}/agent.sock`;

/** The lab's running ssh-agent. */
export function findAgent(layout: LabLayout): ProcessId | undefined {
    return findByArguments(["ssh-agent", "-D", "-a", socketOf(layout)])[0];
}

async function listKeys(layout: LabLayout): Promise<string> {
    const answer = await attempt("ssh-add", ["-L"], { env: { SSH_AUTH_SOCK: socketOf(layout) } });
    return answer.code === 0 ? answer.stdout.trim() : "";
}

/** Makes a login key, hands it to the agent, and forgets the private part. */
async function addKey(layout: LabLayout): Promise<void> {
    const dir = join(layout.dir, "key.new");
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(dir, { mode: 0o700 });
    try {
        const key = join(dir, "key");
        await run("ssh-keygen", [
            "-q",
            "-t",
            "ed25519",
            "-N",
            "",
            "-C",
            "metalstream-lab",
            "-f",
            key,
        ]);
        await run("ssh-add", ["-q", key], { env: { SSH_AUTH_SOCK: socketOf(layout) } });
    } finally {
        rmSync(dir, { recursive: true, force: true });
    }
}

/** Starts the agent with a key where there is none, and lets the hosts accept that key and no other. */
export async function ensureAgent(layout: LabLayout): Promise<ProcessId> {
    let agent = findAgent(layout);
    if (agent !== undefined && !existsSync(socketOf(layout))) {
        await end(agent, "SIGTERM"); // Nobody can reach an agent whose socket is gone.
        agent = undefined;
    }
    if (agent === undefined) {
        rmSync(socketOf(layout), { force: true });
        startDetached("ssh-agent", ["-D", "-a", socketOf(layout)], join(layout.dir, "agent.log"));
        agent = await poll(10, () =>
            existsSync(socketOf(layout)) ? findAgent(layout) : undefined,
        );
    }
    if (agent === undefined) {
        throw new Error(`lab: ssh-agent does not start; see ${join(layout.dir, "agent.log")}`);
    }
    if ((await listKeys(layout)) === "") {
        await addKey(layout);
    }
    const authorized = join(layout.dir, "authorized");
    mkdirSync(authorized, { recursive: true, mode: 0o755 });
    writeAtomically(join(authorized, LOGIN_USER), `${await listKeys(layout)}\n`, 0o644);
    return agent;
}

/** Is the agent's socket there, with an agent behind it? */
export function agentAnswers(layout: LabLayout): boolean {
    const socket = join(layout.dir, "agent.sock");
    return findAgent(layout) !== undefined && existsSync(socket) && statSync(socket).isSocket();
}

/** Ends the agent, and with it the only copy of the login key. */
export async function endAgent(layout: LabLayout): Promise<void> {
    const agent = findAgent(layout);
    if (agent !== undefined) {
        await end(agent, "SIGTERM");
    }
    rmSync(join(layout.dir, "agent.sock"), { force: true });
}
