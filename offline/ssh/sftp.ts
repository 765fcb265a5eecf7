// SPDX-License-Identifier: Apache-2.0
import type { SFTPWrapper } from "ssh2";
import type { Connection } from "./connection.ts";
import { openOn } from "./open.ts";
import type { Pool } from "./pool.ts";
import type { RetryContext } from "./retry.ts";

/**
 * Does work over SFTP on a connection of the pool. When the context is cancelled the session is closed,
 * which fails the transfers under way.
 *
 * @throws Error when the machine cannot be reached or has no SFTP, and whatever the work throws
 */
export async function withSftp(
    pool: Pool,
    connection: Connection,
    context: RetryContext,
    work: (sftp: SFTPWrapper) => Promise<void>,
): Promise<void> {
    const { opened: sftp, lease } = await openOn(
        pool,
        connection,
        context,
        (client) =>
            new Promise<SFTPWrapper>((resolve, reject) => {
                client.sftp((error, session) => {
                    if (error) {
                        reject(error);
                    } else {
                        resolve(session);
                    }
                });
            }),
    );
    sftp.on("error", () => undefined);
    const close = (): void => {
        sftp.end();
    };
    context.signal.addEventListener("abort", close, { once: true });
    try {
        await work(sftp);
    } finally {
        context.signal.removeEventListener("abort", close);
        close();
        lease.release();
    }
}
