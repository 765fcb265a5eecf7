// SPDX-License-Identifier: Apache-2.0
/** One command on one host over SSH, for facts and status. Resources go through lib/ops instead. */
import { createHash } from "node:crypto";
import { Client, type ConnectConfig } from "ssh2";
import type { Duplex } from "node:stream";
import type { Endpoint, Target } from "../target.ts";

/** Why a host could not be asked, in words for a person. */
export class SshError extends Error {
    override readonly name = "SshError";
}

export interface CommandResult {
    readonly code: number;
    readonly stdout: string;
    readonly stderr: string;
    /** This machine's clock when the command was sent and when its end was known, milliseconds: bounds of when it ran. */
    readonly sent: number;
    readonly received: number;
}

/** Time to connect and to run, milliseconds. */
export interface Limits {
    readonly connect: number;
    readonly command: number;
}

const fingerprint = (key: Buffer) =>
    `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;

/** OpenSSH's agent when the configuration names none. */
function agentSocket(endpoint: Endpoint): string {
    const socket = endpoint.agentSocketPath ?? process.env["SSH_AUTH_SOCK"];
    if (socket === undefined) {
        throw new SshError(
            "no SSH agent: set SSH_AUTH_SOCK (eval $(ssh-agent); ssh-add) or ssh.agentSocketPath",
        );
    }
    return socket;
}

function connectOptions(endpoint: Endpoint, limits: Limits, sock?: Duplex): ConnectConfig {
    const [type = "", encoded = ""] = endpoint.hostKey.split(" ");
    const pinned = Buffer.from(encoded, "base64");
    const algorithms = type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [type];
    return {
        host: endpoint.host,
        port: endpoint.port,
        username: endpoint.user,
        agent: agentSocket(endpoint),
        readyTimeout: limits.connect,
        algorithms: { serverHostKey: algorithms as [] },
        hostVerifier: (key: Buffer) => {
            if (key.equals(pinned)) return true;
            throw new SshError(
                `its host key is ${fingerprint(key)}, pinned is ${fingerprint(pinned)}: reinstalled, or not the host that you mean`,
            );
        },
        ...(sock === undefined ? {} : { sock }),
    };
}

function connect(endpoint: Endpoint, limits: Limits, sock?: Duplex): Promise<Client> {
    const client = new Client();
    return new Promise((resolve, reject) => {
        client.once("ready", () => {
            resolve(client);
        });
        client.once("error", (error: Error) => {
            client.end();
            reject(
                error instanceof SshError ? error : new SshError(error.message, { cause: error }),
            );
        });
        client.connect(connectOptions(endpoint, limits, sock));
    });
}

function forward(client: Client, to: Endpoint): Promise<Duplex> {
    return new Promise((resolve, reject) => {
        client.forwardOut("127.0.0.1", 0, to.host, to.port, (error, stream) => {
            if (error)
                reject(
                    new SshError(`the bastion cannot reach it: ${error.message}`, { cause: error }),
                );
            else resolve(stream);
        });
    });
}

function execute(
    client: Client,
    command: string,
    stdin: string,
    limits: Limits,
): Promise<CommandResult> {
    return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
            reject(new SshError(`no answer within ${limits.command / 1000} s`));
        }, limits.command);
        const sent = Date.now();
        client.exec(command, (error, channel) => {
            if (error) {
                clearTimeout(timer);
                reject(error);
                return;
            }
            const output = { stdout: "", stderr: "" };
            let code = -1;
            channel.setEncoding("utf8");
            channel.stderr.setEncoding("utf8");
            channel.on("data", (data: string) => (output.stdout += data));
            channel.stderr.on("data", (data: string) => (output.stderr += data));
            channel.on("exit", (status: number | null) => (code = status ?? -1));
            channel.on("close", () => {
                clearTimeout(timer);
                resolve({ code, ...output, sent, received: Date.now() });
            });
            channel.end(stdin);
        });
    });
}

/**
 * Runs one command on a host, through its bastion if it has one, and closes the connection.
 * @throws SshError when the host cannot be reached, shows another key, or does not answer in time.
 */
export async function runOnHost(
    target: Target,
    command: string,
    stdin: string,
    limits: Limits,
): Promise<CommandResult> {
    const clients: Client[] = [];
    try {
        let sock: Duplex | undefined;
        if (target.bastion !== undefined) {
            const bastion = await connect(target.bastion, limits);
            clients.push(bastion);
            sock = await forward(bastion, target.endpoint);
        }
        const client = await connect(target.endpoint, limits, sock);
        clients.push(client);
        return await execute(client, command, stdin, limits);
    } finally {
        for (const client of clients.reverse()) client.end();
    }
}
