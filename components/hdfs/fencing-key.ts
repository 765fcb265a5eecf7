// SPDX-License-Identifier: Apache-2.0
/** The key that fences a NameNode: made from random bytes that the stack keeps as a secret, so that every host gets the same pair. */
import { createECDH, createPrivateKey } from "node:crypto";

/** A private key for Hadoop's sshfence and the line that lets it in. */
export interface FencingKey {
    /** PEM (SEC 1): JSch 0.1.55, which Hadoop 3.5 brings, reads neither ed25519 nor OpenSSH's own format. */
    readonly privateKey: string;
    /** `ecdsa-sha2-nistp256 AAAA…`. */
    readonly publicKey: string;
}

const curve = "nistp256";

/** A length-prefixed string, as SSH writes them (RFC 4251). */
function sshString(value: Buffer | string): Buffer {
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
}

/**
 * Makes the key pair of 32 random bytes. The bytes are the private scalar; the chance that they lie outside of the curve's order is 2^-32,
 * and OpenSSL refuses them then.
 * @param base64 32 bytes.
 */
export function fencingKey(base64: string): FencingKey {
    const ecdh = createECDH("prime256v1");
    ecdh.setPrivateKey(Buffer.from(base64, "base64"));
    const point = ecdh.getPublicKey();
    const jwk = {
        kty: "EC",
        crv: "P-256",
        d: ecdh.getPrivateKey().toString("base64url"),
        x: point.subarray(1, 33).toString("base64url"),
        y: point.subarray(33, 65).toString("base64url"),
    };
    const key = createPrivateKey({ key: jwk, format: "jwk" });
    const type = `ecdsa-sha2-${curve}`;
    const blob = Buffer.concat([sshString(type), sshString(curve), sshString(point)]);
    return {
        privateKey: key.export({ type: "sec1", format: "pem" }).toString(),
        publicKey: `${type} ${blob.toString("base64")}`,
    };
}

/** The one thing that the key may do, and from where. */
export function authorizedKeysLine(publicKey: string, from: readonly string[]): string {
    // fuser is what sshfence runs (SshFenceByTcpPort.java); whatever is asked for, only this is done.
    const command = "PATH=/usr/sbin:/usr/bin:/sbin:/bin fuser -v -k -n tcp 8020";
    return `restrict,from="${from.join(",")}",command="${command}" ${publicKey}\n`;
}
