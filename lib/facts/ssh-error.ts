// SPDX-License-Identifier: Apache-2.0
/** Why a host could not be asked, and whether asking again can help. Pure. */

/**
 * - `dropped`: there was a connection, or the beginning of one, and it broke; another attempt may succeed.
 * - `silent`: nothing answers there; another attempt would only take time.
 * - `refused`: another key than the pinned one, a login that is not taken, no key to log in with. Never tried again: it must not lock an
 *   account, and what it says is not the network's fault.
 */
export type SshErrorKind = "dropped" | "silent" | "refused";

/** Why a host could not be asked, in words for a person. */
export class SshError extends Error {
    override readonly name = "SshError";
    readonly kind: SshErrorKind;

    constructor(message: string, kind: SshErrorKind, options?: ErrorOptions) {
        super(message, options);
        this.kind = kind;
    }
}

/** As ssh2 and sockets report errors. */
interface Reported extends Error {
    readonly code?: string;
    readonly level?: string;
}

/**
 * What an error of a connection means.
 * @param connected whether the other end had accepted the connection.
 */
export function sshError(error: Error, connected: boolean): SshError {
    if (error instanceof SshError) return error;
    const { code, level } = error as Reported;
    const refused =
        level === "client-authentication" ||
        level === "agent" ||
        /no matching host key/i.test(error.message);
    const dropped = connected || code === "ECONNRESET" || code === "EPIPE";
    const kind = refused ? "refused" : dropped ? "dropped" : "silent";
    return new SshError(error.message, kind, { cause: error });
}
