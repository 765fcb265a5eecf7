// SPDX-License-Identifier: Apache-2.0
import { connect } from "node:net";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import ssh2 from "ssh2";
import type { AnyAuthMethod, Client, ConnectConfig } from "ssh2";
import { messageOf } from "../plugin/serve.ts";
import { address } from "./connection.ts";
import type { Connection, Endpoint } from "./connection.ts";
import { FatalDialError, socketReason } from "./errors.ts";
import { algorithmsOf, fingerprint, keyType, parseHostKey } from "./host-key.ts";
import { retry } from "./retry.ts";
import type { RetryContext } from "./retry.ts";

/** A peer that is silent for two minutes is gone: without this a dead host would hang a command. */
const KEEPALIVE_MS = 30_000;
const KEEPALIVES = 4;

/**
 * Opens an SSH connection, through the proxy if there is one, with retries.
 *
 * @param viaProxy gives the connection to the proxy
 * @throws Error that names the machine and the reason
 */
export async function dial(
    context: RetryContext,
    connection: Connection,
    viaProxy: (proxy: Endpoint) => Promise<Client>,
): Promise<Client> {
    const { proxy, dialErrorLimit } = connection;
    const config = await clientConfig(connection);
    if (proxy === undefined) {
        return retry(context, "Dial", dialErrorLimit, async () =>
            handshake(context, connection, config, await openSocket(context, connection)),
        );
    }
    try {
        const bastion = await viaProxy(proxy);
        return await retry(context, "Dial from proxy", dialErrorLimit, async () =>
            handshake(context, connection, config, await forward(bastion, connection)),
        );
    } catch (error) {
        throw new Error(`proxy: ${messageOf(error)}`, { cause: error });
    }
}

/** The credentials in the order of the official plugin: private key, password, agent. */
async function clientConfig(endpoint: Endpoint): Promise<ConnectConfig> {
    const username = endpoint.user;
    const methods: AnyAuthMethod[] = [];
    if (endpoint.privateKey !== undefined) {
        methods.push({ type: "publickey", username, key: privateKey(endpoint) });
    }
    const { password } = endpoint;
    if (password !== undefined) {
        methods.push({ type: "password", username, password });
        methods.push({
            type: "keyboard-interactive",
            username,
            prompt: (_name, _instructions, _language, prompts, finish) => {
                finish(prompts.map(() => password));
            },
        });
    }
    const agent = endpoint.agentSocketPath ?? process.env["SSH_AUTH_SOCK"] ?? "";
    if (agent !== "") {
        await checkAgent(agent);
        methods.push({ type: "agent", username, agent });
    }
    const pinned = endpoint.hostKey === undefined ? undefined : parseHostKey(endpoint.hostKey);
    return {
        username,
        authHandler: methods,
        readyTimeout: endpoint.perDialTimeout * 1000,
        keepaliveInterval: KEEPALIVE_MS,
        keepaliveCountMax: KEEPALIVES,
        ...(pinned === undefined
            ? {}
            : { algorithms: { serverHostKey: algorithmsOf(pinned.type) } }),
    };
}

/** Keys that were opened: a passphrase costs a second of CPU, and all hosts of a run have one key. */
const opened = new Map<string, ssh2.ParsedKey>();

function privateKey(endpoint: Endpoint): ssh2.ParsedKey {
    const name = JSON.stringify([endpoint.privateKey, endpoint.privateKeyPassword]);
    const known = opened.get(name);
    if (known !== undefined) return known;
    const parsed: unknown = ssh2.utils.parseKey(
        endpoint.privateKey ?? "",
        endpoint.privateKeyPassword,
    );
    const key: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
    if (key === undefined || key instanceof Error) {
        throw new Error(
            `ssh: the private key for ${address(endpoint)} cannot be read: ${messageOf(key)}`,
        );
    }
    opened.set(name, key as ssh2.ParsedKey);
    return key as ssh2.ParsedKey;
}

