// SPDX-License-Identifier: Apache-2.0
import type { Client } from "ssh2";
import { messageOf } from "../plugin/serve.ts";
import { address } from "./connection.ts";
import type { Connection } from "./connection.ts";
import type { Lease, Pool } from "./pool.ts";
import type { RetryContext } from "./retry.ts";

/** How often a session that was refused, or whose connection broke before it opened, is tried anew. */
const ATTEMPTS = 5;

/**
 * Opens a session of any kind on a connection of the pool. Nothing has run on the other machine before
 * it is open, so what fails until then may be tried again: on another connection when this one takes no
 * more sessions, on a new one when it was lost (the machine was booted since it was last used).
 *
 * @param open asks for the session
 * @returns the session, and the share of the connection, which the caller gives back
 * @throws Error that names the machine
 */
export async function openOn<T>(
    pool: Pool,
    connection: Connection,
    context: RetryContext,
    open: (client: Client) => Promise<T>,
): Promise<{ opened: T; lease: Lease }> {
    for (let attempt = 1; ; attempt++) {
        const lease = await pool.lease(connection, context);
        try {
            return { opened: await open(lease.client), lease };
        } catch (error) {
            if (!lease.isLost()) {
                lease.isFull();
            }
            lease.release();
            if (attempt === ATTEMPTS) {
                const where = `${connection.user}@${address(connection)}`;
                throw new Error(`ssh: ${where} opens no session: ${messageOf(error)}`, {
                    cause: error,
                });
            }
        }
    }
}
