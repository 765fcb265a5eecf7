// SPDX-License-Identifier: Apache-2.0
import type { Client, ClientChannel } from "ssh2";

/**
 * The parts of ssh2 1.17.0 used here that its types do not show. Its own `exec` sends environment
 * variables without asking for a reply, so a refusal (sshd's AcceptEnv) would go unnoticed.
 */
interface Internals {
    readonly _chanMgr: { add(callback: ChannelCallback): number };
    readonly _protocol: {
        session(channel: number, window: number, packet: number): void;
        env(channel: number, key: string, value: string, wantReply: boolean): void;
        exec(channel: number, command: string, wantReply: boolean): void;
        signal(channel: number, name: string): void;
    };
}

interface ChannelInternals {
    readonly outgoing: { readonly id: number; readonly state: string };
    readonly _callbacks: ((failed: boolean | Error) => void)[];
    subtype: string;
    allowHalfOpen: boolean;
}

type ChannelCallback = ((error: Error | undefined, channel?: ClientChannel) => void) & {
    type: string;
};

const WINDOW_BYTES = 2 * 1024 * 1024;
const PACKET_BYTES = 32 * 1024;

/** A session that can run one command, with the environment that the server has accepted. */
export class Session {
    readonly #client: Internals;
    readonly #channel: ClientChannel & ChannelInternals;

    private constructor(client: Internals, channel: ClientChannel & ChannelInternals) {
        this.#client = client;
        this.#channel = channel;
    }

    /**
     * Opens a session.
     *
     * @throws Error when the server refuses (it has a limit per connection) or the connection is gone
     */
    static async open(client: Client): Promise<Session> {
        const internals = client as unknown as Internals;
        const channel = await new Promise<ClientChannel>((resolve, reject) => {
            const callback = ((error: Error | undefined, opened?: ClientChannel) => {
                if (opened === undefined) {
                    reject(error ?? new Error("the SSH connection was lost"));
                } else {
                    resolve(opened);
                }
            }) as ChannelCallback;
            callback.type = "session";
            const number = internals._chanMgr.add(callback);
            internals._protocol.session(number, WINDOW_BYTES, PACKET_BYTES);
        });
        return new Session(internals, channel as ClientChannel & ChannelInternals);
    }

    /** Sets one variable. False when the server refuses it. */
    async setEnvironment(key: string, value: string): Promise<boolean> {
        return this.#request(() => {
            this.#client._protocol.env(this.#channel.outgoing.id, key, value, true);
        });
    }

    /**
     * Runs the command through the login shell of the user.
     *
     * @returns its stdin (write), stdout (read) and stderr
     * @throws Error when the server refuses
     */
    async exec(command: string): Promise<ClientChannel> {
        this.#channel.subtype = "exec";
        this.#channel.allowHalfOpen = true;
        const accepted = await this.#request(() => {
            this.#client._protocol.exec(this.#channel.outgoing.id, command, true);
        });
        if (!accepted) {
            this.close();
            throw new Error("ssh: the server refused to run a command");
        }
        return this.#channel;
    }

    /**
     * Sends a signal, such as `TERM`, to the command. ssh2's own method does nothing once the command's
     * input has ended, which it always has here.
     */
    signal(name: string): void {
        if (this.#channel.outgoing.state === "open" || this.#channel.outgoing.state === "eof") {
            this.#client._protocol.signal(this.#channel.outgoing.id, name);
        }
    }

    /** Gives the session up. */
    close(): void {
        this.#channel.close();
    }

    async #request(send: () => void): Promise<boolean> {
        return new Promise((resolve, reject) => {
            if (this.#channel.outgoing.state !== "open") {
                reject(new Error("the SSH connection was lost"));
                return;
            }
            this.#channel._callbacks.push((failed) => {
                if (failed instanceof Error) {
                    reject(failed);
                } else {
                    resolve(!failed);
                }
            });
            send();
        });
    }
}
