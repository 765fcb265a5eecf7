// SPDX-License-Identifier: Apache-2.0
import { createServer } from "node:net";

/** A TCP port of the loopback address on which nobody listens now. */
export function freePort(): Promise<number> {
    return new Promise((resolve) => {
        const probe = createServer().listen(0, "127.0.0.1", () => {
            const address = probe.address();
            probe.close(() => {
                resolve(typeof address === "object" && address !== null ? address.port : 0);
            });
        });
    });
}
