// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "ssh2";
import type { Connection } from "./connection.ts";
import { dial } from "./dial.ts";
import type { RetryContext } from "./retry.ts";

/** Sessions on one connection; sshd's default limit (MaxSessions) is 10. */
const SESSIONS_PER_CONNECTION = 8;
const DRAIN_POLL_MS = 20;

/** An open connection and how many sessions use it. */
interface Link {
    readonly client: Client;
    inUse: number;
    /** Lowered when the server refuses a session before our limit is reached. */
    limit: number;
    lost: boolean;
}

/** A share of a connection. It must be given back with `release`. */
export interface Lease {
    readonly client: Client;
    /** True when the connection broke while it was leased. */
    isLost(): boolean;
    /** Says that the server takes no more sessions on this connection than it has now. */
    isFull(): void;
    release(): void;
}

/** A dial under way, which all who wait for it share, and which ends when nobody waits any more. */
interface Dialing {
    readonly link: Promise<Link>;
    readonly abort: AbortController;
    waiting: number;
}

/**
 * The connections to one machine with one login. The first is kept and reused; when all are full,
 * another is opened, so that commands that wait for each other cannot block each other. Only one is
 * opened at a time: sshd drops bursts of new connections (MaxStartups).
 */
class HostPool {
    readonly #connection: Connection;
    readonly #pool: Pool;
    #links: Link[] = [];
    #dialing: Dialing | undefined;

    constructor(connection: Connection, pool: Pool) {
        this.#connection = connection;
        this.#pool = pool;
    }

    async lease(context: RetryContext): Promise<Lease> {
        for (;;) {
            context.signal.throwIfAborted();
            const free = this.#links.find((link) => link.inUse < link.limit);
            if (free !== undefined) {
                return this.#share(free);
            }
            await this.#waitForDial(context);
        }
    }

    /** True while a share is out or a connection is being opened. */
    isBusy(): boolean {
        return this.#links.some((link) => link.inUse > 0);
    }

    /** Ends all connections. */
    close(): void {
        this.#dialing?.abort.abort();
        for (const link of this.#links) {
            link.client.end();
        }
    }

    #share(link: Link): Lease {
        link.inUse++;
        let released = false;
        return {
            client: link.client,
            isLost: () => link.lost,
            isFull: () => {
                link.limit = Math.max(link.inUse - 1, 1);
            },
            release: () => {
                if (!released) {
                    released = true;
                    link.inUse--;
                    this.#closeSpare(link);
                }
            },
        };
    }

    /** Keeps one idle connection, not those that only a burst has needed. */
    #closeSpare(link: Link): void {
        if (link.inUse === 0 && this.#links.length > 1) {
            link.client.end();
            this.#remove(link);
        }
    }

    #remove(link: Link): void {
        this.#links = this.#links.filter((other) => other !== link);
    }

    async #waitForDial(context: RetryContext): Promise<void> {
        const dialing = (this.#dialing ??= this.#startDial(context.status));
        dialing.waiting++;
        const leave = (): void => {
            dialing.waiting--;
            if (dialing.waiting === 0) {
                dialing.abort.abort();
            }
        };
        await new Promise<void>((resolve, reject) => {
            const cancelled = (): void => {
                leave();
                reject(context.signal.reason as Error);
            };
            context.signal.addEventListener("abort", cancelled, { once: true });
            dialing.link
                .finally(() => {
                    context.signal.removeEventListener("abort", cancelled);
                })
                .then(() => {
                    resolve();
                }, reject);
        });
    }

    #startDial(status: (message: string) => void): Dialing {
        const abort = new AbortController();
        const context = { signal: abort.signal, status };
        let proxyLease: Lease | undefined;
        const link = dial(context, this.#connection, async (proxy) => {
            proxyLease = await this.#pool.lease({ ...proxy, proxy: undefined }, context);
            return proxyLease.client;
        })
            .then(
                (client) => {
                    client.on("close", () => proxyLease?.release());
                    return this.#add(client);
                },
                (error: unknown) => {
                    proxyLease?.release();
                    throw error;
                },
            )
            .finally(() => {
                this.#dialing = undefined;
            });
        return { link, abort, waiting: 0 };
    }

    #add(client: Client): Link {
        const link: Link = { client, inUse: 0, limit: SESSIONS_PER_CONNECTION, lost: false };
        client.on("close", () => {
            link.lost = true;
            this.#remove(link);
        });
        this.#links.push(link);
        return link;
    }
}

/** All SSH connections of this process, by machine and login. */
export class Pool {
    readonly #hosts = new Map<string, HostPool>();

    /**
     * A share of an open connection, which is opened first if need be.
     *
     * @throws Error when the machine cannot be reached or refuses the login
     */
    async lease(connection: Connection, context: RetryContext): Promise<Lease> {
        const key = JSON.stringify(connection);
        let host = this.#hosts.get(key);
        if (host === undefined) {
            host = new HostPool(connection, this);
            this.#hosts.set(key, host);
        }
        return host.lease(context);
    }

    /** Waits until no share is out (commands that were cancelled end first), then ends all connections. */
    async drain(): Promise<void> {
        const hosts = [...this.#hosts.values()];
        while (hosts.some((host) => host.isBusy())) {
            // Those behind a proxy end first: they are what keeps the connection to the proxy busy.
            for (const host of hosts.filter((one) => !one.isBusy())) {
                host.close();
            }
            await sleep(DRAIN_POLL_MS);
        }
        for (const host of hosts) {
            host.close();
        }
    }
}
