// SPDX-License-Identifier: Apache-2.0
import { fstatSync } from "node:fs";
import { connect } from "node:net";

const PARENT_POLL_MS = 500;
const PROBE_TIMEOUT_MS = 2000;

/**
 * Ends this process when the engine that started it is gone, however that died (`kill -9` included).
 * The sign is another parent process, looked at every half second and whenever stdin ends (the engine
 * holds its other end). Signals that ask to end do the same.
 *
 * @param engineAddress the engine's `host:port`, if it is known by now
 * @param cleanUp ends what must not outlive the engine; it is called once and may take `limitMs`
 */
export function endWithEngine(
    engineAddress: () => string | undefined,
    cleanUp: () => Promise<void>,
    limitMs = 3000,
): void {
    const parent = process.ppid;
    let ending = false;
    const end = (): void => {
        if (ending) {
            return;
        }
        ending = true;
        setTimeout(() => process.exit(0), limitMs);
        void cleanUp().finally(() => process.exit(0));
    };

    setInterval(() => {
        if (process.ppid !== parent) {
            end();
        }
    }, PARENT_POLL_MS).unref();
    process.on("SIGINT", end);
    process.on("SIGTERM", end);
    process.on("SIGHUP", end);
    // A closed stdout or stderr means the same as a closed stdin, and must not end this as a crash.
    process.stdout.on("error", () => undefined);
    process.stderr.on("error", () => undefined);

    if (stdinIsPipe()) {
        process.stdin.resume();
        process.stdin.on("error", () => undefined);
        process.stdin.on("end", () => {
            void isGone(parent, engineAddress()).then((gone) => {
                if (gone) {
                    end();
                }
            });
        });
    }
}

function stdinIsPipe(): boolean {
    try {
        const stat = fstatSync(0);
        return stat.isFIFO() || stat.isSocket();
    } catch {
        return false;
    }
}

/** Started through another process (a language host), the parent stays: then the engine's port decides. */
async function isGone(parent: number, address: string | undefined): Promise<boolean> {
    if (process.ppid !== parent) {
        return true;
    }
    return address !== undefined && !(await answers(address));
}

function answers(address: string): Promise<boolean> {
    const colon = address.lastIndexOf(":");
    return new Promise((resolve) => {
        const socket = connect(Number(address.slice(colon + 1)), address.slice(0, colon));
        const done = (result: boolean): void => {
            socket.destroy();
            resolve(result);
        };
        socket.setTimeout(PROBE_TIMEOUT_MS, () => {
            done(false);
        });
        socket.on("connect", () => {
            done(true);
        });
        socket.on("error", () => {
            done(false);
        });
    });
}
