// SPDX-License-Identifier: Apache-2.0
/**
 * One connection to a bastion for all hosts behind it: sshd drops logins at random beyond ten at a time (MaxStartups 10:30:100), while the
 * forwards through one login have no such limit.
 */
import type { Client } from "ssh2";
import type { Endpoint } from "../target.ts";

interface Shared {
    readonly client: Promise<Client>;
    users: number;
}

const open = new Map<string, Shared>();

/**
 * Calls `use` with the connection to a bastion, which is opened by its first user and closed by its last.
 * @param connect opens it; when it breaks, the next user opens another.
 */
export async function withBastion<T>(
    bastion: Endpoint,
    connect: () => Promise<Client>,
    use: (client: Client) => Promise<T>,
): Promise<T> {
    const key = `${bastion.user}@${bastion.host}:${bastion.port} ${bastion.hostKey}`;
    const shared = open.get(key) ?? share(key, connect);
    shared.users++;
    try {
        return await use(await shared.client);
    } finally {
        shared.users--;
        if (shared.users === 0) {
            forget(key, shared);
            void shared.client.then(
                (client) => client.end(),
                () => undefined,
            );
        }
    }
}

function share(key: string, connect: () => Promise<Client>): Shared {
    const shared: Shared = { client: connect(), users: 0 };
    open.set(key, shared);
    shared.client.then(
        (client) =>
            // Each forward that is being opened listens too.
            client.setMaxListeners(0).once("close", () => {
                forget(key, shared);
            }),
        () => {
            forget(key, shared);
        },
    );
    return shared;
}

function forget(key: string, shared: Shared): void {
    if (open.get(key) === shared) open.delete(key);
}
