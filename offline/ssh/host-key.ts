// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import type { ServerHostKeyAlgorithm } from "ssh2";

/** A host key that a connection insists on. */
export interface PinnedKey {
    /** Such as `ssh-ed25519`. */
    readonly type: string;
    /** The key as it travels in the SSH protocol. */
    readonly blob: Buffer;
}

/**
 * Reads a public key in authorized_keys format: `[options] <type> <base64> [comment]`.
 *
 * @throws Error when it is no such line
 */
export function parseHostKey(line: string): PinnedKey {
    const words = line.trim().split(/\s+/);
    for (const [index, type] of words.entries()) {
        const blob = Buffer.from(words[index + 1] ?? "", "base64");
        if (blob.length > 4 && keyType(blob) === type) {
            return { type, blob };
        }
    }
    throw new Error(
        'failed to parse host key: expected "<type> <base64>" as in /etc/ssh/ssh_host_ed25519_key.pub',
    );
}

/** The type that a key in protocol form says it has. */
export function keyType(blob: Buffer): string {
    const length = blob.readUInt32BE(0);
    return blob.subarray(4, 4 + length).toString("latin1");
}

/** What `ssh-keygen -l` prints for a key. */
export function fingerprint(blob: Buffer): string {
    return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/** The algorithms that prove a key of this type. One RSA key serves three. */
export function algorithmsOf(type: string): ServerHostKeyAlgorithm[] {
    return (
        type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"] : [type]
    ) as ServerHostKeyAlgorithm[];
}
