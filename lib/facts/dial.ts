// SPDX-License-Identifier: Apache-2.0
/** Opens one SSH connection, whose host key is the pinned one. */
import { createHash } from "node:crypto";
import type { Duplex } from "node:stream";
import ssh2, { Client, type AnyAuthMethod, type ConnectConfig, type ParsedKey } from "ssh2";
import type { Secret } from "../secret.ts";
import type { Endpoint } from "../target.ts";
import { sshError, SshError } from "./ssh-error.ts";

/** As `ssh-keygen -l` prints it. */
export const fingerprint = (key: Buffer): string =>
    `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;

/** Keys of the configuration that were opened: a passphrase costs a second of CPU, and a thousand hosts have one key. */
const opened = new WeakMap<Secret, ParsedKey>();

function open(key: Secret, passphrase: Secret | undefined): ParsedKey {
    const known = opened.get(key);
    if (known !== undefined) return known;
    const found: unknown = ssh2.utils.parseKey(key.reveal(), passphrase?.reveal());
    const parsed: unknown = Array.isArray(found) ? found[0] : found;
    // What the parser says is not passed on: it may quote the key.
    if (parsed === undefined || parsed instanceof Error) {
        throw new SshError(
            "metalstream:sshKey is no private key, or metalstream:sshKeyPassphrase does not open it",
            "refused",
        );
    }
    opened.set(key, parsed as ParsedKey);
    return parsed as ParsedKey;
}

/** What logs in: the configuration's key, then an agent (OpenSSH's, when the configuration names none). */
function logins(endpoint: Endpoint): AnyAuthMethod[] {
    const { privateKey, passphrase, user: username } = endpoint;
    const agent = endpoint.agentSocketPath ?? process.env["SSH_AUTH_SOCK"] ?? "";
    if (privateKey === undefined && agent === "") {
        throw new SshError(
            "no SSH agent: set SSH_AUTH_SOCK (eval $(ssh-agent); ssh-add), ssh.agentSocketPath, or the secret metalstream:sshKey",
            "refused",
        );
    }
    const methods: AnyAuthMethod[] = [];
    if (privateKey !== undefined)
        methods.push({ type: "publickey", username, key: open(privateKey, passphrase) });
    if (agent !== "") methods.push({ type: "agent", username, agent });
    return methods;
}

/**
 * Connects and logs in.
 * @param milliseconds that it may take.
 * @param sock a stream that leads there already, through a bastion.
 * @throws SshError
 */
export async function dial(
    endpoint: Endpoint,
    milliseconds: number,
    sock?: Duplex,
): Promise<Client> {
    const [type = "", encoded = ""] = endpoint.hostKey.split(" ");
    const pinned = Buffer.from(encoded, "base64");
    const algorithms = type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [type];
    const client = new Client();
    let connected = sock !== undefined;
    let wrongKey: SshError | undefined;
    const options: ConnectConfig = {
        host: endpoint.host,
        port: endpoint.port,
        username: endpoint.user,
        authHandler: logins(endpoint),
        readyTimeout: milliseconds,
        keepaliveInterval: 15_000,
        algorithms: { serverHostKey: algorithms as [] },
        hostVerifier: (key: Buffer) => {
            if (key.equals(pinned)) return true;
            wrongKey = new SshError(
                `its host key is ${fingerprint(key)}, pinned is ${fingerprint(pinned)}: reinstalled, or not the host that you mean`,
                "refused",
            );
            return false;
        },
        ...(sock === undefined ? {} : { sock }),
    };
    await new Promise<void>((resolve, reject) => {
        client.once("connect", () => (connected = true));
        client.once("ready", resolve);
        // Stays: an error after the connection is up must not end the process.
        client.on("error", (error: Error) => {
            client.destroy();
            reject(wrongKey ?? sshError(error, connected));
        });
        client.once("close", () => {
            reject(wrongKey ?? new SshError("the connection was closed", "dropped"));
        });
        client.connect(options);
    });
    return client;
}
