// SPDX-License-Identifier: Apache-2.0
/** Asks a host for its key, without logging in. */
import type { Duplex } from "node:stream";
import { Client } from "ssh2";
import { sshError } from "./ssh-error.ts";

/** Algorithms by the type of key, the preferred type first. */
const algorithms = {
    "ssh-ed25519": ["ssh-ed25519"],
    "ecdsa-sha2-nistp256": ["ecdsa-sha2-nistp256"],
    "ecdsa-sha2-nistp384": ["ecdsa-sha2-nistp384"],
    "ecdsa-sha2-nistp521": ["ecdsa-sha2-nistp521"],
    "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256"],
} as const;

/** A key in the protocol's form as authorized_keys has it. */
function written(key: Buffer): string {
    const type = key.subarray(4, 4 + key.readUInt32BE(0)).toString("latin1");
    return `${type} ${key.toString("base64")}`;
}

/**
 * The key that a host presents, `ssh-ed25519 AAAA…`. It proves nothing yet: a person compares its fingerprint.
 * @param pinned the key that is pinned, if one is: of its type the host is asked first, since a host has several keys.
 * @param sock a stream that leads there already, through a bastion.
 * @throws SshError
 */
export async function presentedKey(
    { host, port }: { readonly host: string; readonly port: number },
    pinned: string | undefined,
    milliseconds: number,
    sock?: Duplex,
): Promise<string> {
    const client = new Client();
    const type = pinned?.split(" ")[0];
    const first = Object.entries(algorithms).filter(([name]) => name === type);
    const others = Object.entries(algorithms).filter(([name]) => name !== type);
    let connected = sock !== undefined;
    try {
        return await new Promise<string>((resolve, reject) => {
            client.once("connect", () => (connected = true));
            client.on("error", (error: Error) => {
                reject(sshError(error, connected));
            });
            client.once("close", () => {
                reject(sshError(new Error("the connection was closed"), true));
            });
            client.connect({
                host,
                port,
                username: "none",
                readyTimeout: milliseconds,
                algorithms: {
                    serverHostKey: [...first, ...others].flatMap(([, names]) => names),
                },
                hostVerifier: (key: Buffer) => {
                    resolve(written(key));
                    // Nothing more is wanted of it.
                    return false;
                },
                ...(sock === undefined ? {} : { sock }),
            });
        });
    } finally {
        client.destroy();
    }
}