/** A dead agent is an error, even where another way to log in is configured: as in the official plugin. */
async function checkAgent(path: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
        const socket = connect(path);
        socket.on("connect", () => {
            socket.destroy();
            resolve();
        });
        socket.on("error", (error) => {
            reject(
                new Error(
                    `dial unix ${path}: ${socketReason(error)} (the socket of the SSH agent, from ` +
                        `connection.agentSocketPath or SSH_AUTH_SOCK; working directory ${process.cwd()})`,
                ),
            );
        });
    });
}

async function openSocket(context: RetryContext, endpoint: Endpoint): Promise<Socket> {
    return new Promise((resolve, reject) => {
        const socket = connect({
            host: endpoint.host,
            port: endpoint.port,
            noDelay: true,
            signal: context.signal,
        });
        const fail = (reason: string): void => {
            socket.destroy();
            reject(new Error(`dial tcp ${address(endpoint)}: ${reason}`));
        };
        socket.setTimeout(endpoint.perDialTimeout * 1000, () => {
            fail("i/o timeout");
        });
        socket.once("error", (error) => {
            fail(socketReason(error));
        });
        socket.once("connect", () => {
            socket.setTimeout(0);
            socket.removeAllListeners("error");
            resolve(socket);
        });
    });
}

async function forward(bastion: Client, endpoint: Endpoint): Promise<Duplex> {
    return new Promise((resolve, reject) => {
        bastion.forwardOut("127.0.0.1", 0, endpoint.host, endpoint.port, (error, stream) => {
            if (error) {
                reject(new Error(`dial tcp ${address(endpoint)}: ${error.message}`));
            } else {
                resolve(stream);
            }
        });
    });
}

async function handshake(
    context: RetryContext,
    endpoint: Endpoint,
    config: ConnectConfig,
    sock: Duplex,
): Promise<Client> {
    const client = new ssh2.Client();
    let wrongKey: FatalDialError | undefined;
    const hostVerifier = (presented: Buffer): boolean => {
        wrongKey = compareKey(endpoint, presented);
        return wrongKey === undefined;
    };
    const cancel = (): void => {
        client.destroy();
    };
    context.signal.addEventListener("abort", cancel, { once: true });
    try {
        await new Promise<void>((resolve, reject) => {
            client.once("ready", resolve);
            client.on("error", (error) => {
                reject(wrongKey ?? handshakeError(endpoint, error));
            });
            client.once("close", () => {
                reject(wrongKey ?? handshakeError(endpoint, new Error("connection closed")));
            });
            client.connect({ ...config, sock, hostVerifier });
        });
        return client;
    } catch (error) {
        client.destroy();
        sock.destroy();
        throw error;
    } finally {
        context.signal.removeEventListener("abort", cancel);
    }
}

function handshakeError(endpoint: Endpoint, error: Error): Error {
    const where = `${endpoint.user}@${address(endpoint)}`;
    if (/no matching host key/i.test(error.message) && endpoint.hostKey !== undefined) {
        const { type } = parseHostKey(endpoint.hostKey);
        return new FatalDialError(
            `ssh: handshake failed: ssh: host key mismatch: ${where} has no host key of type ${type}, ` +
                "which connection.hostKey pins. If the host was installed anew, pin its new key",
        );
    }
    return new Error(`ssh: handshake failed: ${where}: ${error.message}`);
}

function compareKey(endpoint: Endpoint, presented: Buffer): FatalDialError | undefined {
    if (endpoint.hostKey === undefined) {
        return undefined;
    }
    const pinned = parseHostKey(endpoint.hostKey);
    if (presented.equals(pinned.blob)) {
        return undefined;
    }
    return new FatalDialError(
        `ssh: handshake failed: ssh: host key mismatch: ${endpoint.user}@${address(endpoint)} presented ` +
            `${keyType(presented)} ${fingerprint(presented)}, but connection.hostKey pins ` +
            `${pinned.type} ${fingerprint(pinned.blob)}. If the host was installed anew, pin its new key; ` +
            "if not, another machine answers at this address",
    );
}
